"""The steps of `packshot learn`, one after another."""
