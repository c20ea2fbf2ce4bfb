"""Matting in the band along the edge: how much of each pixel is product, and what colour the product has there.

The local colours of product and backdrop are normalised box means of their sure sides, as in Forte and Pitié, "Approximate
Fast Foreground Colour Estimation" (ICIP 2021); the share is the pixel's place on the line between them (the compositing
equation), believed only as far as the two colours differ by more than their own texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
SURE = 0.92
_NOISE = 6.0  # sRGB levels: what JPEG and sensor leave on an even surface


@dataclass(frozen=True)
class Sides:
    """Local means, (H, W, 3) in the image's units, of product and backdrop, and the variance (H, W) around both."""

    product: FloatImage
    backdrop: FloatImage
    variance: FloatImage


def box_mean(values: FloatImage, weight: FloatImage, radius: int) -> tuple[FloatImage, FloatImage]:
    """Mean of ``values`` weighted by ``weight`` in a box, and the box's mean weight."""
    kernel = (2 * radius + 1, 2 * radius + 1)
    share = np.asarray(cv2.blur(weight, kernel), np.float32)
    factor = weight[..., None] if values.ndim == 3 else weight
    total = cv2.blur(values * factor, kernel)
    divisor = np.maximum(share, 1e-5)
    return np.asarray(total / (divisor[..., None] if values.ndim == 3 else divisor), np.float32), share


def local_sides(image: FloatImage, matte: FloatImage, radius: int) -> Sides:
    """What product and backdrop look like around each pixel; where a side is out of reach, a box four times as wide."""
    grey = np.asarray(image.mean(2), np.float32)
    means, variances = [], np.zeros_like(grey)
    for sure in (matte > SURE, matte < 1 - SURE):
        weight = sure.astype(np.float32)
        near, share = box_mean(image, weight, radius)
        if float(share.min()) < 1e-3:
            far, _ = box_mean(image, weight, 4 * radius)
            near = np.where(share[..., None] < 1e-3, far, near)
        level, _ = box_mean(grey, weight, radius)
        square, _ = box_mean(grey * grey, weight, radius)
        variances += np.maximum(square - level * level, 0)
        means.append(near)
    return Sides(means[0], means[1], variances)


def refine(image: NDArray[np.uint8], matte: FloatImage, radius: int) -> FloatImage:
    """The matte (H, W) in 0..1 with its edge placed by the picture's own colours.

    ``image``: (H, W, 3) sRGB uint8 of the same size. Only the band (neither surely product nor surely backdrop) moves,
    and only where the two sides can be told apart; elsewhere the network's opinion stays.
    """
    band = (matte > 1 - SURE) & (matte < SURE)
    if not band.any():
        return matte
    values = image.astype(np.float32)
    sides = local_sides(values, matte, radius)
    line = sides.product - sides.backdrop
    contrast = (line * line).sum(2)
    share = ((values - sides.backdrop) * line).sum(2) / np.maximum(contrast, 1.0)
    belief = contrast / (contrast + 6 * sides.variance + 3 * _NOISE**2 * 3)
    moved = matte + belief * (np.clip(share, 0, 1) - matte)
    return np.asarray(np.where(band, moved, matte), np.float32)


def product_colour(image: FloatImage, matte: FloatImage, radius: int) -> FloatImage:
    """The product's own colour in the band: (H, W, 3), free of the backdrop mixed into the edge.

    The blur-fusion step of Forte and Pitié: the local mean, corrected by what the compositing equation leaves over.
    """
    product, _ = box_mean(image, np.maximum(matte, 1e-4), radius)
    backdrop, _ = box_mean(image, np.maximum(1 - matte, 1e-4), radius)
    share = matte[..., None]
    rest = image - share * product - (1 - share) * backdrop
    return np.asarray(np.clip(product + share * rest, 0, 255), np.float32)
