from __future__ import annotations

import numpy as np
import pytest

from packshot.learning.light.cameras import SIDE
from packshot.learning.light.shares import MEMBERS, choose_shares, fixed
from packshot.lightmeter import NUMBERS


def test_each_camera_goes_by_the_member_that_was_nearest_there() -> None:
    draw = np.random.default_rng(0)
    measured = np.zeros((80, len(NUMBERS)))
    measured[:, SIDE] = np.where(np.arange(80) < 50, 10, 12)
    missing = draw.normal(0, 1, (len(MEMBERS), 80, 8))
    missing[0, :50, 0] = missing[2, 50:, 0] = 0.01
    shares = choose_shares(np.array([10.0, 12.0]), measured, missing)
    assert np.allclose(shares.of.sum(1), 1)
    assert shares.of.min() >= 0
    assert shares.of[0, 0, 0] > 0.7
    assert shares.of[1, 2, 0] > 0.7
    assert np.ptp(shares.of[:, :, 3:], axis=2).max() == 0, "evenness is one part"


def test_errors_that_cancel_are_averaged() -> None:
    measured = np.zeros((40, len(NUMBERS)))
    missing = np.random.default_rng(1).normal(0, 1, (len(MEMBERS), 40, 8))
    missing[1] = -missing[0]
    shares = choose_shares(np.zeros(0), measured, missing)
    assert shares.of[0, 0] == pytest.approx(shares.of[0, 1], abs=0.2)
    assert shares.of[0, :2].sum(0).min() > 0.7


def test_a_camera_that_is_not_known_has_the_shares_of_all() -> None:
    shares = fixed(0.1, 0.2, 0.3, 0.4)
    assert np.allclose(shares.for_cameras(np.array([9.0]))[:, :, 0], [[0.1, 0.2, 0.3, 0.4]] * 2)
