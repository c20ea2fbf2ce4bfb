"""The look that a studio's retouchers share, told apart from what each photo needed.

Within one photo, brighter can be more exposure or lifted shadows. Over a set it is settled: gains and uneven light are
each photo's own, saturation and tone are everybody's. All photos are fitted together by Gauss-Newton; each photo's own
parameters are eliminated first (the Schur complement), so a step costs no more than fitting every photo once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from packshot.learning.fitting.color import LOOK, PHOTO, field_prior, fit_light, missed, normal_equations
from packshot.learning.fitting.samples import Floats, Samples

OVERALL = ""
_MOST_PHOTOS = 240  # of one kind; more do not move its look
_ROUNDS = 8
_OVERALL_PRIOR = 1.0  # how far a look may lie from nothing
_OWN_SPREAD = 0.02  # how far a category's look may lie from the set's without reason
_WEIGHT = 0.01  # of a photo's evidence: its places are not independent, so one photo alone knows a look to about 0.05
_SETTLED = 3e-4


@dataclass(frozen=True)
class CommonLook:
    """Looks (4,) by category, the set's own under ``OVERALL``: saturation less one, shadows, highlights, contrast."""

    looks: Mapping[str, Floats]

    def of(self, category: str) -> Floats:
        """A category's look, the set's where it has none of its own."""
        return self.looks.get(category, self.looks[OVERALL])

    def as_json(self) -> dict[str, list[float]]:
        """For `look.json`; rounded so that the same set always gives the same file."""
        return {name: [round(float(value), 4) for value in look] for name, look in sorted(self.looks.items())}

    @classmethod
    def from_json(cls, told: Mapping[str, Sequence[float]]) -> CommonLook:
        """What ``as_json`` gave."""
        return cls({name: np.array(look, np.float64) for name, look in told.items()})


def common_look(samples: Sequence[tuple[str, Samples]]) -> CommonLook:
    """The looks of a set: (category, samples of one photo) each. A category's own look is drawn to the set's."""
    usable = [(category, taken) for category, taken in samples if len(taken) >= 50]
    if not usable:
        return CommonLook({OVERALL: np.zeros(LOOK)})
    by_category: dict[str, list[Samples]] = defaultdict(list)
    for category, taken in usable:
        by_category[category].append(taken)
    start, loose = np.zeros(LOOK), np.full(LOOK, _OVERALL_PRIOR)
    overall = shared_look(evenly([taken for _, taken in usable], _MOST_PHOTOS), start, loose)
    looks = {OVERALL: overall}
    if len(by_category) > 1:
        for category, taken_all in sorted(by_category.items()):
            looks[category] = shared_look(evenly(taken_all, _MOST_PHOTOS), overall, np.full(LOOK, _OWN_SPREAD))
    return CommonLook({name: np.round(look, 4) for name, look in looks.items()})


def evenly(photos: list[Samples], most: int) -> list[Samples]:
    """At most ``most`` of them, spread over the set."""
    chosen = np.unique(np.linspace(0, len(photos) - 1, min(most, len(photos))).astype(int))
    return [photos[index] for index in chosen]


def shared_look(photos: Sequence[Samples], expected: Floats, spread: Floats) -> Floats:
    """The one look (4,) that fits all photos best, each with its own gains and field.

    ``expected`` and ``spread`` (4,) are the prior, in the look's own units. A photo whose own look differs
    altogether is weighed down: it was not retouched like the others.
    """
    look = expected.copy()
    vectors = [fit_light(taken, look).vector for taken in photos]
    for _ in range(_ROUNDS):
        total, pull = np.diag(1 / spread**2), (expected - look) / spread**2
        evidence = [_evidence(vector, taken) for vector, taken in zip(vectors, photos, strict=True)]
        for one, weight in zip(evidence, _WEIGHT * agreement(vectors, photos), strict=True):
            total, pull = total + weight * one.curvature, pull + weight * one.pull
        step = np.clip(np.linalg.solve(total, pull), -0.3, 0.3)
        look = look + step
        vectors = [
            np.concatenate([vector[:PHOTO] + one.own_step(step), look])
            for vector, one in zip(vectors, evidence, strict=True)
        ]
        if np.abs(step).max() < _SETTLED:
            break
    return look


@dataclass(frozen=True)
class _Evidence:
    """What one photo says of the look alone, (4, 4) and (4,), and how its own parameters follow: (8,), (8, 4)."""

    curvature: Floats
    pull: Floats
    own: Floats
    follows: Floats

    def own_step(self, look_step: Floats) -> Floats:
        """(8,) the step of the photo's own parameters beside a step of the look."""
        return np.clip(self.own - self.follows @ look_step, -1, 1)


def _evidence(vector: Floats, taken: Samples) -> _Evidence:
    curvature, pull = normal_equations(vector, taken)
    cross = curvature[:PHOTO, PHOTO:]
    prior = field_prior()
    own = curvature[:PHOTO, :PHOTO] + np.diag(prior + 1e-6)
    wanted = np.column_stack([pull[:PHOTO] - prior * vector[:PHOTO], cross])
    solved = np.asarray(np.linalg.solve(own, wanted), np.float64)
    step, follows = solved[:, 0], solved[:, 1:]
    return _Evidence(curvature[PHOTO:, PHOTO:] - cross.T @ follows, pull[PHOTO:] - cross.T @ step, step, follows)


def agreement(vectors: Sequence[Floats], photos: Sequence[Samples]) -> Floats:
    """(photos,) weight of each by how well it is explained, against the others: Huber's."""
    left = np.array(
        [float(np.sqrt((missed(vector, taken) ** 2).mean())) for vector, taken in zip(vectors, photos, strict=True)]
    )
    usual = max(float(np.median(left)), 1e-4)
    return np.asarray(np.minimum(1, (1.5 * usual / np.maximum(left, 1e-6)) ** 2), np.float64)
