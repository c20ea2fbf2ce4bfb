"""Detailing: dust and lint found and healed, noise smoothed, and sharpening for the output.

A small network of the pack marks specks; each mark becomes a disc (dust) or a chain of discs (lint), so that a
person can see, delete and add them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.recipe import Detailing, Recipe, Spot
from packshot.render import RenderPlan
from packshot.shrinking import averaged
from packshot.view import View

_EDGE_SHARE = 0.006  # of the long side: so near the product's edge its own outline looks like a thread
_LONGEST_SHARE = 0.06  # of the long side: what is longer is no speck
_SPECK_LONG_SIDE = 1100  # what the network was trained near
_ENLARGED_AT_MOST = 1.5  # small photos: their dust is a pixel or two wide, the network's finest features two
_NOT_WORTH = 1.15  # so little is not worth a resampling
_LARGE, _LARGE_TO = 1250, 900  # large photos: time counts
_MOST_DISCS = 14
_LEAST_PIXELS = 2
AVERAGED_OUT = 0.6  # output pixels to one of the photo: below, noise is gone by itself
_LIKELY = 0.5  # as likely a speck as not
_FRINGE = 0.5  # of the level: around what is surely a speck, this is its faint rim
_GROWN = 1.2  # pixels that each disc reaches beyond what was marked: a thread's soft edge


@dataclass(frozen=True)
class Mark:
    """One speck in a picture's pixels: discs (x, y, radius), how sure it is, and what it looks like."""

    discs: tuple[tuple[float, float, float], ...]
    confidence: float
    kind: Literal["dust", "lint"]


class DetailingStage:
    """Specks, noise and sharpening."""

    name = "detailing"

    def predict(self, view: View, draft: Recipe) -> Detailing:
        """The specks to heal, surest first, and the house's sharpening and smoothing.

        A photo that is much reduced has its noise averaged out.
        """
        house = view.house
        marks = find_marks(view) if house.heal else []
        unit = geometry.scale_of(view.to_source)
        spots = [spot_of(mark, disc, view, unit) for mark in marks for disc in mark.discs]
        reduced = geometry.scale_of(draft.geometry.affine()) < AVERAGED_OUT
        noise = 0.0 if reduced else house.noise
        return Detailing(spots=tuple(spots), sharpening=house.sharpening, noise=noise)

    def lower(self, parameters: Detailing, plan: RenderPlan) -> None:
        """Spots, noise and sharpening, after the geometry."""
        detail = parameters.effective()
        plan.spots = detail.spots
        plan.sharpening = detail.sharpening
        plan.radius = detail.radius
        plan.noise = detail.noise


def spot_of(mark: Mark, disc: tuple[float, float, float], view: View, unit: float) -> Spot:
    """A mark's disc in source pixels; ``unit`` is source pixels per pixel of the view."""
    x, y = geometry.apply(view.to_source, np.array([disc[:2]]))[0]
    return Spot(x=round(float(x), 2), y=round(float(y), 2), radius=round(disc[2] * unit, 2), kind=mark.kind)


@dataclass(frozen=True)
class Doubts:
    """How likely each pixel of the product's box is a speck (h, w) 0..1, the matte there, and where the box lies: its
    ``corner`` in a picture of ``side`` pixels, which is ``factor`` times smaller than the view."""

    share: NDArray[np.float32]
    matte: NDArray[np.float32]
    corner: tuple[int, int]
    side: int
    factor: float

    def marks(self, level: float) -> list[Mark]:
        """The specks surer than ``level`` in the view's pixels, surest first."""
        found = spots_in(self.share, self.matte, level, self.side)
        return [_moved(mark, self.corner, self.factor) for mark in found]

    def patterned(self, at_most: int) -> bool:
        """Whether more marks than that are as likely as not: so many are a pattern (polka dots, glaze), not dirt, and
        the surest of them are no surer for it."""
        return len(spots_in(self.share, self.matte, _LIKELY, self.side)) > at_most


def doubts(view: View) -> Doubts | None:
    """What the pack's network thinks of each pixel; None without a network or a product."""
    image = at_speck_size(view.image)
    factor = view.size[0] / image.shape[1]
    size = (image.shape[1], image.shape[0])
    matte = averaged(view.matte, size) if factor >= 1 else np.asarray(cv2.resize(view.matte, size), np.float32)
    box = cv2.boundingRect((matte > 0.9).astype(np.uint8))
    left, top, width, height = box[0], box[1], box[2] // 8 * 8, box[3] // 8 * 8
    if min(width, height) < 32:
        return None
    here = (slice(top, top + height), slice(left, left + width))
    share = view.pack.specks(image[here])
    return None if share is None else Doubts(share, matte[here], (left, top), max(image.shape[:2]), factor)


def at_speck_size(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) at the size the network knows specks in, small ones enlarged as far as that tells more."""
    long_side = max(image.shape[:2])
    large = long_side > _LARGE
    factor = _LARGE_TO / long_side if large else min(_ENLARGED_AT_MOST, _SPECK_LONG_SIDE / long_side)
    if not large and factor < _NOT_WORTH:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    if large:
        return averaged(image, size)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def find_marks(view: View) -> list[Mark]:
    """Specks on the product in the view's pixels, surest first; none without a model, or where all is speckled."""
    limits, seen = view.pack.file.thresholds, doubts(view)
    if seen is None or seen.patterned(limits.specks_at_most):
        return []
    return seen.marks(limits.speck_confidence)[: limits.specks_at_most]


def _moved(mark: Mark, corner: tuple[int, int], factor: float) -> Mark:
    """A mark found in a part of the shrunken picture, in the view's pixels."""
    discs = (
        ((x + corner[0] + 0.5) * factor - 0.5, (y + corner[1] + 0.5) * factor - 0.5, radius * factor)
        for x, y, radius in mark.discs
    )
    return Mark(tuple(discs), mark.confidence, mark.kind)


def spots_in(
    share: NDArray[np.float32], matte: NDArray[np.float32], level: float, long_side: int | None = None
) -> list[Mark]:
    """Marks where the network's ``share`` (H, W) passes ``level``, well inside the product, surest first.

    Each is as large as the network is half as sure around it: hysteresis, as in Canny, 1986.
    """
    side = long_side or max(share.shape)
    edge = max(1, round(_EDGE_SHARE * side))
    solid = cv2.copyMakeBorder((matte > 0.9).astype(np.uint8), edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    inside = cv2.erode(solid, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))[edge:-edge, edge:-edge]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        ((share > _FRINGE * level) & (inside > 0)).astype(np.uint8), connectivity=8
    )
    marks = []
    for label in range(1, count):
        left, top, width, height = stats[label, :4]
        if max(width, height) > _LONGEST_SHARE * side:
            continue
        here = (slice(top, top + height), slice(left, left + width))
        own = labels[here] == label
        if (own & (share[here] > level)).sum() < _LEAST_PIXELS:
            continue
        discs, kind = cover(own, (int(left), int(top)))
        marks.append(Mark(discs, float(share[here][own].max()), kind))
    return sorted(marks, key=lambda mark: -mark.confidence)


def cover(
    mask: NDArray[np.bool_], corner: tuple[int, int]
) -> tuple[tuple[tuple[float, float, float], ...], Literal["dust", "lint"]]:
    """A speck's pixels as discs along it: one for dust, a chain for a thread."""
    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    left = mask.copy()
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    discs: list[tuple[float, float, float]] = []
    while left.any() and len(discs) < _MOST_DISCS:
        row, column = np.unravel_index(int(np.where(left, distance, -1).argmax()), mask.shape)
        radius = float(distance[row, column]) + _GROWN
        discs.append((float(column + corner[0]), float(row + corner[1]), radius))
        left &= np.hypot(rows - row, columns - column) > radius
    return tuple(discs), "dust" if len(discs) <= 2 else "lint"
