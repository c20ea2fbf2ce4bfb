"""The trained judge: forests that tell how likely a professional would reject a shot, and for what.

Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006), grown by ``packshot.learning``; here they are only read,
with numpy alone. There is a forest for rejection and one each for colour, outline and frame; each leaf holds the share
of the training shots in it that were rejected, or had that wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from packshot.evaluation.bar import Bar
from packshot.evaluation.hard import HardModel
from packshot.pack import Pack, PackError
from packshot.recipe import Frozen

FILE = "judge.json"
REJECTED, COLOUR, OUTLINE, FRAME = PARTS = ("rejected", "colour", "outline", "frame")
Floats = tuple[float, ...]


class Forest(Frozen):
    """All trees' nodes one after another; ``roots`` are the first of each. A leaf has feature -1.

    At a node, up to ``threshold`` goes to ``left``, what is larger or unknown to the node after it.
    """

    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: Floats
    left: tuple[int, ...]
    share: Floats = Field(description="of bad shots, at each node")

    @cached_property
    def arrays(self) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
        """feature, threshold, left, share."""
        kinds = (np.array(self.feature, np.intp), np.array(self.threshold), np.array(self.left, np.intp))
        return (*kinds, np.array(self.share))

    def answer(self, row: NDArray[np.float64]) -> float:
        """The mean share over the trees for one row of features; unknown ones are NaN."""
        feature, threshold, left, share = self.arrays
        node = np.array(self.roots, np.intp)
        while True:
            inner = feature[node] >= 0
            if not inner.any():
                return float(share[node].mean())
            at = node[inner]
            # A comparison with NaN is false: what is unknown goes right.
            node[inner] = left[at] + ~(row[feature[at]] <= threshold[at])


class Projection(Frozen):
    """The network's description of a photo, in few numbers: mean (D,), rows of the basis (k, D), deviations (k,)."""

    mean: Floats
    basis: tuple[Floats, ...]
    deviation: Floats

    @cached_property
    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean, and basis over deviations."""
        return np.array(self.mean), np.array(self.basis) / np.array(self.deviation)[:, None]

    def features(self, embedding: NDArray[np.floating]) -> dict[str, float]:
        """The numbers, and how far the photo is from what was learned from, in deviations."""
        mean, basis = self.arrays
        if embedding.shape != mean.shape:
            raise PackError(f"the judge knows embeddings of {len(mean)} numbers, not {embedding.size}: train it again")
        values = basis @ (embedding - mean)
        named = {f"embedding_{index}": float(value) for index, value in enumerate(values)}
        return {**named, "novelty": float(np.sqrt(np.mean(values**2)))}


class Habits(Frozen):
    """How the recipes of a category usually are: mean and inverse covariance of some features."""

    features: tuple[str, ...]
    means: Mapping[str, Floats] = Field(description="by category; 'default' for the rest")
    precision: tuple[Floats, ...]

    def distance(self, features: Mapping[str, float], category: str) -> float:
        """Mahalanobis' distance per feature; unknown features count as usual."""
        if not self.features:
            return 0.0
        mean = np.array(self.means.get(category) or self.means["default"])
        row = np.array([features.get(name, np.nan) for name in self.features])
        away = np.where(np.isnan(row), 0.0, row - mean)
        return float(np.sqrt(max(0.0, away @ np.array(self.precision) @ away) / len(mean)))


class TrainedJudge(Frozen):
    """``judge.json`` of a pack."""

    judge: Literal[1] = 1
    bar: Bar
    features: tuple[str, ...]
    forests: Mapping[str, Forest] = Field(description="by PARTS")
    by_parts: bool = Field(True, description="whether what is wrong was known of most outcomes, so that parts tell")
    slope: float = Field(1.0, description="of the forests' log odds")
    offset: float = Field(0.0, description="added to them: what makes them calibrated")
    projection: Projection | None = None
    habits: Habits
    hard: HardModel | None = None
    seen: tuple[str, ...] = Field((), description="digests of the groups it learned from: they may not calibrate it")
    figures: Mapping[str, float] = Field(default_factory=dict, description="what it reached when it was trained")

    def complete(self, features: Mapping[str, float], category: str) -> dict[str, float]:
        """The features with the distance from the category's habits."""
        return {**features, "from_habits": self.habits.distance(features, category)}

    def opinion(self, features: Mapping[str, float], category: str) -> Opinion:
        """How likely the shot is rejected, and for what.

        Two ways to say so, and the mean of their log odds: rejection itself, and that any part is wrong.
        """
        row = row_of(self.complete(features, category), self.features)
        rejected, *parts = (self.forests[part].answer(row) for part in PARTS)
        any_wrong = 1 - float(np.prod([1 - share for share in parts]))
        odds = (_odds(rejected) + _odds(any_wrong)) / 2 if self.by_parts else _odds(rejected)
        return Opinion(float(1 / (1 + np.exp(-(self.slope * odds + self.offset)))), *parts)


def _odds(share: float) -> float:
    clipped = min(max(share, 1e-3), 1 - 1e-3)
    return float(np.log(clipped / (1 - clipped)))


@dataclass(frozen=True)
class Opinion:
    """Probabilities, 0..1: that a professional would reject the shot; that colour, outline or frame miss the bar."""

    rejected: float
    colour: float
    outline: float
    frame: float


def row_of(features: Mapping[str, float], names: Sequence[str]) -> NDArray[np.float64]:
    """Features by a judge's own names; NaN where unknown, 0 for what rules did not find."""
    absent = {name: 0.0 for name in names if name.startswith(("found_", "is_"))}
    known = {**absent, **features}
    return np.array([known.get(name, np.nan) for name in names])


def digest_of_group(group: str) -> str:
    """A group's name as packs keep it: nobody's sellers are told."""
    return hashlib.sha256(group.encode()).hexdigest()[:12]


def groups_seen(pack: Pack) -> frozenset[str]:
    """Digests of the groups that a pack's judges learned from, those of its packs for single categories included."""
    judges = [judge_of(one) for one in (pack, *(pack.of(category) for category in pack.file.own))]
    return frozenset(digest for judge in judges if judge is not None for digest in judge.seen)


def judge_of(pack: Pack) -> TrainedJudge | None:
    """The pack's trained judge, or None. Raises PackError when its file is missing or cannot be read."""
    card = pack.file.judge
    return None if card is None else _read(pack.folder / card.file, card.sha256)


@lru_cache(maxsize=8)
def _read(path: Path, sha256: str) -> TrainedJudge:
    del sha256  # only tells one file at a path from the next
    try:
        return TrainedJudge.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError) as error:
        raise PackError(
            f"{path} is no readable judge ({type(error).__name__}): train or copy the pack again"
        ) from error
