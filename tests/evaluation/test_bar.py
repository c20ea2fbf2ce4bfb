"""The bar of good."""

from __future__ import annotations

import pytest

from packshot.evaluation.bar import Bar
from packshot.style import House

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


def test_what_no_category_has_done_to_it_is_not_asked() -> None:
    asked = Bar(angle=1.0, perceptual=0.1)
    assert asked.of_what_is_done([House()]) == asked
    assert asked.of_what_is_done([House(color=0, light=0), House()]) == asked
    kept = asked.of_what_is_done([House(color=0, light=0)])
    assert (kept.delta_e, kept.perceptual, kept.iou, kept.corner, kept.angle) == (None, None, 0.95, 2.0, 1.0)
    cutout = asked.of_what_is_done([House(color=0, light=0, frame="photo", upright="never")])
    assert cutout == Bar(delta_e=None, corner=None)
