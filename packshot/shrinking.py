"""Making pictures smaller by averaging, the quick way: halves of even sides cost OpenCV a sixth of any other factor."""

from __future__ import annotations

import math
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.float32])


def averaged(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """(H, W) or (H, W, 3) averaged down to (width, height) ``size``, halved for as long as that comes out even."""
    while True:
        height, width = pixels.shape[:2]
        if height % 2 or width % 2 or width < 2 * size[0] or height < 2 * size[1]:
            break
        pixels = by_area(pixels, (width // 2, height // 2))
    return pixels if (width, height) == size else by_area(pixels, size)


def by_area(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """(H, W) or (H, W, 3) averaged down to (width, height) ``size`` at once, each pixel by the area it covers."""
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def shrink(pixels: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """The picture averaged down by a whole number until its long side is at most ``long_side``."""
    factor = math.ceil(max(pixels.shape[:2]) / long_side)
    if factor == 1:
        return pixels
    size = shrunken((pixels.shape[1], pixels.shape[0]), factor)
    return averaged(pixels, size) if factor & (factor - 1) == 0 else by_area(pixels, size)


def shrunken(size: tuple[int, int], factor: int) -> tuple[int, int]:
    """(width, height) of a picture shrunk by a whole number."""
    return max(1, round(size[0] / factor)), max(1, round(size[1] / factor))
