"""Rules of thumb of a studio's light: the few numbers that its retouchers seem to go by, found one after another.

"Bring the product's brightest fiftieth to this level", "make the paper grey": such a rule is one number of the light
meter with a slope. Forward selection (Efroymson, 1960) with Huber's weights; each number must lessen the error on
groups left out. Changes may begin at an anchor: exposure at one level that is brought to one value, all the way, tint
at what the witnesses say; what the rules then find is how photos depart from it. Each camera (photos of one size) has
its own rules where there are enough photos; others go by everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.cameras import camera_of
from packshot.learning.light.witness import TINTS
from packshot.learning.splits import folds
from packshot.lightmeter import CHANGES, NUMBERS
from packshot.spotmeter import LEVELS

Floats = NDArray[np.float64]
RULED = (*NUMBERS, *TINTS)  # what rules go by
_LEAST_PHOTOS, _LEAST_GROUPS = 40, 8
_MOST_NUMBERS = 8
_TRIED = 12  # numbers that are tried at each step, those that go best with what is still missing
_LEAST_GAIN = 0.005  # share of the error by which a number must lessen it
_SELECTIONS = 12
_RIDGE = 1.0
_HUBER = 0.3  # units
_ANCHORED = np.array([NUMBERS.index(name) for name in LEVELS])  # numbers that exposure may be anchored at
_AS_FAR = 0.5  # units: an anchor of exposure that misses by more misses
_TINT_AS_FAR = 1.5
_ANCHOR_GAIN = 0.9  # share of the error without an anchor that one must stay below


@dataclass(frozen=True)
class Rules:
    """cameras (c,): log2 of their photos' short side. slopes (c + 1, 1 + numbers, 8): level and slopes of each change,
    in units, on scaled numbers, for each camera and, last, for photos of any other."""

    cameras: Floats
    slopes: Floats

    @property
    def numbers(self) -> int:
        """How many of a photo's numbers the rules know."""
        return int(self.slopes.shape[1]) - 1

    def apply(self, measured: Floats, scaled: Floats) -> Floats:
        """(n, 8) in units, of measured rows (n, numbers) and the same scaled."""
        slopes = self.slopes[camera_of(self.cameras, measured)]
        wide = np.concatenate([np.ones((len(scaled), 1)), scaled[:, : self.numbers]], 1)
        return np.asarray(np.einsum("nk,nkc->nc", wide, slopes), np.float64)

    def words(self, change: int) -> list[list[str]]:
        """The numbers that a change goes by, strongest first, for each camera and for any other."""
        told = []
        for slopes in self.slopes[:, 1:, change]:
            order = np.argsort(-np.abs(slopes))
            told.append([RULED[index] for index in order if slopes[index] != 0])
        return told


def no_rules() -> Rules:
    """Rules that say nothing."""
    return Rules(np.zeros(0), np.zeros((1, 1 + len(RULED), len(CHANGES))))


@dataclass(frozen=True)
class Seen:
    """Photos to find rules from. scaled (n, numbers), wanted (n, 8) changes in units, and the groups. steps (numbers,):
    units of exposure that a unit of each scaled number is."""

    scaled: Floats
    wanted: Floats
    groups: tuple[str, ...]
    steps: Floats

    def only(self, chosen: NDArray[np.bool_]) -> Seen:
        """Some of the photos."""
        groups = tuple(group for group, there in zip(self.groups, chosen, strict=True) if there)
        return Seen(self.scaled[chosen], self.wanted[chosen], groups, self.steps)


def find_rules(cameras: Floats, camera: NDArray[np.intp], seen: Seen) -> tuple[Rules, Rules]:
    """The anchors of some photos alone, and their rules. ``camera`` (n,): which of the ``cameras`` each photo is from.

    Which numbers are chosen hangs on chance, so rules are found several times, each time without a part of the groups,
    and averaged (bagging; Breiman, 1996).
    """
    slopes = np.zeros((2, len(cameras) + 1, 1 + seen.scaled.shape[1], len(CHANGES)))
    everybody = None
    for index in reversed(range(len(cameras) + 1)):
        chosen = camera == index
        own = chosen.sum() >= _LEAST_PHOTOS and len(set(np.array(seen.groups)[chosen])) >= _LEAST_GROUPS
        if everybody is None or (own and bool(chosen.all())):
            everybody = _averaged(seen)
        slopes[:, index] = _averaged(seen.only(chosen)) if own and not chosen.all() else everybody
    return Rules(cameras, slopes[0]), Rules(cameras, slopes[1])


def _averaged(seen: Seen) -> Floats:
    """(2, 1 + numbers, 8) slopes of the anchors alone and of the rules, the mean of several selections."""
    parts = folds([f"{group} left out" for group in seen.groups], _SELECTIONS)
    if len(set(seen.groups)) < 2 * _SELECTIONS:
        parts = np.full(len(seen.groups), -1)
    found = []
    for part in range(_SELECTIONS if parts.max() >= 0 else 1):
        some = seen.only(parts != part)
        place, anchors = folds(some.groups), _anchors(some)
        left = some.wanted - anchors[0] - some.scaled @ anchors[1:]
        rules = np.stack([_forward(some.scaled, left[:, change], place) for change in range(len(CHANGES))], 1)
        found.append(np.stack([anchors, anchors + rules]))
    return np.asarray(np.mean(found, 0), np.float64)


def _anchors(seen: Seen) -> Floats:
    """(1 + numbers, 8) slopes: medians over the photos, and anchors of exposure and tint where nearer than they."""
    slopes = np.zeros((1 + seen.scaled.shape[1], len(CHANGES)))
    slopes[0] = np.median(seen.wanted, 0)
    wanted = seen.wanted[:, 0]
    reached = wanted[:, None] + seen.scaled[:, _ANCHORED] * seen.steps[_ANCHORED]
    middle = np.median(reached, 0)
    missed = np.minimum(np.abs(reached - middle), _AS_FAR).mean(0)
    best = int(missed.argmin())
    if missed[best] < _ANCHOR_GAIN * np.minimum(np.abs(wanted - slopes[0, 0]), _AS_FAR).mean():
        slopes[0, 0], slopes[1 + _ANCHORED[best], 0] = middle[best], -seen.steps[_ANCHORED[best]]
    tints, heard = seen.wanted[:, 1:3], seen.scaled[:, len(NUMBERS) : len(RULED)]
    if _tints_missed(tints - heard) < _ANCHOR_GAIN * _tints_missed(tints - slopes[0, 1:3]):
        slopes[0, 1:3], slopes[1 + len(NUMBERS) : 1 + len(RULED), 1:3] = 0, np.eye(2)
    return slopes


def _tints_missed(away: Floats) -> float:
    return float(np.minimum(np.linalg.norm(away, axis=1), _TINT_AS_FAR).mean())


def _forward(numbers: Floats, wanted: Floats, place: NDArray[np.intp]) -> Floats:
    """(1 + numbers,) level and slopes, most of them nothing."""
    chosen: list[int] = []
    best = float(_errors(_wide(numbers, [chosen]), wanted, place)[0])
    while len(chosen) < min(_MOST_NUMBERS, len(wanted) // 8):
        wide = _wide(numbers, [chosen])
        missing = np.clip(wanted - _predict(wide, _robust(wide, wanted))[0], -2 * _HUBER, 2 * _HUBER)
        likely = np.abs(numbers.T @ missing) / np.sqrt((numbers**2).sum(0) + 1e-9)
        tried = [int(one) for one in np.argsort(-likely)[:_TRIED] if one not in chosen]
        errors = _errors(_wide(numbers, [[*chosen, one] for one in tried]), wanted, place)
        if not tried or float(errors.min()) > best * (1 - _LEAST_GAIN):
            break
        best = float(errors.min())
        chosen.append(tried[int(errors.argmin())])
    slopes = np.zeros(1 + numbers.shape[1])
    weights = _robust(_wide(numbers, [chosen]), wanted)[0]
    slopes[0] = weights[0]
    slopes[np.array(chosen, np.intp) + 1] = weights[1:]
    return slopes


def _wide(numbers: Floats, choices: Sequence[Sequence[int]]) -> Floats:
    """(choices, n, 1 + chosen) a one before the chosen numbers."""
    return np.stack([np.concatenate([np.ones((len(numbers), 1)), numbers[:, list(one)]], 1) for one in choices])


def _errors(wide: Floats, wanted: Floats, place: NDArray[np.intp]) -> Floats:
    """(choices,) mean error on folds left out."""
    missed = np.zeros(wide.shape[:2])
    for fold in np.unique(place):
        out = place == fold
        if out.all():
            return np.full(len(wide), float(np.abs(wanted - np.median(wanted)).mean()))
        weights = _robust(wide[:, ~out], wanted[~out], rounds=3)
        missed[:, out] = wanted[out] - _predict(wide[:, out], weights)
    return np.asarray(np.abs(missed).mean(1), np.float64)


def _predict(wide: Floats, weights: Floats) -> Floats:
    return np.asarray((wide @ weights[:, :, None])[..., 0], np.float64)


def _robust(wide: Floats, wanted: Floats, rounds: int = 5) -> Floats:
    """(choices, 1 + chosen) least squares with outliers weighed down and a little ridge on the slopes."""
    ridge = np.diag([1e-6, *([_RIDGE] * (wide.shape[2] - 1))])
    weights: Floats = np.zeros((len(wide), wide.shape[2]))
    weight = np.ones(wide.shape[:2])
    for _ in range(rounds):
        weighted = (wide * weight[..., None]).transpose(0, 2, 1)
        weights = np.asarray(np.linalg.solve(weighted @ wide + ridge, (weighted @ wanted)[..., None])[..., 0])
        weight = np.asarray(np.minimum(1, _HUBER / np.maximum(np.abs(wanted - _predict(wide, weights)), 1e-9)))
    return weights
