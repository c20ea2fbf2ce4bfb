"""The light's colour as paper, product and highlights bear witness to it.

Once a photo's tint is undone, its paper is mostly grey within a tenth of a stop, and now and then of a strong colour of
its own; so are products. Two normal distributions say so for each witness, a narrow one and a wide one, and a third
says which tints there were to undo. In a new photo Bayes' rule weighs them (Brainard and Freeman, "Bayesian color
constancy", 1997): a paper a little blue is grey paper in blue light, a very blue one is blue paper and tells next to
nothing. Given which distribution each witness comes from, the likeliest tint is linear in what was measured; the mean
is a handful of such answers, weighed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.cameras import camera_of
from packshot.lightmeter import NUMBERS

Floats = NDArray[np.float64]
TINTS = ("witnessed red", "witnessed blue")  # stops against green that undo the light's colour
UNIT = 0.2  # stops: a unit of them
_WITNESSES = ("backdrop {}", "product {}", "product {} above 98%")
_WEIGHTS = (1.0, 0.2, 0.2)  # they are of one photo, and partly say the same
SEEN = tuple(NUMBERS.index(name.format(color)) for name in _WITNESSES for color in ("red", "blue"))
_WIDER = 3.0  # times: where the wide distribution starts
_PRIOR_PHOTOS = 2.0
_LEAST_SPREAD = 0.03  # stops
_ROUNDS = 80


@dataclass(frozen=True)
class Witnesses:
    """How witnesses are heard, for each camera and, last, for any other: k answers, each of which is linear.

    With z a one and the tints of all witnesses (7,): ``likely`` (c + 1, k, 7, 7) gives an answer's log-likelihood
    z'Az, ``answers`` (c + 1, k, 2, 7) the answer Bz in stops.
    """

    likely: Floats
    answers: Floats

    def hear(self, camera: NDArray[np.intp], measured: Floats) -> Floats:
        """(n, 2) ``TINTS`` of measured rows (n, numbers)."""
        seen = np.concatenate([np.ones((len(measured), 1)), measured[:, SEEN]], 1)
        logits = np.einsum("ni,nkij,nj->nk", seen, self.likely[camera], seen)
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        return np.asarray(np.einsum("nk,nkci,ni->nc", shares, self.answers[camera], seen), np.float64)


def silent() -> Witnesses:
    """Witnesses that say nothing."""
    width = 1 + len(SEEN)
    return Witnesses(np.zeros((1, 1, width, width)), np.zeros((1, 1, 2, width)))


def find_witnesses(measured: Floats, tints: Floats, cameras: Floats) -> Witnesses:
    """From measured rows (n, numbers) and the tints (n, 2), stops of red and blue, that their retouchers took out."""
    camera = camera_of(cameras, measured)
    found = []
    for index in range(len(cameras) + 1):
        chosen = camera == index if index < len(cameras) else np.ones(len(measured), np.bool_)
        found.append(_answers(measured[chosen][:, SEEN], tints[chosen]))
    return Witnesses(np.stack([likely for likely, _ in found]), np.stack([answers for _, answers in found]))


@dataclass(frozen=True)
class _Normal:
    """A part of a mixture: share, mean (2,), covariance (2, 2)."""

    share: float
    mean: Floats
    covariance: Floats

    def logs(self, values: Floats) -> Floats:
        """(n,) log densities, share included and what all have in common left out."""
        away = values - self.mean
        inverse = np.linalg.inv(self.covariance)
        squares = np.einsum("ni,ij,nj->n", away, inverse, away)
        return np.asarray(np.log(self.share) + 0.5 * np.log(np.linalg.det(inverse)) - 0.5 * squares, np.float64)


def _answers(seen: Floats, tints: Floats) -> tuple[Floats, Floats]:
    """One camera's ``likely`` and ``answers``."""
    spread = np.cov(tints.T) if len(tints) > 2 else np.eye(2) * UNIT**2
    prior = _Normal(1.0, np.median(tints, 0), spread + _LEAST_SPREAD**2 * np.eye(2))
    mixtures = [_mixture(seen[:, place : place + 2] + tints) for place in range(0, len(SEEN), 2)]
    found = [_answer(prior, parts) for parts in product(*mixtures)]
    return np.stack([likely for likely, _ in found]), np.stack([answer for _, answer in found])


def _answer(prior: _Normal, parts: Sequence[_Normal]) -> tuple[Floats, Floats]:
    """(7, 7) and (2, 7): how likely and what, if each witness is from one part of its mixture.

    A witness seen at o under the tint c that is to be undone is o + c, which its part says to be near its mean.
    """
    sure = np.linalg.inv(prior.covariance)
    pull = np.zeros((2, 1 + len(SEEN)))
    pull[:, 0] = sure @ prior.mean
    squares = np.zeros((1 + len(SEEN), 1 + len(SEEN)))
    squares[0, 0] = prior.mean @ sure @ prior.mean
    log = 0.0
    for index, (part, weight) in enumerate(zip(parts, _WEIGHTS, strict=True)):
        own = weight * np.linalg.inv(part.covariance)
        missing = np.zeros((2, 1 + len(SEEN)))
        missing[:, 0], missing[:, 1 + 2 * index : 3 + 2 * index] = part.mean, -np.eye(2)
        sure, pull, squares = sure + own, pull + own @ missing, squares + missing.T @ own @ missing
        log += np.log(part.share) - weight * 0.5 * np.log(np.linalg.det(part.covariance))
    answer = np.linalg.solve(sure, pull)
    likely = -0.5 * (squares - pull.T @ answer)
    likely[0, 0] += log - 0.5 * np.log(np.linalg.det(sure))
    return likely, answer


def _mixture(values: Floats) -> list[_Normal]:
    """A narrow and a wide normal distribution, by expectation maximisation (Dempster, Laird and Rubin, 1977)."""
    middle = np.median(values, 0)
    start = np.diag(1.5 * np.median(np.abs(values - middle), 0) + _LEAST_SPREAD) ** 2
    parts = [_Normal(0.5, middle, start * _WIDER ** (2 * width)) for width in range(2)]
    for _ in range(_ROUNDS):
        logs = np.stack([part.logs(values) for part in parts], 1)
        belongs = np.exp(logs - logs.max(1, keepdims=True))
        belongs /= belongs.sum(1, keepdims=True)
        parts = [_settled(values, share, (middle, start)) for share in belongs.T]
    return parts


def _settled(values: Floats, share: Floats, prior: tuple[Floats, Floats]) -> _Normal:
    """The normal distribution of values that belong to it by ``share`` (n,), drawn a little to the prior."""
    total = share.sum() + _PRIOR_PHOTOS
    mean = (share @ values + _PRIOR_PHOTOS * prior[0]) / total
    away = values - mean
    covariance = (away.T @ (away * share[:, None]) + _PRIOR_PHOTOS * prior[1]) / total
    return _Normal(float((share.sum() + 1) / (len(values) + 2)), mean, covariance + _LEAST_SPREAD**2 * np.eye(2))
