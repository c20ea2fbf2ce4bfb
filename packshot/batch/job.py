"""What a run does with one photo: from its file to the finished files, and the line that tells of them."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from packshot import geometry
from packshot.batch.ledger import Line
from packshot.batch.problems import RunError
from packshot.engines import Reserve
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError, encode_jpeg, write_atomic
from packshot.pipeline import judge, predict, render
from packshot.publication.check import meets
from packshot.publication.contact import Aligned, write_pictures
from packshot.publication.exports import Export, export, kept_metadata
from packshot.publication.presets import preset
from packshot.recipe import Recipe, Verdict
from packshot.style import House, Style

ROUTE_FOLDERS = {"publish": "published", "review": "review"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Item:
    """One photo of a run. ``source``: as ``run.jsonl`` names it; ``name``: its output's, without extension.

    ``category`` None: to be predicted. ``carried``: the manifest's other columns. ``problem``: why it cannot be done.
    """

    path: Path
    source: str
    name: str
    category: str | None = None
    carried: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Retouching:
    """The work of a run: where to, with which pack and style. ``settings`` names pack and style exactly."""

    out: Path
    pack: Path
    style: Style
    settings: str

    def prepare(self) -> Callable[[Item, Reserve], Line]:
        """Loads the pack. What a task does is in ``retouch``."""
        return partial(retouch, self, Pack(self.pack))


def settings_of(work: Retouching, item: Item) -> str:
    """What, beside the photo, its result follows from: when this changes, the photo is done again."""
    return hashlib.sha256(f"{work.settings}\n{item.category or ''}".encode()).hexdigest()


def retouch(work: Retouching, pack: Pack, item: Item, reserve: Reserve) -> Line:
    """Works on one photo and writes its files; returns its line, also when it failed.

    Raises RunError when nothing more can be written.
    """
    begun = time.perf_counter()
    try:
        photo = Photo.open(item.path)
        reserve(megabytes_needed(photo, most_pixels(work.style, pack)))
        line = _finish(work, pack, item, photo)
    except PhotoError as error:
        line = failed_line(item, error.message, str(error.code))
    except OSError as error:
        line = _unwritten(work, item, error)
    except Exception as error:  # noqa: BLE001 - law: one bad photo fails alone, whatever is wrong with it
        line = failed_line(item, _unforeseen(item, error), "unforeseen")
    return {**line, "settings": settings_of(work, item), "seconds": round(time.perf_counter() - begun, 3)}


def megabytes_needed(photo: Photo, most_pixels: float) -> float:
    """An upper estimate of the memory that work on a photo takes, beyond the worker's own.

    ``most_pixels``: of any output the style asks for. Measured: 2 to 4 decoded photos, and 7 outputs.
    """
    source = photo.size[0] * photo.size[1]
    decoded = 4 * 6 if photo.bits > 8 else 2 * 3
    output = min(most_pixels, 1.5 * source)
    return 100 + (decoded * source + 8 * 3 * output) / 2**20


def most_pixels(style: Style, pack: Pack) -> float:
    """Pixels of the largest canvas that any category may get, marketplaces' outputs included; no limit where the photo
    sets it."""
    houses = _houses(style, pack)
    if any(house.frame == "photo" for house in houses):
        return math.inf
    canvases = [house.canvas() for house in houses]
    asked = (preset(name, house.own_presets).variant.canvas for house in houses for name in house.presets)
    canvases += [canvas for canvas in asked if canvas is not None]
    return max((width * height for width, height in canvases), default=0)


def require_presets(style: Style, pack: Pack) -> None:
    """Raises ValueError when a category's style names a marketplace that is not there."""
    for house in _houses(style, pack):
        for name in house.presets:
            preset(name, house.own_presets)


def _houses(style: Style, pack: Pack) -> list[House]:
    return style.houses(pack.categories, pack.habits)


def _finish(work: Retouching, pack: Pack, item: Item, photo: Photo) -> Line:
    recipe = named(predict(photo, pack, work.style, item.category), item.name)
    image = render(photo, recipe)
    verdict = judge(recipe, image, pack, work.style)
    recipe = recipe.model_copy(update={"verdict": verdict})
    house = work.style.house(recipe.category, pack.habits(recipe.category))
    finished = encode_jpeg(image, house.quality, kept_metadata(photo, house))
    recipe.save(work.out / "recipes" / f"{item.name}.json")
    before = Aligned(photo.pixels(0.01), _from_decoded(photo, recipe), recipe.geometry.size)
    pictures = write_pictures(work.out, PurePosixPath(item.name), before, image)
    presets = {
        name: _write_export(work.out, item.name, name, export(photo, recipe, preset(name, house.own_presets), house))
        for name in house.presets
    }
    output = _write_output(work.out, verdict, item.name, finished)
    line = {**_camera(photo), **_line(item, recipe, verdict, {"output": output, **pictures})}
    return {**line, "presets": presets} if presets else line


def _camera(photo: Photo) -> Line:
    """The camera as the photo names it, for whoever watches what comes in; a manifest's own column says it better."""
    make, model = (str(text or "").strip() for text in (photo.metadata.camera_make, photo.metadata.camera_model))
    name = model if model.startswith(make) else f"{make} {model}".strip()
    return {"camera": name} if name else {}


def _write_export(out: Path, name: str, preset_name: str, made: Export) -> Line:
    """Writes a marketplace's output under ``variants/``; returns what the photo's line says of it."""
    path = f"variants/{preset_name}/{name}{made.suffix}"
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out / path, made.data)
    open_points = [{"status": finding.status, "sentence": finding.sentence} for finding in made.findings]
    return {"output": path, "meets": meets(list(made.findings)), "findings": open_points}


def named(recipe: Recipe, name: str) -> Recipe:
    """The recipe with its mattes where a run keeps them, relative to ``recipes/<name>.json``."""
    up = "../" * (name.count("/") + 1)
    background = recipe.background
    update = {
        key: asset.model_copy(update={"file": f"{up}{folder}/{name}.png"})
        for key, folder in (("matte", "mattes"), ("shadow_map", "shadows"))
        if (asset := getattr(background, key)) is not None
    }
    return recipe.model_copy(update={"background": background.model_copy(update=update)})


def _from_decoded(photo: Photo, recipe: Recipe) -> geometry.Affine:
    """From the pixels at hand to the output's."""
    return geometry.compose(geometry.invert(photo.decoded_from_source()), recipe.geometry.affine())


def _write_output(out: Path, verdict: Verdict, name: str, finished: bytes) -> str:
    """Writes the finished JPEG by its route; an earlier one of the other route goes."""
    for route, folder in ROUTE_FOLDERS.items():
        target = out / folder / f"{name}.jpg"
        if route == verdict.route:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, finished)
        else:
            target.unlink(missing_ok=True)
    return f"{ROUTE_FOLDERS[verdict.route]}/{name}.jpg"


def _line(item: Item, recipe: Recipe, verdict: Verdict, files: Mapping[str, str]) -> Line:
    matte = f"mattes/{item.name}.png" if recipe.background.matte is not None else None
    return {
        "source": item.source,
        "name": item.name,
        "category": recipe.category,
        "category_confidence": recipe.category_confidence,
        "route": verdict.route,
        "output": files["output"],
        "recipe": f"recipes/{item.name}.json",
        "matte": matte,
        "preview": files["preview"],
        "thumb": files["thumb"],
        "quality": verdict.quality,
        "would_publish": verdict.would_publish,
        "reasons": [reason.model_dump(exclude_none=True) for reason in verdict.reasons],
        **item.carried,
        "sha256": recipe.source.sha256,
    }


def failed_line(item: Item, sentence: str, problem: str) -> Line:
    """The line of a photo that could not be done."""
    empty: dict[str, Any] = dict.fromkeys(("output", "recipe", "matte", "preview", "thumb", "quality"))
    return {
        "source": item.source,
        "name": item.name,
        "category": item.category,
        "route": "failed",
        **empty,
        "reasons": [{"code": problem, "sentence": sentence}],
        "error": sentence,
        "problem": problem,
        **item.carried,
        "seconds": 0.0,
    }


def _unwritten(work: Retouching, item: Item, error: OSError) -> Line:
    if error.errno in _FULL:
        raise RunError(f"nothing more can be written to {work.out} ({os.strerror(error.errno or 0)})") from error
    return failed_line(item, f"{item.path.name}: its files could not be written ({error})", "unwritten")


def _unforeseen(item: Item, error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return (
        f"{item.path.name}: packshot could not finish it ({type(error).__name__} at {place}: {error}); please report it"
    )
