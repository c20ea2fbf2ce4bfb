"""How far two pictures, mattes or frames are apart. Judge, training and tests share these."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import linear_of_byte
from packshot.geometry import Affine

Image = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]
# Linear sRGB to XYZ over the white point D65: rows X, Y, Z (IEC 61966-2-1).
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_TO_WHITE = (_TO_XYZ / _TO_XYZ.sum(1, keepdims=True)).astype(np.float32)


def lab(image: Image) -> FloatImage:
    """(H, W, 3) sRGB uint8 to CIELAB (D65), L in 0..100."""
    # OpenCV's own conversion goes through a coarse table and is off by up to 0.3 in saturated colours.
    xyz = cv2.transform(cv2.LUT(image, linear_of_byte()), _TO_WHITE)
    x, y, z = cv2.split(np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * np.float32(841 / 108) + np.float32(4 / 29)))
    return np.asarray(cv2.merge((116 * y - 16, 500 * (x - y), 200 * (y - z))), np.float32)


def delta_e(first: Image, second: Image) -> FloatImage:
    """CIEDE2000 (Sharma, Wu and Dalal, 2005) of each pixel of two (H, W, 3) sRGB uint8 pictures, (H, W)."""
    return delta_e_lab(lab(first), lab(second))


def delta_e_lab(first: FloatImage, second: FloatImage) -> FloatImage:
    """CIEDE2000 of two CIELAB arrays (..., 3), with kL = kC = kH = 1."""
    lightness1, a1, b1 = np.moveaxis(first.astype(np.float64), -1, 0)
    lightness2, a2, b2 = np.moveaxis(second.astype(np.float64), -1, 0)
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7)))
    chroma1, chroma2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    hue1, hue2 = (np.rad2deg(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = chroma1 * chroma2 == 0
    # Opposite hues keep their sign, so that their mean is the same from either side.
    turn = np.where(grey, 0.0, (hue2 - hue1) - 360 * np.round((hue2 - hue1) / 360))
    delta_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.deg2rad(turn) / 2)
    hue = np.where(grey, hue1 + hue2, (hue1 + turn / 2) % 360)
    lightness, chroma = (lightness1 + lightness2) / 2, (chroma1 + chroma2) / 2
    weight = (
        1
        - 0.17 * np.cos(np.deg2rad(hue - 30))
        + 0.24 * np.cos(np.deg2rad(2 * hue))
        + 0.32 * np.cos(np.deg2rad(3 * hue + 6))
        - 0.20 * np.cos(np.deg2rad(4 * hue - 63))
    )
    scale_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    scale_c = 1 + 0.045 * chroma
    scale_h = 1 + 0.015 * chroma * weight
    rotation = (
        -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.deg2rad(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    )
    part_l, part_c, part_h = (lightness2 - lightness1) / scale_l, (chroma2 - chroma1) / scale_c, delta_hue / scale_h
    total = part_l**2 + part_c**2 + part_h**2 + rotation * part_c * part_h
    return np.asarray(np.sqrt(np.maximum(total, 0)), np.float32)


def intersection_over_union(first: FloatImage, second: FloatImage) -> float:
    """Of two mattes 0..1 cut at one half; 1 where both are empty."""
    return overlap(first > 0.5, second > 0.5)


def overlap(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks; 1 where both are empty."""
    union = int((first | second).sum())
    return 1.0 if union == 0 else float((first & second).sum()) / union


def structural_similarity(first: Image, second: Image) -> float:
    """Mean SSIM of luma (Wang et al., 2004): Gaussian window of 1.5 px, K1 = 0.01, K2 = 0.03."""
    one, two = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (first, second))

    def mean(values: FloatImage) -> FloatImage:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)

    mean1, mean2 = mean(one), mean(two)
    variance1, variance2 = mean(one * one) - mean1 * mean1, mean(two * two) - mean2 * mean2
    covariance = mean(one * two) - mean1 * mean2
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mean1 * mean2 + low) * (2 * covariance + high)
    return float((score / ((mean1**2 + mean2**2 + low) * (variance1 + variance2 + high))).mean())


def corner_error(predicted: Affine, true: Affine, corners: NDArray[np.float64], long_side: int) -> float:
    """Largest distance of a product's corners under two maps, in percent of the output's long side."""
    distance = np.linalg.norm(geometry.apply(predicted, corners) - geometry.apply(true, corners), axis=1)
    return float(distance.max() / long_side * 100)
