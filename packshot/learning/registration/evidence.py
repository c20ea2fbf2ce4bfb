"""What speaks for a registration: is each patch of the product found again where the map says, and not just anywhere?

A patch counts by its texture. Around its predicted place in the before it is compared at every shift of a window
(normalised cross-correlation). In a true pair the best shift is none; in a wrong one it is anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.learning.registration.refinement import Aligned, Source, Target
from packshot.learning.registration.views import FloatImage

PATCH = 16
REACH = 8
_STRIDE = 8
_FAINT = 0.8  # sRGB levels of standard deviation: below it a patch is JPEG noise
_CLEAR = 1.5
_STRONG = 4.0
_HIT = 1.5  # pixels
_MOST = 800  # patches: more say nothing new
_FEW = 12  # patches: below it nothing can be said


@dataclass(frozen=True)
class Evidence:
    """Per patch, (N,) each, and over the whole product.

    ``contrast``, ``lit``: standard deviation in the after and in the before, sRGB levels. ``at_place``: correlation
    within a pixel of the predicted place, ``best`` the highest in the window, ``shifts`` (N, 2) where that is, pixels.
    ``corners`` (N, 2): top left, in the target's frame. ``firm``: structure in two directions, so that the patch cannot
    slide along an edge. ``texture``, ``outline``: correlation of the layers as a whole. ``size``: of the frame.
    """

    contrast: NDArray[np.float64]
    lit: NDArray[np.float64]
    at_place: NDArray[np.float64]
    best: NDArray[np.float64]
    shifts: NDArray[np.float64]
    corners: NDArray[np.float64]
    firm: NDArray[np.bool_]
    texture: float
    outline: float
    size: tuple[int, int]

    @cached_property
    def clear(self) -> NDArray[np.bool_]:
        """Patches with texture enough to be recognised."""
        return np.asarray(self.contrast > _CLEAR, np.bool_)

    @cached_property
    def hits(self) -> NDArray[np.bool_]:
        """Clear patches found again where they should be, to a pixel and a half."""
        return np.asarray(self.clear & (np.hypot(*self.shifts.T) <= _HIT), np.bool_)

    @property
    def enough(self) -> bool:
        """Whether the product has texture enough to tell one from another."""
        return int(self.clear.sum()) >= _FEW

    @property
    def score(self) -> float:
        """0 (chance) to 1: mean of the texture's correlation, the share of hits and the typical patch's correlation."""
        if not self.enough:
            return max(0.0, self.texture) / 3
        share, typical = float(self.hits.sum() / self.clear.sum()), float(np.median(self.at_place[self.clear]))
        return (max(0.0, self.texture) + share + max(0.0, typical)) / 3

    @cached_property
    def contradicted(self) -> NDArray[np.bool_]:
        """Patches with strong texture in one photo that the other does not have."""
        agreeing = self.clear & (self.at_place > 0.6)
        gain = 1.0
        if agreeing.any():
            gain = float(np.median(self.contrast[agreeing] / np.maximum(self.lit[agreeing], 0.5)))
        strongest = np.maximum(self.contrast, gain * self.lit)
        return np.asarray((strongest > _STRONG) & (self.at_place < 0.35), np.bool_)

    @property
    def share_contradicted(self) -> float:
        """Among the patches that are clear or contradicted."""
        return float(self.contradicted.sum() / max(1, int((self.clear | self.contradicted).sum())))

    @property
    def residual(self) -> float:
        """Median shift of the hits, of the firm ones if there are enough, in pixels of the frame; 0 without hits."""
        chosen = self.hits & self.firm
        chosen = chosen if chosen.sum() >= _FEW else self.hits
        return float(np.median(np.hypot(*self.shifts[chosen].T))) if chosen.any() else 0.0


def gather(aligned: Aligned) -> Evidence:
    """Compares the aligned before with the after, patch by patch and as a whole."""
    target = aligned.target
    seen, there = target.see(aligned.source, aligned.to_source)
    weight, places = _places(target, there)
    contrast, lit = _spread(target.smooth, weight), _spread(seen, weight)
    rows = [
        (contrast[place], lit[place], *_compare(target.smooth, seen, place, weight))
        for place in places
        if max(contrast[place], lit[place]) > _FAINT
    ]
    table = np.array(rows, np.float64).reshape(-1, 8)
    texture, outline = correlations(target, aligned.source, aligned.to_source)
    contrast_of, lit_of, at_place, best = table[:, :4].T
    shifts, corners = table[:, 4:6], table[:, 6:8]
    firm = _firm(target, corners.astype(int))
    return Evidence(contrast_of, lit_of, at_place, best, shifts, corners, firm, texture, outline, target.size)


def correlations(target: Target, source: Source, to_source: NDArray[np.float64]) -> tuple[float, float]:
    """Of texture and of outline, -1..1 each, as ``to_source`` has the before lie."""
    seen, there = target.see(source, to_source)
    pairs = zip(target.layers, target.layers_of(seen), strict=True)
    texture, outline = (_correlation(one.values, other.values, (one.region > 0) & there) for one, other in pairs)
    return texture, outline


def _places(target: Target, there: NDArray[np.bool_]) -> tuple[FloatImage | None, list[tuple[int, int]]]:
    """Top left corners of patches on the product and within the before.

    Where a product is too thin for whole patches, patches partly on it, and the weight (H, W) of 0 and 1 saying where.
    """
    on_product = (target.depth > 1.5) & there
    whole = _grid(on_product, 0.9)
    if len(whole) >= 2 * _FEW:
        return None, whole[:: -(-len(whole) // _MOST)]
    return (target.depth > 1.0).astype(np.float32), _grid(on_product, 0.2)


def _firm(target: Target, corners: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Whether the gradients of a patch point two ways: the smaller eigenvalue of its structure tensor is no trifle."""
    across = cv2.Scharr(target.smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(target.smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    places = tuple(corners.T[::-1])
    xx, xy, yy = (_patch_mean(product)[places] for product in (across * across, across * down, down * down))
    half, root = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    return np.asarray((half - root > 0.15 * (half + root)) & (half - root > 0.05), np.bool_)


def _grid(usable: NDArray[np.bool_], least: float) -> list[tuple[int, int]]:
    height, width = usable.shape
    grid = _patch_mean(usable.astype(np.float32))[: height - PATCH + 1 : _STRIDE, : width - PATCH + 1 : _STRIDE]
    return [(int(row) * _STRIDE, int(column) * _STRIDE) for row, column in np.argwhere(grid > least)]


def _patch_mean(values: FloatImage) -> FloatImage:
    """At each pixel the mean of the patch whose top left corner it is."""
    mean = cv2.boxFilter(values, -1, (PATCH, PATCH), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(mean, np.float32)


def _spread(values: FloatImage, weight: FloatImage | None) -> FloatImage:
    """At each pixel the standard deviation over the patch whose top left corner it is."""
    # Centred, since single precision would drown small variances.
    centred = np.asarray(values - 128, np.float32)
    if weight is None:
        mean, square = _patch_mean(centred), _patch_mean(centred * centred)
    else:
        share = np.maximum(_patch_mean(weight), np.float32(1e-6))
        mean = np.asarray(_patch_mean(centred * weight) / share, np.float32)
        square = np.asarray(_patch_mean(centred * centred * weight) / share, np.float32)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), np.float32)


def _compare(
    wanted: FloatImage, seen: FloatImage, place: tuple[int, int], weight: FloatImage | None
) -> tuple[float, float, float, float, int, int]:
    """Correlation at the place and at its best, shift of the best (x, y), and left and top of the patch."""
    top, left = place
    box = slice(top, top + PATCH), slice(left, left + PATCH)
    row, column = min(top, REACH), min(left, REACH)
    window = seen[top - row : top + PATCH + REACH, left - column : left + PATCH + REACH]
    mask = None if weight is None else weight[box]
    scores = np.asarray(cv2.matchTemplate(window, wanted[box], cv2.TM_CCOEFF_NORMED, mask=mask), np.float32)
    if weight is not None:
        scores[~np.isfinite(scores) | (np.abs(scores) > 1.001)] = 0  # an even window has no correlation
    near = float(scores[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].max())
    across, down = _peak(scores)
    return near, float(scores.max()), across - column, down - row, left, top


def _peak(scores: FloatImage) -> tuple[float, float]:
    """Place (x, y) of the maximum, to a fraction of a pixel by a parabola through its neighbours."""
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    height, width = scores.shape
    across = _vertex(scores.item(y, x - 1), best, scores.item(y, x + 1)) if 0 < x < width - 1 else 0.0
    down = _vertex(scores.item(y - 1, x), best, scores.item(y + 1, x)) if 0 < y < height - 1 else 0.0
    return x + across, y + down


def _vertex(before: float, best: float, after: float) -> float:
    bend = before - 2 * best + after
    return min(0.5, max(-0.5, 0.5 * (before - after) / bend)) if bend < -1e-9 else 0.0


def _correlation(wanted: FloatImage, seen: FloatImage, region: NDArray[np.bool_]) -> float:
    if np.count_nonzero(region) < 50:
        return 0.0
    first, second = wanted[region], seen[region]
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum() + 1e-9))
