from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.pipeline import correct
from packshot.recipe import Color, Grid, Lighting, Recipe, Source
from packshot.shift import Shift

PREDICTED = Recipe(
    source=Source(name="a.jpg", sha256="0" * 64, size=(80, 60)),
    color=Color(white_gain=(1.2, 1.0, 0.8), strength=0.5, saturation=1.2),
    lighting=Lighting(exposure=0.5, shadows=0.2, field=Grid(rows=1, columns=2, stops=(0.1, -0.1)), strength=0.8),
    by="base 1",
)
amounts = st.floats(-0.5, 0.5)
shifts = st.builds(Shift, amounts, amounts, amounts, amounts, amounts)


@given(shifts)
def test_what_a_hand_moved_is_read_from_the_two_recipes(shift: Shift) -> None:
    found = Shift.between(PREDICTED, correct(PREDICTED, shift.changes(PREDICTED)))
    for name in ("warmth", "tint", "exposure", "shadows", "highlights"):
        assert getattr(found, name) == pytest.approx(getattr(shift, name), abs=0.002)


def test_nothing_moved_is_nothing() -> None:
    assert not Shift.between(PREDICTED, PREDICTED)
    assert Shift().changes(PREDICTED) == {}
    assert not Shift.between(PREDICTED, correct(PREDICTED, {"alignment": {"angle": 3.0}, "color": {"saturation": 2}}))


def test_a_stage_that_was_not_moved_stays_the_packs() -> None:
    assert set(Shift(warmth=0.1).changes(PREDICTED)) == {"color"}
    assert set(Shift(shadows=0.1).changes(PREDICTED)) == {"lighting"}


def test_the_houses_own_is_kept() -> None:
    moved = correct(PREDICTED, Shift(0.1, 0.1, 0.1).changes(PREDICTED))
    assert moved.color.saturation == PREDICTED.color.effective().saturation
    assert moved.lighting.field == PREDICTED.lighting.effective().field
