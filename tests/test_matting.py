from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.matting import Band, refine
from tests.pictures import product_photo

OWN, OLD = np.array([40.0, 80.0, 150.0]), np.array([200.0, 195.0, 190.0])


def true_matte() -> np.ndarray:
    return product_photo()[1]


def mixed(matte: np.ndarray, own: np.ndarray = OWN, old: np.ndarray = OLD, noise: float = 1.0) -> np.ndarray:
    """A picture whose every pixel is the true mix of two plain colours."""
    share = matte[..., None]
    grain = np.random.default_rng(1).normal(0, noise, (*matte.shape, 3))
    return np.clip(np.round(share * own + (1 - share) * old + grain), 0, 255).astype(np.uint8)


def doubtful(matte: np.ndarray, sigma: float = 4.0) -> np.ndarray:
    return cv2.GaussianBlur(matte, (0, 0), sigma)


def test_a_matte_without_a_band_stays() -> None:
    hard = (true_matte() > 0.5).astype(np.float32)
    assert np.array_equal(refine(mixed(true_matte()), hard), hard)


def test_a_doubtful_edge_comes_nearer_to_the_truth() -> None:
    true = true_matte()
    rough = doubtful(true)
    refined = refine(mixed(true), rough)
    assert np.abs(refined - true).mean() < 0.5 * np.abs(rough - true).mean()


def test_only_the_band_moves() -> None:
    rough = doubtful(true_matte())
    sure = (np.round(rough * 255) == 0) | (np.round(rough * 255) == 255)
    assert np.abs(refine(mixed(true_matte()), rough) - rough)[sure].max() < 1 / 255


def test_where_both_sides_look_alike_the_network_is_believed() -> None:
    rough = doubtful(true_matte())
    refined = refine(mixed(true_matte(), OLD, OLD, noise=3), rough)
    assert np.abs(refined - rough).mean() < 0.01


def test_mirrored_pictures_have_mirrored_mattes() -> None:
    picture, rough = mixed(true_matte()), doubtful(true_matte())
    mirrored = refine(np.ascontiguousarray(picture[:, ::-1]), np.ascontiguousarray(rough[:, ::-1]))
    assert np.abs(mirrored[:, ::-1] - refine(picture, rough)).mean() < 0.002


def test_the_edge_is_freed_of_the_backdrops_colour() -> None:
    true = np.round(true_matte() * 255).astype(np.uint8)
    picture = mixed(true.astype(np.float32) / 255, old=np.array([220.0, 30.0, 30.0]))
    band = Band(picture, true)
    rows, columns = band.places
    worth_looking_at = true[rows, columns] > 40
    own = band.product_colour(true)[worth_looking_at]
    assert np.quantile(np.abs(own - OWN).max(1), 0.9) < 12
    untouched = picture[rows, columns][worth_looking_at]
    assert np.quantile(np.abs(untouched - OWN).max(1), 0.9) > 80


def test_the_edge_keeps_the_products_own_pattern() -> None:
    """Stripes run out to the edge: its colour there is that of its stripe, not the mean of all."""
    true = np.round(true_matte() * 255).astype(np.uint8)
    stripes = np.where((np.arange(600) // 6 % 2 == 0)[:, None, None], (40.0, 80.0, 150.0), (150.0, 120.0, 60.0))
    own = np.broadcast_to(stripes, (600, 480, 3))
    band = Band(mixed(true.astype(np.float32) / 255, own), true)
    rows, columns = band.places
    mostly = true[rows, columns] > 200
    error = np.abs(band.product_colour(true) - own[rows, columns])[mostly].mean()
    assert error < 0.4 * np.abs(band.sides.colours(rows, columns)[0] - own[rows, columns])[mostly].mean()


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (401, 33)])
def test_odd_and_tiny_pictures_are_fine(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(2)
    picture = generator.integers(0, 256, (*size, 3)).astype(np.uint8)
    refined = refine(picture, generator.random(size).astype(np.float32))
    assert refined.shape == size
    assert 0 <= refined.min() <= refined.max() <= 1


def ragged(matte: np.ndarray) -> np.ndarray:
    """A matte whose outline follows a grain that is not the product's."""
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, matte.shape).astype(np.float32), (0, 0), 1.5)
    return np.round(255 * np.clip(matte + grain / grain.std() * 0.3 * (np.abs(matte - 0.5) < 0.49), 0, 1)).astype(
        np.uint8
    )


def outline_length(matte: np.ndarray) -> float:
    found, _ = cv2.findContours((matte > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return sum(cv2.arcLength(contour, True) for contour in found)


def test_rags_go_where_both_sides_look_alike() -> None:
    rough = ragged(doubtful(true_matte(), 3))
    smooth = Band(mixed(true_matte(), OLD, OLD + 3, noise=6), rough).smooth_edge(rough)
    assert outline_length(smooth) < 0.85 * outline_length(rough)
    true = true_matte() > 0.5
    assert ((smooth > 127) ^ true).sum() <= ((rough > 127) ^ true).sum()


def test_a_thin_strap_that_the_picture_shows_stays() -> None:
    matte = true_matte().copy()
    matte[:, matte.shape[1] // 2 : matte.shape[1] // 2 + 3] = 1
    placed = np.round(255 * matte).astype(np.uint8)
    smooth = Band(mixed(matte), placed).smooth_edge(placed)
    assert np.abs(smooth.astype(int) - placed).mean() < 1
    assert np.median(smooth[5:25, matte.shape[1] // 2 + 1]) > 220


def test_a_matte_without_an_edge_has_none_to_smooth() -> None:
    empty = np.zeros((40, 30), np.uint8)
    assert np.array_equal(Band(np.zeros((40, 30, 3), np.uint8), empty).smooth_edge(empty), empty)
