from __future__ import annotations

import cv2
import numpy as np

from packshot.evaluation.fraying import Fraying


def block(teeth: int = 0) -> np.ndarray:
    """(h, w) 0 or 1: a block whose right side has teeth of some pixels along its lower half."""
    mask = np.zeros((300, 400), np.uint8)
    mask[60:240, 100:280] = 1
    if teeth:
        for row in range(160, 240, 6):
            mask[row : row + 3, 280 : 280 + teeth] = 1
    return mask


def test_teeth_fray_an_outline_and_make_it_longer() -> None:
    plain, toothed, longer = (Fraying.of(block(teeth)) for teeth in (0, 4, 8))
    assert plain.share < toothed.share < longer.share
    assert plain.rough < toothed.rough < longer.rough


def test_size_changes_little() -> None:
    large = cv2.resize(block(8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    assert abs(Fraying.of(np.asarray(large, np.uint8)).share - Fraying.of(block(8)).share) < 0.4


def test_the_worst_part_is_where_the_teeth_are() -> None:
    left, top, right, bottom = Fraying.of(block(8)).worst()
    assert left > 200
    assert top > 130
    assert right <= 290
    assert bottom <= 245
    assert not Fraying.of(np.ones((9, 9), np.uint8)).frayed.any()


def test_a_product_beyond_the_frame_is_not_frayed_there() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[:, 60:140] = 1
    assert not Fraying.of(mask).frayed.any()
