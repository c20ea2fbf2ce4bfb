"""What registration looks at: the after's product cut free of its known backdrop, both photos at working size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, resize_affine

FloatImage = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_FLAT = 4  # sRGB levels a JPEG leaves on an even backdrop
_EVEN_SHARE = 0.35  # of the border; the product may touch the rest
_SPECK = 2e-4  # of the picture: smaller islands beside the product are JPEG ringing


@dataclass(frozen=True)
class Backdrop:
    """The backdrop as the border shows it: ``color`` (3,) sRGB, and the ``share`` of border pixels that have it.

    ``exact``: the share that has it to one level, as paint has and paper has not.
    """

    color: NDArray[np.float64]
    share: float
    exact: float

    @property
    def even(self) -> bool:
        """Whether the border has one colour, as after a cut-out."""
        return self.share >= _EVEN_SHARE


def find_backdrop(pixels: Pixels) -> Backdrop:
    """The most frequent colour along the border of an upright sRGB (H, W, 3) uint8 picture."""
    depth = max(2, round(0.01 * max(pixels.shape[:2])))
    sides = (pixels[:depth], pixels[-depth:], pixels[:, :depth], pixels[:, -depth:])
    border = np.concatenate([side.reshape(-1, 3) for side in sides]).astype(np.int32)
    bins = (border // 8) @ np.array([1024, 32, 1])
    color = np.median(border[bins == np.bincount(bins).argmax()], axis=0)
    apart = np.abs(border - color).max(1)
    return Backdrop(color, float((apart <= _FLAT).mean()), float((apart <= 1).mean()))


def product_mask(pixels: Pixels, backdrop: Backdrop) -> Mask:
    """Where the after (H, W, 3) differs from its backdrop: (H, W). All of it when the backdrop is not even."""
    if not backdrop.even:
        return np.ones(pixels.shape[:2], np.bool_)
    color = tuple(float(channel) for channel in backdrop.color)
    differs = cv2.absdiff(pixels, np.full_like(pixels, color)).max(2) > _FLAT + 2
    opened = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= max(16, _SPECK * opened.size)
    keep[0] = False
    return np.asarray(keep[labels], np.bool_)


def shrink(pixels: Pixels, side: int) -> tuple[Pixels, Affine]:
    """The picture with a long side of at most ``side``, and the map from its pixel centres to the original's."""
    height, width = pixels.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = pixels if factor == 1.0 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, resize_affine(size, (width, height))


def luminance(pixels: Pixels) -> Pixels:
    """Luma of sRGB pixels, (H, W) uint8."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


@dataclass(frozen=True)
class Product:
    """The product in the after at working size: its pixels, where it is, and its upright box."""

    pixels: Pixels
    mask: Mask
    backdrop: Backdrop

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom; right and bottom are one past the last pixel."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @property
    def long_side(self) -> int:
        """Of the box, in pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


def find_product(after: Pixels) -> Product | None:
    """The product in an after (H, W, 3); None when the picture is empty."""
    backdrop = find_backdrop(after)
    mask = product_mask(after, backdrop)
    return Product(after, mask, backdrop) if mask.sum() >= 100 else None
