"""Healing specks: a small disc is filled from around it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.recipe import Spot


def heal(picture: NDArray[np.uint8], spots: Sequence[Spot], affine: Affine) -> None:
    """Heals spots (in source pixels) in a picture (H, W, 3) whose frame is ``affine`` of the source, in place.

    Telea, "An Image Inpainting Technique Based on the Fast Marching Method" (2004): right for specks on cloth or
    leather.
    """
    scale = geometry.scale_of(affine)
    for spot in spots:
        x, y = geometry.apply(affine, np.array([[spot.x, spot.y]]))[0]
        _heal_one(picture, float(x), float(y), max(1.0, spot.radius * scale), spot.strength)


def _heal_one(picture: NDArray[np.uint8], x: float, y: float, radius: float, strength: float) -> None:
    reach = int(np.ceil(3 * radius)) + 4
    left, top = max(0, round(x) - reach), max(0, round(y) - reach)
    right, bottom = min(picture.shape[1], round(x) + reach + 1), min(picture.shape[0], round(y) + reach + 1)
    if right - left < 3 or bottom - top < 3:
        return
    patch = picture[top:bottom, left:right]
    rows, columns = np.mgrid[top:bottom, left:right]
    distance = np.hypot(columns - x, rows - y)
    hole = (distance <= radius + 0.5).astype(np.uint8)
    if hole.all() or not hole.any():
        return
    filled = cv2.inpaint(np.ascontiguousarray(patch), hole, min(radius + 2, 12), cv2.INPAINT_TELEA)
    share = (strength * np.clip(radius + 1.0 - distance, 0, 1))[..., None]
    patch[:] = np.round(patch + share * (filled.astype(np.float32) - patch)).astype(np.uint8)
