"""Taking sensor noise out of a finished picture without softening its drawing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP_ROWS = 256

FloatImage = NDArray[np.float32]


def smooth_noise(picture: NDArray[np.uint8], levels: float, reach: float) -> None:
    """Smooths what varies by less than ``levels`` (of 255, sRGB) within ``reach`` pixels, in place, (H, W, 3) uint8.

    He, Sun and Tang, "Guided Image Filtering" (2010), guided by the picture's own luma: edges in luma stay, colour
    noise beside them goes. Below half a pixel of reach nothing is done: so small a picture has its noise averaged out.
    """
    radius = round(reach)
    if levels <= 0 or radius < 1:
        return
    halo, height = 2 * radius, picture.shape[0]
    above: NDArray[np.uint8] | None = None
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        rows = picture[top : min(bottom + halo, height)]
        # The rows above were smoothed already: their originals were kept.
        strip = rows if above is None else np.concatenate([above, rows])
        first = 0 if above is None else len(above)
        above = picture[max(0, bottom - halo) : bottom].copy()
        picture[top:bottom] = _guided(strip, radius, levels**2)[first : first + bottom - top]


def _guided(strip: NDArray[np.uint8], radius: int, variance: float) -> NDArray[np.uint8]:
    size = (2 * radius + 1, 2 * radius + 1)
    luma = np.asarray(cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY), np.float32)
    mean = cv2.blur(luma, size)
    spread = cv2.blur(luma * luma, size) - mean * mean + np.float32(variance)
    channels = []
    for channel in cv2.split(strip):
        values = channel.astype(np.float32)
        level = cv2.blur(values, size)
        slope = (cv2.blur(luma * values, size) - mean * level) / spread
        channels.append(cv2.blur(slope, size) * luma + cv2.blur(level - slope * mean, size))
    return np.clip(np.round(cv2.merge(channels)), 0, 255).astype(np.uint8)
