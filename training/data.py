"""The data the base pack is trained on, split by seller and product; mattes from checked masks or from the afters."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import matting
from packshot.learning.networks.synthesis import Example
from packshot.learning.splits import held_out

CATEGORIES = ("tops", "bottoms", "dresses", "shoes", "bags", "hats", "accessories", "jewellery", "glassware")
CATEGORY_OF_LABEL = {
    "Dress": "dresses", "Shoes": "shoes", "Hat": "hats", "Skirt": "bottoms", "Pants": "bottoms", "Shorts": "bottoms",
    "T-Shirt": "tops", "Outwear": "tops", "Longsleeve": "tops", "Blazer": "tops", "Hoodie": "tops", "Shirt": "tops",
    "Polo": "tops", "Undershirt": "tops", "Body": "tops", "Blouse": "tops",
}  # fmt: skip
LONG_SIDE = 600


@dataclass(frozen=True)
class Scored:
    """A photo to score on: (H, W, 3) sRGB, its true matte, category and set."""

    image: NDArray[np.uint8]
    matte: NDArray[np.float32]
    category: str
    source: str
    name: str


def read(path: Path, long_side: int | None = LONG_SIDE) -> NDArray[np.uint8]:
    """A picture as (H, W, 3) RGB, shrunk to ``long_side``."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    return shrink(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), long_side)


def shrink(image: NDArray[np.uint8], long_side: int | None) -> NDArray[np.uint8]:
    """The picture at ``long_side`` pixels, if it is larger."""
    scale = 1.0 if long_side is None else min(1.0, long_side / max(image.shape[:2]))
    return (
        image
        if scale == 1
        else np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    )


def matte_on_white(after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The matte of a finished shot on pure white; highlights inside the product, smaller than 0.1 %, are no holes."""
    product = (after.min(2) < 247).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - product, connectivity=4)
    small = np.concatenate([[False], stats[1:, cv2.CC_STAT_AREA] < 0.001 * product.size])
    product[small[labels]] = 1
    _, labels, stats, _ = cv2.connectedComponentsWithStats(product)
    crumbs = np.concatenate([[False], stats[1:, cv2.CC_STAT_AREA] < 12])
    product[crumbs[labels]] = 0
    # The threshold takes in the faint outer half of each edge: the true edge is where the colour is half way to white.
    outer = cv2.dilate(product, np.ones((3, 3), np.uint8))
    inner = cv2.erode(product, np.ones((5, 5), np.uint8))
    rough = np.where(inner > 0, 1.0, np.where(outer > 0, 0.5, 0.0)).astype(np.float32)
    return matting.refine(after, rough)


def photos(
    shared: Path, keep_held_out: bool = False, guesses: Path | None = None
) -> tuple[list[Example], list[Example]]:
    """The sellers' photos to learn from: with a matte (checked, or in the folder ``guesses``), and without."""
    masked, plain = [], []
    with (shared / "photos" / "photos.csv").open() as lines:
        for row in csv.DictReader(lines):
            if held_out(row["seller"]) and not keep_held_out:
                continue
            image = read(shared / "photos" / row["photo"])
            category = CATEGORIES.index(CATEGORY_OF_LABEL[row["label"]])
            if row["matte"]:
                matte = cv2.imread(str(shared / "photos" / row["matte"]), cv2.IMREAD_GRAYSCALE)
                assert matte is not None
                matte = cv2.resize(matte, image.shape[1::-1], interpolation=cv2.INTER_AREA)
                masked.append(Example(image, (matte / 255).astype(np.float32), category, "sellers"))
                continue
            plain.append(Example(image, None, category, "sellers"))
            guess = None if guesses is None else guesses / f"{Path(row['photo']).stem}.png"
            if guess is not None and guess.exists():
                masked.append(Example(image, read_matte(guess, image), category, "guessed"))
    return masked, plain


def pairs(folder: Path) -> list[dict[str, str]]:
    """The lines of a set of pairs: only what a user would have."""
    lines = (json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines())
    return [{key: line[key] for key in ("id", "category", "group", "before", "after")} for line in lines]


def finished(shared: Path, name: str, mattes: Path | None = None) -> list[Example]:
    """The afters of a set as cut-outs on white, with the mattes of ``training/peel.py`` where there are."""
    folder = shared / "pairs" / name
    examples = []
    for pair in pairs(folder):
        if not held_out(pair["group"]):
            image = read(folder / pair["after"])
            path = None if mattes is None else mattes / f"{pair['id']}.after.png"
            matte = matte_on_white(image) if path is None or not path.exists() else read_matte(path, image)
            examples.append(Example(image, matte, CATEGORIES.index(pair["category"]), name))
    return examples


def read_matte(path: Path, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A matte file at a picture's size, 0..1."""
    matte = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if matte is None:
        raise FileNotFoundError(path)
    return (cv2.resize(matte, image.shape[1::-1], interpolation=cv2.INTER_AREA) / 255).astype(np.float32)


def peeled(shared: Path, name: str, mattes: Path) -> list[Example]:
    """The befores of a set with the mattes that ``training/peel.py`` read out of their afters."""
    folder = shared / "pairs" / name
    examples = []
    for pair in pairs(folder):
        path = mattes / f"{pair['id']}.png"
        if path.exists() and not held_out(pair["group"]):
            image = read(folder / pair["before"])
            category = CATEGORIES.index(pair["category"])
            examples.append(Example(image, read_matte(path, image), category, f"{name} befores"))
    return examples


def scored(shared: Path, name: str, limit: int | None = None, long_side: int | None = None) -> list[Scored]:
    """Befores of groups never trained on, with the true matte: for scoring only."""
    folder = shared / "pairs" / name
    chosen = [pair for pair in pairs(folder) if held_out(pair["group"])]
    result = []
    for pair in chosen[:limit]:
        image = read(folder / pair["before"], long_side)
        matte = cv2.imread(str(folder / "alpha" / f"{pair['id']}.png"), cv2.IMREAD_GRAYSCALE)
        assert matte is not None
        matte = cv2.resize(matte, image.shape[1::-1], interpolation=cv2.INTER_AREA)
        result.append(Scored(image, (matte / 255).astype(np.float32), pair["category"], name, pair["id"]))
    return result


def plain_photos(shared: Path) -> list[tuple[Path, str, str]]:
    """Photo, category and seller of the sellers' photos without a matte, of the sellers to learn from."""
    with (shared / "photos" / "photos.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if not row["matte"] and not held_out(row["seller"])]
    return [(shared / "photos" / row["photo"], CATEGORY_OF_LABEL[row["label"]], row["seller"]) for row in rows]
