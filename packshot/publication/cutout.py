"""The product alone, with opacity: what stands before any page, with its half-transparent edge and its shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Recipe

Pixels = NDArray[np.uint8]
_ROWS = 256  # at a time: the sums need four times the picture's memory


def cut_out(photo: Photo, recipe: Recipe) -> Pixels:
    """The finished shot without its backdrop: (H, W, 4) sRGB uint8, colours not multiplied by opacity.

    It is rendered on white and on black; the difference is what shows through (Smith and Blinn, Blue Screen Matting,
    1996). Viewers blend levels, and the renderer light, channel by channel: what cannot be the same on every backdrop
    is chosen so that on white it is the shot itself, within rounding. A photo without a found product stays whole.
    """
    white, black = (render(photo, _on(recipe, level)) for level in (255, 0))
    picture = np.empty((*white.shape[:2], 4), np.uint8)
    for top in range(0, white.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        picture[rows] = between(white[rows], black[rows])
    return picture


def between(white: Pixels, black: Pixels) -> Pixels:
    """(H, W, 4): opacity, and the colour that covers, of a shot on white and the same on black, (H, W, 3) each."""
    on_white = white.astype(np.float32)
    shown = 255 - np.mean(on_white - black, axis=2, keepdims=True)
    opacity = np.clip(np.maximum(shown, 255 - on_white.min(axis=2, keepdims=True)), 0, 255).round()
    colour = np.where(opacity > 0, 255 - 255 * (255 - on_white) / np.maximum(opacity, 1), 0)
    return np.dstack([np.clip(colour, 0, 255).round(), opacity]).astype(np.uint8)


def _on(recipe: Recipe, level: int) -> Recipe:
    background = recipe.background.model_copy(update={"color": (level, level, level)})
    return recipe.model_copy(update={"background": background})
