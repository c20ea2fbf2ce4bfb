"""Can a trained judge tell our afters from the retoucher's? Half right is chance, and chance is the aim.

A classifier two-sample test (Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", 2017) in the form people
are asked in: both finished shots of one photo, which one is the studio's? The judge is a ridge-regularised logistic
regression on what gives retouching away (colours, tones, sharpness, grain, the rim, the backdrop, the framing); it is
trained on some groups and asked about others.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.metrics import lab
from packshot.learning.proof.tables import resampled
from packshot.learning.registration.views import find_backdrop, product_mask
from packshot.photo import Photo, encode_jpeg

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

LEAST_GROUPS = 8
_FOLDS = 5
_RIDGES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_STEPS = 40
_QUALITY = 92
_LEVELS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_SCALES = (0.7, 1.5, 3.0, 6.0)  # pixels of the blur between two bands


@dataclass(frozen=True)
class Verdict:
    """How often the judge was right about photos of groups it had not seen.

    accuracy: share of pairs; low, high: 95 % bootstrap interval over groups; tells: what gave ours away, strongest
    first, empty where nothing did beyond chance.
    """

    pairs: int
    groups: int
    accuracy: float
    low: float
    high: float
    tells: tuple[str, ...]

    @property
    def told_apart(self) -> bool:
        """Whether the judge is better than chance at 95 %. If not, that is no proof of likeness: see the interval."""
        return self.low > 0.5


def as_published(picture: Pixels) -> Pixels:
    """A picture through the JPEG in which it would be published, as the human's went through one."""
    return np.asarray(Photo.open(encode_jpeg(picture, _QUALITY)).pixels(), np.uint8)


def tell_apart(ours: Floats, theirs: Floats, groups: Sequence[str]) -> Verdict:
    """The test on ``appearance`` rows (pairs, features) of both sides. Raises ValueError for fewer than 8 groups."""
    index = np.unique(list(groups), return_inverse=True)[1]
    count = int(index.max()) + 1 if len(index) else 0
    if count < LEAST_GROUPS:
        raise ValueError(
            f"a judge needs pairs of at least {LEAST_GROUPS} groups to learn and be asked about, not {count}"
        )
    difference = theirs - ours
    folds = np.random.default_rng(0).permutation(count)[index] % min(_FOLDS, count)
    margins = np.zeros(len(difference))
    for fold in range(int(folds.max()) + 1):
        asked = folds == fold
        judge = _trained(difference[~asked], index[~asked])
        margins[asked] = difference[asked] @ judge
    right = np.where(margins == 0, 0.5, (margins > 0).astype(np.float64))
    weights = resampled(index)
    low, high = np.quantile(weights @ right / weights.sum(1), (0.025, 0.975))
    told = _tells(difference, index) if low > 0.5 else ()
    return Verdict(len(right), count, float(right.mean()), float(low), float(high), told)


def _trained(difference: Floats, groups: NDArray[np.intp]) -> Floats:
    """Weights of a judge without offset (it must not matter which side is asked first), its ridge chosen by group."""
    scale = _scale(difference)
    values = difference / scale
    halves = groups % 2
    best = _RIDGES[-1]
    if len(np.unique(halves)) == 2:
        losses = [
            sum(_loss(values[halves == side] @ _fit(values[halves != side], ridge)) for side in (0, 1))
            for ridge in _RIDGES
        ]
        best = _RIDGES[int(np.argmin(losses))]
    return np.asarray(_fit(values, best) / scale, np.float64)


def _scale(difference: Floats) -> Floats:
    spread = np.sqrt(np.mean(difference**2, 0))
    return np.where(spread > 1e-9, spread, 1.0)


def _loss(margins: Floats) -> float:
    return float(np.logaddexp(0, -margins).sum())


def _fit(values: Floats, ridge: float) -> Floats:
    """Newton's method for logistic regression in which every row is an example of 1 and its negative one of 0."""
    weights = np.zeros(values.shape[1])
    for _ in range(_STEPS):
        share = 1 / (1 + np.exp(-np.clip(values @ weights, -30, 30)))
        gradient = values.T @ (share - 1) + ridge * weights
        curvature = (values * (share * (1 - share))[:, None]).T @ values + ridge * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _tells(difference: Floats, groups: NDArray[np.intp]) -> tuple[str, ...]:
    """Features that alone differ most surely: mean difference over its error, groups as one value each."""
    count = np.bincount(groups)
    means = np.stack([np.bincount(groups, column) / count for column in difference.T], 1)
    error = means.std(0, ddof=1) / np.sqrt(len(means)) + 1e-12
    strength = np.abs(means.mean(0)) / error
    order = np.argsort(-strength)[:5]
    return tuple(NAMES[index] for index in order if strength[index] > 3)


def appearance(picture: Pixels) -> Floats:
    """What gives retouching away in a finished shot (h, w, 3) sRGB on even backdrop: one row by ``NAMES``.

    Where the product is, is read from the picture alone: the judge knows no more than a person who looks at it.
    """
    values = lab(picture)
    product = product_mask(picture, find_backdrop(picture)).astype(np.uint8)
    product = np.asarray(cv2.morphologyEx(product, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)
    inside = cv2.erode(product, np.ones((7, 7), np.uint8)) > 0
    inside = inside if inside.sum() >= 50 else np.ones(product.shape, np.bool_)
    rim = (product > 0) & (cv2.erode(product, np.ones((3, 3), np.uint8)) == 0)
    around = (cv2.dilate(product, np.ones((9, 9), np.uint8)) > 0) & (product == 0)
    parts = [
        *(np.quantile(values[..., channel][inside], _LEVELS) for channel in range(3)),
        [float(np.hypot(values[..., 1], values[..., 2])[inside].mean())],
        _bands(values[..., 0], inside),
        _bands(values[..., 1], inside)[:2],
        _region(values, rim),
        _region(values, around),
        _extent(product),
    ]
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in parts])


def _bands(plane: NDArray[np.float32], where: NDArray[np.bool_]) -> Floats:
    """Log strength of detail of each size: sharpening and grain move these."""
    blurred = [plane, *(cv2.GaussianBlur(plane, (0, 0), scale) for scale in _SCALES)]
    bands = [np.abs(one - two)[where].mean() for one, two in itertools.pairwise(blurred)]
    return np.log(np.array(bands, np.float64) + 0.02)


def _region(values: NDArray[np.float32], where: NDArray[np.bool_]) -> Floats:
    if not where.any():
        return np.zeros(4)
    chosen = values[where].astype(np.float64)
    return np.array([*chosen.mean(0), chosen[:, 0].std()])


def _extent(product: NDArray[np.uint8]) -> Floats:
    """Margins of the product in percent: left, top, right, bottom."""
    left, top, width, height = cv2.boundingRect(product)
    rows, columns = product.shape
    ends = left / columns, top / rows, 1 - (left + width) / columns, 1 - (top + height) / rows
    return 100 * np.array(ends)


_DETAIL = ("grain and sharpness", "fine detail", "drawing", "broad shading")
NAMES = (
    *(f"product {name} at {level:.0%}" for name in ("lightness", "green-red", "blue-yellow") for level in _LEVELS),
    "product chroma",
    *_DETAIL,
    *(f"{name} in colour" for name in _DETAIL[:2]),
    *(
        f"{name} of the {place}"
        for place in ("rim", "backdrop beside the product")
        for name in ("lightness", "green-red", "blue-yellow", "unrest")
    ),
    *(f"{side} margin" for side in ("left", "top", "right", "bottom")),
)
