"""How good a learned pack is, on groups it never saw: beside the baselines, its base, one model for all, and packs
learned from fewer pairs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from packshot.learning.pairs import Pair
from packshot.learning.proof.comparison import Difference, compare
from packshot.learning.proof.curves import SIZES, CurvePlan, CurvePoint, Train, learning_curve
from packshot.learning.proof.evaluation import Advance, Evaluation, EvaluationOptions, evaluate
from packshot.learning.proof.pair_score import ALL, OURS

_CURVE = ("delta_e", "corner", "angle")


@dataclass(frozen=True)
class Scores:
    """ours: the pack's own. base: the base's, where there was time. specific, moved: tests per category, by figure: own
    models against one for all, and the pack against its base. curve: of packs learned from fewer pairs. notes:
    sentences on what was not measured."""

    ours: Evaluation
    base: Evaluation | None = None
    specific: dict[str, Difference] = field(default_factory=dict)
    moved: dict[str, Difference] = field(default_factory=dict)
    curve: tuple[CurvePoint, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the account of a run."""
        told = self.ours.as_json()
        for name, tests in (("specific", self.specific), ("moved", self.moved)):
            if tests:
                told[name] = {what: asdict(test) for what, test in tests.items()}
        if self.curve:
            told["curve"] = [_as_json(point) for point in self.curve]
        return told


@dataclass(frozen=True)
class Learned:
    """What a learning curve learns again from: the pairs, and a quick training of a pack from some of them."""

    pairs: Sequence[Pair]
    train: Train
    folder: Path
    sizes: Sequence[int] = SIZES


@dataclass(frozen=True)
class Scoring:
    """What is scored on what. base, for_all: packs to compare with. learned: for the learning curve. minutes: that
    scoring may take in all."""

    pairs: Sequence[Pair]
    pack: Path
    options: EvaluationOptions
    base: Path
    for_all: Path | None
    learned: Learned | None
    minutes: float


def score_pack(scoring: Scoring, advance: Advance | None = None) -> Scores:
    """Scores a pack, and as far as the minutes go what it is compared with."""
    clock = _Clock(scoring.minutes)
    ours = evaluate(scoring.pairs, scoring.pack, scoring.options, _of("the new pack", advance))
    quick = replace(scoring.options, baselines=False, appearance=False)
    scores = Scores(ours)
    if not ours.scores:
        return scores
    if clock.left() < clock.taken() / 2:
        return replace(scores, notes=("No time was left to compare the pack with its base and with others.",))
    begun = clock.taken()
    base = evaluate(scoring.pairs, scoring.base, quick, _of("the base pack", advance))
    scores = replace(scores, base=base, moved=_both(base, ours))
    once = clock.taken() - begun
    if scoring.for_all is not None and clock.left() >= once:
        alike = evaluate(scoring.pairs, scoring.for_all, quick, _of("one model for all categories", advance))
        scores = replace(scores, specific=_both(alike, ours))
    elif scoring.for_all is not None:
        scores = replace(scores, notes=("No time was left to compare with one model for all categories.",))
    again = scoring.learned
    if again is None:
        return scores
    plan = CurvePlan(again.pairs, scoring.pairs, again.folder, again.sizes, ours)
    fewer = len(plan.subsets()) - 1
    if fewer < 1:
        return scores
    if clock.left() < 1.5 * once * fewer:
        return replace(scores, notes=(*scores.notes, "No time was left for the learning curve."))
    return replace(scores, curve=tuple(learning_curve(plan, again.train, quick, _of("packs of fewer pairs", advance))))


def _of(what: str, advance: Advance | None) -> Advance | None:
    """Progress that says of what it is."""
    return None if advance is None else lambda step, done, total: advance(f"{step}: {what}", done, total)


class _Clock:
    """Minutes since it was made, and until they are over."""

    def __init__(self, minutes: float) -> None:
        self.minutes, self.begun = minutes, time.monotonic()

    def taken(self) -> float:
        return (time.monotonic() - self.begun) / 60

    def left(self) -> float:
        return self.minutes - self.taken()


def _both(first: Evaluation, second: Evaluation) -> dict[str, Difference]:
    """Colour and crop, per category."""
    found: dict[str, Difference] = {}
    for figure, words in (("delta_e", "ΔE00"), ("corner", "corners, %")):
        tests = compare(first.scores, second.scores, figure)
        found |= {f"{category}: {words}": test for category, test in tests.items()}
    return found


def _as_json(point: CurvePoint) -> dict[str, Any]:
    figures = point.evaluation.tables().get(ALL, {}).get(OURS, {})
    return {"pairs": point.pairs, **{name: figures[name] for name in _CURVE if name in figures}}
