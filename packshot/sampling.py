"""Moving pixels: the source at the cheapest sufficient scale, and parts of the output sampled from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine

_TURN = 1e-9  # that is none
_ROUNDING = 1 / 64  # of a pixel: OpenCV samples at 1/32
_BEFORE = 64  # outputs to start before, at most


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


def warp(pixels: NDArray[Any], back: Affine, part: Part, interpolation: int = cv2.INTER_CUBIC) -> NDArray[Any]:
    """Samples a part of the output; ``back`` leads from the output to ``pixels``, whose edge goes on beyond them."""
    inverse = back.copy()
    inverse[:, 2] += back[:, :2] @ (part.left, part.top)
    level = scaled(pixels, inverse, part.size, interpolation)
    if level is not None:
        return level
    rows, columns = _window(inverse, part.size, pixels.shape)
    inverse[:, 2] -= (columns.start, rows.start)
    window = pixels[rows, columns]
    # OpenCV weighs bytes cubically as floats in any case: from floats it takes three quarters of the time.
    as_floats = window.dtype == np.uint8 and interpolation == cv2.INTER_CUBIC
    moved = cv2.warpAffine(
        window.astype(np.float32) if as_floats else window,
        inverse,
        part.size,
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.addWeighted(moved, 1, moved, 0, 0, dtype=cv2.CV_8U) if as_floats else moved


def scaled(pixels: NDArray[Any], inverse: Affine, size: tuple[int, int], interpolation: int) -> NDArray[Any] | None:
    """What ``cv2.warpAffine`` gives where nothing is turned, by OpenCV's resize, which takes a fifth of the time.

    Resize knows scales but no shifts: it starts some output pixels before the part, where the shift is a whole
    number of source pixels to within what ``warpAffine`` rounds to. None where there is no such place, where the
    output reaches beyond the source, or where it is turned. ``inverse`` leads from the output to ``pixels``.
    """
    if abs(inverse[0, 1]) + abs(inverse[1, 0]) > _TURN:
        return None
    across = _whole_shift(inverse[0, 0], inverse[0, 2], size[0], pixels.shape[1])
    down = _whole_shift(inverse[1, 1], inverse[1, 2], size[1], pixels.shape[0])
    if across is None or down is None:
        return None
    (columns, left), (rows, top) = across, down
    larger = cv2.resize(
        pixels[rows, columns], None, fx=1 / inverse[0, 0], fy=1 / inverse[1, 1], interpolation=interpolation
    )
    return np.ascontiguousarray(larger[top : top + size[1], left : left + size[0]])


def _whole_shift(step: float, start: float, count: int, available: int) -> tuple[slice, int] | None:
    """The source's columns (or rows) from which ``count`` outputs follow, and how many outputs come before them.

    ``step``: source pixels an output pixel; ``start``: the source's place of the first output pixel.
    """
    if not 0.25 < step < 4:
        return None
    before = np.arange(_BEFORE) + math.ceil(3 / step)
    firsts = start + 0.5 - (before + 0.5) * step
    errors = np.abs(firsts - np.round(firsts))
    best = int(np.argmax(errors < _ROUNDING))
    first = round(float(firsts[best]))
    last = first + math.ceil((int(before[best]) + count) * step) + 4
    if errors[best] >= _ROUNDING or first < 0 or last > available:
        return None
    return slice(first, last), int(before[best])


def _window(inverse: Affine, size: tuple[int, int], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of the source that a part needs, so that OpenCV sees no more than that."""
    across, down = inverse.tolist()
    return _span(down, size, shape[0]), _span(across, size, shape[1])


def _span(line: list[float], size: tuple[int, int], count: int) -> slice:
    """What a part of (width, height) needs of ``count`` columns or rows, whose number is ``line`` of x, y and 1."""
    across, down = line[0] * (size[0] - 1), line[1] * (size[1] - 1)
    low = line[2] + min(across, 0.0) + min(down, 0.0)
    high = line[2] + max(across, 0.0) + max(down, 0.0)
    first = min(max(math.floor(low) - 3, 0), count - 1)
    return slice(first, min(max(math.ceil(high) + 4, first + 1), count))
