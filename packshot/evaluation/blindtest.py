"""Is ours told from the studio's own? Statistics of a blind two-alternative test that can prove that it is not.

"Not significantly different" proves nothing. Equivalence is shown by two one-sided exact tests with a margin fixed
beforehand (Schuirmann, 1987), or at any time by a confidence sequence that comes to lie inside the margin: a
beta-binomial mixture, valid at every look (Robbins, 1970; Howard, Ramdas, McAuliffe and Sekhon, 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from packshot.evaluation.exact import at_least, at_most, design_effect, interval

Answer = Literal["equivalent", "different", "open"]
_BISECTIONS = 50
_MOST_TRIALS = 100_000


@dataclass(frozen=True)
class BlindTest:
    """What is fixed before the first trial. margin: around one half; doubt: of each wrong conclusion."""

    margin: float = 0.1
    doubt: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.margin < 0.5 or not 0 < self.doubt < 0.5:
            raise ValueError("the margin and the doubt lie between 0 and 0.5")


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests. share: of trials in which the studio's own was recognised; low, high: its exact interval.

    chance: the larger of the two p-values; equivalent: both hypotheses of a difference are refuted.
    """

    right: int
    trials: int
    share: float
    low: float
    high: float
    chance: float
    equivalent: bool


def equivalence(right: int, trials: int, test: BlindTest, effect: float = 1.0) -> Equivalence:
    """Whether recognition within one half plus and minus the margin is proven, at a number of trials fixed beforehand.

    ``effect``: the design effect, by which judgements of the same picture or rater count less than independent ones.
    """
    few, many = _independent(right, trials, effect)
    above = at_most(math.ceil(few), many, 0.5 + test.margin) if many else 1.0
    below = at_least(math.floor(few), many, 0.5 - test.margin) if many else 1.0
    low, high = interval(round(few), many, 1 - 2 * test.doubt) if many else (0.0, 1.0)
    chance = max(above, below)
    return Equivalence(right, trials, right / max(1, trials), low, high, chance, chance <= test.doubt)


def trials_needed(test: BlindTest, power: float = 0.9, truth: float = 0.5, effect: float = 1.0) -> int:
    """The fewest trials, from which on equivalence is shown with that power if recognition is really ``truth``.

    Raises ValueError when the truth lies on or beyond the margin.
    """
    if abs(truth - 0.5) >= test.margin:
        raise ValueError(f"recognition of {truth} lies on or beyond the margin of {test.margin}: it cannot be shown")
    high = 16
    while _power(high, test, truth) < power:
        high *= 2
        if high > _MOST_TRIALS:
            raise ValueError(f"more than {_MOST_TRIALS} trials would be needed: choose a wider margin")
    # Power rises in a saw: the last trials that do not reach it are looked for, one by one.
    for count in range(high, 1, -1):
        if _power(count, test, truth) < power:
            return math.ceil((count + 1) * effect)
    return 2


def _power(trials: int, test: BlindTest, truth: float) -> float:
    """The probability that both hypotheses are refuted."""
    low, high = _accepted(trials, test)
    if low > high:
        return 0.0
    return max(0.0, at_most(high, trials, truth) - (at_most(low - 1, trials, truth) if low > 0 else 0.0))


def _accepted(trials: int, test: BlindTest) -> tuple[int, int]:
    """The counts of right answers with which equivalence is shown."""
    top = 0.5 + test.margin
    below, above = -1, trials
    while above - below > 1:  # the largest count that refutes "recognised more often"
        middle = (below + above) // 2
        below, above = (middle, above) if at_most(middle, trials, top) <= test.doubt else (below, middle)
    return trials - below, below  # the two hypotheses are mirror images


@dataclass(frozen=True)
class Sequential:
    """A look at a running test. low, high: hold at every look at once. trials_more: about how many are still missing
    if recognition is really one half; 0 once the answer is known.
    """

    right: int
    trials: int
    low: float
    high: float
    answer: Answer
    trials_more: int


def look(right: int, trials: int, test: BlindTest, effect: float = 1.0) -> Sequential:
    """The state of a running test, valid however often it is looked at and whenever it is stopped."""
    few, many = _independent(right, trials, effect)
    low, high = confidence_sequence(few, many, test.doubt)
    answer: Answer = "open"
    if low > 0.5 or high < 0.5:
        answer = "different"
    elif low >= 0.5 - test.margin and high <= 0.5 + test.margin:
        answer = "equivalent"
    more = 0 if answer != "open" else max(1, math.ceil(effect * _sequential_trials(test)) - trials)
    return Sequential(right, trials, low, high, answer, more)


def confidence_sequence(right: float, trials: float, doubt: float) -> tuple[float, float]:
    """Shares that the uniform beta-binomial mixture has not ruled out: p with B(k+1, n-k+1) / p^k (1-p)^(n-k) below
    1 / doubt.
    """
    if trials == 0:
        return 0.0, 1.0
    wrong = trials - right
    mixture = math.lgamma(right + 1) + math.lgamma(wrong + 1) - math.lgamma(trials + 2)

    def ruled_out(share: float) -> bool:
        likelihood = sum(count * math.log(part) for count, part in ((right, share), (wrong, 1 - share)) if count > 0)
        return mixture - likelihood >= -math.log(doubt)

    best = right / trials
    low = 0.0 if right == 0 else _edge(ruled_out, 1e-12, best)
    high = 1.0 if wrong == 0 else _edge(ruled_out, 1 - 1e-12, best)
    return low, high


def _edge(ruled_out: Callable[[float], bool], outside: float, inside: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if ruled_out(middle) else (outside, middle)
    return inside


def _sequential_trials(test: BlindTest) -> int:
    """When the sequence lies inside the margin if just half of the answers are right."""
    count = 16
    while confidence_sequence(count / 2, count, test.doubt)[1] > 0.5 + test.margin:
        count = math.ceil(count * 1.05)
    return count


def _independent(right: int, trials: int, effect: float) -> tuple[float, int]:
    if not 0 <= right <= trials:
        raise ValueError(f"{right} right answers of {trials} trials is no count")
    if effect <= 1:
        return right, trials
    many = int(trials / effect)
    return (right / trials * many if trials else 0.0), many


def clustered_effect(right: Sequence[bool], pictures: Sequence[str], raters: Sequence[str]) -> float:
    """The design effect of a test in which pictures and raters come again: the larger of both."""
    values = [float(one) for one in right]
    return max(design_effect(values, pictures)[0], design_effect(values, raters)[0])


def krippendorffs_alpha(judgements: Sequence[Mapping[str, str]]) -> float:
    """Agreement of any number of raters beyond chance, nominal (Krippendorff, 2004); each item's answers by rater.

    Raters may have left items out; items with one answer say nothing. NaN without variety.
    """
    items = [list(item.values()) for item in judgements if len(item) >= 2]
    kinds = sorted({answer for item in items for answer in item})
    if len(kinds) < 2:
        return math.nan
    place = {kind: index for index, kind in enumerate(kinds)}
    coincidence = np.zeros((len(kinds), len(kinds)))
    for item in items:
        counts = np.bincount([place[answer] for answer in item], minlength=len(kinds)).astype(np.float64)
        coincidence += (np.outer(counts, counts) - np.diag(counts)) / (len(item) - 1)
    totals = coincidence.sum(0)
    count = totals.sum()
    observed = count - np.trace(coincidence)
    expected = (count**2 - (totals**2).sum()) / (count - 1)
    return float(1 - observed / expected)


def attentive(catches: Mapping[str, Sequence[bool]], least: float = 0.8) -> dict[str, bool]:
    """Which raters saw the gross errors put in to check that they look: at least that share of theirs."""
    return {rater: bool(seen) and sum(seen) / len(seen) >= least for rater, seen in catches.items()}
