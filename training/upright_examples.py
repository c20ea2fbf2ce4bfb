"""Leaning products to learn uprightness from, as small pictures and cues:

python -m training.upright_examples --shared DATA --pack PACK --out upright.npz

Sellers' photos, finished shots and rendered goods stand right as they are: they are turned. The befores of rendered and
studio pairs lean by the angle that registration finds between them and their afters, and are turned further.

The level grid of a photo's first JPEG would turn along and give the turn away. So each photo is first turned by an
angle of its own, saved as a JPEG there and turned back: whatever grid it then carries says nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.learning.networks.synthesis import cast_shadow, paper, spoil, spread_colour
from packshot.learning.registration.register import register_files
from packshot.learning.splits import held_out
from packshot.pack import Pack
from packshot.turning import portrait
from packshot.uprightness import cues
from training.data import CATEGORIES, CATEGORY_OF_LABEL, matte_on_white, pairs, read

_LONG_SIDE = 576
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Upright:
    """A photo (H, W, 3) sRGB that ``angle`` degrees would set right; its matte where it is a cut-out on white."""

    image: Image
    angle: float
    category: int
    group: str
    source: str
    matte: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Row:
    """What the network sees of one photo, and the truth."""

    portrait: Image
    curves: NDArray[np.float32]
    angle: float
    category: int
    group: str
    source: str


def lean(example: Upright, pack: Pack, generator: np.random.Generator) -> Row:
    """The photo turned, spoilt and saved as a camera would."""
    turn = float(generator.normal(0, 2.7)) if generator.random() < 0.7 else float(generator.uniform(-8, 8))
    if abs(turn + example.angle) > 9:
        turn = -turn
    image = on_paper(example, generator) if example.matte is not None else example.image
    away = float(generator.uniform(-15, 15))
    margin = round(0.2 * max(image.shape[:2]))
    padded = np.asarray(cv2.copyMakeBorder(image, *4 * (margin,), cv2.BORDER_REFLECT_101), np.uint8)
    elsewhere = resaved(turned_about_middle(padded, -away), int(generator.integers(55, 92)))
    back = turned_about_middle(elsewhere, away - turn, zoom_for(image, turn))
    spoilt = spoil(np.ascontiguousarray(back[margin:-margin, margin:-margin]), generator)
    return seen(spoilt, pack, example.angle + turn, example)


def rows_of(examples: list[Upright], times: int, as_they_are: bool, options: argparse.Namespace) -> list[Row]:
    """Each example ``times`` leaning, and once as it is if asked; a seed of its own for each, whoever works on it."""
    work: list[tuple[Upright, Path, int | None]] = [
        (example, options.pack, None) for example in examples if as_they_are
    ]
    salt = zlib.crc32(f"{options.seed} {examples[0].source}".encode())
    work += [(example, options.pack, salt + n) for n, example in enumerate(examples * times)]
    # Spawned, not forked: a fork of a process whose libraries have threads may wait for them for ever.
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        return list(pool.map(row_of, work, chunksize=8))


def row_of(work: tuple[Upright, Path, int | None]) -> Row:
    example, folder, seed = work
    pack = opened(folder)
    if seed is None:
        return seen(example.image, pack, example.angle, example)
    return lean(example, pack, np.random.default_rng(seed))


@cache
def opened(folder: Path) -> Pack:
    """Once in every worker: opening the networks takes longer than asking them."""
    cv2.setNumThreads(1)
    return Pack(folder)


def seen(image: Image, pack: Pack, angle: float, example: Upright) -> Row:
    matte = pack.ask(image).matte
    planes, curves = portrait(image, matte), cues(image, matte)
    return Row(planes, curves, angle, example.category, example.group, example.source)


def on_paper(example: Upright, generator: np.random.Generator) -> Image:
    """A finished shot set back on a studio's backdrop, with a shadow that is as level as it is."""
    assert example.matte is not None
    height, width = example.image.shape[:2]
    backdrop = cast_shadow(paper((width, height), generator), example.matte, generator)
    share = example.matte[..., None]
    mixed = spread_colour(example.image, example.matte) * share + backdrop * (1 - share)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def turned_about_middle(image: Image, angle: float, zoom: float = 1.0) -> Image:
    height, width = image.shape[:2]
    matrix = geometry.frame_affine(angle, zoom, ((width - 1) / 2, (height - 1) / 2), (width, height))
    flags, border = cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=border), np.uint8)


def resaved(image: Image, quality: int) -> Image:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def zoom_for(image: Image, angle: float) -> float:
    """Just enough that a turned photo fills its frame."""
    height, width = image.shape[:2]
    radians = abs(np.deg2rad(angle))
    return float(np.cos(radians) + np.sin(radians) * max(height / width, width / height))


def sellers(shared: Path) -> list[Upright]:
    examples = []
    with (shared / "photos" / "photos.csv").open() as lines:
        for row in csv.DictReader(lines):
            image = read(shared / "photos" / row["photo"], _LONG_SIDE)
            category = CATEGORIES.index(CATEGORY_OF_LABEL[row["label"]])
            examples.append(Upright(image, 0.0, category, row["seller"], "sellers"))
    return examples


def goods(folder: Path) -> list[Upright]:
    """Rendered goods that stand squarely, of `python -m training.goods`."""
    lines = [json.loads(line) for line in (folder / "goods.jsonl").read_text("utf-8").splitlines()]
    return [
        Upright(read(folder / line["file"], _LONG_SIDE), 0.0, _category(line["category"]), line["file"], "goods")
        for line in lines
        if line["upright"]
    ]


def _category(name: str) -> int:
    """-1 for what the packs have no category for."""
    return CATEGORIES.index(name) if name in CATEGORIES else -1


def finished(shared: Path, name: str) -> list[Upright]:
    """One after of every product."""
    folder, examples, known = shared / "pairs" / name, [], set()
    for pair in pairs(folder):
        if pair["group"] not in known:
            known.add(pair["group"])
            image = read(folder / pair["after"], _LONG_SIDE)
            category = CATEGORIES.index(pair["category"])
            examples.append(Upright(image, 0.0, category, pair["group"], f"{name} afters", matte_on_white(image)))
    return examples


def registered(shared: Path, name: str, fits: Path | None) -> list[Upright]:
    """Befores with the angle by which their retoucher turned them; pairs that registration refuses are left out."""
    folder, examples = shared / "pairs" / name, []
    for pair in pairs(folder):
        angle = fitted_angle(fits, pair["id"]) if fits else angle_between(folder, pair)
        if angle is not None:
            image = read(folder / pair["before"], _LONG_SIDE)
            category = CATEGORIES.index(pair["category"])
            examples.append(Upright(image, angle, category, pair["group"], f"{name} befores"))
    return examples


def to_score(shared: Path, name: str) -> list[Upright]:
    """Befores of groups never trained on, with the true angle: for scoring only."""
    folder, examples = shared / "pairs" / name, []
    for text in (folder / "pairs.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        if held_out(line["group"]):
            image, category = read(folder / line["before"], _LONG_SIDE), CATEGORIES.index(line["category"])
            examples.append(Upright(image, line["truth"]["angle_deg"], category, line["group"], f"score {name}"))
    return examples


def angle_between(folder: Path, pair: dict[str, str]) -> float | None:
    found = register_files(folder / pair["before"], folder / pair["after"])
    return geometry.angle_of(found.before_to_after) if found.accepted else None


def fitted_angle(fits: Path, name: str) -> float | None:
    """From what `packshot fit` wrote; None for a pair that it refused."""
    path = fits / "recipes" / f"{name}.json"
    if not path.exists():
        return None
    recipe = json.loads(path.read_text("utf-8"))
    return geometry.angle_of(np.array(recipe["geometry"]["before_to_after"]))


def save(path: Path, rows: list[Row]) -> None:
    np.savez_compressed(
        path,
        portraits=np.stack([row.portrait for row in rows]),
        curves=np.stack([row.curves for row in rows]).astype(np.float16),
        angles=np.array([row.angle for row in rows], np.float32),
        categories=np.array([row.category for row in rows], np.int8),
        groups=np.array([row.group for row in rows]),
        sources=np.array([row.source for row in rows]),
        held_out=np.array([row.source != "goods" and held_out(row.group) for row in rows]),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True, help="a pack whose product network is trained")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--fits", type=Path, help="what `packshot fit` wrote of all pairs; without it they are registered"
    )
    parser.add_argument("--turns", type=int, default=2, help="of each photo; of the few rendered and studio ones, more")
    parser.add_argument("--only", choices=["sellers", "studio", "rendered", "goods"])
    parser.add_argument("--goods", type=Path, help="what `python -m training.goods` rendered")
    parser.add_argument("--score", action="store_true", help="only the befores to score on, as they are")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = rows_to_score(options) if options.score else rows_to_learn_from(options)
    save(options.out, rows)
    print(f"{len(rows)} rows")


def rows_to_score(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for name in ("real", "studio", "rendered"):
        rows += rows_of(to_score(options.shared, name), 0, True, options)
    return rows


def rows_to_learn_from(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for name in ("studio", "rendered"):
        if options.only in (None, name):
            rows += rows_of(registered(options.shared, name, options.fits), options.turns, True, options)
            rows += rows_of(finished(options.shared, name), 3 * options.turns, False, options)
    if options.goods and options.only in (None, "goods"):
        rows += rows_of(goods(options.goods), options.turns, False, options)
    if options.only in (None, "sellers"):
        rows += rows_of(sellers(options.shared), options.turns, False, options)
    return rows


if __name__ == "__main__":
    main()
