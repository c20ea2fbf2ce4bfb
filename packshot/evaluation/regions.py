"""Where a person should look: places of the finished shot as shares of it, left, top, right, bottom."""

from __future__ import annotations

import numpy as np

from packshot import geometry
from packshot.evaluation.rules import Shot

Region = tuple[float, float, float, float]
APART = ("apart_left", "apart_top", "apart_right", "apart_bottom")


def product_region(shot: Shot) -> Region | None:
    """The product's box."""
    if shot.matte is None or not (shot.matte > 127).any():
        return None
    rows, columns = np.nonzero((shot.matte > 127).any(1))[0], np.nonzero((shot.matte > 127).any(0))[0]
    height, width = shot.matte.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def region_apart(shot: Shot) -> Region | None:
    """Where the models disagreed most about the outline, if they did."""
    return region_of(shot, APART)


def region_of(shot: Shot, names: tuple[str, ...]) -> Region | None:
    """The place in the shot of a box whose sides are in the evidence, as shares of the photo; None where they are not,
    or it is not in the picture."""
    evidence = shot.recipe.evidence
    if any(name not in evidence for name in names):
        return None
    width, height = shot.recipe.source.size
    left, top, right, bottom = (evidence[name] for name in names)
    box = (left * width - 0.5, top * height - 0.5, right * width - 0.5, bottom * height - 0.5)
    corners = geometry.apply(shot.recipe.geometry.affine(), geometry.box_corners(box))
    size = np.array(shot.recipe.geometry.size)
    low, high = np.clip(corners.min(0) / size, 0, 1), np.clip(corners.max(0) / size, 0, 1)
    if (high - low).min() <= 0:
        return None
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
