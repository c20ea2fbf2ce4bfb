"""The files of a photo that is to be published: what the run finished and a person saw, or what follows from a
correction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from packshot.catalog.outbox import Publication
from packshot.photo import Photo, PhotoError, encode_jpeg
from packshot.pipeline import render
from packshot.publication.exports import export, kept_metadata
from packshot.publication.presets import preset
from packshot.recipe import Recipe
from packshot.style import House

JPEG = b"\xff\xd8"


def finished_files(item: Publication) -> dict[str, bytes]:
    """The files to publish by name. Raises ValueError saying why there is none, OSError when one cannot be read."""
    try:
        return _finished(item)
    except PhotoError as error:
        raise ValueError(error.message) from error


def _finished(item: Publication) -> dict[str, bytes]:
    decision = item.decision
    if decision is not None and decision.after is not None:
        return {f"{item.name}.jpg": _as_jpeg(decision.after, _house(item))}
    if decision is not None and decision.recipe_json is not None:
        recipe = Recipe.model_validate_json(decision.recipe_json).with_files(item.prediction.recipe_path)
        return _rendered(item, recipe)
    return _as_seen(item) or _rendered(item, item.prediction.recipe())


def _house(item: Publication) -> House:
    corrected = {} if item.decision is None else item.decision.changes.get("category", {}).get("house")
    return House.model_validate(dict(corrected or item.prediction.house))


def _as_jpeg(path: Path, house: House) -> bytes:
    content = path.read_bytes()
    if content.startswith(JPEG):
        return content
    photo = Photo.open(path)
    pixels = photo.pixels(1.0)
    if pixels.dtype == np.uint16:
        pixels = np.asarray((pixels.astype(np.uint32) + 128) // 257, np.uint8)
    return encode_jpeg(pixels.astype(np.uint8), house.quality, kept_metadata(photo, house))


def _as_seen(item: Publication) -> dict[str, bytes] | None:
    """What the run wrote, if it is still that."""
    files: Mapping[str, Any] = item.prediction.files
    output = item.prediction.file("output")
    if output is None or not output.is_file():
        return None
    content = output.read_bytes()
    if hashlib.sha256(content).hexdigest() != files.get("output_sha256"):
        return None
    found = {f"{item.name}.jpg": content}
    for name, made in files.get("presets", {}).items():
        path = item.prediction.folder / str(made["output"])
        if not path.is_file():
            return None
        found[f"variants/{name}/{item.name}{path.suffix}"] = path.read_bytes()
    return found


def _rendered(item: Publication, recipe: Recipe) -> dict[str, bytes]:
    photo = item.entry.photo()
    house = _house(item)
    files = {f"{item.name}.jpg": encode_jpeg(render(photo, recipe), house.quality, kept_metadata(photo, house))}
    for name in house.presets:
        made = export(photo, recipe, preset(name, house.own_presets), house)
        files[f"variants/{name}/{item.name}{made.suffix}"] = made.data
    return files
