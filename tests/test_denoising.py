from __future__ import annotations

import cv2
import numpy as np

from packshot.denoising import STRIP_ROWS, smooth_noise


def noisy(height: int = 300, width: int = 200, amount: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(5)
    clean = np.full((height, width, 3), (90, 120, 150), np.float64)
    clean[:, width // 2 :] = (200, 190, 60)
    return np.clip(np.round(clean + rng.normal(0, amount, clean.shape)), 0, 255).astype(np.uint8)


def test_noise_goes_and_edges_stay() -> None:
    picture = noisy()
    before = picture.copy()
    smooth_noise(picture, 10, 2)
    assert picture[20:-20, 10:90].std(axis=(0, 1)).max() < 0.5 * before[20:-20, 10:90].std(axis=(0, 1)).min()
    step = picture[:, 102].astype(float).mean(0) - picture[:, 97].astype(float).mean(0)
    assert np.abs(step - (110, 70, -90)).max() < 6


def test_nothing_is_done_without_levels_or_reach() -> None:
    for levels, reach in ((0.0, 2.0), (10.0, 0.3)):
        picture = noisy()
        smooth_noise(picture, levels, reach)
        assert np.array_equal(picture, noisy())


def test_strips_leave_no_seam() -> None:
    tall = noisy(height=2 * STRIP_ROWS + 37)
    whole = tall.copy()
    smooth_noise(tall, 8, 2)
    part = whole[STRIP_ROWS - 60 : STRIP_ROWS + 60].copy()
    smooth_noise(part, 8, 2)
    assert np.array_equal(tall[STRIP_ROWS - 30 : STRIP_ROWS + 30], part[30:90])


def test_stronger_smoothing_is_smoother() -> None:
    spreads = []
    for levels in (2.0, 5.0, 12.0):
        picture = noisy()
        smooth_noise(picture, levels, 2)
        spreads.append(float(cv2.Laplacian(picture[:, :90], cv2.CV_32F).std()))
    assert spreads == sorted(spreads, reverse=True)


def test_coarse_colour_noise_goes_where_luma_is_drawn() -> None:
    rng = np.random.default_rng(8)
    stripes = np.where(np.arange(240)[:, None] // 4 % 2, 170.0, 90.0) * np.ones((240, 240))
    blotches = cv2.GaussianBlur(rng.normal(0, 1, (240, 240, 2)), (0, 0), 1.5) * 15
    colours = np.dstack([stripes, 128 + blotches])
    levels = np.clip(np.round(colours), 0, 255).astype(np.uint8)
    picture = np.asarray(cv2.cvtColor(levels, cv2.COLOR_YCrCb2RGB), np.uint8)
    before = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[20:-20, 20:-20].astype(float)
    smooth_noise(picture, 6, 2)
    after = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[20:-20, 20:-20].astype(float)
    assert (after[..., 1:].std((0, 1)) < 0.5 * before[..., 1:].std((0, 1))).all()
    assert after[..., 0].std() > 0.95 * before[..., 0].std()
