"""The light meter: what of a photo tells how it was lit, as a row of numbers that a small model reads.

Everything is in stops (log base 2 of linear light), so that a stop more of exposure or a warmer lamp moves the numbers
by as much, and a model of few numbers can undo them. Backdrop, product and whole frame are measured apart, by the
product network's rough matte.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE
from packshot.spotmeter import REGIONS, SPOTS, paleness
from packshot.surface import robust_fit, terms

Floats = NDArray[np.float64]
SIDE = 144
SHAPES = ("level", "x", "y", "xx", "xy", "yy")  # of ``packshot.surface.terms``
CHANGES = ("exposure", "red", "blue", *SHAPES[1:])  # stops: of grey, against green, and of the field added
_DARK = 0.002
_CLIPPED = 0.97
_LEAST = 24  # pixels of a region that can be measured
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
_STRONGEST_LEVELS = (0.5, 0.9, 0.98, 0.99)  # of each pixel's strongest channel: what clips first
_BRIGHT = (0.9, 0.98)  # levels above which a highlight shows the light's own colour
_PAPER_CHROMA = 0.66  # stops between channels at which a backdrop is as likely coloured as grey
_PAPER_TEXTURE = 0.05  # stops of chroma spread at which it is no longer an even sheet
_EVEN_SHEET = 0.09  # stops of residue at which it no longer tells the light from its own pattern
_MINKOWSKI = 6

_REGION = (
    *(f"luminance at {level:.0%}" for level in _LEVELS),
    *(f"strongest at {level:.0%}" for level in _STRONGEST_LEVELS),
    *("mean luminance", "mean strongest", "red", "blue", "chroma"),
    *(f"{color} above {level:.0%}" for level in _BRIGHT for color in ("red", "blue")),
)
NAMES = (
    *(f"{region} {name}" for region in REGIONS for name in _REGION),
    *("backdrop share", "product share", "backdrop clipped", "product clipped", "product dark"),
    *("paper", "paper red", "paper blue", "paper luminance", "grey red", "grey blue"),
    *("evenness known", *(f"known light {name}" for name in SHAPES[1:])),
    *(f"frame light {name}" for name in SHAPES[1:]),
    *("product light x", "product light y", "short side"),
)
NUMBERS = (*NAMES, *SPOTS)  # a photo's row, before the product network's embedding


@dataclass(frozen=True)
class Scene:
    """A small photo in linear light (h, w, 3) float32 and the rough matte of its product (h, w) 0..1."""

    linear: NDArray[np.float32]
    matte: NDArray[np.float32]

    @classmethod
    def of(cls, linear: NDArray[np.float32], matte: NDArray[np.float32]) -> Scene:
        """A scene of at most 144 pixels."""
        scale = min(1.0, SIDE / max(matte.shape))
        size = (max(1, round(matte.shape[1] * scale)), max(1, round(matte.shape[0] * scale)))
        small, product = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (linear, matte))
        return cls(np.asarray(small, np.float32), np.asarray(product, np.float32))

    def lit(self, stops: Floats) -> Scene:
        """The scene in another light: ``stops`` (h, w, 3) or (3,) are added and what passes white is cut off."""
        return Scene(np.asarray(np.clip(self.linear * np.exp2(stops), 0, 1), np.float32), self.matte)

    def shapes(self) -> Floats:
        """The light's shapes at each pixel, (h, w, 6)."""
        height, width = self.matte.shape
        x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, (np.arange(height) + 0.5) / height * 2 - 1)
        return terms(x, y)

    def regions(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where backdrop and product are for sure, (h, w) each."""
        near = cv2.dilate((self.matte > 0.1).astype(np.uint8), np.ones((3, 3), np.uint8))
        core = cv2.erode((self.matte > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8))
        return near == 0, core > 0


def measure(scene: Scene, short_side: int) -> NDArray[np.float32]:
    """The numbers that ``NAMES`` names, (len(NAMES),) float32. A region too small to measure reads as the frame.

    ``short_side``: of the photo, in pixels; it tells one camera from another.
    """
    luminance = np.log2(np.maximum(scene.linear @ LUMINANCE.astype(np.float32), _DARK))
    clipped = scene.linear.max(2) > _CLIPPED
    backdrop, product = scene.regions()
    everywhere = np.ones_like(clipped)
    masks = [mask if int(mask.sum()) >= _LEAST else everywhere for mask in (backdrop, product, everywhere)]
    parts = [_region(scene.linear[mask], clipped[mask]) for mask in masks]
    shares = [backdrop.mean(), product.mean(), _share(clipped, backdrop), _share(clipped, product)]
    shares.append(_share(luminance < -7, product))
    paper = _paper(dict(zip(_REGION, parts[0], strict=True)), backdrop)
    light = _light(scene, luminance, ~clipped)
    camera = [float(np.log2(short_side))]
    return np.concatenate([*parts, shares, paper, _grey(scene, clipped), light, camera]).astype(np.float32)


def _region(linear: NDArray[np.float32], clipped: NDArray[np.bool_]) -> Floats:
    """A region's pixels (N, 3) as ``_REGION`` names: how bright, burnt-out pixels included, and of which colour."""
    luminance, strongest = linear @ LUMINANCE.astype(np.float32), linear.max(1)
    levels = _stops(np.quantile(luminance, _LEVELS)), _stops(np.quantile(strongest, _STRONGEST_LEVELS))
    means = _stops(np.array([luminance.mean(), strongest.mean()]))
    colored = ~clipped if int((~clipped).sum()) >= _LEAST else np.ones_like(clipped)
    stops, light = _stops(linear[colored]), luminance[colored]
    chroma = stops[:, (0, 2)] - stops[:, 1:2]
    middle = np.median(chroma, 0)
    spread = float(np.median(np.abs(chroma - middle).sum(1)))
    bright = [np.median(chroma[light >= np.quantile(light, level)], 0) for level in _BRIGHT]
    return np.concatenate([*levels, means, middle, [spread], *bright]).astype(np.float64)


def _stops(linear: NDArray[np.floating]) -> Floats:
    return np.asarray(np.log2(np.maximum(linear, _DARK)), np.float64)


def _share(what: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(what[where].mean()) if where.any() else 0.0


def _paper(backdrop: dict[str, float], mask: NDArray[np.bool_]) -> Floats:
    """How far the backdrop looks like an even sheet of grey (0..1), and its colour and luminance as far as it does."""
    level, red, blue = backdrop["luminance at 50%"], backdrop["red"], backdrop["blue"]
    belief = float(paper_belief(np.array(red), np.array(blue))) / (1 + (backdrop["chroma"] / _PAPER_TEXTURE) ** 2)
    belief *= min(1.0, float(mask.mean()) / 0.05)
    return np.array([belief, belief * red, belief * blue, belief * level])


def paper_belief(red: Floats, blue: Floats) -> Floats:
    """How far a backdrop of such tints, in stops against green, may be a grey one, 0..1."""
    return paleness(red, blue, _PAPER_CHROMA)


def _grey(scene: Scene, clipped: NDArray[np.bool_]) -> Floats:
    """The light's colour by Shades of Grey (Finlayson and Trezzi, 2004), in stops against green."""
    values = scene.linear[~clipped].astype(np.float64)
    if not len(values):
        return np.zeros(2)
    mean = _stops(np.mean(values**_MINKOWSKI, 0) ** (1 / _MINKOWSKI))
    return np.array([mean[0] - mean[1], mean[2] - mean[1]])


def _light(scene: Scene, luminance: Floats, good: NDArray[np.bool_]) -> Floats:
    """The unevenness: of the backdrop as far as it is an even sheet, of the frame, and across the product."""
    shapes = scene.shapes()
    backdrop, product = scene.regions()
    good = good & (luminance > np.log2(_DARK) + 0.1)
    weights, residue = _surface(shapes, luminance, backdrop & good)
    belief = 1 / (1 + (residue / _EVEN_SHEET) ** 2) * min(1.0, float(backdrop.mean()) / 0.1)
    frame, _ = _surface(shapes, luminance, good)
    own, _ = _surface(shapes[..., :3], luminance, product & good)
    return np.concatenate([[belief], belief * weights[1:], frame[1:], own[1:]])


def _surface(shapes: Floats, values: Floats, mask: NDArray[np.bool_]) -> tuple[Floats, float]:
    """The smooth surface through some pixels and its median residue; flat and unknown where they are too few."""
    if int(mask.sum()) < _LEAST:
        return np.zeros(shapes.shape[-1]), 9.0
    here, there = shapes[mask], values[mask]
    full = np.zeros((len(here), 6))
    full[:, : here.shape[1]] = here
    weights = robust_fit(full, there)[: here.shape[1]]
    return weights, float(np.median(np.abs(there - here @ weights)))


@dataclass(frozen=True)
class Advice:
    """What the retouchers would do to a photo's light, in stops: ``change`` and ``spread`` (8,) by ``CHANGES``."""

    change: Floats
    spread: Floats

    def white_gain(self) -> Floats:
        """Linear gains of red, green, blue that leave a grey's luminance, (3,)."""
        gain = np.exp2([self.change[1], 0.0, self.change[2]])
        return np.asarray(gain / float(LUMINANCE @ gain), np.float64)

    def field(self, rows: int, columns: int) -> Floats:
        """The light to add, in stops at the centres of a grid's cells, (rows, columns)."""
        y, x = np.meshgrid(
            (np.arange(rows) + 0.5) / rows * 2 - 1, (np.arange(columns) + 0.5) / columns * 2 - 1, indexing="ij"
        )
        return np.asarray(terms(x, y)[..., 1:] @ self.change[3:], np.float64)

    def white_confidence(self) -> float:
        """How sure the white point is: 1 where it is known, one half where it may be off by a quarter of a stop."""
        return float(1 / (1 + (np.hypot(self.spread[1], self.spread[2]) / 0.25) ** 2))
