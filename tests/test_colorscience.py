from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.colorscience import (
    LUMINANCE,
    decode_srgb,
    encode_srgb,
    linear_of_byte,
    rising_share,
    saturation_matrix,
    tone_shapes,
)

LEVELS = np.linspace(0, 1, 2049)


def test_decoding_undoes_encoding() -> None:
    assert np.allclose(decode_srgb(encode_srgb(LEVELS)), LEVELS, atol=1e-7)
    assert np.allclose(encode_srgb(decode_srgb(LEVELS)), LEVELS, atol=1e-6)


def test_every_byte_survives_linear_light_in_single_precision() -> None:
    assert np.array_equal(np.round(encode_srgb(linear_of_byte()) * 255), np.arange(256))


def test_encoding_rises_strictly_and_goes_on_beyond_white() -> None:
    assert (np.diff(encode_srgb(np.linspace(0, 2, 4097))) > 0).all()
    assert encode_srgb(np.array(2.0)) > 1.3


@pytest.mark.parametrize(("encoded", "linear"), [(0.0, 0.0), (0.04045, 0.0031308), (0.5, 0.2140411), (1.0, 1.0)])
def test_values_of_the_standard(encoded: float, linear: float) -> None:
    assert float(decode_srgb(np.array(encoded))) == pytest.approx(linear, abs=1e-6)


@given(st.floats(0, 3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_saturation_keeps_luminance_and_grey(factor: float, colour: list[float]) -> None:
    matrix = saturation_matrix(factor)
    assert LUMINANCE @ (matrix @ colour) == pytest.approx(LUMINANCE @ np.array(colour), abs=1e-9)
    assert matrix @ np.full(3, 0.4) == pytest.approx(np.full(3, 0.4))


@given(st.floats(0.1, 3), st.floats(0.1, 3))
def test_saturating_twice_multiplies(first: float, second: float) -> None:
    assert np.allclose(saturation_matrix(first) @ saturation_matrix(second), saturation_matrix(first * second))


def test_saturation_one_changes_nothing_and_zero_leaves_grey() -> None:
    assert np.array_equal(saturation_matrix(1), np.eye(3))
    assert np.ptp(saturation_matrix(0) @ np.array([0.9, 0.2, 0.4])) == pytest.approx(0, abs=1e-12)


def test_tone_shapes_keep_black_and_white() -> None:
    assert np.allclose([shape[[0, -1]] for shape in tone_shapes(LEVELS)], 0)


def test_tone_shapes_act_where_their_names_say() -> None:
    shadows, highlights, contrast = tone_shapes(LEVELS)
    assert LEVELS[shadows.argmax()] == pytest.approx(0.25, abs=0.01)
    assert LEVELS[highlights.argmax()] == pytest.approx(0.75, abs=0.01)
    assert shadows.max() == pytest.approx(0.15, abs=0.001)
    assert (contrast[LEVELS < 0.5] <= 0).all()
    assert (contrast[LEVELS > 0.5] >= 0).all()
    assert contrast[1024] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("shape", "limits"), [(0, (-0.6, 1)), (1, (-1, 0.6)), (2, (-0.6, 0.6))])
def test_each_tone_alone_is_monotone_at_its_limits(shape: int, limits: tuple[float, float]) -> None:
    for limit in limits:
        assert (np.diff(LEVELS + limit * tone_shapes(LEVELS)[shape]) > 0).all()


@given(st.floats(-0.3, 0.5), st.floats(-0.5, 0.3), st.floats(-0.2, 0.2))
def test_moderate_tones_are_taken_whole(shadows: float, highlights: float, contrast: float) -> None:
    assert rising_share(shadows, highlights, contrast) == 1


def test_tones_against_each_other_are_held_back() -> None:
    assert 0.5 < rising_share(-0.6, 0.6, 0.6) < 1
