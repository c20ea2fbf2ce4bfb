"""Dust and lint the retoucher took away, read out of a registered pair.

The after, laid back onto the before, predicts it: a local straight line in each channel takes up colour, light and
tone. What is left over where the prediction is otherwise good, and where no edge of the picture can explain it by a
little blur or sharpening, was there before and is gone now.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, scale_of

_WINDOW = 0.06  # of the long side: within it, one line per channel maps after to before
_RIDGE = 25.0  # squared sRGB levels: an even window is mapped at a slope near one
_USUAL_SLOPE = 0.9
_NOISE = 1.5  # sRGB levels that sensor and JPEG leave anywhere
_AROUND, _EDGE = 1.6, 0.35  # how much the local residue and the local gradient excuse
_SWEEPS = 2  # the second leaves the specks themselves out of the fit
_MARKED = 2.2

FloatImage = NDArray[np.float32]


@dataclass(frozen=True)
class SpeckReading:
    """``evidence`` (H, W): how clearly each pixel was cleaned, 0 off the product, a speck from about 2 on. ``rest``
    (H, W, 3) sRGB levels: what the before has beyond what the after says of it."""

    evidence: FloatImage
    rest: FloatImage


def read_specks(
    before: NDArray[np.uint8], after: NDArray[np.uint8], before_to_after: Affine, matte: FloatImage
) -> SpeckReading:
    """What was cleaned away between before and after.

    ``before`` (H, W, 3), ``after``: sRGB uint8; ``before_to_after``: (2, 3) between pixel centres; ``matte``: (H, W)
    0..1 over the before.
    """
    seen = before.astype(np.float32)
    laid = _laid_back(after, before_to_after, (before.shape[1], before.shape[0]))
    inside = np.asarray(cv2.erode((matte > 0.95).astype(np.float32), np.ones((5, 5), np.uint8)), np.float32)
    edges = _edges(laid)
    window = 2 * round(_WINDOW / 2 * max(before.shape[:2])) + 1
    weight: FloatImage = inside
    evidence, unexplained = np.zeros(before.shape[:2], np.float32), np.zeros(before.shape, np.float32)
    for _ in range(_SWEEPS):
        unexplained = _unexplained(seen, laid, weight, window)
        rest = np.abs(cv2.GaussianBlur(unexplained, (0, 0), 0.6)).max(2)
        share = cv2.blur(weight, (window, window)) + np.float32(1e-4)
        usual = np.sqrt(np.maximum(cv2.blur(np.minimum(rest, 12) ** 2 * weight, (window, window)), 0) / share)
        evidence = np.asarray(rest / (_NOISE + _AROUND * usual + _EDGE * edges), np.float32)
        weight = np.asarray(inside * (evidence < _MARKED), np.float32)
    return SpeckReading(np.asarray(evidence * inside, np.float32), unexplained)


def _laid_back(after: NDArray[np.uint8], matrix: Affine, size: tuple[int, int]) -> FloatImage:
    finer = scale_of(matrix)
    source = cv2.GaussianBlur(after, (0, 0), 0.45 * finer) if finer > 1.2 else after
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _edges(picture: FloatImage) -> FloatImage:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.sqrt(cv2.dilate(across * across + down * down, np.ones((3, 3), np.uint8)))


def _unexplained(seen: FloatImage, laid: FloatImage, weight: FloatImage, window: int) -> FloatImage:
    """What local lines from ``laid`` to ``seen``, fitted where ``weight`` is 1, leave over, (H, W, 3) sRGB levels."""
    share = cv2.blur(weight, (window, window)) + np.float32(1e-4)

    def mean(values: FloatImage) -> FloatImage:
        return np.asarray(cv2.blur(values * weight[..., None], (window, window)) / share[..., None], np.float32)

    middle, wanted = mean(laid), mean(seen)
    spread = np.maximum(mean(laid * laid) - middle * middle, 0)
    together = mean(laid * seen) - middle * wanted
    slope = (together + _RIDGE * _USUAL_SLOPE) / (spread + _RIDGE)
    return np.asarray(seen - wanted - slope * (laid - middle), np.float32)
