"""Which step was wrong: how much of a correction each step's change accounts for, as people see it.

Telling the category is a step before the six stages: the crop and the light that follow from another category are to
its account.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.catalog.recropping import Following
from packshot.evaluation.metrics import delta_e
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Recipe

CATEGORY = "category"
STAGES = ("alignment", "cropping", "background", "color", "lighting", "detailing")
"""Geometry first: while the product lies elsewhere, no colour can be compared."""

SIDE = 320


def credit(photo: Photo, predicted: Recipe, corrected: Recipe, following: Following | None = None) -> dict[str, float]:
    """The steps that were changed, each with its share of the way to the corrected picture; the shares sum to 1.

    The corrected parts are put into the prediction one by one, and after each the distance that is left is measured
    (mean CIEDE2000 over the frame). A change that is too small to be measured shares with its like. ``following``:
    what is decided for a corrected category, where that is known; stages answer only for what differs from it.
    """
    current = predicted.model_copy(update={"assets": {**predicted.assets, **corrected.assets}})
    target = render(photo, corrected, SIDE)
    left = _distance(render(photo, current, SIDE), target)
    gains: dict[str, float] = {}
    for step in (CATEGORY, *STAGES):
        if _part(current, step) == _part(corrected, step):
            continue
        current = _stepped(current, corrected, step, following)
        now = _distance(render(photo, current, SIDE), target)
        gains[step], left = max(0.0, left - now), now
    total = sum(gains.values())
    if total < 1e-6:
        return {step: round(1 / len(gains), 4) for step in gains}
    return {step: round(gain / total, 4) for step, gain in gains.items()}


def _stepped(current: Recipe, corrected: Recipe, step: str, following: Following | None) -> Recipe:
    """The recipe with one more step corrected."""
    brought = following.parts(current) if step == CATEGORY and following is not None else {}
    return current.model_copy(update={step: getattr(corrected, step), **brought})


def _part(recipe: Recipe, step: str) -> Any:
    """A step's part without where its files lie and how sure it was: only what changes pixels."""
    if step == CATEGORY:
        return recipe.category
    part = getattr(recipe, step).model_dump(exclude={"confidence", "method", "measured_from", "doubt"})
    for key in ("matte", "shadow_map"):
        if part.get(key) is not None:
            part[key] = part[key]["sha256"]
    return part


def _distance(picture: NDArray[np.uint8], target: NDArray[np.uint8]) -> float:
    height, width = target.shape[:2]
    if picture.shape != target.shape:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return float(delta_e(picture, target).mean())
