"""packshot retouches e-commerce product photos the way a studio's own retouchers do, and knows which need a human."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packshot.batch import RunSettings, run
    from packshot.carrying import Corrected, carry
    from packshot.pack import Pack
    from packshot.photo import Photo
    from packshot.pipeline import correct, fit, judge, predict, render
    from packshot.recipe import Recipe
    from packshot.style import Style

__version__ = "0.1.0"
__all__ = [
    "Corrected",
    "Pack",
    "Photo",
    "Recipe",
    "RunSettings",
    "Style",
    "__version__",
    "carry",
    "correct",
    "fit",
    "judge",
    "predict",
    "render",
    "run",
]

_HOMES = {
    "Corrected": "packshot.carrying",
    "Pack": "packshot.pack",
    "Photo": "packshot.photo",
    "Recipe": "packshot.recipe",
    "RunSettings": "packshot.batch",
    "Style": "packshot.style",
    "carry": "packshot.carrying",
    "correct": "packshot.pipeline",
    "fit": "packshot.pipeline",
    "judge": "packshot.pipeline",
    "predict": "packshot.pipeline",
    "render": "packshot.pipeline",
    "run": "packshot.batch",
}


class _Package(ModuleType):
    """The package, which loads its verbs on first use: the command line answers ``--help`` without image libraries."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing packshot.render, the module, must not put it in the place of packshot.render, the verb.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
