"""Which stage was wrong: how much of a correction each stage's change accounts for, as people see it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.metrics import delta_e
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Recipe

STAGES = ("alignment", "cropping", "background", "color", "lighting", "detailing")
"""Geometry first: while the product lies elsewhere, no colour can be compared."""

SIDE = 320


def credit(photo: Photo, predicted: Recipe, corrected: Recipe) -> dict[str, float]:
    """The stages that were changed, each with its share of the way to the corrected picture; the shares sum to 1.

    The corrected parts are put into the prediction one by one, and after each the distance that is left is measured
    (mean CIEDE2000 over the frame). A change that is too small to be measured shares with its like.
    """
    changed = [stage for stage in STAGES if _part(predicted, stage) != _part(corrected, stage)]
    if not changed:
        return {}
    target = render(photo, corrected, SIDE)
    assets = {**predicted.assets, **corrected.assets}
    current = predicted.model_copy(update={"assets": assets})
    left = _distance(render(photo, current, SIDE), target)
    gains: dict[str, float] = {}
    for stage in changed:
        current = current.model_copy(update={stage: getattr(corrected, stage)})
        now = _distance(render(photo, current, SIDE), target)
        gains[stage], left = max(0.0, left - now), now
    total = sum(gains.values())
    if total < 1e-6:
        return {stage: round(1 / len(changed), 4) for stage in changed}
    return {stage: round(gain / total, 4) for stage, gain in gains.items()}


def _part(recipe: Recipe, stage: str) -> Any:
    """A stage's part without where its files lie and how sure it was: only what changes pixels."""
    part = getattr(recipe, stage).model_dump(exclude={"confidence", "method", "measured_from", "doubt"})
    for key in ("matte", "shadow_map"):
        if part.get(key) is not None:
            part[key] = part[key]["sha256"]
    return part


def _distance(picture: NDArray[np.uint8], target: NDArray[np.uint8]) -> float:
    height, width = target.shape[:2]
    if picture.shape != target.shape:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return float(delta_e(picture, target).mean())
