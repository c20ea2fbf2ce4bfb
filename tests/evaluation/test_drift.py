from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from packshot.evaluation.drift import Arrival, drift, drift_by_day, kolmogorov_smirnov, total_variation


def arrivals(seed: int, count: int, day: str = "2026-11-23", darker: float = 0.0, camera: float = 0.7) -> list[Arrival]:
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        features = {"backdrop_stops": draw.normal(-1, 0.4) - darker, "product_stops": draw.normal(-2, 0.8)}
        kind = "A" if draw.random() < camera else "B"
        made.append(Arrival(features, kind, str(draw.choice(["tops", "shoes"])), day))
    return made


def found(shifts: list) -> set[tuple[str, str]]:  # type: ignore[type-arg]
    return {(shift.subject, shift.name) for shift in shifts if shift.drifted}


def test_equal_days_seldom_drift() -> None:
    """5 % of reports at most, by their own promise; 5 of 20 would come once in two hundred times."""
    assert sum(bool(found(drift(arrivals(seed, 100), arrivals(500 + seed, 40)))) for seed in range(20)) <= 4


def test_a_darker_backdrop_is_noticed_and_nothing_else() -> None:
    shifts = drift(arrivals(1, 200), arrivals(2, 60, darker=0.5))
    assert found(shifts) == {("backdrop", "backdrop_stops")}
    assert shifts[0].drifted
    assert "backdrop_stops was -1" in shifts[0].sentence()


def test_another_camera_is_noticed() -> None:
    shifts = drift(arrivals(1, 200), arrivals(2, 80, camera=0.1))
    assert found(shifts) == {("camera", "camera")}
    assert "B" in shifts[0].now or "A" in shifts[0].now


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
        size, chance = kolmogorov_smirnov(before, now, draw)
        exact = stats.ks_2samp(before, now)
        assert size == pytest.approx(exact.statistic)
        if decimals == 8:
            assert chance == pytest.approx(exact.pvalue, abs=0.05)


def test_mixes_differ_by_half_their_differences() -> None:
    draw = np.random.default_rng(0)
    assert total_variation(["a"] * 30, ["b"] * 30, draw)[0] == 1
    assert total_variation(["a"] * 30, ["a"] * 20, draw) == (0, 1)
    assert total_variation(["a", "b"] * 20, ["a"] * 30 + ["b"] * 10, draw)[0] == pytest.approx(0.25)
