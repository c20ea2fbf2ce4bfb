"""Calibration by pairs: the pack's own shots of pairs that it never learned from, measured against the afters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packshot.evaluation.bar import Bar
from packshot.evaluation.judge_model import TrainedJudge, digest_of_group, groups_seen
from packshot.evaluation.promise import Case
from packshot.learning.judging.outcomes import Outcome, OutcomeSettings, collect
from packshot.learning.judging.training import described
from packshot.learning.pairs import Pair
from packshot.learning.proof.evaluation import Advance
from packshot.pack import Pack


@dataclass(frozen=True)
class Measured:
    """Outcomes to calibrate on. learned_from: pairs left out, because the pack learned from their product or seller.

    left_out: pairs that could not be measured, with the reason.
    """

    outcomes: tuple[Outcome, ...]
    learned_from: int
    left_out: dict[str, str]

    def cases(self, bar: Bar, judge: TrainedJudge | None = None) -> list[Case]:
        """The outcomes as verdicts by a bar of good; see ``cases_of``."""
        return cases_of(self.outcomes, bar, judge)


def cases_of(outcomes: Sequence[Outcome], bar: Bar, judge: TrainedJudge | None = None) -> list[Case]:
    """Outcomes as verdicts. What rules find grave is never published, so it is no case.

    The quality is the one that was kept with the outcome; where ``judge``, the one that gave it, is for another bar,
    its opinion by this one.
    """
    serving = None if judge is None or judge.bar == bar else serving_bar(judge, bar)
    return [
        Case(quality, outcome.bad(bar), outcome.category, outcome.looks_hard, outcome.group)
        for outcome in outcomes
        if outcome.may_publish and (quality := _quality(outcome, serving)) is not None
    ]


def serving_bar(judge: TrainedJudge, bar: Bar) -> TrainedJudge:
    """The judge for a bar of good; where it only knows what people rejected, as it is."""
    return judge if judge.trials is None else judge.for_bar(bar)


def _quality(outcome: Outcome, judge: TrainedJudge | None) -> float | None:
    if judge is None:
        return outcome.quality
    opinion = judge.opinion(described(outcome, judge.projection), outcome.category)
    return round(1 - opinion.rejected, 4)


def measure_pairs(
    pairs: Sequence[Pair], pack: Path, settings: OutcomeSettings | None = None, advance: Advance | None = None
) -> Measured:
    """The outcomes of those pairs that the pack did not learn from. Raises PackError, ValueError, EngineError."""
    seen = groups_seen(Pack(pack))
    fresh = [pair for pair in pairs if digest_of_group(pair.group) not in seen]
    collected = collect(fresh, pack, settings, advance)
    return Measured(collected.outcomes, len(pairs) - len(fresh), collected.left_out)
