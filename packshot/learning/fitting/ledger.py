"""The ledger of a pair: how much of the way from before to after each stage covers, and how much none does.

The recipe is rendered stage by stage in a fixed order, and each picture compared with the human's after (CIEDE2000 on
the product and a narrow rim, so that a cleaner edge counts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.metrics import delta_e
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Background, Color, Detailing, Lighting, Recipe

Pixels = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

STAGES = ("geometry", "matte", "colour", "light", "detail")
UNEXPLAINED = "unexplained"
SIDE = 640
_RIM_SHARE = 0.012
_BRIGHTEST = 251  # of a channel
_MOST_PIXELS = 60000
PARTS: tuple[Mapping[str, Any], ...] = (
    {"color": Color(), "lighting": Lighting(), "background": Background(), "detailing": Detailing()},
    {"color": Color(), "lighting": Lighting(), "detailing": Detailing()},
    {"lighting": Lighting(), "detailing": Detailing()},
    {"detailing": Detailing()},
    {},
)


@dataclass(frozen=True)
class Ledger:
    """delta_e: mean CIEDE2000 before any stage and after each, (6,). explained: share of the first by stage, and
    ``unexplained``: they sum to 1. left: (mean, median, 95th percentile) on the product itself. burnt: share of the
    product that is burnt out in the before, where no recipe can bring back what was there. Of the rest, seen: the mean
    that is left; moved: share whose colour, seen coarsely, is still far from the after's."""

    delta_e: tuple[float, ...]
    explained: Mapping[str, float]
    left: tuple[float, float, float]
    moved: float
    burnt: float
    seen: float


def keep_ledger(photo: Photo, recipe: Recipe, after: Pixels, matte: FloatImage, before: Pixels) -> Ledger:
    """Of a fitted recipe. ``after`` (h, w, 3) and ``matte`` (h, w) 0..1: the human's, at any size of one aspect;
    ``before`` (h, w, 3): the photo laid into their frame."""
    height, width = after.shape[:2]
    region = _region(matte)
    stages = [render(photo, recipe.model_copy(update=dict(parts)), max(width, height)) for parts in PARTS]
    steps = [_untouched(photo, (width, height)), *stages]
    means = [float(_differences(step, after, region).mean()) for step in steps]
    # A pair without any change has nothing to be shared out: what is left is then all there was.
    whole = max(means[0], 1e-6)
    shares = {name: (means[i] - means[i + 1]) / whole for i, name in enumerate(STAGES)}
    shares[UNEXPLAINED] = means[-1] / whole
    product = matte > 0.95
    left = _differences(steps[-1], after, product if product.any() else region)
    burnt = burnt_out(before)
    known = np.where(burnt, np.float32(0), matte)
    seen = _differences(steps[-1], after, product & ~burnt)
    figures = (float(left.mean()), float(np.median(left)), float(np.quantile(left, 0.95)))
    return Ledger(
        tuple(round(mean, 4) for mean in means),
        {name: round(share, 4) for name, share in shares.items()},
        (round(figures[0], 4), round(figures[1], 4), round(figures[2], 4)),
        round(moved_share(steps[-1], after, known), 4),
        round(float(burnt[product].mean()) if product.any() else 0.0, 4),
        round(float(seen.mean()), 4),
    )


def burnt_out(before: Pixels) -> NDArray[np.bool_]:
    """Where a channel of a photo (h, w, 3) is at its end, or a pixel beside is: its colour there is no longer the
    product's, (h, w)."""
    clipped = (before.max(2) > _BRIGHTEST).astype(np.uint8)
    return np.asarray(cv2.dilate(clipped, np.ones((3, 3), np.uint8)) > 0)


def _untouched(photo: Photo, size: tuple[int, int]) -> Pixels:
    pixels = photo.pixels(min(1.0, max(size) / max(photo.size)))
    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    return np.asarray(cv2.resize(eight, size, interpolation=cv2.INTER_AREA), np.uint8)


def _region(matte: FloatImage) -> NDArray[np.bool_]:
    reach = max(1, round(_RIM_SHARE * max(matte.shape)))
    return np.asarray(cv2.dilate((matte > 0.5).astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0)


def _differences(first: Pixels, second: Pixels, where: NDArray[np.bool_]) -> FloatImage:
    rows, columns = np.nonzero(where)
    if not len(rows):
        return np.zeros(1, np.float32)
    every = slice(None, None, max(1, len(rows) // _MOST_PIXELS))
    rows, columns = rows[every], columns[every]
    return delta_e(first[rows, columns][None], second[rows, columns][None])


def moved_share(made: Pixels, after: Pixels, matte: FloatImage, far: float = 6.0) -> float:
    """Share of the product whose mean colour over a few pixels differs from the after's by more than ``far``."""
    inside = cv2.erode((matte > 0.95).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not inside.any():
        return 0.0
    weight = inside.astype(np.float32)
    share = np.maximum(cv2.GaussianBlur(weight, (0, 0), 2.5), 1e-3)[..., None]
    coarse = []
    for picture in (made, after):
        mean = cv2.GaussianBlur(picture.astype(np.float32) * weight[..., None], (0, 0), 2.5) / share
        coarse.append(np.clip(np.round(mean), 0, 255).astype(np.uint8))
    return float((_differences(coarse[0], coarse[1], np.asarray(inside)) > far).mean())
