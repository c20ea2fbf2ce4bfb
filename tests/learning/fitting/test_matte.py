from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.learning.fitting.matte import read_matte
from packshot.learning.registration.register import Registration
from tests.learning.pictures import SPRITE, Pair, Shoot, Sprite, make_pair, sprite


def overlap(found: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Intersection over union of the halves above 0.5."""
    first, second = found > 0.5, truth > 0.5
    return float((first & second).sum() / (first | second).sum())


def read(pair: Pair) -> NDArray[np.float32]:
    return read_matte(pair.before, pair.after, Registration(pair.before_to_after, 99, 0.1, True, ""))


def disc(radius: float, centre: tuple[int, int] = (SPRITE // 2, SPRITE // 2)) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:SPRITE, 0:SPRITE]
    return (np.hypot(columns - centre[0], rows - centre[1]) < radius).astype(np.float32)


@pytest.mark.parametrize(
    "shoot",
    [Shoot(), Shoot(before_scale=0.9, after_scale=0.5, size=(640, 700), after_size=(400, 400))],
    ids=["after finer", "before finer"],
)
def test_the_matte_is_read_at_the_befores_size(shoot: Shoot) -> None:
    pair = make_pair(sprite(1), shoot)
    matte = read(pair)
    assert matte.shape == pair.before.shape[:2]
    assert matte.dtype == np.float32
    assert 0 <= matte.min() <= matte.max() <= 1
    assert overlap(matte, pair.matte) > 0.985
    assert np.abs(matte - pair.matte).mean() < 0.01


def test_a_soft_edge_is_read_as_shares() -> None:
    pair = make_pair(sprite(1))
    matte, edge = read(pair), (pair.matte > 0.2) & (pair.matte < 0.8)
    assert np.abs(matte - pair.matte)[edge].mean() < 0.2


def test_a_hole_stays_a_hole() -> None:
    product = sprite(2)
    hole = disc(70)
    pair = make_pair(Sprite(product.colour, product.matte * (1 - hole)))
    assert overlap(read(pair), pair.matte) > 0.98
    assert read(pair)[pair.before.shape[0] // 2, pair.before.shape[1] // 2] < 0.05


def test_a_blown_highlight_is_no_hole() -> None:
    product = sprite(3)
    glow = cv2.GaussianBlur(disc(45), (0, 0), 12)[..., None]
    shiny = Sprite((product.colour * (1 - glow) + 300 * glow).astype(np.float32), product.matte)
    pair = make_pair(shiny)
    middle = pair.after.shape[0] // 2, pair.after.shape[1] // 2
    assert pair.after[middle].min() == 255
    assert read(pair)[pair.before.shape[0] // 2, pair.before.shape[1] // 2] > 0.95


def test_white_on_white_is_placed_by_the_before() -> None:
    product = sprite(5)
    lit = np.linspace(0, 1, SPRITE, dtype=np.float32)[None, :, None]
    pale = np.clip(190 + 85 * lit + 0.25 * (1 - lit) * (product.colour - 128), 0, 262)
    pair = make_pair(Sprite(pale.astype(np.float32), product.matte))
    blown = (pair.after.min(2) > 251).mean() - (make_pair(product).after.min(2) > 251).mean()
    assert blown > 0.02
    assert overlap(read(pair), pair.matte) > 0.997


def test_an_after_on_its_own_floor_has_no_matte() -> None:
    pair = make_pair(sprite(1))
    with pytest.raises(ValueError, match="no matte"):
        read(replace(pair, after=pair.before))
