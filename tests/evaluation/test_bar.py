"""The bar of good."""

from __future__ import annotations

import pytest

from packshot.evaluation.bar import Bar

GOOD = {"delta_e": 3.9, "iou": 0.96, "corner": 1.9}


def test_a_shot_within_all_limits_is_good() -> None:
    assert Bar().faults(GOOD) == ()


@pytest.mark.parametrize(("name", "value"), [("delta_e", 4.1), ("iou", 0.94), ("corner", 2.1)])
def test_each_limit_is_named_when_missed(name: str, value: float) -> None:
    assert Bar().faults({**GOOD, name: value}) == (name,)


def test_what_was_not_measured_or_asked_is_not_held_against_it() -> None:
    assert Bar().faults({**GOOD, "iou": None, "angle": 30.0}) == ()
    assert Bar(angle=1.0).faults({**GOOD, "angle": 30.0}) == ("angle",)
    assert Bar(delta_e=None).faults({**GOOD, "delta_e": 99.0}) == ()
