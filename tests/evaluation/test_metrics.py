from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity as reference_similarity

from packshot import geometry
from packshot.evaluation.metrics import (
    corner_error,
    delta_e,
    delta_e_lab,
    intersection_over_union,
    lab,
    structural_similarity,
)

# Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula" (2005), table 1: L, a, b twice, and the difference.
SHARMA = np.array(
    [
        (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
        (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
        (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
        (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
        (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
        (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
        (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
        (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
        (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
        (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
        (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
        (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
        (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
        (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
        (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
        (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
        (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
        (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
        (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
        (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
    ]
)
COLOUR = st.tuples(st.floats(0, 100), st.floats(-100, 100), st.floats(-100, 100))


def noise(seed: int, shape: tuple[int, ...] = (40, 50, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("row", SHARMA, ids=[str(number) for number in range(1, 35)])
def test_difference_agrees_with_the_published_pairs(row: np.ndarray) -> None:
    assert float(delta_e_lab(row[:3], row[3:6])) == pytest.approx(row[6], abs=1e-4)


@given(COLOUR, COLOUR)
def test_difference_is_symmetric_and_zero_only_at_home(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    one, two = np.array(first), np.array(second)
    assert float(delta_e_lab(one, two)) == pytest.approx(float(delta_e_lab(two, one)), abs=1e-3)
    assert float(delta_e_lab(one, one)) == 0


def test_pictures_differ_as_the_reference_says() -> None:
    first, second = noise(1), noise(2)
    assert np.allclose(delta_e(first, second), deltaE_ciede2000(rgb2lab(first), rgb2lab(second)), atol=0.01)


def test_lab_agrees_with_the_reference() -> None:
    assert np.abs(lab(noise(3)) - rgb2lab(noise(3))).max() < 0.02


def test_overlap_of_mattes() -> None:
    first, second = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.float32)
    assert intersection_over_union(first, second) == 1
    first[:, :6] = 1
    assert intersection_over_union(first, second) == 0
    second[:, 3:] = 0.9
    assert intersection_over_union(first, second) == pytest.approx(0.3)
    assert intersection_over_union(first, second) == intersection_over_union(second, first)
    assert intersection_over_union(first, first) == 1


def test_similarity_agrees_with_the_reference() -> None:
    first = np.repeat(noise(4, (60, 70, 1)), 3, 2)
    second = np.clip(first.astype(int) + noise(5, (60, 70, 1)) // 8, 0, 255).astype(np.uint8)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    wanted = reference_similarity(first[..., 0], second[..., 0], **settings)
    assert structural_similarity(first, second) == pytest.approx(wanted, abs=0.01)
    assert structural_similarity(first, first) == pytest.approx(1, abs=1e-6)


def test_similarity_falls_with_noise() -> None:
    clean = np.broadcast_to(np.linspace(40, 200, 64).astype(np.uint8)[None, :, None], (64, 64, 3)).copy()
    grain = np.random.default_rng(6).normal(0, 1, clean.shape)
    scores = [
        structural_similarity(clean, np.clip(clean + level * grain, 0, 255).astype(np.uint8)) for level in (0, 2, 6, 20)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.5


def test_corner_error_is_in_percent_of_the_long_side() -> None:
    corners = geometry.box_corners((10, 10, 90, 190))
    true = geometry.frame_affine(3, 0.5, (50, 100), (100, 200))
    moved = true + np.array([[0, 0, 3.0], [0, 0, 4.0]])
    assert corner_error(true, true, corners, 200) == 0
    assert corner_error(moved, true, corners, 200) == pytest.approx(2.5)
