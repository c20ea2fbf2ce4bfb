from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from packshot.geometry import identity
from packshot.learning.fitting.specks import read_specks
from packshot.learning.specks.batches import Batch, Batches, Mixture
from packshot.learning.specks.drawing import Marked, StampBank
from packshot.learning.specks.labels import CLEAN, DOUBTFUL, OFF, STAMP, TAKEN, Stamp, speck_code, stamps_of
from packshot.learning.specks.network import SpeckNetwork
from packshot.learning.specks.pool import Pool, Speckled
from packshot.learning.specks.training import SpeckPlan, hardest, speck_loss, train_specks
from packshot.recipe import Spot
from tests.pictures import product_photo

SIDE = 96
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def batches(example: Speckled, seed: int = 1, enlarged: float = 1.5, bank: StampBank | None = None) -> Batches:
    return Batches({"one": Pool.of([example], "cpu")}, [Mixture(1, enlarged, {"one": 1.0})], bank, seed, SIDE)


def plain(batch: Batch) -> Drawn:
    """Pictures (N, SIDE, SIDE, 3) in 0..255, specks and what counts (N, SIDE, SIDE)."""
    pictures = ((batch.image.permute(0, 2, 3, 1) + 1) * 127.5).numpy()
    return pictures, batch.where[:, 0].numpy(), batch.counted[:, 0].numpy()


def drawn(example: Speckled, seed: int = 1, count: int = 12) -> Drawn:
    return plain(batches(example, seed).batch(count))


def cloth(level: int = 90) -> Speckled:
    return Speckled(np.full((300, 300, 3), level, np.uint8), np.ones((300, 300), np.uint8))


def dot(added: float, ground: float = 90) -> Stamp:
    rows, columns = np.mgrid[:STAMP, :STAMP] - STAMP // 2
    pixels = np.hypot(rows, columns) < 2.5
    colour = np.repeat((added * pixels)[..., None], 3, 2)
    return Stamp(colour.astype(np.float32), pixels, np.full(3, ground, np.float32))


def test_the_same_seed_draws_the_same_batch_and_another_another() -> None:
    first, second, other = (drawn(cloth(), seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("level", [20, 90, 160, 245])
def test_what_is_marked_stands_out_from_its_cloth(level: int) -> None:
    image, where, _ = drawn(cloth(level), count=60)
    grey = image.mean(3)
    change = np.abs(grey - np.median(grey, (1, 2), keepdims=True))
    near = np.stack([cv2.dilate(one, np.ones((9, 9), np.uint8)) for one in where]) > 0
    assert np.median(change[where > 0]) > 2 * np.median(change[~near])
    assert np.median(change[where > 0]) > 8


def test_specks_are_few_and_many_pictures_are_clean() -> None:
    _, where, _ = drawn(cloth(), count=80)
    clean = float((where.sum((1, 2)) == 0).mean())
    assert 0.1 < clean < 0.8
    assert where.mean() < 0.02


def test_only_the_product_counts() -> None:
    pixels, matte = product_photo((240, 300))
    image, where, counted = drawn(Speckled(pixels, (matte > 0.9).astype(np.uint8)))
    assert image.shape == (12, SIDE, SIDE, 3)
    assert image.min() >= 0
    assert image.max() <= 255
    assert set(np.unique(where)) <= {0.0, 1.0}
    assert 0.05 < counted.mean() < 1


@pytest.mark.parametrize(("code", "marked"), [(TAKEN + 2, True), (DOUBTFUL, False)])
def test_what_a_pair_shows_is_marked_and_what_it_half_shows_does_not_count(code: int, marked: bool) -> None:
    pixels, matte = product_photo((240, 300))
    taken = np.where(matte > 0.9, code, OFF).astype(np.uint8)
    _, where, counted = drawn(Speckled(pixels, taken, told=True))
    if marked:
        assert where[counted > 0].all()
    assert (counted[where == 0] == 0).all()


def test_a_small_speck_weighs_more_by_the_pixel_than_a_large_one() -> None:
    pixels, matte = product_photo((240, 300))
    weights = []
    for code in (TAKEN + 1, TAKEN + 6):
        taken = np.where(matte > 0.9, code, OFF).astype(np.uint8)
        batch = batches(Speckled(pixels, taken, told=True)).batch(8)
        weights.append(float(batch.weight[batch.where > 0].median()))
    assert weights[0] > 2 * weights[1]


def test_quarter_turns_take_pixels_as_they_are() -> None:
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[:, ::2] = 255  # any blur or turn would leave greys
    example = Speckled(stripes, np.ones((300, 300), np.uint8), told=True)
    pictures, _, _ = plain(batches(example, enlarged=1.0).batch(40))
    assert any(((picture < 1) | (picture > 254)).all() for picture in pictures)


def test_a_photo_without_product_is_left_out() -> None:
    pixels, matte = product_photo((240, 300))
    code = (matte > 0.9).astype(np.uint8)
    pool = Pool.of([Speckled(pixels, np.zeros_like(code)), Speckled(pixels, code)], "cpu")
    assert len(pool.starts) == 1


@pytest.mark.parametrize("added", [60, -60])
def test_a_speck_of_another_photo_is_laid_on_cloth_as_far_as_there_is_room(added: int) -> None:
    for level, room in ((90, True), (255 if added > 0 else 0, False)):
        draws = batches(cloth(level), bank=StampBank.of([dot(added)], "cpu"))
        image = torch.full((40, 3, SIDE, SIDE), float(level))
        assert draws.bank is not None
        laid = draws.bank.laid_on(Marked(image, torch.zeros(40, 1, SIDE, SIDE)), torch.ones(40) > 0, draws.draw)
        marked = laid.area[:, 0] > 0
        assert bool(marked.any()) == room
        if room:
            change = (laid.image.mean(1) - level)[marked] * np.sign(added)
            assert float(change.median()) > 30
            assert float((laid.image - image).abs()[(laid.area == 0).expand_as(image)].quantile(0.99)) < 1
        else:
            assert torch.equal(laid.image, image)


def test_a_network_learns_what_retouchers_took_away_and_averages_its_weights() -> None:
    torch.manual_seed(1)
    losses: list[float] = []
    draws = batches(cloth(40), enlarged=1.0, bank=StampBank.of([dot(90, 40)], "cpu"))
    network = SpeckNetwork((8, 8, 8))
    plan = SpeckPlan(1, 6, 1e-2, mined=False, warming=1, steps=30)
    average = train_specks(network, draws, plan, lambda _step, _seconds, loss: losses.append(loss))
    assert len(losses) == 30
    assert np.mean(losses[-6:]) < 0.7 * np.mean(losses[:4])
    batch = draws.batch(16)
    with torch.no_grad():
        assert float(speck_loss(average(batch.image), batch)) < losses[0]


def test_clean_pictures_on_which_the_network_finds_something_are_kept() -> None:
    batch = batches(cloth()).batch(16)
    empty = Batch(
        batch.image, *(torch.zeros_like(batch.where), torch.ones_like(batch.where)), batch.weight, batch.clean
    )
    wrong = empty.image.clone()
    wrong[3, :, 40:50, 40:50] = 5.0

    class Bright(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return (image.amax(1, keepdim=True) - 3) * 10

    kept = hardest(Bright(), Batch(wrong, empty.where, empty.counted, empty.weight, empty.clean), 4, torch.zeros(16))
    assert float(kept.image.max()) == 5.0
    assert len(kept.image) == 4


def speckled_photo() -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    """Before, after, matte, and where the dust lay."""
    pixels, matte = product_photo((240, 300))
    rows, columns = np.nonzero(cv2.erode((matte > 0.95).astype(np.uint8), np.ones((45, 45), np.uint8)))
    x, y = int(np.median(columns)), int(np.median(rows))
    before = pixels.copy()
    cv2.circle(before, (x, y), 2, (10, 10, 10), -1, cv2.LINE_AA)
    toned = np.clip(before.astype(float) * (0.8, 0.9, 1.0), 0, 255).astype(np.uint8)
    return toned, pixels, matte.astype(np.float32), (x, y)


def test_a_speck_that_went_is_read_out_of_the_pair_and_nothing_else() -> None:
    before, after, matte, (x, y) = speckled_photo()
    reading = read_specks(before, after, identity(), matte)
    assert reading.evidence[y, x] > 2
    assert reading.rest[y, x].mean() < -10
    away = np.hypot(*(np.mgrid[0 : matte.shape[0], 0 : matte.shape[1]] - np.array([y, x])[:, None, None])) > 8
    assert (reading.evidence[away] < 2).all()


def test_a_speck_is_what_the_fit_healed_and_the_evidence_shows() -> None:
    before, after, matte, (x, y) = speckled_photo()
    reading = read_specks(before, after, identity(), matte)
    healed = speck_code(reading, matte, [Spot(x=x, y=y, radius=4)], identity())
    alone = speck_code(reading, matte, [], identity())
    only_healed = speck_code(reading, matte, [Spot(x=x, y=y + 20, radius=4)], identity())
    assert healed[y, x] >= TAKEN
    assert alone[y, x] == DOUBTFUL
    assert only_healed[y + 20, x] == DOUBTFUL
    assert (healed[matte < 0.5] == OFF).all()
    assert np.median(healed[matte > 0.95]) == CLEAN
    (stamp,) = stamps_of(before, healed, reading)
    assert stamp.added[STAMP // 2, STAMP // 2].mean() < -10
    assert stamp.pixels[STAMP // 2, STAMP // 2]
    assert stamps_of(before, alone, reading) == []
