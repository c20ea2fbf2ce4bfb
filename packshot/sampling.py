"""Moving pixels: the source at the cheapest sufficient scale, and parts of the output sampled from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine


class Pixels(Protocol):
    """What the plan needs of a photo: upright working sRGB at ``scale`` or the next cheap one above."""

    def pixels(self, scale: float = 1.0) -> NDArray[np.uint8] | NDArray[np.uint16]: ...  # noqa: D102


@dataclass(frozen=True)
class Part:
    """A part of the output: left, top, right, bottom (exclusive), in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.right - self.left, self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing (H, W, ...)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def strips(size: tuple[int, int], rows: int, seen: NDArray[np.uint8] | None = None, reach: int = 0) -> Iterator[Part]:
    """The output (width, height) in strips of so many rows, each cut to the columns that are ``seen``.

    ``seen``: (height, width), not zero where the photo shows, or None where it shows everywhere; ``reach``: pixels
    beyond it that are looked at.
    """
    width, height = size
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        left, right = 0, width
        if seen is not None:
            columns = np.flatnonzero(seen[max(0, top - reach) : bottom + reach].max(0))
            if len(columns):
                left, right = max(0, int(columns[0]) - reach), min(width, int(columns[-1]) + 1 + reach)
        yield Part(left, top, right, bottom)


def sampled(photo: Pixels, source: tuple[int, int], affine: Affine) -> tuple[NDArray[np.uint8], Affine]:
    """The source's pixels at the cheapest sufficient scale, never far above the output's, and the map from there."""
    scale = geometry.scale_of(affine)
    pixels: NDArray[Any] = photo.pixels(min(1.0, scale))
    factor = int(pixels.shape[1] / source[0] / scale + 1e-6)
    if factor >= 2:  # formats without shrink-on-load: average first, else fine cloth turns to moiré
        height, width = (pixels.shape[0] // factor) * factor, (pixels.shape[1] // factor) * factor
        full = (pixels.shape[1] / factor, pixels.shape[0] / factor)
        pixels = cv2.resize(pixels[:height, :width], (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        down = np.array(
            [
                [source[0] / full[0], 0, 0.5 * source[0] / full[0] - 0.5],
                [0, source[1] / full[1], 0.5 * source[1] / full[1] - 0.5],
            ]
        )
    else:
        down = geometry.resize_affine((pixels.shape[1], pixels.shape[0]), source)
    return np.asarray(pixels), geometry.compose(down, affine)


def warp(pixels: NDArray[Any], matrix: Affine, part: Part, flags: int = cv2.INTER_CUBIC) -> NDArray[Any]:
    """Samples a part of the output of ``matrix``; beyond the photo its edge goes on."""
    shifted = matrix.copy()
    shifted[:, 2] -= (part.left, part.top)
    inverse = geometry.invert(shifted)
    first, last, left, right = _window(inverse, part.size, pixels.shape)
    inverse[:, 2] -= (left, first)
    return cv2.warpAffine(
        pixels[first:last, left:right],
        inverse,
        part.size,
        flags=flags | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _window(inverse: Affine, size: tuple[int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The rows and columns of the source that a part needs, so that OpenCV sees no more than that."""
    corners = geometry.apply(inverse, geometry.box_corners((0, 0, size[0] - 1, size[1] - 1)))
    low, high = np.floor(corners.min(0)).astype(int) - 3, np.ceil(corners.max(0)).astype(int) + 4
    left = int(np.clip(low[0], 0, shape[1] - 1))
    first = int(np.clip(low[1], 0, shape[0] - 1))
    return first, int(np.clip(high[1], first + 1, shape[0])), left, int(np.clip(high[0], left + 1, shape[1]))
