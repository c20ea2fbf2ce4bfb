"""The trained judge: how likely a professional would reject a shot, and for what. Learned by ``packshot.learning``.

Where afters told how far shots were off, each part (colour, outline, frame) has a model of its error, which is held
against the bar of good. Where people's verdicts alone were known, there are forests of what they rejected, and for
what. Either is read with numpy alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from packshot.evaluation.bar import Bar
from packshot.evaluation.causes import COLOUR, ERROR_OF, FRAME, OUTLINE, PART_OF, SHOT_PARTS, error_of
from packshot.evaluation.error_model import ErrorModel, Expected
from packshot.evaluation.hard import HardModel
from packshot.evaluation.place_model import PlaceModel
from packshot.evaluation.ranking import auc, platt
from packshot.evaluation.trees import Floats, Forest
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.recipe import Frozen

FILE = "judge.json"
REJECTED = "rejected"
PARTS = (REJECTED, COLOUR, OUTLINE, FRAME)


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


class Trials(Frozen):
    """What the judge expected of shots of groups it had not seen, and what came: logarithms of errors by figure."""

    said: Mapping[str, Floats]
    came: Mapping[str, Floats]

    def missed(self, name: str, limit: float) -> NDArray[np.bool_]:
        """Which of them were farther off than ``limit``."""
        return np.asarray(np.array(self.came[name]) > np.log(max(limit, 1e-6)))


class TrainedJudge(Frozen):
    """``judge.json`` of a pack."""

    judge: Literal[1] = 1
    bar: Bar
    features: tuple[str, ...]
    errors: Mapping[str, ErrorModel] = Field(
        default_factory=dict, description="by figure of the bar, where afters told"
    )
    trials: Trials | None = Field(None, description="out of fold: what another bar of good is calibrated on")
    forests: Mapping[str, Forest] = Field(default_factory=dict, description="by PARTS, where people's verdicts did")
    by_parts: bool = Field(True, description="of forests: whether what is wrong was known of most outcomes")
    stands_out: float = Field(0.75, description="share of shots of which less is expected, from which a doubt is said")
    slope: float = Field(1.0, description="of the log odds")
    offset: float = Field(0.0, description="added to them: what makes them calibrated")
    projection: Projection | None = None
    habits: Habits
    hard: HardModel | None = None
    places: Mapping[str, PlaceModel] = Field(default_factory=dict, description="of the outline, by kind")
    seen: tuple[str, ...] = Field((), description="digests of the groups it learned from: they may not calibrate it")
    figures: Mapping[str, float] = Field(default_factory=dict, description="what it reached when it was trained")

    def complete(self, features: Mapping[str, float], category: str) -> dict[str, float]:
        """The features with the distance from the category's habits."""
        return {**features, "from_habits": self.habits.distance(features, category)}

    def opinion(self, features: Mapping[str, float], category: str) -> Opinion:
        """How likely the shot is rejected, and for what: by the parts' errors, or by the forests."""
        known = self.complete(features, category)
        row = row_of(known, self.features)
        if not self.errors:
            return self._by_forests(row)
        centres = {name: np.array([model.centre(known, row)]) for name, model in self.errors.items()}
        colour, outline, frame = (float(share[0]) for share in self._shares(centres))
        told = {part: name for part, name in ERROR_OF.items() if name in self.errors}
        expected = {part: self.errors[name].expected(known, float(centres[name][0])) for part, name in told.items()}
        rejected = self._calibrated(log_odds(any_of((colour, outline, frame))))
        return Opinion(rejected, colour, outline, frame, expected)

    def for_bar(self, bar: Bar) -> TrainedJudge:
        """The judge with another bar of good, calibrated on its own trials and with its figures by that bar.

        Raises ValueError where it does not know how far shots are off.
        """
        if bar == self.bar:
            return self
        asked = {name for name, limit in bar.model_dump().items() if limit is not None}
        if self.trials is None or not asked <= set(self.errors):
            raise ValueError(
                f"this judge was trained for one bar of good ({self.bar.words()}) and cannot tell how often shots keep "
                f"another ({bar.words()}): train it again"
            )
        other = self.model_copy(update={"bar": bar})
        shares = other._shares({name: np.array(values) for name, values in self.trials.said.items()})
        rejected = 1 - np.prod([1 - share for share in shares], 0)
        bad = np.any([self.trials.missed(name, limit) for name, limit in _limits(bar).items()], 0)
        slope, offset = platt(rejected, bad) if bad.any() and not bad.all() else (1.0, 0.0)
        figures = {"outcomes": float(len(bad)), "bad": float(bad.mean()), "auc": round(auc(rejected, bad), 4)}
        return other.model_copy(update={"slope": slope, "offset": offset, "figures": figures})

    def _shares(self, centres: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.float64], ...]:
        """How likely each part misses the bar: by the likeliest of its figures that the bar asks for, else 0."""
        count = len(next(iter(centres.values())))
        missed: dict[str, list[NDArray[np.float64]]] = {part: [np.zeros(count)] for part in SHOT_PARTS}
        for name, limit in _limits(self.bar).items():
            if name in self.errors:
                missed[PART_OF[name]].append(self.errors[name].beyond(centres[name], limit))
        return tuple(np.max(missed[part], 0) for part in SHOT_PARTS)

    def _by_forests(self, row: NDArray[np.float64]) -> Opinion:
        """Two ways to say so, and the mean of their log odds: rejection itself, and that any part is wrong."""
        rejected, colour, outline, frame = (self.forests[part].answer(row) for part in PARTS)
        odds = log_odds(rejected)
        if self.by_parts:
            odds = (odds + log_odds(any_of((colour, outline, frame)))) / 2
        return Opinion(self._calibrated(odds), colour, outline, frame)

    def _calibrated(self, odds: float) -> float:
        return float(1 / (1 + np.exp(-(self.slope * odds + self.offset))))


def _limits(bar: Bar) -> dict[str, float]:
    """What the bar asks for, as errors."""
    limits = {name: getattr(bar, name) for name in PART_OF}
    return {name: error_of(name, limit) for name, limit in limits.items() if limit is not None}


def log_odds(share: float) -> float:
    """Of a probability, kept away from certainty."""
    clipped = min(max(share, 1e-3), 1 - 1e-3)
    return float(np.log(clipped / (1 - clipped)))


def any_of(shares: Sequence[float]) -> float:
    """How likely any of several is wrong, each by itself."""
    return 1 - float(np.prod([1 - share for share in shares]))


@dataclass(frozen=True)
class Opinion:
    """Probabilities, 0..1: that a professional would reject the shot; that colour, outline or frame miss the bar.

    expected: by part, how far off it will be, where the judge knows.
    """

    rejected: float
    colour: float
    outline: float
    frame: float
    expected: Mapping[str, Expected] = field(default_factory=dict)


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


def judge_of(pack: Pack, bar: Bar | None = None) -> TrainedJudge | None:
    """The pack's trained judge, or None; held to ``bar``, unless it knows no more than what people rejected.

    Raises PackError when its file is missing or cannot be read, ValueError when it cannot be held to that bar.
    """
    card = pack.file.judge
    if card is None:
        return None
    path = pack.folder / card.file
    return _read(path, card.sha256) if bar is None else _held(path, card.sha256, bar)


@lru_cache(maxsize=8)
def _held(path: Path, sha256: str, bar: Bar) -> TrainedJudge:
    judge = _read(path, sha256)
    return judge if judge.trials is None else judge.for_bar(bar)


@lru_cache(maxsize=8)
def _read(path: Path, sha256: str) -> TrainedJudge:
    del sha256  # only tells one file at a path from the next
    try:
        return TrainedJudge.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError) as error:
        raise PackError(
            f"{path} is no readable judge ({type(error).__name__}): train or copy the pack again"
        ) from error
