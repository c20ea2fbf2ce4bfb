"""Gross errors for checking that raters look: each is seen by anyone who does."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def flawed(picture: Picture, generator: np.random.Generator) -> Picture:
    """A finished shot (H, W, 3) sRGB with one gross error."""
    kinds: tuple[Callable[[Picture, np.random.Generator], Picture], ...] = (_tilted, _tinted, _bitten)
    return kinds[generator.integers(len(kinds))](picture, generator)


def _tilted(picture: Picture, generator: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    angle = float(generator.choice([-1, 1]) * generator.uniform(14, 20))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 0.9)
    border = tuple(int(value) for value in picture[0, 0])
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderValue=border), np.uint8)


def _tinted(picture: Picture, generator: np.random.Generator) -> Picture:
    gains = np.ones(3)
    gains[generator.integers(3)] = 0.62
    return np.asarray(np.clip(picture * gains * 0.92, 0, 255), np.uint8)


def _bitten(picture: Picture, generator: np.random.Generator) -> Picture:
    """A third of the product is cut away."""
    product = np.argwhere(np.abs(picture.astype(int) - picture[0, 0]).max(2) > 12)
    if not len(product):
        return _tinted(picture, generator)
    (top, left), (bottom, right) = product.min(0), product.max(0)
    cut = picture.copy()
    if generator.random() < 0.5:
        cut[:, left + 2 * (right - left) // 3 :] = picture[0, 0]
    else:
        cut[top + 2 * (bottom - top) // 3 :] = picture[0, 0]
    return cut
