"""First guesses from features: SIFT (Lowe 2004) on the product, each match voting for the similarity it implies.

A SIFT match carries place, scale and direction, so one match is a whole similarity. All are tried, which needs no luck:
the same pair always gives the same answer, however few of its matches are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine
from packshot.learning.registration.views import Mask, Pixels, luminance

Complex = NDArray[np.complex128]

_RATIO = 0.88  # best to second-best distance; loose, since voting weeds out
_WIDEST, _TIGHTEST = 0.03, 0.006  # of the product's long side: how far a match may miss
_LARGEST_TURN = np.deg2rad(25)
_SCALES = (0.1, 12.0)


@dataclass(frozen=True)
class Features:
    """Keypoints: ``places`` (N,) complex x + iy, ``frames`` (N,) complex size and direction, unit ``descriptors``."""

    places: Complex
    frames: Complex
    descriptors: NDArray[np.float32]

    def mirrored(self, width: int) -> Features:
        """What a picture ``width`` pixels wide, mirrored left to right, would have: nothing is computed anew.

        A mirrored descriptor has its four rows across the direction of the keypoint, and the sense of its eight
        gradient directions, reversed.
        """
        cells = self.descriptors.reshape(-1, 4, 4, 8)[:, ::-1][..., -np.arange(8) % 8]
        return Features(width - 1 - np.conj(self.places), -np.conj(self.frames), cells.reshape(-1, 128))


@dataclass(frozen=True)
class Guess:
    """A similarity from after to before (working pixels) and what speaks for it: agreeing matches or an edge score."""

    after_to_before: Affine
    support: float
    source: str


def find_features(pixels: Pixels, mask: Mask | None, count: int) -> Features:
    """SIFT on contrast-limited luminance, RootSIFT descriptors (Arandjelović and Zisserman 2012)."""
    even = cv2.createCLAHE(2.0, (8, 8)).apply(luminance(pixels))
    region = None if mask is None else mask.astype(np.uint8) * 255
    sift = cv2.SIFT_create(count, contrastThreshold=0.01, edgeThreshold=15)  # type: ignore[attr-defined]
    points, descriptors = sift.detectAndCompute(even, region)
    if descriptors is None:
        return Features(np.zeros(0, complex), np.zeros(0, complex), np.zeros((0, 128), np.float32))
    table = np.array([(*point.pt, point.size, np.deg2rad(point.angle)) for point in points])
    frames = table[:, 2] * np.exp(1j * table[:, 3])
    roots = np.sqrt(descriptors / (descriptors.sum(1, keepdims=True) + 1e-6))
    return Features(table[:, 0] + 1j * table[:, 1], frames, roots.astype(np.float32))


def match(after: Features, before: Features) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of features that look alike: the nearest, where the second nearest elsewhere is clearly farther."""
    if len(after.places) < 2 or len(before.places) < 4:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    alike = after.descriptors @ before.descriptors.T
    rows = np.arange(len(alike))
    first, best = _take_best(alike, rows)
    second, rival = _take_best(alike, rows)
    _, third = _take_best(alike, rows)
    # One place can have two directions, hence two nearly equal descriptors: no rival to itself.
    rival = np.where(np.abs(before.places[second] - before.places[first]) < 3, third, rival)
    distance, farther = np.sqrt(np.maximum(2 - 2 * best, 0)), np.sqrt(np.maximum(2 - 2 * rival, 0))
    found = distance < _RATIO * farther
    return rows[found], first[found]


def _take_best(alike: NDArray[np.float32], rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Column and value of each row's largest entry, which is struck out."""
    columns = alike.argmax(1)
    values = alike[rows, columns]
    alike[rows, columns] = -1
    return columns, values


def feature_guesses(after: Features, before: Features, long_side: int, count: int) -> list[Guess]:
    """Up to ``count`` similarities the matches agree on, best first; ``support`` counts agreeing places.

    ``long_side``: of the product in the after, in pixels; misses are measured in after pixels against it.
    """
    rows, columns = match(after, before)
    if len(rows) < 2:
        return []
    source, target = after.places[rows], before.places[columns]
    turns = before.frames[columns] / after.frames[rows]
    votes = _votes(source, target, turns, long_side)
    found: list[tuple[complex, complex, int]] = []
    for index in np.argsort(-votes)[:30]:
        if votes[index] <= 1 or len(found) == count:
            break
        fit = _polish(source, target, (turns[index], target[index] - turns[index] * source[index]), long_side)
        if fit is not None and not any(_same(fit, other, source, long_side) for other in found):
            found.append((*fit, _agreeing(source, target, fit, long_side)))
    found.sort(key=lambda guess: -guess[2])
    return [Guess(as_affine(turn, shift), support, "features") for turn, shift, support in found]


def as_affine(turn: complex, shift: complex) -> Affine:
    """The similarity z -> turn * z + shift of complex points x + iy."""
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _votes(source: Complex, target: Complex, turns: Complex, long_side: int) -> NDArray[np.float64]:
    shifts = target - turns * source
    misses = np.abs(turns[:, None] * source + shifts[:, None] - target) / np.abs(turns)[:, None]
    votes = np.clip(1 - (misses / (_WIDEST * long_side)) ** 2, 0, 1).sum(1)
    size = np.abs(turns)
    possible = (np.abs(np.angle(turns)) < _LARGEST_TURN) & (size > _SCALES[0]) & (size < _SCALES[1])
    return np.asarray(np.where(possible, votes, 0.0))


def _polish(
    source: Complex, target: Complex, guess: tuple[complex, complex], long_side: int
) -> tuple[complex, complex] | None:
    turn, shift = guess
    for share in (_WIDEST, 0.02, 0.01, _TIGHTEST, _TIGHTEST):
        misses = np.abs(turn * source + shift - target) / abs(turn)
        weights = np.clip(1 - (misses / (share * long_side)) ** 2, 0, 1) ** 2
        if np.count_nonzero(weights) < 2:
            return None
        weights /= weights.sum()
        middle, landing = (weights * source).sum(), (weights * target).sum()
        spread = (weights * np.abs(source - middle) ** 2).sum()
        if spread < 1e-6:
            return None
        turn = (weights * (target - landing) * np.conj(source - middle)).sum() / spread
        if not _SCALES[0] < abs(turn) < _SCALES[1]:
            return None
        shift = landing - turn * middle
    return complex(turn), complex(shift)


def _agreeing(source: Complex, target: Complex, fit: tuple[complex, complex], long_side: int) -> int:
    misses = np.abs(fit[0] * source + fit[1] - target) / abs(fit[0])
    return len(np.unique(np.round(source[misses < _TIGHTEST * long_side])))


def _same(fit: tuple[complex, complex], other: tuple[complex, complex, int], source: Complex, long_side: int) -> bool:
    middle = source.mean()
    apart = abs(fit[0] * middle + fit[1] - other[0] * middle - other[1])
    return abs(fit[0] - other[0]) < 0.02 * abs(fit[0]) and apart < 0.02 * long_side * abs(fit[0])
