"""Taking sensor noise out of a finished picture without softening its drawing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP_ROWS = 256
_COLOUR_REACH = 2.0  # times as far as luma, in pixels of half the size
_COLOUR_LEVELS = 0.5  # of luma's: colour noise is weaker in a JPEG, and so is the drawing in colour

Image = NDArray[np.uint8]
FloatImage = NDArray[np.float32]


def smooth_noise(picture: Image, levels: float, reach: float) -> None:
    """Smooths what varies by less than ``levels`` (of 255, sRGB) within ``reach`` pixels, in place, (H, W, 3) uint8.

    He, Sun and Tang, "Guided Image Filtering" (2010), luma and colour differences (BT.601) each guided by itself.
    Colour is smoothed at half the size and four times as far: cameras and JPEG leave no finer colour, and most of
    its noise is coarse. Below half a pixel of reach nothing is done: so small a picture has its noise averaged out.
    """
    if levels <= 0 or round(reach) < 1:
        return
    halo, height = 4 * round(_COLOUR_REACH * reach) + 4, picture.shape[0]
    above: Image | None = None
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        rows = picture[top : min(bottom + halo, height)]
        # The rows above were smoothed already: their originals were kept.
        strip = rows if above is None else np.concatenate([above, rows])
        first = 0 if above is None else len(above)
        above = picture[max(0, bottom - halo) : bottom].copy()
        picture[top:bottom] = _smooth(strip, levels, reach)[first : first + bottom - top]


def _smooth(strip: Image, levels: float, reach: float) -> Image:
    luma, *colour = cv2.split(cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb))
    smooth = [_guided(np.asarray(luma, np.float32), round(reach), levels**2)]
    smooth += [_smooth_colour(np.asarray(channel, np.uint8), levels, reach) for channel in colour]
    merged = cv2.merge([np.clip(np.round(channel), 0, 255).astype(np.uint8) for channel in smooth])
    return np.asarray(cv2.cvtColor(merged, cv2.COLOR_YCrCb2RGB), np.uint8)


def _smooth_colour(channel: Image, levels: float, reach: float) -> FloatImage:
    height, width = channel.shape
    even = cv2.copyMakeBorder(channel, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE).astype(np.float32)
    half = cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    smooth = _guided(np.asarray(half, np.float32), round(_COLOUR_REACH * reach), (_COLOUR_LEVELS * levels) ** 2)
    whole = cv2.resize(smooth, (even.shape[1], even.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole[:height, :width], np.float32)


def _guided(values: FloatImage, radius: int, variance: float) -> FloatImage:
    size = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.blur(values, size)
    spread = np.maximum(cv2.blur(values * values, size) - mean * mean, 0)
    slope = spread / (spread + np.float32(variance))
    return np.asarray(cv2.blur(slope, size) * values + cv2.blur(mean - slope * mean, size), np.float32)
