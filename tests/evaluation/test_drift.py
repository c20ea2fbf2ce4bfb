from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from packshot.evaluation.drift import (
    Arrival,
    Shift,
    drift_by_day,
    kolmogorov_smirnov,
    total_variation,
    usual_sizes,
)
from packshot.evaluation.drift_words import NUMBERS, sentence_of


def arrivals(seed: int, count: int, day: str = "2026-11-23", darker: float = 0.0, camera: float = 0.7) -> list[Arrival]:
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        features = {"backdrop_stops": draw.normal(-1, 0.4) - darker, "product_stops": draw.normal(-2, 0.8)}
        kind = "A" if draw.random() < camera else "B"
        made.append(Arrival(features, kind, str(draw.choice(["tops", "shoes"])), day))
    return made


def drift(reference: list[Arrival], recent: list[Arrival]) -> list[Shift]:
    """What is told of a whole day."""
    return drift_by_day(reference, recent).get(("2026-11-23", "all"), [])


def found(shifts: list) -> set[tuple[str, str]]:  # type: ignore[type-arg]
    return {(shift.subject, shift.name) for shift in shifts if shift.drifted}


def test_equal_days_seldom_drift() -> None:
    """5 % of reports at most, by their own promise; 5 of 20 would come once in two hundred times."""
    assert sum(bool(found(drift(arrivals(seed, 100), arrivals(500 + seed, 40)))) for seed in range(20)) <= 4


def test_a_darker_backdrop_is_noticed_and_nothing_else() -> None:
    shifts = drift(arrivals(1, 200), arrivals(2, 60, darker=0.5))
    assert found(shifts) == {("backdrop", "backdrop_stops")}
    assert shifts[0].drifted
    assert shifts[0].sentence().startswith("the backdrop is darker: -1.")


def test_another_camera_is_noticed() -> None:
    shifts = drift(arrivals(1, 200), arrivals(2, 80, camera=0.1))
    assert found(shifts) == {("camera", "camera")}
    assert shifts[0].kind in ("A", "B")
    change = f"{shifts[0].before:.0%} before, {shifts[0].now:.0%} now"
    more = "more" if shifts[0].now > shifts[0].before else "fewer"
    assert shifts[0].sentence() == f"there are {more} photos from the camera {shifts[0].kind}: {change}"


def test_a_difference_too_small_to_matter_is_none_however_sure() -> None:
    assert found(drift(arrivals(1, 1500), arrivals(2, 1500, darker=0.1))) == set()


@pytest.mark.parametrize("count", [0, 19])
def test_a_few_photos_say_nothing(count: int) -> None:
    assert drift(arrivals(1, 200), arrivals(2, count)) == []


def test_each_day_and_category_is_told_apart() -> None:
    monday, tuesday = arrivals(2, 90, "monday"), arrivals(3, 90, "tuesday", darker=0.8)
    tuesday = [replace(one, features=dict(one.features)) for one in tuesday]
    days = drift_by_day(arrivals(1, 300), [*monday, *tuesday])
    assert set(days) == {(day, part) for day in ("monday", "tuesday") for part in ("all", "tops", "shoes")}
    assert not found(days["monday", "all"])
    assert all(("backdrop", "backdrop_stops") in found(days["tuesday", part]) for part in ("all", "tops", "shoes"))


def test_the_statistic_is_kolmogorovs_also_with_ties() -> None:
    draw = np.random.default_rng(0)
    for decimals in (1, 8):
        before, now = draw.normal(size=70).round(decimals), draw.normal(0.4, 1, 50).round(decimals)
        size, chance = kolmogorov_smirnov(before, now)
        exact = stats.ks_2samp(before, now)
        assert size == pytest.approx(exact.statistic)
        if decimals == 8:
            assert chance == pytest.approx(exact.pvalue, abs=0.05)


def test_equal_numbers_and_kinds_come_with_the_chance_they_are_said_to() -> None:
    """Of 300 comparisons of equal sets, as many are beyond 10 % chance as should be, within three deviations."""
    draw = np.random.default_rng(0)
    found = [kolmogorov_smirnov(draw.normal(size=60), draw.normal(size=40))[1] <= 0.1 for _ in range(300)]
    assert 0.04 <= np.mean(found) <= 0.153
    pairs = [(list(draw.choice(list("abc"), 60)), list(draw.choice(list("abc"), 40))) for _ in range(100)]
    assert np.mean([total_variation(before, now, draw)[1] <= 0.1 for before, now in pairs]) <= 0.19


def test_days_that_always_differ_are_usual() -> None:
    """Each day has a backdrop of its own: another such day is no drift, one far beyond them all is."""
    draw = np.random.default_rng(0)
    reference = [one for day in range(8) for one in arrivals(day, 25, f"day-{day}", darker=float(draw.normal(0, 0.4)))]
    assert usual_sizes(reference)["backdrop_stops"] > 0.25
    found_on = drift_by_day(reference, [*arrivals(50, 40, "like", 0.4), *arrivals(51, 40, "unlike", 3.0)])
    assert not found(found_on["like", "all"])
    assert ("backdrop", "backdrop_stops") in found(found_on["unlike", "all"])
    assert all(shift.usual > 0 for shift in found_on["like", "all"])


def test_few_days_tell_nothing_of_what_is_usual() -> None:
    assert usual_sizes(arrivals(1, 300)) == {}


@pytest.mark.parametrize("name", [name for names in NUMBERS.values() for name in names])
def test_every_number_has_words_for_both_ways(name: str) -> None:
    less, more = sentence_of(name, "", 24.0, 23.0), sentence_of(name, "", 23.0, 24.0)
    assert less.split(":")[0] != more.split(":")[0]
    assert "_" not in less + more
    assert "about the same" in sentence_of(name, "", 1.0, 1.0)


def test_mixes_differ_by_half_their_differences() -> None:
    draw = np.random.default_rng(0)
    assert total_variation(["a"] * 30, ["b"] * 30, draw)[0] == 1
    assert total_variation(["a"] * 30, ["a"] * 20, draw) == (0, 1)
    assert total_variation(["a", "b"] * 20, ["a"] * 30 + ["b"] * 10, draw)[0] == pytest.approx(0.25)
