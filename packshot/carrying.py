"""A person's correction of colour and light, carried to another photo of the same product.

Copying the change itself, as editors' "sync" does, carries along what only the one photo had wrong: measured, it makes
more photos worse than better (docs/results.md). What photos of a product share is the product. So its colours are
carried: the white point is moved to where the product's colours are nearest to those that the person left, as far as
that tells (Bayes, with the person's change as the expectation); the exposure as far as the product is equally bright
in both predictions, since turned in its light it would not be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, Floats, decode_srgb
from packshot.photo import Photo
from packshot.pipeline import correct
from packshot.recipe import Recipe
from packshot.shift import Shift
from packshot.stages.background import decode_matte

SIDE = 400  # pixels of the small picture on which a product's colours are measured
PLACES = 300
LEAST_PLACES = 20
_SURE = 0.95
_BURNING, _DARK = 0.9, 0.003  # linear: beyond these a channel does not tell the light

# Measured on 117 products by groups (docs/results.md): flat around these values.
_EXPECTED = 0.4  # share of the person's change of the white point that other photos are expected to need
_SPREAD = 0.1  # stops by which they differ from that
_EVIDENCE = 5.0  # independent colours that a product's places amount to
_ALIKE = 0.1  # stops within which two colours are the same
_UNKNOWN = 0.02  # density, of the highest, of colours that the corrected photo does not show
_REACH, _STEP = 0.5, 0.05  # stops
_SAME_LIGHT = 0.12  # stops of difference in brightness at which exposures begin to have nothing in common
_EXPOSURE_ALIKE, _EXPOSURE_ELSE = 0.9, 0.1  # shares of the person's change of exposure


@dataclass(frozen=True)
class Corrected:
    """A photo, the recipe that was predicted of it, and the one that a person left."""

    photo: Photo
    predicted: Recipe
    corrected: Recipe

    def shift(self) -> Shift:
        """What the person changed of colour and light."""
        return Shift.between(self.predicted, self.corrected)


def carry(photo: Photo, recipe: Recipe, source: Corrected) -> Recipe:
    """The photo's predicted recipe with what a person corrected of colour and light on ``source``, another photo of
    the product; the recipe itself where that changes nothing.

    ``by`` says whose correction it is and that it was carried. Raises PhotoError when a photo cannot be read.
    """
    shift = source.shift()
    if not shift:
        return recipe
    there = product_colors(source.photo, source.predicted)
    changes = carried(shift, there, product_colors(photo, recipe)).changes(recipe)
    return (
        correct(recipe, changes, carried_by(source.corrected.by, source.corrected.source.name)) if changes else recipe
    )


def carried_by(person: str, name: str) -> str:
    """Whose recipe a carried one is. ``name``: of the photo that was corrected."""
    return f"{person}, carried from {name}"


def product_colors(photo: Photo, recipe: Recipe) -> Floats:
    """Colours of the product under a recipe's white point, exposure and evened light: (n, 3), log2 of linear red,
    green, blue. Without what is burnt out or black; (0, 3) where nothing was cut out. Raises PhotoError.
    """
    asset = recipe.background.matte
    if asset is None:
        return np.zeros((0, 3))
    pixels = photo.pixels(min(1.0, SIDE / max(photo.size)))
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    linear = decode_srgb(small / (255 if small.dtype == np.uint8 else 65535))
    matte = cv2.resize(decode_matte(recipe.asset(asset)), size, interpolation=cv2.INTER_AREA)
    core = cv2.erode((matte > 255 * _SURE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    chosen = core & (linear.max(2) < _BURNING) & (linear.min(2) > _DARK)
    colors = np.log2(linear[chosen]) + _added(recipe, size)[chosen]
    return np.asarray(colors[_spread(len(colors))], np.float64)


def _added(recipe: Recipe, size: tuple[int, int]) -> Floats:
    """(h, w, 3) stops that a recipe adds to a photo of that (width, height)."""
    light = recipe.lighting.effective()
    stops = np.log2(np.maximum(recipe.color.effective().white_gain, 1e-4)) + light.exposure
    field = np.zeros((size[1], size[0])) if light.field is None else cv2.resize(light.field.array(), size)
    return np.asarray(field[..., None] + stops, np.float64)


def _spread(count: int) -> NDArray[np.intp]:
    """At most so many places as are looked at, evenly over all."""
    return np.linspace(0, count - 1, min(count, PLACES)).astype(np.intp)


def carried(shift: Shift, there: Floats, here: Floats) -> Shift:
    """What a person's ``shift`` of one photo is on another.

    ``there``, ``here``: ``product_colors`` of the corrected and of the other photo, each under its own prediction.
    """
    known = min(len(there), len(here)) >= LEAST_PLACES
    share = _exposure_share(there, here) if known else _EXPOSURE_ELSE
    moved = replace(shift, exposure=round(share * shift.exposure, 2))
    if not (shift.warmth or shift.tint):
        return moved
    turned = np.log2(shift.turn())
    change = tints_of(turned)
    found = tint_between(tints_of(there + turned), tints_of(here), change) if known else _EXPECTED * change
    warmth, tint = amounts_of(found)
    return replace(moved, warmth=round(warmth, 2), tint=round(tint, 2))


def amounts_of(tints: Floats) -> tuple[float, float]:
    """Warmth and tint of (2,) stops of red and of blue against green."""
    red, blue = (float(value) for value in tints)
    return red - blue, -(red + blue) / 2


def _exposure_share(there: Floats, here: Floats) -> float:
    apart = float(np.median(there @ LUMINANCE) - np.median(here @ LUMINANCE))
    return _EXPOSURE_ELSE + (_EXPOSURE_ALIKE - _EXPOSURE_ELSE) * float(np.exp(-0.5 * (apart / _SAME_LIGHT) ** 2))


def tints_of(colors: Floats) -> Floats:
    """(..., 2): stops of red and of blue against green."""
    return np.asarray(colors[..., (0, 2)] - colors[..., 1:2], np.float64)


def tint_between(wanted: Floats, tints: Floats, change: Floats) -> Floats:
    """(2,) the shift of ``tints`` (n, 2) that lays them best on those ``wanted`` (m, 2), expected to be a share of
    ``change`` (2,): the mean over all shifts, each by its probability."""
    along = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    shifts = np.stack(np.meshgrid(along, along, indexing="ij"), -1).reshape(-1, 2)
    expected = _EXPECTED * change
    likely = _EVIDENCE * _fit(wanted, tints + expected, shifts) - (shifts**2).sum(1) / (2 * _SPREAD**2)
    weight = np.exp(likely - likely.max())
    return np.asarray(expected + weight @ shifts / weight.sum(), np.float64)


def _fit(wanted: Floats, tints: Floats, shifts: Floats) -> Floats:
    """(k,) mean log density of the shifted ``tints`` among those ``wanted``. A colour that is not among them counts
    little, so that another side of the product, a label or a lining, pulls it nowhere."""
    cells = _STEP / 2
    low = wanted.min(0) - 4 * _ALIKE
    size = np.ceil((wanted.max(0) + 4 * _ALIKE - low) / cells).astype(int) + 1
    counts = np.zeros((int(size[0]), int(size[1])), np.float32)
    np.add.at(counts, tuple(np.round((wanted - low) / cells).astype(int).T), 1.0)
    blurred = cv2.GaussianBlur(counts, (0, 0), _ALIKE / cells, borderType=cv2.BORDER_CONSTANT)
    density = np.asarray(blurred / blurred.max(), np.float32)
    places = np.round((tints[None] + shifts[:, None] - low) / cells).astype(int)
    seen = ((places >= 0) & (places < size)).all(-1)
    rows, columns = np.clip(places, 0, size - 1).transpose(2, 0, 1)
    found = np.where(seen, density[rows, columns], 0.0)
    return np.asarray(np.log(_UNKNOWN + found).mean(1), np.float64)
