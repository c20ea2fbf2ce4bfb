"""Places of an outline that may be wrong: what sticks out or is bitten off, what one look sees and another does not.

Hangers and tags left in, a collar gone, backdrop between sleeve and body: each is a place of its own. Each is measured
against what is about it, so that a model that saw such places (``place_model``) can tell how likely it is wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.fraying import Fraying
from packshot.shrinking import averaged
from packshot.view import View

_LONG_SIDE = 400  # pixels; a hanger's hook is three wide
_REACH = 0.02  # of the product's size: what is thinner sticks out, what is narrower is a notch
_LEAST = 4e-4  # of the product's area
_LEAST_PIXELS = 6
_MOST = 60  # of one kind; a photo with more is one great doubt

LEFT_IN, LEFT_OUT, RAGGED = KINDS = ("left_in", "left_out", "ragged")
"""What was taken for product and may be none; what was not and may be product; a ragged edge."""

Plane = NDArray[np.float32]
Mask = NDArray[np.uint8]
Values = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """kind: one of ``KINDS``. box: left, top, right, bottom in shares of the photo. share: its area, of
    the product's. numbers: what tells whether it is right. numbered: (h, w) over the photo, ``number`` where it is."""

    kind: str
    box: Box
    share: float
    numbers: dict[str, float]
    numbered: Mask
    number: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(h, w), true where it is."""
        return np.asarray(self.numbered == self.number)


@dataclass(frozen=True)
class _Looks:
    """The photo (h, w, 3) in CIELAB, how steep its colours are, and what the looks at it say is product, 0..1."""

    lab: NDArray[np.uint8]
    steep: Plane
    network: Plane
    mirrored: Plane
    apart: Plane
    product: Mask

    @classmethod
    def of(cls, view: View, matte: NDArray[np.uint8]) -> _Looks:
        scale = min(1.0, _LONG_SIDE / max(view.middling.shape[:2]))
        size = (max(8, round(view.middling.shape[1] * scale)), max(8, round(view.middling.shape[0] * scale)))
        network, mirrored, apart = (
            np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)
            for plane in (view.middling_matte, view.mirrored.matte[:, ::-1], view.cut[1])
        )
        # Between sizes so near to each other, what lies between is as good as what is averaged, and far quicker.
        image = cv2.resize(view.middling, size, interpolation=cv2.INTER_LINEAR)
        mask = np.asarray(averaged(matte, size) > 127, np.uint8)
        lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), np.uint8)
        return cls(lab, _steepness(lab), network, mirrored, apart, mask)


def find_places(view: View, matte: NDArray[np.uint8], kinds: Collection[str] = KINDS) -> list[Place]:
    """The places of a matte's outline to be looked at; empty without a product.

    ``matte``: (h, w) 0..255 over the whole photo. ``kinds``: those asked for.
    """
    looks = _Looks.of(view, matte)
    product = looks.product
    area = float(product.sum())
    if area < 50:
        return []
    reach = max(2, round(_REACH * float(np.sqrt(area))))
    shapes = dict(zip((LEFT_IN, LEFT_OUT), _shape(product, reach), strict=True))
    sees = {
        LEFT_IN: (looks.network < 0.5) | (looks.mirrored < 0.5),
        LEFT_OUT: (looks.network > 0.5) | (looks.mirrored > 0.5),
    }
    own = Fraying.of(product)
    places = [_ragged(looks, own)] if RAGGED in kinds and own.frayed.any() else []
    for kind in (one for one in shapes if one in kinds):
        side = product if kind == LEFT_IN else 1 - product
        places += _measured(looks, shapes[kind] | sees[kind].astype(np.uint8) & side, (kind, reach, shapes[kind]))
    return places


def _ragged(looks: _Looks, own: Fraying) -> Place:
    """The most ragged part of an outline that has any. Its share and numbers are the whole outline's: how ragged it is
    and how ragged the network's is, how steep the colours are along it, and beside the product."""
    network = Fraying.of((looks.network > 0.5).astype(np.uint8))
    cross = np.ones((3, 3), np.uint8)
    along = cv2.morphologyEx(looks.product, cv2.MORPH_GRADIENT, cross, borderValue=0) > 0
    backdrop = cv2.dilate(looks.product, _disc(6)) == 0
    numbers = {"frayed": own.share, "frayed_network": network.share, "rough": own.rough}
    for name, level, where in (("edge", 0.25, along), ("busy", 0.5, backdrop)):
        steep = looks.steep[where]
        numbers[name] = float(np.log(np.quantile(steep, level) + 0.5)) if len(steep) else float("nan")
    rows, columns = looks.product.shape
    left, top, right, bottom = own.worst()
    box = (left / columns, top / rows, right / columns, bottom / rows)
    share = float(own.frayed.sum() / looks.product.sum())
    rounded = {name: float(f"{value:.4g}") for name, value in numbers.items()}
    return Place(RAGGED, box, share, rounded, own.frayed, 1)


def _shape(product: Mask, reach: int) -> tuple[Mask, Mask]:
    """What an opening of the outline takes away, and what a closing adds; the product may go on beyond the frame."""
    wide = cv2.copyMakeBorder(product, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    round_one, inner = _disc(reach), np.s_[reach:-reach, reach:-reach]
    opened, closed = (cv2.morphologyEx(wide, way, round_one)[inner] > 0 for way in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE))
    there = product > 0
    return (there & ~opened).astype(np.uint8), (closed & ~there).astype(np.uint8)


def _disc(reach: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)), np.uint8)


def _steepness(lab: NDArray[np.uint8]) -> Plane:
    """Length of the gradient of colour, levels a pixel."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *way, scale=1 / 8).astype(np.float32) for way in ((1, 0), (0, 1)))
    squares = cv2.multiply(across, across) + cv2.multiply(down, down)
    return np.asarray(cv2.sqrt(cv2.transform(squares, np.ones((1, 3), np.float32))), np.float32)


def _measured(looks: _Looks, mask: Mask, how: tuple[str, int, Mask]) -> list[Place]:
    """The connected places of a mask with their numbers. ``how``: kind; reach; what the outline's shape alone says."""
    kind, reach, shape = how
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    count, labels, measures, middles = cv2.connectedComponentsWithStats(mask)
    stats, centres = np.asarray(measures, np.int32), np.asarray(middles, np.float64)
    areas, whole = stats[:, cv2.CC_STAT_AREA], float(looks.product.sum())
    large = [number for number in range(1, count) if areas[number] >= max(_LEAST_PIXELS, _LEAST * whole)]
    large = sorted(large, key=lambda number: -areas[number])[:_MOST]
    if not large:
        return []
    order = np.zeros(count, np.uint8)
    order[large] = np.arange(1, len(large) + 1)
    numbered = order[labels]
    table = _about(looks, numbered, (kind, reach, shape)) | _form(looks.product, stats[large], centres[large])
    rows, columns = mask.shape
    places = []
    for place, number in enumerate(large):
        left, top, width, height, area = (float(value) for value in stats[number])
        box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)
        numbers = {name: float(f"{values[place]:.4g}") for name, values in table.items()}
        places.append(Place(kind, box, area / whole, numbers, numbered, place + 1))
    return places


def _about(looks: _Looks, numbered: Mask, how: tuple[str, int, Mask]) -> dict[str, Values]:
    """Each place's colour against product and backdrop beside it, its edges to both, and what the looks say of it."""
    kind, reach, shape = how
    count, product = int(numbered.max()), looks.product > 0
    doubted = (looks.network < 0.5) == (kind == LEFT_IN)
    planes = (looks.network, looks.mirrored, looks.apart, shape.astype(np.float32), doubted.astype(np.float32))
    there = _Areas.of(numbered, count)
    network, mirrored, apart, sticking, doubts = (there.mean(plane) for plane in planes)
    near = np.asarray(cv2.dilate(numbered, _disc(reach + 1)), np.uint8)
    near[numbered > 0] = 0
    to_product, to_backdrop = (
        np.linalg.norm(there.colour(looks.lab) - beside.colour(looks.lab), axis=1)
        for beside in _Areas.of(near, count).split(product)
    )
    rim = np.asarray(cv2.dilate(numbered, np.ones((3, 3), np.uint8)), np.uint8)
    rim[cv2.erode(numbered, np.ones((3, 3), np.uint8)) > 0] = 0
    around, free = _Areas.of(rim, count), (numbered == 0).astype(np.uint8)
    by_product, by_backdrop = (
        around.split(cv2.dilate(free & side, np.ones((5, 5), np.uint8)) > 0)[0].mean(looks.steep)
        for side in (looks.product, 1 - looks.product)
    )
    return {
        "network": network,
        "mirrored": mirrored,
        "apart": apart,
        "shape": sticking,
        "doubted": doubts,
        "from_product": to_product,
        "from_backdrop": to_backdrop,
        "alike": np.log((to_backdrop + 2) / (to_product + 2)),
        "edge_to_product": np.log(by_product + 0.5),
        "edge_to_backdrop": np.log(by_backdrop + 0.5),
        "thin": np.log(there.sizes / np.maximum(around.sizes, 1) ** 2),
    }


def _form(product: Mask, stats: NDArray[np.int32], centres: Values) -> dict[str, Values]:
    """How large each place is, and where on the product: 0 at its top; 0 in its middle, 0.5 at its sides."""
    left, top, width, height = cv2.boundingRect(product)
    x, y, wide, high, area = stats.T.astype(np.float64)
    rows, columns = product.shape
    at_frame = (x == 0) | (y == 0) | (x + wide >= columns) | (y + high >= rows)
    return {
        "area": np.log(area / float(product.sum())),
        "height": (centres[:, 1] - top) / height,
        "aside": np.abs((centres[:, 0] - left) / width - 0.5),
        "at_frame": at_frame.astype(np.float64),
    }


@dataclass(frozen=True)
class _Areas:
    """Numbered areas of a picture: its pixels that are in one, and which they are in, from 0."""

    pixels: NDArray[np.intp]
    labels: NDArray[np.intp]
    count: int

    @classmethod
    def of(cls, numbered: Mask, count: int) -> _Areas:
        pixels = np.flatnonzero(numbered)
        return cls(pixels, numbered.ravel()[pixels].astype(np.intp) - 1, count)

    def split(self, mask: NDArray[np.bool_]) -> tuple[_Areas, _Areas]:
        """What of the areas is in a mask, and what is not."""
        inside = mask.ravel()[self.pixels]
        parts = (inside, ~inside)
        one, other = (_Areas(self.pixels[part], self.labels[part], self.count) for part in parts)
        return one, other

    @cached_property
    def sizes(self) -> Values:
        """Pixels of each."""
        return np.bincount(self.labels, minlength=self.count).astype(np.float64)

    def mean(self, plane: Plane) -> Values:
        """(count,), NaN where an area is empty."""
        sums = np.bincount(self.labels, plane.ravel()[self.pixels], self.count)
        return np.asarray(sums / np.where(self.sizes > 0, self.sizes, np.nan), np.float64)

    def colour(self, lab: NDArray[np.uint8]) -> Values:
        """(count, 3) mean colours."""
        values = lab.reshape(-1, 3)[self.pixels]
        sums = np.stack([np.bincount(self.labels, values[:, one], self.count) for one in range(3)], 1)
        return np.asarray(sums / np.where(self.sizes > 0, self.sizes, np.nan)[:, None], np.float64)
