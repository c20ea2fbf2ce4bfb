"""How good a learned pack is, on groups it never saw: beside the baselines, the base pack, and one model for all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packshot.learning.comparison import Difference, compare
from packshot.learning.evaluation import Advance, Evaluation, EvaluationOptions, evaluate
from packshot.learning.pairs import Pair


@dataclass(frozen=True)
class Scores:
    """ours: the pack's own. specific, moved: tests per category, by figure: own models against one for all, and the
    pack against its base. notes: sentences on what was not measured."""

    ours: Evaluation
    specific: dict[str, Difference] = field(default_factory=dict)
    moved: dict[str, Difference] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scoring:
    """What is scored on what. base, for_all: packs to compare with. minutes: that scoring may take in all."""

    pairs: Sequence[Pair]
    pack: Path
    options: EvaluationOptions
    base: Path
    for_all: Path | None
    minutes: float


def score_pack(scoring: Scoring, advance: Advance | None = None) -> Scores:
    """Scores a pack, and as far as the minutes go what it is compared with."""
    begun = time.monotonic()
    ours = evaluate(scoring.pairs, scoring.pack, scoring.options, advance)
    taken = (time.monotonic() - begun) / 60
    quick = replace(scoring.options, baselines=False, appearance=False)
    if scoring.minutes < 1.5 * taken:
        note = "No time was left to compare the pack with its base and with one model for all categories."
        return Scores(ours, notes=(note,))
    moved = _both(evaluate(scoring.pairs, scoring.base, quick, advance), ours)
    if scoring.for_all is None or scoring.minutes - (time.monotonic() - begun) / 60 < taken / 2:
        return Scores(ours, moved=moved, notes=("One model for all categories was not compared with.",))
    specific = _both(evaluate(scoring.pairs, scoring.for_all, quick, advance), ours)
    return Scores(ours, specific, moved)


def _both(first: Evaluation, second: Evaluation) -> dict[str, Difference]:
    """Colour and crop, per category."""
    found: dict[str, Difference] = {}
    for figure, words in (("delta_e", "ΔE00"), ("corner", "corners, %")):
        tests = compare(first.scores, second.scores, figure)
        found |= {f"{category}: {words}": test for category, test in tests.items()}
    return found
