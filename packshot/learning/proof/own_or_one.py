"""Does a category's own hand come nearer to its retouchers than one hand for all? Groups left out in turn say it.

Both hands are learned from the same groups in the same way, the one from a category's shots, the other from all; then
each sets, finishes and lights the shots of the groups that neither has seen. Whoever is nearer beyond chance is better,
and it may well be the one for all: few shots of a category teach less than many of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.evaluation.metrics import corner_error
from packshot.learning.fitting.pair_set import PairFit, read_kept
from packshot.learning.house.habits import Habits, Placing, placing_at, product_box, rules_of
from packshot.learning.house.looks import looks_of
from packshot.learning.light.learning import LightLesson
from packshot.learning.light.product_colors import ProductColors
from packshot.learning.proof.comparison import Difference, differences
from packshot.learning.proof.scoring import onto_canvas
from packshot.learning.splits import folds
from packshot.pack_file import Look
from packshot.recipe import Recipe
from packshot.stages.cropping import Box, crop
from packshot.stages.detailing import AVERAGED_OUT
from packshot.style import House

Floats = NDArray[np.float64]
FRAME, SHARPENING, NOISE, COLOR = FIGURES = ("frame", "sharpening", "noise", "color")
WORDS = {
    FRAME: "corners off, % of the long side",
    SHARPENING: "sharpening off, amount",
    NOISE: "noise smoothed, off by levels",
    COLOR: "ΔE00 on the product",
}
_FOLDS = 5


@dataclass(frozen=True)
class OwnOrOne:
    """One figure of one category: the mean error of one hand for all and of the category's own, on groups that neither
    was learned from, and the test of their difference."""

    category: str
    figure: str
    for_all: float
    own: float
    difference: Difference

    def as_json(self) -> dict[str, Any]:
        """For the account of a run."""
        told = {"category": self.category, "figure": self.figure, "for_all": self.for_all, "own": self.own}
        return {**told, **asdict(self.difference), "verdict": self.difference.verdict}


@dataclass(frozen=True)
class _Shot:
    """A finished shot of a retoucher: its place in the order of all, the recipe, and its product's box."""

    index: int
    recipe: Recipe
    box: Box
    placing: Placing


def own_or_one(fits: Sequence[PairFit], folder: Path, lesson: LightLesson | None) -> list[OwnOrOne]:
    """The comparison on all pairs, by figure and category; empty where there are fewer than two categories or groups.

    ``folder``: of the fits, for the product's colours. ``lesson``: with the ids of its rows. All tests are one family.

    Raises ValueError where the readings of the fits are gone.
    """
    categories, groups = [fit.category for fit in fits], [fit.group for fit in fits]
    if len(set(categories)) < 2 or len(set(groups)) < 2:
        return []
    place = folds(groups, min(_FOLDS, len(set(groups))))
    errors = {**_by_habits(fits, place), COLOR: _by_light(fits, folder, lesson, place)}
    return _tested(errors, categories, groups)


def _tested(errors: Mapping[str, Floats], categories: Sequence[str], groups: Sequence[str]) -> list[OwnOrOne]:
    """``errors``: (n, 2) by figure, of the one for all and of the own; NaN where a shot tells nothing."""
    chosen = {}
    for figure in FIGURES:
        for category in sorted(set(categories)):
            known = (np.array(categories) == category) & ~np.isnan(errors[figure]).any(1)
            if known.any():
                chosen[category, figure] = known
    keys = {f"{figure} {category}": (category, figure) for category, figure in chosen}
    gains = {
        name: (errors[key[1]][chosen[key], 0] - errors[key[1]][chosen[key], 1], list(np.array(groups)[chosen[key]]))
        for name, key in keys.items()
    }
    found = differences(gains)
    means = {name: errors[key[1]][chosen[key]].mean(0) for name, key in keys.items()}
    return [OwnOrOne(*key, float(means[name][0]), float(means[name][1]), found[name]) for name, key in keys.items()]


def _by_habits(fits: Sequence[PairFit], place: NDArray[np.intp]) -> dict[str, Floats]:
    """(n, 2) errors of frame, sharpening and smoothing, by the rules of all and the category's own."""
    shots = [
        _Shot(index, fit.recipe, box, placing_at(fit.recipe, box))
        for index, fit in enumerate(fits)
        if fit.recipe is not None and (box := product_box(fit.recipe)) is not None
    ]
    found = {figure: np.full((len(fits), 2), np.nan) for figure in (FRAME, SHARPENING, NOISE)}
    for fold in range(int(place.max()) + 1):
        known = [shot.placing for shot in shots if place[shot.index] != fold]
        if not known:
            continue
        for_all = rules_of(known)
        own = {name: rules_of([one for one in known if one.category == name]) for name in {p.category for p in known}}
        for shot in shots:
            if place[shot.index] == fold:
                for side, rules in enumerate((for_all, own.get(shot.placing.category, for_all))):
                    for figure, error in _missed(shot, rules).items():
                        found[figure][shot.index, side] = error
    return found


def _missed(shot: _Shot, rules: Habits) -> dict[str, float]:
    """How far a house's rules are from what was done to a shot, its product and turn being known."""
    recipe, placing = shot.recipe, shot.placing
    angle = recipe.alignment.effective().angle
    cut = crop(shot.box, angle, House.model_validate(rules).for_photo(recipe.source.size))
    ours, theirs = recipe.model_copy(update={"cropping": cut}).geometry, recipe.geometry
    unturn = geometry.invert(geometry.frame_affine(angle, 1, (0, 0), (1, 1)))
    corners = geometry.apply(unturn, geometry.box_corners(shot.box))
    at_canvas = geometry.compose(ours.affine(), onto_canvas(ours.size, theirs.size))
    missed = {
        FRAME: corner_error(at_canvas, theirs.affine(), corners, max(theirs.size)),
        SHARPENING: abs(float(rules["sharpening"]) - placing.sharpening),
    }
    # Where a photo is much reduced its noise is gone, and nothing tells how much would have been smoothed.
    return missed if placing.scale < AVERAGED_OUT else {**missed, NOISE: abs(float(rules["noise"]) - placing.noise)}


def _by_light(fits: Sequence[PairFit], folder: Path, lesson: LightLesson | None, place: NDArray[np.intp]) -> Floats:
    """(n, 2) mean CIEDE2000 on the product, by the light and look of all and the category's own; NaN where unknown."""
    found = np.full((len(fits), 2), np.nan)
    index = {fit.id: at for at, fit in enumerate(fits)}
    rows = [index[name] for name in lesson.ids] if lesson is not None else []
    if lesson is None or not rows:
        return found
    colors = ProductColors.of([read_kept(folder, fits[at]) for at in rows], list(np.zeros((len(rows), 4))))
    looks = _looks(fits, place)[rows]
    for side, said in enumerate((lesson.for_all, lesson.apart)):
        found[rows, side] = colors.with_looks(looks[:, side]).ciede2000(said)
    return found


def _looks(fits: Sequence[PairFit], place: NDArray[np.intp]) -> Floats:
    """(n, 2, 4) the look of all and the category's own, each from the groups of other folds."""
    found = np.zeros((len(fits), 2, 4))
    for fold in range(int(place.max()) + 1):
        looks = looks_of([fit for fit, where in zip(fits, place, strict=True) if where != fold], {})
        for index, fit in enumerate(fits):
            if place[index] == fold:
                own = looks.get(fit.category, looks["default"])
                found[index] = [_as_row(look) for look in (looks["default"], own)]
    return found


def _as_row(look: Look) -> tuple[float, float, float, float]:
    return look.saturation - 1, look.shadows, look.highlights, look.contrast
