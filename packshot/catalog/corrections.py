"""A correction's files: named by their content in the run's folder, written before the decision that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from packshot.catalog.entries import Answer, Prediction
from packshot.catalog.recropping import Following
from packshot.photo import Photo, PhotoError, write_atomic
from packshot.pipeline import correct
from packshot.recipe import Recipe
from packshot.style import House

FOLDER = "corrections"
_SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89PNG": ".png", b"II*\0": ".tif", b"MM\0*": ".tif"}


def corrected(prediction: Prediction, answer: Answer, by: str = "human") -> Recipe:
    """The prediction's recipe with the answer's changes, its mattes kept by content. Raises ValueError."""
    recipe = correct(prediction.recipe(), _with_places(prediction, answer), by)
    recipe = recipe.model_copy(update={"assets": {**recipe.assets, **answer.assets}})
    background = recipe.background
    update = {}
    for key in ("matte", "shadow_map"):
        asset = getattr(background, key)
        if asset is None:
            continue
        content = recipe.assets.get(asset.sha256)
        if content is None or hashlib.sha256(content).hexdigest() != asset.sha256:
            raise ValueError(f"the correction's {key} came without its content: send the file with its sha256")
        keep(prediction, f"{asset.sha256}.png", content)
        update[key] = asset.model_copy(update={"file": _beside_recipe(prediction, asset.sha256)})
    known = {} if answer.category is None else {"category": answer.category, "category_confidence": 1.0}
    return recipe.model_copy(update={"background": background.model_copy(update=update), **known})


def follows_category(prediction: Prediction, answer: Answer) -> tuple[str, ...]:
    """The changed stages in which a person changed nothing, since all of it follows from the corrected category."""
    if answer.category is None or not answer.house:
        return ()
    recipe = prediction.recipe()
    brought = Following(House.model_validate(answer.house), answer.light).parts(recipe)
    asked = {stage: _asked(recipe, stage, values) for stage, values in answer.changes.items() if stage in brought}
    return tuple(stage for stage, part in asked.items() if part == brought[stage])


def _asked(recipe: Recipe, stage: str, values: Mapping[str, Any]) -> Any:
    part = getattr(recipe, stage)
    return type(part).model_validate({**part.model_dump(), **values})


def _with_places(prediction: Prediction, answer: Answer) -> dict[str, dict[str, Any]]:
    """The changes with a place for each new matte, which the page that sends it need not know."""
    changes = {stage: dict(values) for stage, values in answer.changes.items()}
    for key in ("matte", "shadow_map"):
        asset = changes.get("background", {}).get(key)
        if isinstance(asset, Mapping):
            changes["background"][key] = {**asset, "file": _beside_recipe(prediction, str(asset.get("sha256")))}
    return changes


def _beside_recipe(prediction: Prediction, digest: str) -> str:
    return f"{'../' * (prediction.name.count('/') + 1)}{FOLDER}/{digest}.png"


def keep_after(prediction: Prediction, content: bytes) -> str:
    """Keeps an after that was edited elsewhere; returns its path in the run's folder. Raises ValueError."""
    suffix = next((suffix for start, suffix in _SUFFIXES.items() if content.startswith(start)), None)
    if suffix is None:
        raise ValueError("the after is no JPEG, PNG or TIFF: export it as one of these")
    name = f"{hashlib.sha256(content).hexdigest()}{suffix}"
    path = keep(prediction, name, content)
    try:
        Photo.open(prediction.folder / path)
    except PhotoError as error:
        (prediction.folder / path).unlink()
        raise ValueError(f"the after cannot be used: {error.message.removeprefix(f'{name}: ')}") from error
    return path


def keep(prediction: Prediction, name: str, content: bytes) -> str:
    """Writes a file named by its content, if it is not there yet; returns its path in the run's folder."""
    path = PurePosixPath(FOLDER) / name
    target = prediction.folder / path
    if not target.is_file():
        target.parent.mkdir(exist_ok=True)
        write_atomic(target, content)
    return str(path)
