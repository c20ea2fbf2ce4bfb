from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from packshot.evaluation.exact import (
    at_least,
    at_most,
    design_effect,
    interval,
    lower_bound,
    upper_bound,
    verdicts_needed,
)

counts = st.integers(0, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(counts, st.floats(0, 1))
def test_tails_are_scipys(count: tuple[int, int], share: float) -> None:
    errors, total = count
    assert at_most(errors, total, share) == pytest.approx(stats.binom.cdf(errors, total, share), abs=1e-9)
    assert at_least(errors, total, share) == pytest.approx(stats.binom.sf(errors - 1, total, share), abs=1e-9)


@given(counts, st.sampled_from((0.8, 0.9, 0.95, 0.99)))
def test_bounds_are_clopper_and_pearsons(count: tuple[int, int], confidence: float) -> None:
    errors, total = count
    upper = 1.0 if errors == total else stats.beta.ppf(confidence, errors + 1, total - errors)
    lower = 0.0 if errors == 0 else stats.beta.ppf(1 - confidence, errors, total - errors + 1)
    assert upper_bound(errors, total, confidence) == pytest.approx(upper, abs=1e-7)
    assert lower_bound(errors, total, confidence) == pytest.approx(lower, abs=1e-7)
    low, high = interval(errors, total, confidence)
    assert 0 <= low <= lower_bound(errors, total, confidence) <= upper_bound(errors, total, confidence) <= high <= 1


@pytest.mark.parametrize(
    ("risk", "confidence", "needed"),
    [
        (0.05, 0.9, (45, 77, 105)),
        (0.02, 0.9, (114, 194, 265)),
        (0.02, 0.95, (149, 236, 313)),
        (0.01, 0.95, (299, 473, 628)),
    ],
)
def test_how_many_verdicts_prove_a_share(risk: float, confidence: float, needed: tuple[int, ...]) -> None:
    """Accepted verdicts with no, one and two errors, as tables of exact bounds have them."""
    assert tuple(verdicts_needed(risk, confidence, errors) for errors in range(3)) == needed
    for errors, total in enumerate(needed):
        assert stats.binom.cdf(errors, total, risk) <= 1 - confidence < stats.binom.cdf(errors, total - 1, risk)


def test_nothing_seen_bounds_nothing() -> None:
    assert (lower_bound(0, 0, 0.9), upper_bound(0, 0, 0.9)) == (0, 1)


@pytest.mark.parametrize("arguments", [(-1, 3, 0.5), (4, 3, 0.5), (1, 3, 1.5), (1, 3, -0.1)])
def test_what_is_no_count_or_share_is_refused(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"count|share"):
        at_most(*arguments)


@pytest.mark.parametrize(("risk", "confidence"), [(0, 0.9), (1, 0.9), (0.1, 1), (0.1, 0)])
def test_a_certainty_needs_no_number_of_verdicts(risk: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        verdicts_needed(risk, confidence)


class TestDesignEffect:
    def test_alone_each_counts_in_full(self) -> None:
        assert design_effect([0, 1, 1, 0], ["a", "b", "c", "d"]) == (1, 0)

    def test_copies_count_once(self) -> None:
        groups = [str(index // 5) for index in range(100)]
        effect, correlation = design_effect([float(int(group) % 3 == 0) for group in groups], groups)
        assert effect == pytest.approx(5)
        assert correlation == pytest.approx(1)

    def test_independent_ones_count_nearly_in_full(self) -> None:
        draw = np.random.default_rng(3)
        groups = [str(index // 4) for index in range(4000)]
        effect, _ = design_effect(list(draw.random(4000) < 0.2), groups)
        assert 1 <= effect < 1.15

    def test_it_is_the_factor_by_which_the_means_variance_grows(self) -> None:
        draw = np.random.default_rng(5)
        means, effects = [], []
        groups = [str(index // 6) for index in range(600)]
        for _ in range(400):
            rates = np.repeat(draw.beta(1, 4, 100), 6)
            values = draw.random(600) < rates
            means.append(values.mean())
            effects.append(design_effect(list(values), groups)[0])
        grown = np.var(means) / (0.2 * 0.8 / 600)
        assert math.isclose(float(np.mean(effects)), grown, rel_tol=0.2)
