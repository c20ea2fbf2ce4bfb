"""A photo at halved sizes, each made once: a screen is smaller than a photo, and a slider asks again and again."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.photo import Photo

_DEEPEST = 5
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


class Levels:
    """Gives a photo's pixels as renders ask for them, ``pixels(scale)``; for one thread at a time."""

    def __init__(self, photo: Photo) -> None:
        self._photo = photo
        self._made: dict[int, Pixels] = {}

    def pixels(self, scale: float = 1.0) -> Pixels:
        """Upright sRGB (H, W, 3), uint8 or uint16, at ``scale`` or up to twice that. Raises PhotoError."""
        level = min(_DEEPEST, math.floor(math.log2(1 / scale) + 1e-9)) if scale < 1 else 0
        if level == 0:
            return self._photo.pixels(scale)
        if level not in self._made:
            self._made[level] = self._shrunk(level)
        return self._made[level]

    def release(self, largest: int) -> None:
        """Forgets the sizes of more pixels than that; the photo's own decode too if it has more."""
        self._made = {level: made for level, made in self._made.items() if made.shape[0] * made.shape[1] <= largest}
        if self._photo.decoded_scale**2 * self._photo.size[0] * self._photo.size[1] > largest:
            self._photo.release()

    def _shrunk(self, level: int) -> Pixels:
        pixels: NDArray[Any] = self._photo.pixels(2.0**-level)
        while pixels.shape[1] > 1.5 * self._photo.size[0] / 2**level:
            height, width = pixels.shape[:2]
            pixels = cv2.resize(pixels, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
        return pixels
