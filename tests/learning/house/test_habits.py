from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from packshot.learning.house.habits import Placing, habits_of, margins
from packshot.stages.cropping import place
from packshot.style import House


def shots(house: House, photo: int = 800, count: int = 40, human: float = 0.003) -> list[Placing]:
    """Products of all shapes set by a house's rules, with a person's small inconsistency."""
    draw = np.random.default_rng(5)
    width, height = house.canvas()
    found = []
    for _ in range(count):
        size = draw.uniform(100, 600, 2)
        box = (0.0, 0.0, float(size[0]), float(size[1]))
        scale, centre = place(box, house)
        corners = (np.array([[0, 0], size]) - centre) * scale + [width / 2, height / 2]
        corners += draw.normal(0, human, (1, 2)) * [width, height]
        (left, top), (right, bottom) = corners / [width, height]
        found.append(Placing("shoes", (left, top, right, bottom), (width, height), photo, scale, 0.3, 0.8))
    return found


HOUSES = (
    House(aspect=0.8, long_side=1000, margin_top=0.07, margin_bottom=0.07, margin_left=0.05, margin_right=0.05),
    House(
        aspect=1, long_side=800, margin_top=0.03, margin_bottom=0.17, margin_left=0.07, margin_right=0.07, anchor="base"
    ),
    House(
        aspect=1, long_side=800, margin_top=0.1, margin_bottom=0.05, margin_left=0.1, margin_right=0.06, anchor="top"
    ),
)


@pytest.mark.parametrize("house", HOUSES)
def test_a_houses_rules_are_read_back_from_its_shots(house: House) -> None:
    habits = habits_of(shots(house))
    read = House.model_validate({**habits["default"], **habits["shoes"]})
    assert read.anchor == house.anchor
    assert read.canvas() == house.canvas()
    for side in ("top", "right", "bottom", "left"):
        assert getattr(read, f"margin_{side}") == pytest.approx(getattr(house, f"margin_{side}"), abs=0.01)


def test_margins_of_many_thousand_shots_are_those_of_hundreds() -> None:
    many = margins(shots(HOUSES[1], count=5000))
    few = margins(shots(HOUSES[1], count=500))
    for side in ("top", "right", "bottom", "left"):
        assert many[f"margin_{side}"] == pytest.approx(few[f"margin_{side}"], abs=0.005)


def test_a_side_that_never_binds_is_as_wide_as_what_was_seen() -> None:
    boxes = [(0.4, 0.1, 0.4 + width, 0.9) for width in np.linspace(0.05, 0.2, 20)]
    found = margins([Placing("tops", box, (800, 1000), 900, 1.0, 0.0, 0.8) for box in boxes])
    assert 1 - found["margin_left"] - found["margin_right"] >= 0.2 - 0.01
    assert found["margin_top"] == pytest.approx(0.1, abs=0.01)


def test_canvases_that_follow_the_camera_become_a_table() -> None:
    small, large = HOUSES[0], HOUSES[0].model_copy(update={"long_side": 1600})
    habits = habits_of([*shots(small, photo=600), *shots(large, photo=2400)])
    house = House.model_validate(habits["default"])
    assert house.for_photo((600, 1450)).long_side == 1000
    assert house.for_photo((2600, 2400)).long_side == 1600
    assert house.for_photo((5000, 4000)).long_side == house.long_side


def test_a_camera_seldom_used_for_a_category_does_as_elsewhere() -> None:
    sizes = {600: 1000, 2400: 1600, 5000: 2000}
    houses = {photo: HOUSES[0].model_copy(update={"long_side": side}) for photo, side in sizes.items()}
    tops = [shot for photo, house in houses.items() for shot in shots(house, photo)]
    shoes = [shot for photo in (600, 2400) for shot in shots(houses[photo], photo)]
    habits = habits_of([*(replace(shot, category="tops") for shot in tops), *shoes])
    house = House.model_validate({**habits["default"], **habits["shoes"]})
    assert {photo: house.for_photo((photo, 9000)).long_side for photo in sizes} == sizes


def test_no_shots_no_habits() -> None:
    with pytest.raises(ValueError, match="at least one"):
        habits_of([])


def test_noise_is_read_from_shots_that_were_hardly_reduced() -> None:
    whole = Placing("tops", (0.1, 0.1, 0.9, 0.9), (640, 800), 533, 1.2, 0.1, 0.8, 4.5)
    reduced = Placing("tops", (0.1, 0.1, 0.9, 0.9), (640, 800), 4000, 0.2, 0.1, 0.8, 0.0)
    assert habits_of([whole, whole, reduced, reduced, reduced])["default"]["noise"] == 4.5
    assert habits_of([reduced])["default"]["noise"] == 0
