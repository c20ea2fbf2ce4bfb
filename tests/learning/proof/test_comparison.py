"""Comparing two ways on the same pairs: sees what is there, says nothing of what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import permutation_test

from packshot.learning.proof.comparison import compare, differences, holm, sign_flip
from packshot.learning.proof.pair_score import PairScore


def scores(errors: np.ndarray, category: str = "tops", groups: int | None = None) -> list[PairScore]:
    count = groups or len(errors)
    return [
        PairScore(
            f"{category}{n}",
            category,
            f"{category}{n % count}",
            {"packshot": {"delta_e": float(error)}},
            "review",
            True,
            0.9,
            0.1,
        )
        for n, error in enumerate(errors)
    ]


def test_a_clear_gain_is_found_and_has_its_size() -> None:
    draw = np.random.default_rng(1)
    base = draw.normal(5, 2, 40)
    found = compare(scores(base), scores(base - 1 + draw.normal(0, 0.5, 40)))["tops"]
    assert found.better
    assert not found.worse
    assert found.low < 1 < found.high
    back = compare(scores(base - 1), scores(base))["tops"]
    assert back.worse


def test_noise_is_rarely_called_a_gain() -> None:
    draw = np.random.default_rng(2)
    called = [differences({"x": (draw.normal(0, 1, 20), [str(n) for n in range(20)])})["x"] for _ in range(100)]
    assert sum(one.better or one.worse for one in called) <= 12


def test_many_pairs_of_few_groups_prove_little() -> None:
    gains = np.repeat([1.0, 0.8, 1.2], 30)
    groups = [str(n // 30) for n in range(90)]
    found = differences({"x": (gains, groups)})["x"]
    assert (found.pairs, found.groups, found.p) == (90, 3, 1.0)
    assert not found.better


def test_higher_is_better_for_mattes() -> None:
    one = scores(np.zeros(8))
    low, high = ([replace(s, figures={"packshot": {"iou": value}}) for s in one] for value in (0.9, 0.95))
    assert compare(low, high, "iou")["tops"].gain == pytest.approx(0.05)


def test_pairs_that_one_side_lacks_are_left_out() -> None:
    one = scores(np.arange(8.0))
    assert compare(one[:6], one[2:])["tops"].pairs == 4


def test_sign_flip_agrees_with_scipy() -> None:
    values = np.array([0.3, 1.2, -0.4, 0.9, 0.7, 0.1, -0.2, 1.1])
    expected = permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip(values) == pytest.approx(expected)
    many = np.random.default_rng(3).normal(0.2, 1, 30)
    expected = permutation_test((many,), np.sum, permutation_type="samples", n_resamples=20000, rng=0).pvalue
    assert sign_flip(many) == pytest.approx(expected, abs=0.03)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
