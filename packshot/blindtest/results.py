"""What a blind test has shown so far, never more: "not told apart yet" is not "equal"."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from packshot.blindtest.trials import Answer, BlindTestFile, Kind
from packshot.evaluation.blindtest import (
    BlindTest,
    Equivalence,
    Sequential,
    attentive,
    clustered_effect,
    equivalence,
    krippendorffs_alpha,
    look,
)
from packshot.evaluation.exact import interval


@dataclass(frozen=True)
class Share:
    """A share with its exact interval (Clopper and Pearson, 1934), 95 %."""

    count: int
    of: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Arm:
    """Recognition of the studio's own in one kind of trial. ``planned``: the test of fixed size, once it is full."""

    effect: float
    so_far: Sequential
    planned: Equivalence | None


@dataclass(frozen=True)
class Results:
    """All of it. ``raters``: whether each looked (gross errors found); answers of the others do not count."""

    raters: dict[str, bool]
    arms: dict[str, Arm]
    categories: dict[str, Sequential]
    publish_studio: Share
    publish_ours: Share
    agreement: float | None
    answers: int
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def results(test: BlindTestFile, answers: Sequence[Answer]) -> Results:
    """The state of a test; may be asked for at any time, as often as wanted."""
    kinds: dict[str, Kind] = {trial.id: trial.kind for trial in test.trials}
    rules = BlindTest(test.margin, test.doubt)
    raters = _attention(answers, kinds)
    counted = [answer for answer in answers if raters[answer.rater]]
    arms = {kind: _arm(test, [a for a in counted if kinds[a.trial] == kind], rules) for kind in ("ai", "human")}
    ours = [answer for answer in counted if kinds[answer.trial] == "ai"]
    return Results(
        raters=raters,
        arms=arms,
        categories=_by_category(test, ours, rules),
        publish_studio=_share(answer.publish_studio for answer in ours),
        publish_ours=_share(answer.publish_other for answer in ours),
        agreement=_agreement(ours),
        answers=len(counted),
        sentence=_sentence(arms["ai"], test) + _left_out(raters),
    )


def _attention(answers: Sequence[Answer], kinds: dict[str, Kind]) -> dict[str, bool]:
    """Raters who have not met a gross error yet are believed."""
    seen: dict[str, list[bool]] = defaultdict(list)
    for answer in answers:
        if kinds[answer.trial] == "check":
            seen[answer.rater].append(answer.recognised)
    looked = attentive(seen)
    return {answer.rater: looked.get(answer.rater, True) for answer in answers}


def _arm(test: BlindTestFile, answers: Sequence[Answer], rules: BlindTest) -> Arm:
    products = {trial.id: trial.product for trial in test.trials}
    right = [answer.recognised for answer in answers]
    effect = 1.0
    if len(answers) > 1:
        effect = clustered_effect(right, [products[a.trial] for a in answers], [a.rater for a in answers])
        effect = max(1.0, effect) if math.isfinite(effect) else 1.0
    planned = None
    if len(answers) >= test.trials_planned * effect:
        planned = equivalence(sum(right), len(right), rules, effect)
    return Arm(round(effect, 3), look(sum(right), len(right), rules, effect), planned)


def _by_category(test: BlindTestFile, answers: Sequence[Answer], rules: BlindTest) -> dict[str, Sequential]:
    category = {trial.id: trial.category for trial in test.trials}
    found: dict[str, list[bool]] = defaultdict(list)
    for answer in answers:
        found[category[answer.trial]].append(answer.recognised)
    return {name: look(sum(right), len(right), rules) for name, right in sorted(found.items())}


def _share(values: Iterable[bool]) -> Share:
    known = list(values)
    low, high = interval(sum(known), len(known), 0.95) if known else (0.0, 1.0)
    return Share(sum(known), len(known), sum(known) / len(known) if known else None, low, high)


def _agreement(answers: Sequence[Answer]) -> float | None:
    """Whether raters see the same in a trial, beyond chance (Krippendorff's alpha); None where it cannot be told."""
    by_trial: dict[str, dict[str, str]] = defaultdict(dict)
    for answer in answers:
        by_trial[answer.trial][answer.rater] = str(answer.recognised)
    alpha = krippendorffs_alpha(list(by_trial.values()))
    return None if math.isnan(alpha) else alpha


def _sentence(arm: Arm, test: BlindTestFile) -> str:
    state, points = arm.so_far, round(100 * test.margin)
    if state.answer == "different":
        return (
            f"People tell them apart: the studio's own was recognised in {state.right} of {state.trials} trials "
            f"(the share lies between {state.low:.0%} and {state.high:.0%})."
        )
    if state.answer == "equivalent":
        return (
            f"Equivalent within {points} points: recognition lies between {state.low:.0%} and {state.high:.0%}, "
            "which was fixed beforehand as too near to chance to matter."
        )
    if not state.trials:
        return f"Not decided: no answer counts yet. About {state.trials_more} are needed if nobody can tell them apart."
    return (
        f"Not decided: after {state.trials} trials recognition may lie anywhere between {state.low:.0%} and "
        f"{state.high:.0%}. About {state.trials_more} more answers are needed if nobody can tell them apart."
    )


def _left_out(raters: dict[str, bool]) -> str:
    """Whose answers do not count, and why."""
    names = sorted(name for name, looked in raters.items() if not looked)
    return f" The answers of {', '.join(names)} do not count: they missed gross errors." if names else ""
