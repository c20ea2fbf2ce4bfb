"""How ragged an outline is: what a smoothing of it takes away and adds, and how much longer it is than smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SMOOTH, _LEAST_SMOOTH = 0.015, 1.5  # of the product's size, and in pixels
_SHOWN = 0.35  # of the outline's box, each way: the part that is shown

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Fraying:
    """Of one outline. frayed: (h, w) 1 where smoothing changes it. share: logarithm of the changed area over the
    product's. rough: logarithm of the outline's length over the smoothed one's."""

    frayed: Mask
    share: float
    rough: float

    @classmethod
    def of(cls, product: Mask) -> Fraying:
        """``product``: (h, w) 0 or 1, with a product; it may go on beyond the frame."""
        area = float(product.sum())
        sigma = max(_LEAST_SMOOTH, _SMOOTH * float(np.sqrt(area)))
        smooth = cv2.GaussianBlur(255 * product, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        smoothed = (smooth > 127).astype(np.uint8)
        frayed = np.asarray(cv2.bitwise_xor(product, smoothed), np.uint8)
        length, straight = _length(product), _length(smoothed)
        rough = float(np.log(max(length, 1.0) / max(straight, 1.0)))
        return cls(frayed, float(np.log(float(frayed.sum()) / max(area, 1.0) + 1e-4)), rough)

    def worst(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom of that part of the outline's box in which most is frayed; of one that is frayed."""
        left, top, width, height = cv2.boundingRect(self.frayed)
        inside = self.frayed[top : top + height, left : left + width].astype(np.float32)
        wide, high = (max(1, round(_SHOWN * size)) for size in (width, height))
        sums = cv2.boxFilter(inside, -1, (wide, high), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT)
        whole = sums[: height - high + 1, : width - wide + 1]
        row, column = np.unravel_index(int(np.argmax(whole)), whole.shape)
        return int(left + column), int(top + row), int(left + column + wide), int(top + row + high)


def _length(mask: Mask) -> float:
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(contour, True) for contour in contours))
