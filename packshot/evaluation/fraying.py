"""How ragged an outline is: what a smoothing of it takes away and adds, and how much longer it is than smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SMOOTH, _LEAST_SMOOTH = 0.015, 1.5  # of the product's size, and in pixels
_CELLS = 8  # parts of the outline's box, each way, one or more of which is shown
_WORST = 0.5  # of the fraying is in the parts that are shown

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
        """left, top, right, bottom of the box about those parts that half of the fraying is in."""
        left, top, width, height = cv2.boundingRect(self.frayed)
        columns, rows = (np.linspace(0, size, _CELLS + 1).astype(int) for size in (width, height))
        inside = self.frayed[top : top + height, left : left + width].astype(np.int64)
        sums = np.add.reduceat(np.add.reduceat(inside, np.unique(rows[:-1]), 0), np.unique(columns[:-1]), 1)
        order = np.argsort(-sums.ravel(), kind="stable")
        count = 1 + int(np.searchsorted(np.cumsum(sums.ravel()[order]), _WORST * sums.sum()))
        row, column = np.unravel_index(order[:count], sums.shape)
        across, down = np.append(np.unique(columns[:-1]), width), np.append(np.unique(rows[:-1]), height)
        first, last = (across[column.min()], down[row.min()]), (across[column.max() + 1], down[row.max() + 1])
        return int(left + first[0]), int(top + first[1]), int(left + last[0]), int(top + last[1])


def _length(mask: Mask) -> float:
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(contour, True) for contour in contours))
