from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot import geometry

ANGLES = st.floats(-179, 179)
SCALES = st.floats(0.05, 20)
PLACES = st.tuples(st.floats(-500, 5000), st.floats(-500, 5000))
SIZES = st.tuples(st.integers(1, 9000), st.integers(1, 9000))
POINTS = np.array([[0.0, 0.0], [10.0, -3.0], [400.5, 299.25]])


def test_the_identity_moves_nothing() -> None:
    assert np.array_equal(geometry.apply(geometry.identity(), POINTS), POINTS)


@given(ANGLES, SCALES, PLACES, SIZES)
def test_there_and_back_again(angle: float, scale: float, centre: tuple[float, float], canvas: tuple[int, int]) -> None:
    matrix = geometry.frame_affine(angle, scale, centre, canvas)
    back = geometry.apply(geometry.invert(matrix), geometry.apply(matrix, POINTS))
    assert np.allclose(back, POINTS, atol=1e-6)


@given(ANGLES, SCALES, PLACES, SIZES)
def test_angle_and_scale_are_read_back(
    angle: float, scale: float, centre: tuple[float, float], canvas: tuple[int, int]
) -> None:
    matrix = geometry.frame_affine(angle, scale, centre, canvas)
    assert geometry.angle_of(matrix) == pytest.approx(angle, abs=1e-6)
    assert geometry.scale_of(matrix) == pytest.approx(scale)
    assert geometry.apply(matrix, np.array([centre]))[0] == pytest.approx((np.array(canvas) - 1) / 2, abs=1e-6)


@given(SIZES, SIZES)
def test_resizing_maps_frame_to_frame(source: tuple[int, int], target: tuple[int, int]) -> None:
    """The outer edges of the outer pixels stay the outer edges."""
    edges = np.array([[-0.5, -0.5], [source[0] - 0.5, source[1] - 0.5]])
    moved = geometry.apply(geometry.resize_affine(source, target), edges)
    assert np.allclose(moved, [[-0.5, -0.5], [target[0] - 0.5, target[1] - 0.5]])


@given(SIZES, SIZES, SIZES)
def test_two_resizes_are_one(first: tuple[int, int], second: tuple[int, int], third: tuple[int, int]) -> None:
    steps = geometry.compose(geometry.resize_affine(first, second), geometry.resize_affine(second, third))
    assert np.allclose(steps, geometry.resize_affine(first, third))


def test_composition_applies_the_first_map_first() -> None:
    turn = geometry.frame_affine(30, 2, (5, 7), (100, 80))
    shift = np.array([[1.0, 0.0, 11.0], [0.0, 1.0, -4.0]])
    assert np.allclose(
        geometry.apply(geometry.compose(turn, shift), POINTS), geometry.apply(shift, geometry.apply(turn, POINTS))
    )
    assert np.array_equal(geometry.compose(), geometry.identity())


def test_a_positive_angle_turns_the_picture_counter_clockwise() -> None:
    matrix = geometry.frame_affine(90, 1, (0, 0), (1, 1))
    assert geometry.apply(matrix, np.array([[1.0, 0.0]]))[0] == pytest.approx([0, -1])
    assert matrix[0, 1] == pytest.approx(1)


def test_corners_go_round_clockwise_from_the_top_left() -> None:
    assert geometry.box_corners((1, 2, 3, 4)).tolist() == [[1, 2], [3, 2], [3, 4], [1, 4]]
