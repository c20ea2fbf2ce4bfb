"""Fitting one pair: the recipe whose render comes nearest to what the retoucher made, and what it leaves unexplained.

Each stage's part is read in a fixed order: geometry, matte, colour, light, detail. What one explains, the next does not
see; what none explains is handwork.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.learning.fitting.color import PhotoLight, fit_light, white_and_exposure
from packshot.learning.fitting.detail import Finished, fit_detail
from packshot.learning.fitting.ledger import SIDE, Ledger, keep_ledger
from packshot.learning.fitting.reading import Reading, laid_pair, read_pair
from packshot.learning.fitting.samples import Floats
from packshot.learning.pairs import Pair
from packshot.learning.registration.register import as_bytes
from packshot.photo import Photo, PhotoError
from packshot.pipeline import render
from packshot.recipe import (
    Alignment,
    Asset,
    Background,
    Color,
    Cropping,
    Grid,
    Lighting,
    Recipe,
    Source,
)
from packshot.stages.background import png_asset
from packshot.stages.lighting import COLUMNS, ROWS, as_grid
from packshot.surface import terms

HAND_WORK, BURNT_OUT = "hand-work", "burnt-out"
_LEAST_FIELD = 0.005  # stops
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]|^\.|%(?=[0-9A-Fa-f]{2})')  # a % that seems an escape's
_LONGEST_STEM = 180  # bytes; file systems take 255, and what is added to it needs some


@dataclass(frozen=True)
class FitLimits:
    """From when on a pair counts as handwork: so much of the change unexplained and so far from the after (CIEDE2000),
    or so large a share of the product still plainly another colour. What is burnt out in the before counts for neither;
    a product of which more than the share ``burnt`` is tells nothing."""

    unexplained: float = 0.2
    far: float = 5.0
    moved: float = 0.12
    burnt: float = 0.9


DEFAULT_LIMITS = FitLimits()


@dataclass(frozen=True)
class PairFit:
    """What was read out of one pair, a line of `fits.jsonl`.

    accepted: whether the recipe can be learned from; else ``fault`` (stable) and ``reason`` (a sentence) say why.
    residual_px: of the registration, in pixels of the after. delta_e: mean CIEDE2000 on the product between the fitted
    recipe's render and the after. explained: share of the change by stage, with ``unexplained``. targets: the numbers a
    predictor learns (see `docs/fitting.md`).
    """

    id: str
    category: str
    group: str
    before: str
    after: str
    accepted: bool
    fault: str = ""
    reason: str = ""
    hand_work: bool = False
    residual_px: float = 0.0
    score: float = 0.0
    model: str = "similarity"
    delta_e_before: float = 0.0
    delta_e: float = 0.0
    delta_e_median: float = 0.0
    delta_e_95: float = 0.0
    moved: float = 0.0
    burnt: float = 0.0
    explained: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    recipe_file: str = ""
    recipe: Recipe | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The line; the recipe itself lies in its own file."""
        line = {key: value for key, value in vars(self).items() if key not in ("recipe", "recipe_file")}
        return {**line, "recipe": self.recipe_file}


def fit_pair(
    pair: Pair, look: Floats | None = None, reading: Reading | None = None, limits: FitLimits = DEFAULT_LIMITS
) -> PairFit:
    """The fit of one pair. ``look`` (4,): the set's, see `look.py`; without one the pair's own is guessed.

    A pair that cannot be read or is none comes back refused, with the reason; nothing is raised for it.
    """
    reading = reading or read_pair(pair)
    refused = _refused(reading)
    if reading.fault:
        return refused
    try:
        before, after = Photo.open(pair.before), Photo.open(pair.after)
        recipe = rough_recipe(reading, before, fit_light(reading.samples, look))
        recipe = with_detail(recipe, reading, before, after)
        ledger = _ledger(recipe, reading, before, after)
    except PhotoError as error:
        return replace(refused, fault="unreadable", reason=error.message)
    return _judged(refused, recipe, reading, ledger, limits)


def file_stem(identity: str) -> str:
    """A pair's id as a file name: the id itself, but for what some file system does not take, which is escaped.

    One that is too long for a file name is cut, and ends in a digest of the whole.
    """
    stem = _UNSAFE.sub(lambda found: _escaped(found[0]), identity)
    if len(stem.encode()) <= _LONGEST_STEM:
        return stem
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return stem.encode()[: _LONGEST_STEM - 17].decode(errors="ignore") + "~" + digest


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _refused(reading: Reading) -> PairFit:
    pair, found = reading.pair, reading.registration
    return PairFit(
        id=pair.id,
        category=pair.category,
        group=pair.group,
        before=str(pair.before),
        after=str(pair.after),
        accepted=False,
        fault=reading.fault,
        reason=reading.reason,
        residual_px=round(found.residual_px, 4),
        score=round(found.score, 4),
        model=found.model,
    )


def _judged(refused: PairFit, recipe: Recipe, reading: Reading, ledger: Ledger, limits: FitLimits) -> PairFit:
    fault, reason = _fault(ledger, limits)
    return replace(
        refused,
        accepted=not fault,
        hand_work=fault == HAND_WORK,
        fault=fault,
        reason=reason,
        delta_e_before=ledger.delta_e[0],
        delta_e=ledger.left[0],
        delta_e_median=ledger.left[1],
        delta_e_95=ledger.left[2],
        moved=ledger.moved,
        burnt=ledger.burnt,
        explained=dict(ledger.explained),
        targets=targets(recipe, reading),
        recipe_file=f"recipes/{file_stem(refused.id)}.json",
        recipe=recipe,
    )


def _fault(ledger: Ledger, limits: FitLimits) -> tuple[str, str]:
    """Why a fit cannot be learned from, a word and a sentence; both empty where it can."""
    unexplained = ledger.explained["unexplained"]
    if ledger.burnt > limits.burnt:
        return BURNT_OUT, f"{ledger.burnt:.0%} of the product is burnt out in the before: its light cannot be read"
    if (unexplained > limits.unexplained and ledger.seen > limits.far) or ledger.moved > limits.moved:
        told = f"{unexplained:.0%} of the change is explained by no stage, {ledger.moved:.0%} of the product"
        return HAND_WORK, f"{told} is plainly another colour: handwork"
    return "", ""


def targets(recipe: Recipe, reading: Reading) -> dict[str, Any]:
    """What a predictor learns, in physical units."""
    left, top, right, bottom = reading.margins
    return {
        "angle": recipe.alignment.angle,
        "scale": recipe.cropping.scale,
        "centre": recipe.cropping.centre,
        "canvas": list(reading.canvas),
        "margins": {"left": left, "top": top, "right": right, "bottom": bottom},
        "backdrop": None if reading.backdrop is None else list(reading.backdrop),
        "white_gain": list(recipe.color.white_gain),
        "saturation": recipe.color.saturation,
        "exposure": recipe.lighting.exposure,
        "shadows": recipe.lighting.shadows,
        "highlights": recipe.lighting.highlights,
        "contrast": recipe.lighting.contrast,
        "field_stops": field_range(recipe.lighting.field),
        "spots": len(recipe.detailing.spots),
        "noise": recipe.detailing.noise,
        "sharpening": recipe.detailing.sharpening,
        "sharpening_radius": recipe.detailing.radius,
    }


def field_range(grid: Grid | None) -> float:
    """From the darkest to the brightest of a field, in stops."""
    return 0.0 if grid is None else round(max(grid.stops) - min(grid.stops), 4)


def rough_recipe(reading: Reading, photo: Photo, light: PhotoLight) -> Recipe:
    """The recipe without detail."""
    matrix = reading.before_to_after
    middle = np.array([[(reading.canvas[0] - 1) / 2, (reading.canvas[1] - 1) / 2]])
    x, y = geometry.apply(geometry.invert(matrix), middle)[0]
    background, assets = _background(reading)
    color, lighting = _color_and_light(light, reading.shapes)
    return Recipe(
        source=Source(name=photo.name, sha256=photo.sha256, size=photo.size),
        category=reading.pair.category,
        category_confidence=1.0,
        color=color,
        lighting=lighting,
        background=background,
        alignment=Alignment(angle=round(geometry.angle_of(matrix), 4), method="pairs", confidence=1.0),
        cropping=Cropping(
            centre=(round(float(x), 3), round(float(y), 3)), scale=geometry.scale_of(matrix), canvas=reading.canvas
        ),
        by="pairs",
        assets=assets,
    )


def _background(reading: Reading) -> tuple[Background, dict[str, bytes]]:
    if reading.matte is None or reading.backdrop is None:
        return Background(), {}
    named = png_asset(reading.matte, "matte", reading.matte_size)
    asset = Asset(file=f"mattes/{file_stem(reading.pair.id)}.png", sha256=named.sha256, size=named.size)
    return Background(matte=asset, color=reading.backdrop), {asset.sha256: reading.matte}


def _color_and_light(light: PhotoLight, shapes: Floats) -> tuple[Color, Lighting]:
    # The field's mean over the product is exposure; unevenness is what remains.
    level = float(shapes @ light.field)
    gain, exposure = white_and_exposure(light.gains + level)
    saturation, shadows, highlights, contrast = (round(float(value), 4) for value in light.look)
    color = Color(
        white_gain=gain, measured_from="pairs", confidence=1.0, saturation=float(np.clip(1 + saturation, 0, 3))
    )
    grid = field_grid(light.field) - level
    lighting = Lighting(
        exposure=round(float(np.clip(exposure, -6, 6)), 4),
        shadows=float(np.clip(shadows, -0.6, 1)),
        highlights=float(np.clip(highlights, -1, 0.6)),
        contrast=float(np.clip(contrast, -0.6, 0.6)),
        field=as_grid(grid) if np.abs(grid).max() >= _LEAST_FIELD else None,
    )
    return color, lighting


def field_grid(coefficients: Floats) -> NDArray[np.float64]:
    """A field's stops at the cell centres of the recipe's grid, (ROWS, COLUMNS)."""
    y, x = np.meshgrid(
        (np.arange(ROWS) + 0.5) / ROWS * 2 - 1, (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1, indexing="ij"
    )
    return np.asarray((terms(x.ravel(), y.ravel())[:, 1:] @ coefficients).reshape(ROWS, COLUMNS))


def with_detail(recipe: Recipe, reading: Reading, before: Photo, after: Photo) -> Recipe:
    """The recipe with sharpening and healed spots."""
    made = render(before, recipe)
    theirs = as_bytes(after.pixels())
    matte = _frame(recipe, reading, (made.shape[1], made.shape[0]))
    found = fit_detail(Finished(made, theirs, matte, recipe.geometry.affine()))
    return recipe.model_copy(update={"detailing": found})


def _frame(recipe: Recipe, reading: Reading, size: tuple[int, int]) -> NDArray[np.float32]:
    """The matte in the output's frame, (height, width) 0..1."""
    from packshot.compositing import frame_matte
    from packshot.stages.background import decode_matte

    if reading.matte is None:
        return np.ones((size[1], size[0]), np.float32)
    affine = geometry.compose(recipe.geometry.affine(), geometry.resize_affine(recipe.geometry.size, size))
    framed = frame_matte(decode_matte(reading.matte), recipe.source.size, affine, size)
    return np.asarray(framed.astype(np.float32) / 255)


def _ledger(recipe: Recipe, reading: Reading, before: Photo, after: Photo) -> Ledger:
    laid = laid_pair(reading, before, after)
    height, width = laid.after.shape[:2]
    assert max(height, width) <= SIDE
    return keep_ledger(before, recipe, laid.after, _frame(recipe, reading, (width, height)), laid.before)
