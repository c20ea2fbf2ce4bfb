from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from packshot.colorscience import encode_srgb
from packshot.lightmeter import NAMES, NUMBERS
from packshot.spotmeter import LEVELS, SPOTS, Spots, read_spots


def spots(stops: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Spots:
    """A dark product with one highlight in fifty pixels, on paper of a fifth of white, in some light."""
    linear = np.full((5000, 3), 0.2, np.float32)
    linear[:2000] = 0.02
    linear[:2000:50] = 0.3
    product = np.arange(5000) < 2000
    return Spots((linear * np.exp2(stops)).astype(np.float32), product, ~product)


def named(numbers: NDArray[np.float32], name: str) -> float:
    return float(numbers[SPOTS.index(name)])


def test_every_number_has_a_name() -> None:
    assert len(read_spots(spots())) == len(SPOTS) == len(set(SPOTS))
    assert set(LEVELS) < set(SPOTS)
    assert NUMBERS[: len(NAMES)] == NAMES


@settings(max_examples=20, deadline=None)
@given(st.floats(-1.5, 1.5))
def test_a_stop_more_light_reads_as_a_stop_more_at_every_level(stops: float) -> None:
    before, after = read_spots(spots()), read_spots(spots((stops,) * 3))
    for name, first, second in zip(SPOTS, before, after, strict=True):
        assert second - first == pytest.approx(stops if name in LEVELS else 0, abs=0.01)


def test_a_highlight_of_few_pixels_is_seen() -> None:
    numbers = read_spots(spots())
    assert named(numbers, "spot product luminance at 90.0%") == pytest.approx(np.log2(0.02), abs=0.01)
    assert named(numbers, "spot product luminance at 99.0%") == pytest.approx(np.log2(0.3), abs=0.01)


def test_a_tint_is_read_and_a_strong_one_tells_little() -> None:
    pale, strong = read_spots(spots((0.1, 0, 0))), read_spots(spots((1.2, 0, -0.5)))
    assert named(pale, "spot backdrop red at 99.0%") == pytest.approx(0.1, abs=0.01)
    assert named(pale, "spot backdrop pale red at 99.0%, 0.6") == pytest.approx(0.1, abs=0.01)
    assert named(strong, "spot backdrop red at 99.0%") == pytest.approx(1.2, abs=0.01)
    assert abs(named(strong, "spot backdrop pale red at 99.0%, 0.6")) < 0.1


def test_pixels_and_matte_are_read_at_the_same_places() -> None:
    linear = np.full((600, 300, 3), 0.5)
    linear[:200, :100] = 0.1
    matte = np.zeros((60, 30), np.float32)
    matte[:20, :10] = 1
    found = Spots.of(np.round(encode_srgb(linear) * 255).astype(np.uint8), matte)
    assert np.allclose(found.linear[found.product], 0.1, atol=0.01)
    assert np.allclose(found.linear[found.backdrop], 0.5, atol=0.01)


def test_a_photo_without_product_reads_as_the_frame() -> None:
    some = spots()
    numbers = read_spots(Spots(some.linear, np.zeros(5000, np.bool_), some.backdrop))
    assert named(numbers, "spot product luminance at 99.0%") == named(numbers, "spot frame luminance at 99.0%")
