"""Calibration by pairs: the pack's own shots of pairs that it never learned from, measured against the afters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packshot.evaluation.bar import Bar
from packshot.evaluation.judge_model import digest_of_group, groups_seen
from packshot.evaluation.promise import Case
from packshot.learning.evaluation import Advance
from packshot.learning.judge_outcomes import Outcome, OutcomeSettings, collect
from packshot.learning.pairs import Pair
from packshot.pack import Pack

_BARS = ((3.0, 1.0), (4.0, 1.0), (5.0, 1.0), (6.0, 1.0), (6.0, 1.5), (8.0, 1.5), (8.0, 2.5))
"""For the what-if: limits of ΔE00, and multiples of the limit of corners."""


@dataclass(frozen=True)
class Measured:
    """Outcomes to calibrate on. learned_from: pairs left out, because the pack learned from their product or seller.

    left_out: pairs that could not be measured, with the reason.
    """

    outcomes: tuple[Outcome, ...]
    learned_from: int
    left_out: dict[str, str]

    def cases(self, bar: Bar) -> list[Case]:
        """The outcomes as verdicts by a bar of good."""
        return cases_of(self.outcomes, bar)


def cases_of(outcomes: Sequence[Outcome], bar: Bar) -> list[Case]:
    """Outcomes as verdicts. What rules find grave is never published, so it is no case."""
    return [
        Case(outcome.quality, outcome.bad(bar), outcome.category, outcome.looks_hard, outcome.group)
        for outcome in outcomes
        if outcome.quality is not None and outcome.may_publish
    ]


def measure_pairs(
    pairs: Sequence[Pair], pack: Path, settings: OutcomeSettings | None = None, advance: Advance | None = None
) -> Measured:
    """The outcomes of those pairs that the pack did not learn from. Raises PackError, ValueError, EngineError."""
    seen = groups_seen(Pack(pack))
    fresh = [pair for pair in pairs if digest_of_group(pair.group) not in seen]
    collected = collect(fresh, pack, settings, advance)
    return Measured(collected.outcomes, len(pairs) - len(fresh), collected.left_out)


def other_bars(bar: Bar) -> list[Bar]:
    """The bar with other limits of colour and of corners, which are what studios differ in."""
    return [
        bar.model_copy(update={"delta_e": limit, "corner": None if bar.corner is None else share * bar.corner})
        for limit, share in _BARS
    ]
