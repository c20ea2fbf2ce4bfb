"""Finished shots to check, drawn so that every figure about them is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def shot(canvas: tuple[int, int] = (2000, 2000), fill: float = 0.9, backdrop: int = 255) -> Pixels:
    """A textured square product in the middle of a plain backdrop; its side is ``fill`` of the shorter side."""
    width, height = canvas
    image = np.full((height, width, 3), backdrop, np.uint8)
    side = round(fill * min(canvas))
    left, top = (width - side) // 2, (height - side) // 2
    tile = np.random.default_rng(7).integers(40, 180, (64, 64, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    repeats = -(-side // len(tile))
    image[top : top + side, left : left + side] = np.tile(tile, (repeats, repeats, 1))[:side, :side]
    return image


def matte_of(canvas: tuple[int, int] = (2000, 2000), fill: float = 0.9) -> NDArray[np.uint8]:
    """The matte of ``shot``."""
    return np.where(shot(canvas, fill)[..., 0] < 255, 255, 0).astype(np.uint8)
