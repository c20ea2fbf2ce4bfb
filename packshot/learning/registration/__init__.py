"""Registration: where each pixel of a before went in its after, or why the pair is none."""
