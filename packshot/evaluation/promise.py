"""Learn-then-Test: the laxest threshold of which a promise about what is published can be proven.

Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test" (2021): each threshold is a hypothesis "more than the
promised share is bad", refuted by an exact binomial p-value; thresholds are tested in a fixed order, strictest first,
and testing ends with the first that cannot be refuted, so that no correction for their number is due.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from packshot.evaluation.exact import at_most, design_effect, lower_bound, upper_bound, verdicts_needed
from packshot.recipe import Frozen

_FIRST_SHARE = 0.3  # of a group's verdicts that the strictest threshold accepts, where that is enough to prove anything
_STEPS = 40
_MOST_ERRORS = 200


class Promise(Frozen):
    """At most ``risk`` of what is published is bad, said with ``confidence``."""

    risk: float = Field(0.02, gt=0, lt=1)
    confidence: float = Field(0.9, gt=0, lt=1)

    def sentence(self) -> str:
        """As a person says it."""
        return f"at most {self.risk:.3g} of what is published is bad, with {self.confidence:.3g} confidence"


@dataclass(frozen=True)
class Case:
    """A photo somebody has decided on. quality: the judge's, 0..1. group: product or seller, never split."""

    quality: float
    bad: bool
    category: str = "unknown"
    hard: bool = False
    group: str = ""


@dataclass(frozen=True)
class Threshold:
    """What was proven: qualities from ``quality`` on. ``bound``: on the share of bad ones, one-sided and exact.

    effect: so many verdicts within a group counted as one.
    """

    quality: float
    accepted: int
    bad: int
    bound: float
    effect: float = 1.0


def find_threshold(cases: Sequence[Case], promise: Promise, correlation: float = 0.0) -> Threshold | None:
    """The laxest threshold that keeps the promise, or None.

    ``correlation``: how alike verdicts within a group are, see ``likeness``; of what a threshold accepts, so many
    within groups then count as one. The thresholds tested are qualities at ranks fixed before any verdict is seen, from
    the first of ``ranks`` on. Ranks are cut at equal qualities.
    """
    ordered = sorted(cases, key=lambda case: -case.quality)
    errors = np.concatenate([[0], np.cumsum([case.bad for case in ordered])]).astype(int)
    effect = effects(ordered, correlation)
    found: tuple[int, int] | None = None
    for rank in ranks(effect, promise):
        accepted = _whole_ties(ordered, rank)
        bad = int(errors[accepted])
        if not refuted(bad, accepted, promise, effect[accepted - 1]):
            break
        found = (accepted, bad)
    if found is None:
        return None
    own = effect[found[0] - 1]
    bound = upper_bound(*effective(found[1], found[0], own), promise.confidence)
    return Threshold(ordered[found[0] - 1].quality, found[0], found[1], bound, own)


def likeness(cases: Sequence[Case]) -> float:
    """The intraclass correlation, 0..1, of what the judge's quality leaves unexplained of verdicts within groups.

    A group whose shots are all bad, and that the judge gives no quality, tells nothing of how alike the errors are
    among what it would publish.
    """
    left = [float(case.bad) - (1 - case.quality) for case in cases]
    return design_effect(left, [case.group or f"its own, {place}" for place, case in enumerate(cases)])[1]


def effects(cases: Sequence[Case], correlation: float) -> list[float]:
    """Kish's design effect of the first, the first two, ... of the cases: 1 + (m - 1) correlation, m being their
    size-weighted mean group size."""
    sizes: dict[str, int] = {}
    squares, found = 0, []
    for count, case in enumerate(cases, 1):
        size = sizes.get(case.group, 0) if case.group else 0
        squares += 2 * size + 1
        sizes[case.group] = size + 1
        found.append(1 + (squares / count - 1) * correlation)
    return found


def refuted(bad: int, accepted: int, promise: Promise, effect: float = 1.0) -> bool:
    """Whether "more than the promised share is bad" is refuted by the verdicts on what a threshold accepts."""
    fewer, many = effective(bad, accepted, effect)
    return at_most(fewer, many, promise.risk) <= 1 - promise.confidence


def effective(bad: int, accepted: int, effect: float) -> tuple[int, int]:
    """Errors and verdicts as so many independent ones; rounded against the promise."""
    if effect <= 1:
        return bad, accepted
    many = math.floor(accepted / effect)
    return min(many, math.ceil(bad / effect)), many


def ranks(effect: Sequence[float], promise: Promise) -> list[int]:
    """How many cases each tested threshold accepts, strictest first; empty where there are too few to prove anything.

    ``effect``: the design effect of so many of the first. A rank that must do without a single error proves nothing by
    ill luck: the first has room for one, if it can.
    """
    count = len(effect)
    none, one = (_first_rank(effect, verdicts_needed(promise.risk, promise.confidence, errors)) for errors in (0, 1))
    if none is None:
        return []
    first = min(count, max(one if one is not None and one <= count / 2 else none, round(_FIRST_SHARE * count)))
    return sorted({round(value) for value in np.linspace(first, count, _STEPS)})


def _first_rank(effect: Sequence[float], needed: int) -> int | None:
    """The fewest of the first cases that count as so many independent ones."""
    return next((rank for rank, one in enumerate(effect, 1) if effective(0, rank, one)[1] >= needed), None)


def _whole_ties(ordered: Sequence[Case], rank: int) -> int:
    """The rank moved on to the end of its equals: a threshold cannot tell them apart."""
    while rank < len(ordered) and ordered[rank].quality == ordered[rank - 1].quality:
        rank += 1
    return rank


@dataclass(frozen=True)
class CurvePoint:
    """If everything from ``quality`` on were published: its share, the share of bad ones in it, and its bound."""

    quality: float
    published: float
    bad: float
    bound: float


def curve(cases: Sequence[Case], confidence: float, points: int = 50) -> list[CurvePoint]:
    """Share automated against error rate. For looking at: a threshold picked from it by eye carries no promise."""
    ordered = sorted(cases, key=lambda case: -case.quality)
    errors = np.cumsum([case.bad for case in ordered]).astype(int)
    total, result = len(ordered), []
    for rank in sorted({_whole_ties(ordered, round(r)) for r in np.linspace(1, total, points)} if total else ()):
        bad = int(errors[rank - 1])
        bound = upper_bound(bad, rank, confidence)
        result.append(CurvePoint(ordered[rank - 1].quality, rank / total, bad / rank, bound))
    return result


def verdicts_missing(cases: Sequence[Case], promise: Promise, correlation: float = 0.0) -> int | None:
    """About how many more verdicts a group needs before anything of it can be published; None: not with this judge.

    As if the next verdicts were like the ones there are: the errors among the best are taken as half an error more
    than were seen, and the expected number of errors must leave the promise provable.
    """
    if find_threshold(cases, promise, correlation) is not None:
        return 0
    ordered = sorted(cases, key=lambda case: -case.quality)
    effect = effects(ordered, correlation)
    least = math.ceil((effect[-1] if effect else 1.0) * verdicts_needed(promise.risk, promise.confidence))
    if not ordered:
        return least
    best = None
    for share in (0.2, 0.3, 0.5, 0.7, 0.9, 1.0):
        top = ordered[: max(1, round(share * len(ordered)))]
        rate = (sum(case.bad for case in top) + 0.5) / (len(top) + 1)
        needed = _enough(rate, promise)
        if needed is not None:
            total = math.ceil(effect[len(top) - 1] * needed / share)
            best = total if best is None else min(best, total)
    if best is None:
        return 2 * least - len(ordered) if len(ordered) < 2 * least and _hopeful(ordered, effect, promise) else None
    return max(1, best - len(ordered))


def _hopeful(ordered: Sequence[Case], effect: Sequence[float], promise: Promise) -> bool:
    """Whether the best of the cases may still keep the promise: so few tell little."""
    count = max(1, round(_FIRST_SHARE * len(ordered)))
    bad = sum(case.bad for case in ordered[:count])
    return bad < count and lower_bound(*effective(bad, count, effect[count - 1]), promise.confidence) <= promise.risk


def _enough(rate: float, promise: Promise) -> int | None:
    """The fewest verdicts at which the expected errors still leave the promise provable; None: there are none."""
    if rate >= 0.9 * promise.risk:
        return None
    for errors in range(_MOST_ERRORS):
        needed = verdicts_needed(promise.risk, promise.confidence, errors)
        if math.ceil(rate * needed) <= errors:
            return needed
    return None
