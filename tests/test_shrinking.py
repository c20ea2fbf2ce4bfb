from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.shrinking import averaged, shrink


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)


def test_shrinking_averages_by_whole_numbers() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    small = shrink(pixels, 40)
    assert small.shape == (30, 40, 3)
    assert np.abs(small - pixels.reshape(30, 3, 40, 3, 3).mean((1, 3))).max() <= 0.51
    assert shrink(pixels, 120) is pixels


def test_halves_are_means_of_two_by_two() -> None:
    pixels = noise(80, 120, 3)
    quarter = averaged(pixels, (30, 20))
    assert quarter.shape == (20, 30, 3)
    assert np.abs(quarter - pixels.reshape(20, 4, 30, 4, 3).mean((1, 3))).max() <= 1.01


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (33, 25), (10, 7), (1, 1)])
@pytest.mark.parametrize("source", [(96, 128), (97, 128), (96, 127)])
def test_any_size_keeps_the_mean_and_the_place(source: tuple[int, int], size: tuple[int, int]) -> None:
    smooth = cv2.GaussianBlur(noise(*source), (0, 0), 6)
    direct = cv2.resize(smooth, size, interpolation=cv2.INTER_AREA)
    assert np.abs(averaged(smooth, size).astype(int) - direct).max() <= 2


def test_levels_of_a_matte_stay_levels() -> None:
    matte = np.full((60, 90), 0.25, np.float32)
    small = averaged(matte, (31, 20))
    assert small.dtype == np.float32
    assert np.allclose(small, 0.25)


def test_a_picture_of_the_size_asked_is_given_back() -> None:
    pixels = noise(20, 30, 3)
    assert averaged(pixels, (30, 20)) is pixels
