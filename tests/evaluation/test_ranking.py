from __future__ import annotations

import numpy as np
import pytest

from packshot.evaluation.ranking import auc, platt


def test_platt_mends_probabilities_that_are_too_timid() -> None:
    draw = np.random.default_rng(0)
    odds = draw.normal(0.5, 1.5, 4000)
    bad = draw.random(4000) < 1 / (1 + np.exp(-odds))
    timid = 1 / (1 + np.exp(-(odds / 3 - 0.4)))
    slope, offset = platt(timid, bad)
    assert slope == pytest.approx(3, rel=0.1)
    assert offset == pytest.approx(1.2, abs=0.15)


@pytest.mark.parametrize(
    ("scores", "bad", "area"),
    [
        ([3, 2, 1], [1, 0, 0], 1.0),
        ([1, 2, 3], [1, 0, 0], 0.0),
        ([1, 1, 1, 1], [1, 0, 1, 0], 0.5),
        ([1, 2], [1, 1], 0.5),
    ],
)
def test_the_area_under_the_curve(scores: list[float], bad: list[int], area: float) -> None:
    assert auc(np.array(scores), np.array(bad, bool)) == area
