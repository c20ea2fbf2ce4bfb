"""Whether the two photos can show one colour variant: a retoucher moves white point and saturation, not single hues.

Per cell of the product the chromaticity, log2(red/green) and log2(blue/green) of linear light, is free of exposure and
of uneven light. A change of white balance shifts it alike everywhere, saturation and contrast scale it; what is left
over is a part of another colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import linear_of_byte
from packshot.geometry import Affine, compose, resize_affine
from packshot.learning.registration.views import FloatImage, Pixels, Product

_SIDE = 36  # of the product, in cells
_VEIL = 0.08  # of full linear scale, added to each channel: dark cells have no hue to speak of
_SCALES = (0.4, 2.5)


@dataclass(frozen=True)
class ColorChange:
    """``shift`` (2,) stops of white balance, ``saturation`` factor, and per cell what they leave, (N,) stops."""

    shift: NDArray[np.float64]
    saturation: float
    left: NDArray[np.float64]

    def share_beyond(self, stops: float) -> float:
        """The share of the product whose colour is off by more than ``stops``."""
        return float((self.left > stops).mean()) if len(self.left) else 0.0


def color_change(product: Product, before: Pixels, after_to_before: Affine) -> ColorChange:
    """How the product's chromaticity went from ``before`` (H, W, 3) to the after, the map being in working pixels."""
    wanted, seen = _cells(product, before, after_to_before)
    if len(wanted) < 8:
        return ColorChange(np.zeros(2), 1.0, np.zeros(0))
    target, source = _chromaticity(wanted), _chromaticity(seen)
    weights = np.ones(len(target))
    saturation, shift, left = 1.0, np.zeros(2), np.zeros(len(target))
    for _ in range(12):
        share = weights / weights.sum()
        centre, landing = share @ source, share @ target
        spread = share @ ((source - centre) ** 2).sum(1)
        common = share @ ((source - centre) * (target - landing)).sum(1)
        saturation = float(np.clip((common + 0.02) / (spread + 0.02), *_SCALES))
        shift = landing - saturation * centre
        left = np.hypot(*(target - saturation * source - shift).T)
        weights = 1 / (1 + (left / 0.15) ** 2)
    return ColorChange(shift, saturation, left)


def _chromaticity(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log2(linear + _VEIL)
    return logs[:, [0, 2]] - logs[:, [1]]


def _cells(
    product: Product, before: Pixels, after_to_before: Affine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean linear light of the after and the before, (N, 3) each, over the cells that lie wholly on the product."""
    left, top, right, bottom = product.box
    factor = min(1.0, _SIDE / product.long_side)
    size = max(1, round((right - left) * factor)), max(1, round((bottom - top) * factor))
    to_after = compose(resize_affine(size, (right - left, bottom - top)), np.array([[1.0, 0, left], [0, 1.0, top]]))
    cropped = np.ascontiguousarray(product.pixels[top:bottom, left:right])
    mask = product.mask[top:bottom, left:right].astype(np.float32)
    after = _linear_mean(cropped, size)
    to_before = compose(to_after, after_to_before)
    cell = max(1.0, float(np.sqrt(abs(np.linalg.det(to_before[:, :2])))))
    height, width = before.shape[:2]
    coarse = max(1, round(width / cell)), max(1, round(height / cell))
    mean = _linear_mean(before, coarse)
    to_coarse = compose(to_before, resize_affine((width, height), coarse))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(mean, to_coarse, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(-9, -9, -9))
    whole = cv2.erode(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.ones((3, 3)), borderValue=0) > 0.98
    usable = whole & (seen.min(2) >= 0) & (np.maximum(after.max(2), seen.max(2)) < 0.97)
    return after[usable].astype(np.float64), seen[usable].astype(np.float64)


def _linear_mean(pixels: Pixels, size: tuple[int, int]) -> FloatImage:
    linear = cv2.LUT(pixels, linear_of_byte())
    return np.asarray(cv2.resize(linear, size, interpolation=cv2.INTER_AREA), np.float32)
