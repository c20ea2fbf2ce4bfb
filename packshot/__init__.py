"""packshot retouches e-commerce product photos the way a studio's own retouchers do, and knows which need a human."""

from __future__ import annotations

from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import correct, judge, predict, render
from packshot.recipe import Recipe
from packshot.style import Style

__version__ = "0.1.0"
__all__ = ["Pack", "Photo", "Recipe", "Style", "__version__", "correct", "judge", "predict", "render"]
