"""What colour is fitted to: the before laid into the frame of its after, and a few hundred places on the product.

A place is a small flat patch: where the picture has strong edges, half a pixel of misplacement would count as colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import encode_srgb, linear_of_byte
from packshot.geometry import Affine

Pixels = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]

SIDE = 640  # of the working picture: colour needs no more
MOST = 900  # places
_CORE = 5  # pixels from the product's edge, at SIDE
_DARKEST, _BRIGHTEST = 3, 251  # of a channel in the before: beyond, it says nothing of the light
_STRATA = 12  # equally filled levels of brightness from which places are drawn alike


@dataclass(frozen=True)
class LaidPair:
    """Both photos in the after's frame at working size, (h, w): the before as it was shot, and the matte 0..1.

    ``to_source``: from these pixel centres to those of the full upright before, ``source`` its (width, height).
    ``there``: where the before has pixels.
    """

    before: Pixels
    after: Pixels
    matte: FloatImage
    there: NDArray[np.bool_]
    to_source: Affine
    source: tuple[int, int]

    def places(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> Floats:
        """(N, 2) places in the upright source, -1..1 across and down, as light is measured."""
        points = geometry.apply(self.to_source, np.stack([columns, rows], 1))
        return np.asarray((points + 0.5) / np.array(self.source) * 2 - 1, np.float64)


@dataclass(frozen=True)
class Samples:
    """Places on the product. linear: (N, 3) before, linear light; encoded: (N, 3) after, sRGB 0..1; where: (N, 2)
    in the source, -1..1; weight: (N,)."""

    linear: Floats
    encoded: Floats
    where: Floats
    weight: Floats

    @classmethod
    def none(cls) -> Samples:
        """No places."""
        return cls(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 2)), np.zeros(0))

    def __len__(self) -> int:
        """How many places."""
        return len(self.weight)


def lay(before: Pixels, after: Pixels, matte: FloatImage, to_after: Affine, side: int = SIDE) -> LaidPair:
    """Lays a before into the frame of its after, reduced to ``side``.

    ``before`` (H, W, 3) and ``matte`` (H, W) over it, any size; ``to_after``: from pixel centres of ``before`` to those
    of ``after``.
    """
    height, width = after.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    to_small = geometry.compose(to_after, geometry.resize_affine((width, height), size))
    small = after if factor == 1 else np.asarray(cv2.resize(after, size, interpolation=cv2.INTER_AREA), np.uint8)
    finer = 1 / geometry.scale_of(to_small)
    source = cv2.GaussianBlur(before, (0, 0), 0.45 * float(np.sqrt(finer**2 - 1))) if finer > 1.2 else before
    seen = cv2.warpAffine(source, to_small, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), (before.shape[1], before.shape[0]))
    framed = cv2.warpAffine(matte, geometry.compose(cells, to_small), size, flags=cv2.INTER_LINEAR)
    there = cv2.warpAffine(np.ones(before.shape[:2], np.uint8), to_small, size, flags=cv2.INTER_NEAREST) > 0
    own = (before.shape[1], before.shape[0])
    return LaidPair(
        np.asarray(seen, np.uint8),
        small,
        np.asarray(framed, np.float32),
        np.asarray(there, np.bool_),
        geometry.invert(to_small),
        own,
    )


def take_samples(pair: LaidPair, most: int = MOST) -> Samples:
    """Up to ``most`` places on the product's core, drawn alike from dark and bright; the same for the same pair."""
    rows, columns = np.nonzero(core(pair))
    if not len(rows):
        return Samples.none()
    # Both are averaged in linear light: else every edge within a place would count as a darker after.
    before, after = (cv2.blur(cv2.LUT(one, linear_of_byte()), (3, 3)) for one in (pair.before, pair.after))
    grey = cv2.cvtColor(pair.before, cv2.COLOR_RGB2GRAY)
    chosen = _spread(np.asarray(grey[rows, columns], np.uint8), most)
    rows, columns = rows[chosen], columns[chosen]
    rough = roughness(pair)[rows, columns].astype(np.float64)
    weight = 1 / (1 + (rough / 6.0) ** 2)
    linear, encoded = before[rows, columns].astype(np.float64), encode_srgb(after[rows, columns].astype(np.float64))
    return Samples(linear, encoded, pair.places(columns, rows), weight)


def core(pair: LaidPair) -> NDArray[np.bool_]:
    """Well inside the product, (h, w), where the before is neither burnt out nor black."""
    reach = max(1, round(_CORE * max(pair.matte.shape) / SIDE))
    for margin in (reach, 1, 0):
        solid = ((pair.matte > 0.99) & pair.there).astype(np.uint8)
        inside = cv2.erode(solid, np.ones((2 * margin + 1,) * 2, np.uint8)) > 0
        usable = inside & (pair.before.max(2) <= _BRIGHTEST) & (pair.before.max(2) >= _DARKEST)
        if usable.sum() >= 300:
            break
    return np.asarray(usable, np.bool_)


def roughness(pair: LaidPair) -> FloatImage:
    """How much luma varies within a pixel or two, in sRGB levels, the rougher of both photos, (h, w)."""
    found = []
    for picture in (pair.before, pair.after):
        luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        mean = cv2.blur(luma, (5, 5))
        found.append(np.sqrt(np.maximum(cv2.blur(luma * luma, (5, 5)) - mean * mean, 0)))
    return np.asarray(np.maximum(*found), np.float32)


def _spread(levels: Pixels, most: int) -> NDArray[np.intp]:
    """Indices of up to ``most`` places: as many of each stratum of brightness as there are, evenly over the picture."""
    order = np.argsort(levels, kind="stable")
    edges = np.linspace(float(levels.min()), float(levels.max()) + 1, _STRATA + 1)
    bounds = np.searchsorted(levels[order], edges)
    parts = [order[first:last] for first, last in pairwise(bounds) if last > first]
    share, left = [], most
    for index, part in enumerate(sorted(parts, key=len)):
        take = min(len(part), left // (len(parts) - index))
        chosen = np.sort(part)[np.linspace(0, len(part) - 1, take).astype(int)]
        share.append(chosen)
        left -= take
    return np.concatenate(share)
