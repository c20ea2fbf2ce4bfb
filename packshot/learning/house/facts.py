"""What one pair tells an analysis: what was done to it, how it was framed, and what will make it hard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.compositing import frame_matte
from packshot.engines import Reserve
from packshot.evaluation.metrics import delta_e_lab, lab
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.house.habits import Placing, placing_of
from packshot.learning.house.policies import Manner, manner_of
from packshot.learning.proof.scoring import grouped
from packshot.learning.registration.register import as_bytes
from packshot.learning.registration.views import shrink
from packshot.photo import Photo, PhotoError
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte

Pixels = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

_SIDE = 720
_SHAPE = 24
_FAINT = 8.0  # CIEDE2000 between both sides of the outline under which an edge is hard to see
_SHADOW = 6  # levels below the backdrop's colour
_SHADOW_AREA = 0.004  # of the picture
_BURNT = 250
_RIM = 3  # pixels on either side of the outline


@dataclass(frozen=True)
class Hardness:
    """Shares that make a photo hard. pale: of the outline, hardly to be told from the backdrop. sheer: of the product,
    see-through or finer than a pixel. burnt: of the product, blown out. busy: unrest of the backdrop, CIELAB lightness.
    """

    pale: float = 0.0
    sheer: float = 0.0
    burnt: float = 0.0
    busy: float = 0.0


@dataclass(frozen=True)
class PairFacts:
    """A fitted pair. numbers: what was done, by name, in the units of ``HABITS``. manner: what was done at all.

    color: mean CIELAB of the product in the after. shape: its matte there, coarsely, (24, 24) 0..1, by which shots of
    one product are known.
    """

    fit: PairFit
    placing: Placing | None = None
    numbers: dict[str, float] = field(default_factory=dict)
    hardness: Hardness = field(default_factory=Hardness)
    manner: Manner | None = None
    color: tuple[float, float, float] | None = None
    shape: FloatImage | None = None
    problem: str = ""


HABITS = {
    "tilt": "tilt corrected, °",
    "warmth": "white point moved, stops (red against blue)",
    "exposure": "exposure, stops",
    "evenness": "uneven light taken out, stops",
    "shadows": "shadows",
    "highlights": "highlights",
    "contrast": "contrast",
    "saturation": "saturation",
    "sharpening": "sharpening",
    "noise": "noise smoothed, levels",
    "specks": "specks healed",
}


def facts_of(fit: PairFit, recipe: Recipe) -> PairFacts:
    """Looks at a fitted pair's photos. Raises PhotoError when one cannot be read."""
    before, after = (_pixels(Path(path)) for path in (fit.before, fit.after))
    if recipe.background.matte is None:
        return PairFacts(fit, None, numbers_of(recipe), manner=manner_of(recipe))
    there = _matte_at(recipe, geometry.identity(), recipe.source.size, before)
    done = _matte_at(recipe, recipe.geometry.affine(), recipe.geometry.size, after)
    values = lab(after)
    product = done > 0.95
    lightness, a, b = (float(one) for one in values[product].mean(0)) if product.any() else (0.0, 0.0, 0.0)
    numbers = numbers_of(recipe)
    manner = manner_of(recipe, has_shadow(after, done, recipe.background.color))
    color = (lightness, a, b) if product.any() else None
    shape = np.asarray(cv2.resize(done, (_SHAPE, _SHAPE), interpolation=cv2.INTER_AREA), np.float32)
    return PairFacts(fit, placing_of(recipe), numbers, hardness_of(before, there), manner, color, shape)


def manners_of(fits: Sequence[PairFit], most: int = 40) -> list[Manner]:
    """What was done in each fitted pair; shadows are looked for in so many afters of each category, evenly spread."""
    by_category: dict[str, list[PairFit]] = defaultdict(list)
    for fit in fits:
        if fit.recipe is not None:
            by_category[fit.category].append(fit)
    found = []
    for own in by_category.values():
        every = -(-len(own) // most)
        found += [_manner(fit, looked=index % every == 0) for index, fit in enumerate(own)]
    return found


def _manner(fit: PairFit, looked: bool) -> Manner:
    recipe = fit.recipe
    assert recipe is not None
    if not looked or recipe.background.matte is None:
        return manner_of(recipe)
    try:
        after = _pixels(Path(fit.after))
    except PhotoError:
        return manner_of(recipe)
    done = _matte_at(recipe, recipe.geometry.affine(), recipe.geometry.size, after)
    return manner_of(recipe, has_shadow(after, done, recipe.background.color))


def numbers_of(recipe: Recipe) -> dict[str, float]:
    """The habits' numbers of one recipe."""
    color, light = recipe.color.effective(), recipe.lighting.effective()
    red, _, blue = color.white_gain
    stops = (0.0,) if light.field is None else light.field.stops
    return {
        "tilt": recipe.alignment.effective().angle,
        "warmth": float(np.log2(red / blue)),
        "exposure": light.exposure,
        "evenness": float(max(stops) - min(stops)),
        "shadows": light.shadows,
        "highlights": light.highlights,
        "contrast": light.contrast,
        "saturation": color.saturation,
        "sharpening": recipe.detailing.effective().sharpening,
        "noise": recipe.detailing.effective().noise,
        "specks": float(len(grouped(recipe.detailing.spots))),
    }


def hardness_of(before: Pixels, matte: FloatImage) -> Hardness:
    """How hard a photo (h, w, 3) with its product's ``matte`` (h, w) 0..1 looks."""
    product = (matte > 0.5).astype(np.uint8)
    area = int(product.sum())
    if area < 50:
        return Hardness()
    values = lab(before)
    inner, outer = (
        np.asarray(cv2.distanceTransform(side, cv2.DIST_L2, 3), np.float32) for side in (product, 1 - product)
    )
    solid = matte > 0.95
    deep_soft = (matte > 0.08) & ~solid & (cv2.erode(product, np.ones((7, 7), np.uint8)) > 0)
    burnt = (before.min(2) >= _BURNT) & (inner > _RIM)
    away = (outer > 0.02 * max(matte.shape)) & (matte < 0.05)
    return Hardness(
        pale=_pale(values, inner, outer),
        sheer=float(deep_soft.sum() / area),
        burnt=float(burnt.sum() / area),
        busy=_unrest(values[..., 0], away),
    )


def _unrest(lightness: FloatImage, where: NDArray[np.bool_]) -> float:
    """Mean distance from the local mean of the places ``where``, taken over these alone."""
    if not where.any():
        return 0.0
    weight = where.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), 6)
    local = cv2.GaussianBlur(lightness * weight, (0, 0), 6) / np.maximum(share, 1e-3)
    return round(float(np.abs(lightness - local)[where].mean()), 3)


def _pale(values: FloatImage, inner: FloatImage, outer: FloatImage) -> float:
    """Share of the outline where mean colours just inside and just outside hardly differ."""
    (inside, known), (outside, seen) = (_band_mean(values, distance) for distance in (inner, outer))
    line = (inner > 0) & (inner <= 1.0) & (known > 0.02) & (seen > 0.02)
    if not line.any():
        return 0.0
    return float((delta_e_lab(inside[line], outside[line]) < _FAINT).mean())


def _band_mean(values: FloatImage, distance: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Mean colour near each pixel of what lies 1 to 4 pixels off the outline, and how much of the window that is."""
    band = ((distance > 1) & (distance <= 1 + _RIM)).astype(np.float32)
    weight = np.asarray(cv2.blur(band, (9, 9)), np.float32)
    total = cv2.blur(values * band[..., None], (9, 9))
    return np.asarray(total / np.maximum(weight, 1e-4)[..., None], np.float32), weight


def has_shadow(after: Pixels, matte: FloatImage, color: tuple[int, int, int]) -> bool:
    """Whether the after's backdrop is darker than its colour over an area beside the product."""
    away = cv2.dilate((matte > 0.02).astype(np.uint8), np.ones((13, 13), np.uint8)) == 0
    darker = (np.array(color, np.int16) - after.astype(np.int16)).min(2) > _SHADOW
    return float((darker & away).mean()) > _SHADOW_AREA


def _pixels(path: Path) -> Pixels:
    photo = Photo.open(path)
    return shrink(as_bytes(photo.pixels(min(1.0, _SIDE / max(photo.size)))), _SIDE)[0]


def _matte_at(recipe: Recipe, affine: NDArray[np.float64], size: tuple[int, int], picture: Pixels) -> FloatImage:
    """The recipe's matte laid into a picture of the frame that ``affine`` makes of the source."""
    asset = recipe.background.matte
    assert asset is not None
    small = (picture.shape[1], picture.shape[0])
    matrix = geometry.compose(affine, geometry.resize_affine(size, small))
    matte = frame_matte(decode_matte(recipe.asset(asset)), recipe.source.size, matrix, small)
    return np.asarray(matte / np.float32(255), np.float32)


@dataclass(frozen=True)
class FactFinding:
    """Work for an engine: looks at each fitted pair. ``folder`` holds the fits."""

    folder: Path

    def prepare(self) -> Callable[[PairFit, Reserve], dict[str, Any]]:
        """The function that looks at one pair."""

        def look(fit: PairFit, reserve: Reserve) -> dict[str, Any]:
            del reserve
            if not fit.recipe_file:
                return {"facts": PairFacts(fit, problem=fit.reason)}
            try:
                return {"facts": facts_of(fit, Recipe.load(self.folder / fit.recipe_file))}
            except (PhotoError, ValueError, OSError) as error:
                return {"facts": PairFacts(fit, problem=str(error))}

        return look
