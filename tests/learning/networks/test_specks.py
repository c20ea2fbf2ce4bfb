from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from packshot.geometry import identity
from packshot.learning.fitting.specks import speck_evidence
from packshot.learning.networks import specks
from packshot.learning.networks.specks import DOUBTFUL, SIDE, SURE, Batches, Pool, Speckled
from tests.pictures import product_photo

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn(example: Speckled, seed: int = 1, count: int = 12) -> Drawn:
    """Pictures (N, SIDE, SIDE, 3) in 0..255, specks and weights (N, SIDE, SIDE)."""
    image, where, counted = Batches([Pool.of([example], "cpu")], [1.0], count, seed).draw()
    return ((image.permute(0, 2, 3, 1) + 1) * 127.5).numpy(), where[:, 0].numpy(), counted[:, 0].numpy()


def cloth(level: int = 90) -> Speckled:
    return Speckled(np.full((300, 300, 3), level, np.uint8), np.ones((300, 300), np.float32))


def test_the_same_seed_draws_the_same_batch_and_another_another() -> None:
    first, second, other = (drawn(cloth(), seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("level", [20, 90, 160, 245])
def test_what_is_marked_stands_out_from_its_cloth(level: int) -> None:
    image, where, _ = drawn(cloth(level), count=40)
    grey = image.mean(3)
    change = np.abs(grey - np.median(grey, (1, 2), keepdims=True))
    near = np.stack([cv2.dilate(one, np.ones((9, 9), np.uint8)) for one in where]) > 0
    assert np.median(change[where > 0]) > 2 * np.median(change[~near])
    assert np.median(change[where > 0]) > 8


def test_some_pictures_are_clean_and_most_are_not() -> None:
    _, where, _ = drawn(cloth(), count=60)
    clean = float((where.sum((1, 2)) == 0).mean())
    assert 0.02 < clean < 0.6


def test_only_the_product_counts() -> None:
    pixels, matte = product_photo((240, 300))
    image, where, counted = drawn(Speckled(pixels, matte))
    assert image.shape == (12, SIDE, SIDE, 3)
    assert image.min() >= 0
    assert image.max() <= 255
    assert set(np.unique(where)) <= {0.0, 1.0}
    assert 0.05 < counted.mean() < 1


def test_what_a_pair_shows_is_marked_and_what_it_half_shows_does_not_count() -> None:
    pixels, matte = product_photo((240, 300))
    sure, doubtful = np.full_like(matte, SURE + 1), np.full_like(matte, (SURE + DOUBTFUL) / 2)
    _, where, counted = drawn(Speckled(pixels, matte, sure))
    assert where[counted > 0].all()
    _, where, counted = drawn(Speckled(pixels, matte, doubtful))
    assert (counted[where == 0] == 0).all()


def test_quarter_turns_take_pixels_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specks, "ENLARGED", (1.0,))
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[:, ::2] = 255  # any blur or turn would leave greys
    example = Speckled(stripes, np.ones((300, 300), np.float32), np.zeros((300, 300), np.float32))
    pictures, _, _ = drawn(example, count=40)
    assert any(((picture < 1) | (picture > 254)).all() for picture in pictures)


def test_a_photo_without_product_is_left_out() -> None:
    pixels, matte = product_photo((240, 300))
    pool = Pool.of([Speckled(pixels, np.zeros_like(matte)), Speckled(pixels, matte)], "cpu")
    assert len(pool.starts) == 1


def test_a_network_learns_from_batches() -> None:
    torch.manual_seed(1)
    network = torch.nn.Conv2d(3, 1, 5, padding=2)
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    losses = []
    batches = Batches([Pool.of([cloth(40)], "cpu")], [1.0], 6, 1)
    for _ in range(25):
        image, where, counted = batches.draw()
        wrong = torch.nn.functional.binary_cross_entropy_with_logits(network(image), where, weight=counted)
        optimiser.zero_grad()
        wrong.backward()
        optimiser.step()
        losses.append(float(wrong.detach()))
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:3])


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
