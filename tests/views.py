"""Views of drawn photos with their true mattes, so that a stage is tested apart from the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.pack import Answer, Pack
from packshot.recipe import Recipe, Source
from packshot.style import Style
from packshot.view import View


def write_pack(folder: Path, **settings: Any) -> Pack:
    """A pack without models: thresholds, looks and habits as given."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"name": "drawn", "version": "1", "categories": ["tops", "shoes"], **settings}
    (folder / "pack.json").write_text(json.dumps(content))
    return Pack(folder)


def view_of(image: NDArray[np.uint8], matte: NDArray[np.float32], pack: Pack, **house: Any) -> View:
    """The view of a picture at its own size, as if the network had answered with ``matte``; ``house`` is its style."""
    view = View(image, (image.shape[1], image.shape[0]), pack, Style(default=house), "tops")
    view.__dict__["answer"] = Answer(matte=matte, categories=None)
    return view


def draft(view: View, **parts: Any) -> Recipe:
    """The recipe as the stages before have left it."""
    return Recipe(source=Source(name="drawn", sha256="0" * 64, size=view.source), category="tops", **parts)
