from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from packshot.evaluation.promise import Case, Promise, curve, find_threshold, likeness, ranks, refuted, verdicts_missing

PROMISE = Promise(risk=0.05, confidence=0.9)


def drawn(seed: int, count: int, bad: float = 0.2, apart: float = 2.3, step: float = 0.0) -> list[Case]:
    """Verdicts by a judge whose good and bad are ``apart`` standard deviations apart (2.3: AUC 0.95)."""
    draw = np.random.default_rng(seed)
    wrong = draw.random(count) < bad
    quality = stats.norm.cdf(-(draw.normal(size=count) + apart * wrong) + apart / 2)
    if step:
        quality = np.round(quality / step) * step
    return [Case(float(one), bool(two)) for one, two in zip(quality, wrong, strict=True)]


def true_risk(quality: float, bad: float = 0.2, apart: float = 2.3) -> float:
    """The share of bad ones among all that such a judge gives this quality or more."""
    least = stats.norm.ppf(quality) - apart / 2
    wrong, right = (share * stats.norm.cdf(-least - move) for share, move in ((bad, apart), (1 - bad, 0.0)))
    return float(wrong / (wrong + right))


@pytest.mark.parametrize("step", [0.0, 0.05])
def test_the_promise_is_broken_no_more_often_than_it_says(step: float) -> None:
    """300 calibrations; with 10 % doubt, 41 or more broken ones would come by chance once in a thousand times."""
    broken = published = 0
    for seed in range(300):
        found = find_threshold(drawn(seed, 300, step=step), PROMISE)
        if found is not None:
            published += 1
            broken += true_risk(found.quality - step / 2) > PROMISE.risk
    assert published > 150
    assert broken <= 40


def test_verdicts_that_come_in_clumps_do_not_break_it() -> None:
    """Each product photographed four times, all good or all bad."""
    broken = 0
    for seed in range(200):
        cases = [replace(case, group=str(index)) for index, case in enumerate(drawn(seed, 150)) for _ in range(4)]
        found = find_threshold(cases, PROMISE, correlation=1.0)
        broken += found is not None and true_risk(found.quality) > PROMISE.risk
    assert broken <= 30


def sellers(seed: int, unseen: float) -> list[Case]:
    """80 sellers of 1 to 45 photos; ``unseen``: deviation of what makes a seller's photos bad and the judge misses."""
    draw = np.random.default_rng(seed)
    sizes = draw.choice([1] * 40 + [3] * 40 + [6] * 8 + [12] * 6 + [45] * 3, 80)
    group = np.repeat(np.arange(80), sizes)
    seen = draw.normal(0, 1.4, 80)[group] + draw.normal(0, 1.4, len(group)) - 1.5
    missed = draw.normal(0, unseen, 80)[group]
    bad = draw.random(len(group)) < 1 / (1 + np.exp(-seen - missed))
    quality = 1 - 1 / (1 + np.exp(-seen / np.sqrt(1 + 0.35 * unseen**2)))
    rows = zip(quality, bad, group, strict=True)
    return [Case(float(one), bool(two), group=f"{seed}-{three}") for one, two, three in rows]


@pytest.mark.parametrize("unseen", [0.0, 0.7, 1.5])
def test_sellers_whose_photos_fail_together_do_not_break_it(unseen: float) -> None:
    """100 calibrations; with 10 % doubt, 20 or more broken ones would come by chance in two of a thousand."""
    promise = Promise(risk=0.2)
    many = sorted((case for seed in range(1000, 1150) for case in sellers(seed, unseen)), key=lambda one: -one.quality)
    risk = np.cumsum([case.bad for case in many]) / np.arange(1, len(many) + 1)
    quality = -np.array([case.quality for case in many])
    found = [
        find_threshold(cases, promise, likeness(cases)) for cases in (sellers(seed, unseen) for seed in range(100))
    ]
    broken = [risk[np.searchsorted(quality, -one.quality, side="right") - 1] > 0.2 for one in found if one]
    assert len(broken) > 50
    assert sum(broken) < 20


def test_a_seller_whose_photos_the_judge_knows_to_be_bad_does_not_count_against_the_others() -> None:
    """Half of all verdicts are one seller's, all bad and given no quality: the others prove what they would alone."""
    others = drawn(1, 200, bad=0.02, apart=4.0)
    cases = [*others, *[Case(0.02, True, group="one seller")] * 200]
    assert find_threshold(cases, PROMISE, likeness(cases)) is not None


def test_a_blind_judge_gets_nothing() -> None:
    assert sum(find_threshold(drawn(seed, 300, apart=0.0), PROMISE) is not None for seed in range(40)) <= 4


def test_a_perfect_judge_publishes_all_that_is_good() -> None:
    cases = [Case(0.9 if index % 5 else 0.1, index % 5 == 0) for index in range(500)]
    found = find_threshold(cases, PROMISE)
    assert found is not None
    assert (found.quality, found.accepted, found.bad) == (0.9, 400, 0)
    assert found.bound == pytest.approx(stats.beta.ppf(0.9, 1, 400))


def test_the_strictest_that_fails_ends_it() -> None:
    """However good the rest is: the order of testing is fixed, not picked."""
    cases = [Case(1 - index / 2000, index < 30) for index in range(2000)]
    assert refuted(30, 2000, PROMISE)
    assert find_threshold(cases, PROMISE) is None


def test_equals_stay_together() -> None:
    cases = [Case(0.8, False)] * 100 + [Case(0.5, False)] * 50 + [Case(0.5, True)] * 50
    found = find_threshold(cases, PROMISE)
    assert found is not None
    assert (found.quality, found.accepted) == (0.8, 100)


def test_the_order_of_verdicts_changes_nothing() -> None:
    cases = drawn(1, 400, step=0.02)
    mixed = [cases[index] for index in np.random.default_rng(0).permutation(len(cases))]
    assert find_threshold(cases, PROMISE) == find_threshold(mixed, PROMISE)


@pytest.mark.parametrize("count", [0, 1, 44])
def test_too_few_prove_nothing(count: int) -> None:
    assert ranks([1.0] * count, PROMISE) == []
    assert find_threshold([Case(1.0, False)] * count, PROMISE) is None


def test_the_fewest_that_can_prove_it_do() -> None:
    found = find_threshold([Case(1.0, False)] * 45, PROMISE)
    assert found is not None
    assert found.bound <= PROMISE.risk


@pytest.mark.parametrize("values", [{"risk": 0}, {"risk": 1}, {"confidence": 0}, {"confidence": 1}])
def test_a_promise_of_nothing_or_all_is_none(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Promise.model_validate(values)


class TestCurve:
    def test_ends_at_everything(self) -> None:
        cases = drawn(2, 300)
        points = curve(cases, 0.9)
        assert points[-1].published == 1
        assert points[-1].bad == pytest.approx(np.mean([case.bad for case in cases]))
        assert [point.published for point in points] == sorted(point.published for point in points)
        assert all(point.bad <= point.bound for point in points)

    def test_of_nothing_is_empty(self) -> None:
        assert curve([], 0.9) == []


class TestVerdictsMissing:
    def test_none_where_it_is_proven(self) -> None:
        assert verdicts_missing([Case(1.0, False)] * 45, PROMISE) == 0

    def test_without_any_at_least_what_proves_it(self) -> None:
        assert verdicts_missing([], PROMISE) == 45
        alike = [Case(0.5, False, group=str(index // 2)) for index in range(10)]
        assert verdicts_missing(alike, PROMISE) == 80
        assert verdicts_missing(alike, PROMISE, correlation=1.0) == 170

    def test_a_judge_that_cannot_tell_is_not_helped_by_more(self) -> None:
        assert verdicts_missing(drawn(3, 400, bad=0.5, apart=0.0), PROMISE) is None

    def test_a_few_that_are_mostly_bad_promise_nothing(self) -> None:
        """Of the best third four in five are bad: nobody is told that some more would do."""
        assert verdicts_missing(drawn(3, 60, bad=0.85, apart=0.5), PROMISE) is None

    def test_so_many_more_are_mostly_enough(self) -> None:
        enough = 0
        for seed in range(30):
            few = drawn(seed, 40)
            more = verdicts_missing(few, PROMISE)
            assert more is not None
            enough += find_threshold([*few, *drawn(1000 + seed, 2 * more)], PROMISE) is not None
        assert enough >= 20
