"""Rules of thumb of a studio's light: the few numbers that its retouchers seem to go by, found one after another.

"Bring the product's brightest fiftieth to this level", "make the paper grey": such a rule is one number of the light
meter with a slope. Forward selection (Efroymson, 1960) with Huber's weights; each number must lessen the error on
groups left out. Each camera (photos of one size) has its own rules where there are enough photos; others go by
everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.learning.splits import folds
from packshot.lightmeter import CHANGES, NAMES

Floats = NDArray[np.float64]
SAME_CAMERA = float(np.log2(1.2))
_LEAST_PHOTOS, _LEAST_GROUPS = 40, 8
_MOST_NUMBERS = 8
_TRIED = 12  # numbers that are tried at each step, those that go best with what is still missing
_LEAST_GAIN = 0.005  # share of the error by which a number must lessen it
_SELECTIONS = 12
_RIDGE = 5.0
_HUBER = 0.3  # units


@dataclass(frozen=True)
class Rules:
    """cameras (c,): log2 of their photos' short side. slopes (c + 1, 1 + numbers, 8): level and slopes of each change,
    in units, on scaled numbers, for each camera and, last, for photos of any other."""

    cameras: Floats
    slopes: Floats

    def apply(self, measured: Floats, scaled: Floats) -> Floats:
        """(n, 8) in units, of measured rows (n, numbers) and the same scaled."""
        slopes = self.slopes[self.camera_of(measured[:, NAMES.index("short side")])]
        wide = np.concatenate([np.ones((len(scaled), 1)), scaled[:, : len(NAMES)]], 1)
        return np.asarray((wide[:, :, None] * slopes).sum(1), np.float64)

    def camera_of(self, sides: Floats) -> NDArray[np.intp]:
        """(n,) the camera of photos by log2 of their short side, the number of cameras where it is none of them."""
        if not len(self.cameras):
            return np.zeros(len(sides), np.intp)
        distance = np.abs(sides[:, None] - self.cameras)
        return np.where(distance.min(1) <= SAME_CAMERA, distance.argmin(1), len(self.cameras))

    def words(self, change: int) -> list[list[str]]:
        """The numbers that a change goes by, strongest first, for each camera and for any other."""
        told = []
        for slopes in self.slopes[:, 1:, change]:
            order = np.argsort(-np.abs(slopes))
            told.append([NAMES[index] for index in order if slopes[index] != 0])
        return told


def no_rules() -> Rules:
    """Rules that say nothing."""
    return Rules(np.zeros(0), np.zeros((1, 1 + len(NAMES), len(CHANGES))))


def find_rules(measured: Floats, scaled: Floats, wanted: Floats, groups: Sequence[str]) -> Rules:
    """The rules of some photos. ``wanted`` (n, 8): their changes in units.

    Which numbers are chosen hangs on chance, so rules are found several times, each time without a part of the groups,
    and averaged (bagging; Breiman, 1996).
    """
    sides = measured[:, NAMES.index("short side")]
    cameras = _cameras(sides, groups)
    camera = Rules(cameras, np.zeros((len(cameras) + 1, 1, 1))).camera_of(sides)
    slopes = np.zeros((len(cameras) + 1, 1 + len(NAMES), len(CHANGES)))
    for index in range(len(cameras) + 1):
        if index == 1 and bool((camera == 0).all()):
            slopes[1] = slopes[0]
            break
        chosen = camera == index if index < len(cameras) else np.ones(len(sides), np.bool_)
        own = [group for group, there in zip(groups, chosen, strict=True) if there]
        slopes[index] = _averaged(scaled[chosen][:, : len(NAMES)], wanted[chosen], own)
    return Rules(cameras, slopes)


def _averaged(numbers: Floats, wanted: Floats, groups: Sequence[str]) -> Floats:
    """(1 + numbers, 8) slopes, the mean of several selections."""
    parts = folds([f"{group} left out" for group in groups], _SELECTIONS)
    if len(set(groups)) < 2 * _SELECTIONS:
        parts = np.full(len(groups), -1)
    found = []
    for part in range(_SELECTIONS if parts.max() >= 0 else 1):
        kept = parts != part
        place = folds([group for group, there in zip(groups, kept, strict=True) if there])
        columns = [_forward(numbers[kept], wanted[kept, change], place) for change in range(len(CHANGES))]
        found.append(np.stack(columns, 1))
    return np.asarray(np.mean(found, 0), np.float64)


def _cameras(sides: Floats, groups: Sequence[str]) -> Floats:
    """Sizes that many photos have, the most frequent first; each stands for those within a fifth of it."""
    left = np.ones(len(sides), np.bool_)
    found: list[float] = []
    names = np.array(groups)
    while left.any():
        values, counts = np.unique(sides[left], return_counts=True)
        centre = float(values[counts.argmax()])
        near = left & (np.abs(sides - centre) <= SAME_CAMERA)
        if near.sum() >= _LEAST_PHOTOS and len(set(names[near])) >= _LEAST_GROUPS:
            found.append(centre)
        left &= ~near
    return np.array(found)


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
