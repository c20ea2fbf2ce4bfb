from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot import geometry
from packshot.healing import heal
from packshot.recipe import Spot

SIZE = 120


def gradient() -> np.ndarray:
    ramp = np.linspace(60, 180, SIZE)[None, :, None]
    return np.broadcast_to(ramp, (SIZE, SIZE, 3)).round().astype(np.uint8)


def speckled(x: float, y: float, radius: float) -> np.ndarray:
    picture = gradient()
    rows, columns = np.mgrid[:SIZE, :SIZE]
    picture[np.hypot(columns - x, rows - y) <= radius] = 5
    return picture


def test_no_spots_change_nothing() -> None:
    picture = speckled(50, 50, 4)
    heal(picture, (), geometry.identity())
    assert np.array_equal(picture, speckled(50, 50, 4))


def test_without_strength_nothing_changes() -> None:
    picture = speckled(50, 50, 4)
    heal(picture, (Spot(x=50, y=50, radius=5, strength=0),), geometry.identity())
    assert np.array_equal(picture, speckled(50, 50, 4))


@given(st.floats(-30, SIZE + 30), st.floats(-30, SIZE + 30), st.floats(0.5, 15))
def test_only_the_disc_changes(x: float, y: float, radius: float) -> None:
    before = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    picture = before.copy()
    heal(picture, (Spot(x=x, y=y, radius=radius),), geometry.identity())
    rows, columns = np.mgrid[:SIZE, :SIZE]
    outside = np.hypot(columns - x, rows - y) > max(1.0, radius) + 1
    assert np.array_equal(picture[outside], before[outside])


@pytest.mark.parametrize(("x", "y"), [(60, 60), (3, 60), (118, 118), (60, 0)])
def test_a_speck_gives_way_to_its_surround(x: float, y: float) -> None:
    picture = speckled(x, y, 3)
    heal(picture, (Spot(x=x, y=y, radius=4.5),), geometry.identity())
    assert np.abs(picture.astype(int) - gradient()).max() <= 8


def test_half_the_strength_leaves_half_the_speck() -> None:
    picture, full = speckled(60, 60, 3), speckled(60, 60, 3)
    heal(picture, (Spot(x=60, y=60, radius=4.5, strength=0.5),), geometry.identity())
    heal(full, (Spot(x=60, y=60, radius=4.5),), geometry.identity())
    assert int(picture[60, 60, 0]) == pytest.approx((5 + int(full[60, 60, 0])) / 2, abs=1)


def test_spots_follow_the_frame() -> None:
    affine = geometry.frame_affine(20, 0.5, (140, 90), (SIZE, SIZE))
    x, y = geometry.apply(affine, np.array([[150.0, 80.0]]))[0]
    picture = speckled(float(x), float(y), 3)
    picture[round(y) - 8, round(x)] = 255  # beyond the disc, which is half as large here
    heal(picture, (Spot(x=150, y=80, radius=9),), affine)
    assert (picture[round(y) - 8, round(x)] == 255).all()
    assert np.abs(picture.astype(int) - gradient())[round(y) - 6 :].max() <= 8
