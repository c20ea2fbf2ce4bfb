from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE
from packshot.lightmeter import CHANGES, NAMES, Advice, Scene, measure


def scene(level: float = 0.2, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Scene:
    """A darker square of many greys on even paper."""
    draw = np.random.default_rng(3)
    linear = np.full((120, 90, 3), level, np.float32)
    matte = np.zeros((120, 90), np.float32)
    matte[30:90, 20:70] = 1
    linear[30:90, 20:70] *= draw.uniform(0.2, 0.8, (60, 50, 1)).astype(np.float32)
    return Scene(linear * np.array(tint, np.float32), matte)


def named(numbers: NDArray[np.float32], name: str) -> float:
    return float(numbers[NAMES.index(name)])


def test_every_number_has_a_name() -> None:
    assert len(measure(scene(), 400)) == len(NAMES) == len(set(NAMES))


@settings(max_examples=25, deadline=None)
@given(st.floats(-1.5, 1.5))
def test_a_stop_more_light_reads_as_a_stop_more(stops: float) -> None:
    before, after = measure(scene(), 400), measure(scene().lit(np.full(3, stops)), 400)
    for name in (
        "backdrop luminance at 50%",
        "product luminance at 98%",
        "frame strongest at 90%",
        "product mean luminance",
    ):
        assert named(after, name) - named(before, name) == pytest.approx(stops, abs=0.02)
    for name in ("backdrop red", "product blue", "known light x"):
        assert named(after, name) == pytest.approx(named(before, name), abs=0.02)


def test_a_tinted_light_reads_as_its_tint() -> None:
    numbers = measure(scene(tint=(1.2, 1.0, 0.8)), 400)
    assert named(numbers, "backdrop red") == pytest.approx(np.log2(1.2), abs=0.02)
    assert named(numbers, "grey blue") == pytest.approx(np.log2(0.8), abs=0.02)


def test_light_that_falls_off_is_read_from_the_paper() -> None:
    across = scene().shapes()[..., 1:2]
    numbers = measure(scene().lit(0.4 * across * np.ones(3)), 400)
    assert named(numbers, "evenness known") > 0.8
    assert named(numbers, "known light x") == pytest.approx(0.4 * named(numbers, "evenness known"), abs=0.05)


def test_burnt_out_pixels_count_for_brightness_and_not_for_colour() -> None:
    bright = scene(0.5, (1.0, 0.9, 0.8)).lit(np.full(3, 1.2))
    numbers = measure(bright, 400)
    assert named(numbers, "backdrop clipped") == 1
    assert named(numbers, "backdrop strongest at 99%") == 0


def test_a_photo_without_product_is_measured_as_a_frame() -> None:
    bare = scene()
    numbers = measure(Scene(bare.linear, np.zeros_like(bare.matte)), 400)
    assert np.isfinite(numbers).all()
    assert named(numbers, "product luminance at 50%") == named(numbers, "frame luminance at 50%")


def test_advice_keeps_a_greys_luminance_and_adds_a_plane() -> None:
    advice = Advice(np.array([0.3, 0.2, -0.1, 0.5, 0, 0, 0, 0]), np.full(len(CHANGES), 0.1))
    gain = advice.white_gain()
    assert float(LUMINANCE @ gain) == pytest.approx(1)
    assert np.log2(gain[0] / gain[1]) == pytest.approx(0.2)
    field = advice.field(4, 6)
    assert field.shape == (4, 6)
    assert np.allclose(np.diff(field, axis=1), 0.5 * 2 / 6)
    assert advice.white_confidence() > Advice(advice.change, np.full(len(CHANGES), 0.5)).white_confidence()
