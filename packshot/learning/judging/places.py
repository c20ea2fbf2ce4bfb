"""Learning which places of an outline are wrong: what sticks out, is bitten off, or is seen twice differently."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.fraying import Fraying
from packshot.evaluation.place_model import PlaceModel, shown_place
from packshot.evaluation.places import KINDS, LEFT_IN, RAGGED, Place, find_places
from packshot.learning.judging.forest import ForestSettings, grow
from packshot.learning.proof.reference import Reference
from packshot.learning.splits import folds
from packshot.recipe import Frozen, Recipe
from packshot.stages.background import decode_matte
from packshot.view import View

_WRONG = 0.5  # of its area
_RAGGED = 0.3  # logarithm: an edge that is frayed so much more than the retoucher's is wrong
_LEAST_PLACES, _LEAST_WRONG = 100, 20
_LEAST_SHOWN = 10  # photos, that tell how often what is shown is wrong
_RIGHT = 0.65  # of what is shown to editors; what is right less often, they stop reading
_LIMITS = np.arange(0.3, 0.86, 0.05)
_FOREST = ForestSettings(trees=40, leaf=20, tried=0.5, depth=8)

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]


class KnownPlace(Frozen):
    """A place of a photo's outline (``evaluation.places``), and which share of it the retoucher decided otherwise."""

    kind: str
    numbers: dict[str, float]
    share: float
    wrong: float


def known_places(view: View, recipe: Recipe, reference: Reference) -> tuple[KnownPlace, ...]:
    """A photo's places, and how the recipe's matte there stands against the retoucher's; none where one is missing."""
    asset = recipe.background.matte
    if reference.matte is None or asset is None:
        return ()
    ours = decode_matte(recipe.asset(asset))
    known = []
    for place in find_places(view, ours):
        size = (place.mask.shape[1], place.mask.shape[0])
        is_ours, is_theirs = (
            np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA) > middle, np.uint8)
            for matte, middle in ((ours, 127), (reference.matte, 0.5))
        )
        wrong = _wrong(place, is_ours, is_theirs)
        numbers = {name: value for name, value in place.numbers.items() if np.isfinite(value)}
        share = float(f"{place.share:.4g}")
        known.append(KnownPlace(kind=place.kind, numbers=numbers, share=share, wrong=round(wrong, 3)))
    return tuple(known)


def _wrong(place: Place, ours: Mask, theirs: Mask) -> float:
    """Which share of a place the retoucher decided otherwise; of a ragged edge 1 or 0."""
    if place.kind == RAGGED:
        return float(place.numbers["frayed"] - Fraying.of(theirs).share > _RAGGED)
    there, kept = place.mask, place.kind == LEFT_IN
    return float((ours[there] > theirs[there]).mean() if kept else (ours[there] < theirs[there]).mean())


def train_places(photos: Sequence[Sequence[KnownPlace]], groups: Sequence[str], seed: int = 0) -> dict[str, PlaceModel]:
    """A model of each kind of place that enough was seen of, and of which what is shown is right often enough."""
    models = {kind: _train(kind, photos, groups, seed) for kind in KINDS}
    return {kind: model for kind, model in models.items() if model is not None}


def _train(kind: str, photos: Sequence[Sequence[KnownPlace]], groups: Sequence[str], seed: int) -> PlaceModel | None:
    places = [(index, place) for index, own in enumerate(photos) for place in own if place.kind == kind]
    wrong = np.array([place.wrong > _WRONG for _, place in places], bool)
    owners = [groups[index] for index, _ in places]
    if len(places) < _LEAST_PLACES or wrong.sum() < _LEAST_WRONG or len(set(owners)) < 5:
        return None
    names = tuple(sorted({name for _, place in places for name in place.numbers}))
    rows = np.array([[place.numbers.get(name, np.nan) for name in names] for _, place in places])
    found, fold = np.zeros(len(places)), folds(owners)
    for number in range(int(fold.max()) + 1):
        test = fold == number
        forest = grow(rows[~test], wrong[~test, None].astype(np.float64), seed + number, _FOREST)
        found[test] = [forest.answer(row) for row in rows[test]]
    for limit in _LIMITS.round(2).tolist():
        shown = _shown(places, found, limit)
        if len(shown) >= _LEAST_SHOWN and wrong[shown].mean() >= _RIGHT:
            forest = grow(rows, wrong[:, None].astype(np.float64), seed, _FOREST)
            share, right = round(len(shown) / len(photos), 4), round(float(wrong[shown].mean()), 4)
            return PlaceModel(features=names, forest=forest, limit=limit, shown=share, right=right)
    return None


def _shown(places: Sequence[tuple[int, KnownPlace]], found: Floats, limit: float) -> list[int]:
    """Which places would be shown: one a photo at most."""
    of_photo: dict[int, list[int]] = {}
    for row, (photo, _) in enumerate(places):
        of_photo.setdefault(photo, []).append(row)
    shown = []
    for rows in of_photo.values():
        index = shown_place([float(found[row]) for row in rows], [places[row][1].share for row in rows], limit)
        if index is not None:
            shown.append(rows[index])
    return shown
