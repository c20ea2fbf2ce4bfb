from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.geometry import identity
from packshot.learning.speck_reading import speck_evidence
from packshot.learning.specks import DOUBTFUL, SIDE, SURE, Speckled, draw_specks, dust, lint, speck_sample
from tests.pictures import product_photo


def cloth(level: int = 90) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def test_the_same_seed_draws_the_same_specks() -> None:
    for seed in range(4):
        first, second = (draw_specks(cloth(), np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])


@pytest.mark.parametrize("level", [20, 90, 160, 245])
def test_what_is_marked_stands_out_and_what_is_not_does_not(level: int) -> None:
    marked = []
    for seed in range(30):
        image, where = draw_specks(cloth(level), np.random.default_rng(seed))
        change = np.abs(image.astype(int) - level).max(2)
        near = cv2.dilate(where, np.ones((5, 5))) > 0
        assert change[~near].max(initial=0) <= 40  # the faint ones, too faint to be asked for
        marked.extend(change[where > 0])
    assert np.median(marked) > 20


def test_some_pictures_are_clean() -> None:
    counts = [float(draw_specks(cloth(), np.random.default_rng(seed))[1].sum()) for seed in range(40)]
    assert 0 in counts
    assert max(counts) > 20


def test_dust_is_round_and_lint_is_long() -> None:
    size, place = (SIDE, SIDE), np.array([80.0, 70.0])
    spots, threads = ([draw(place, size, np.random.default_rng(seed)) for seed in range(20)] for draw in (dust, lint))
    assert min(spot[70, 80] for spot in spots) > 0.9
    assert max(float(shape.max()) for shape in (*spots, *threads)) <= 1
    assert max(elongation(spot) for spot in spots) < 1.5
    assert np.median([elongation(thread) for thread in threads]) > 2.5


def elongation(shape: np.ndarray) -> float:
    """Long over short axis; the pixel grid's own width is added to both."""
    moments = cv2.moments(shape)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / moments["m00"]
    short, long = np.linalg.eigvalsh(spread) + 1 / 12
    return float(np.sqrt(long / short))


def test_a_sample_marks_specks_on_the_product_only() -> None:
    pixels, matte = product_photo((240, 300))
    for seed in range(12):
        image, where, counts = speck_sample(Speckled(pixels, matte), np.random.default_rng(seed))
        assert image.shape == (SIDE, SIDE, 3)
        assert image.dtype == np.uint8
        assert where.shape == counts.shape == (SIDE, SIDE)
        assert set(np.unique(where)) <= {0.0, 1.0}
        assert counts[SIDE // 2, SIDE // 2] == 1
        assert not counts.all() or matte.min() > 0.9


def test_a_photo_without_product_has_no_specks_to_learn() -> None:
    pixels, matte = product_photo((240, 300))
    _, _, counts = speck_sample(Speckled(pixels, np.zeros_like(matte)), np.random.default_rng(3))
    assert not counts.any()


def test_what_a_pair_shows_is_marked_and_what_it_half_shows_does_not_count() -> None:
    pixels, matte = product_photo((240, 300))
    sure, doubtful = np.full_like(matte, SURE + 1), np.full_like(matte, (SURE + DOUBTFUL) / 2)
    for seed in range(6):
        _, where, counts = speck_sample(Speckled(pixels, matte, sure), np.random.default_rng(seed))
        assert where[counts > 0].all()
        _, where, counts = speck_sample(Speckled(pixels, matte, doubtful), np.random.default_rng(seed))
        assert (counts[where == 0] == 0).all()


def test_a_speck_that_went_is_read_out_of_the_pair_and_nothing_else() -> None:
    pixels, matte = product_photo((240, 300))
    speckled = pixels.copy()
    rows, columns = np.nonzero(cv2.erode((matte > 0.95).astype(np.uint8), np.ones((25, 25), np.uint8)))
    x, y = int(np.median(columns)), int(np.median(rows))
    cv2.circle(speckled, (x, y), 2, (10, 10, 10), -1, cv2.LINE_AA)
    toned = np.clip(speckled.astype(float) * (0.8, 0.9, 1.0), 0, 255).astype(np.uint8)
    evidence = speck_evidence(toned, pixels, identity(), matte.astype(np.float32))
    assert evidence[y, x] > 2
    away = np.hypot(*(np.mgrid[0 : matte.shape[0], 0 : matte.shape[1]] - np.array([y, x])[:, None, None])) > 8
    assert (evidence[away] < 2).all()
