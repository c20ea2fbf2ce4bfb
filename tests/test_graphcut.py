from __future__ import annotations

import cv2
import numpy as np

from packshot.graphcut import recut, without_lines
from tests.pictures import product_photo


def rough(matte: np.ndarray) -> np.ndarray:
    """What a network sees of it: in the right place, soft, and a little too large."""
    grown = cv2.dilate(matte, np.ones((9, 9), np.uint8))
    return np.asarray(cv2.GaussianBlur(grown, (0, 0), 5), np.float32)


def share_wrong(matte: np.ndarray, true: np.ndarray) -> float:
    return float(((matte > 0.5) != (true > 0.5)).mean())


def test_the_cut_finds_the_edge_the_network_missed() -> None:
    pixels, true = product_photo()
    cut, _ = recut(pixels, rough(true))
    assert share_wrong(cut, true) < 0.5 * share_wrong(rough(true), true)


def test_a_smaller_picture_is_cut_alike() -> None:
    pixels, true = product_photo((1200, 960))
    large, _ = recut(pixels, rough(true))
    half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small, _ = recut(np.asarray(half, np.uint8), rough(true))
    assert np.abs(large - small).mean() < 0.002


def test_the_same_photo_is_cut_the_same() -> None:
    pixels, true = product_photo()
    first = recut(pixels, rough(true))
    cv2.setRNGSeed(99)
    second = recut(pixels, rough(true))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_nothing_sure_is_left_as_it_is() -> None:
    pixels, true = product_photo()
    doubtful = np.full_like(true, 0.5)
    matte, disagreement = recut(pixels, doubtful)
    assert matte is doubtful
    assert not disagreement.any()


def test_a_fine_chain_is_learned_from_at_its_own_size() -> None:
    pixels = np.full((400, 400, 3), 200, np.uint8)
    matte = np.zeros((400, 400), np.float32)
    pixels[200, 20:380], matte[200, 20:380] = (30, 30, 30), 1
    cut, _ = recut(pixels, matte)
    assert (cut[200, 30:370] > 0.5).all()
    assert not cut[:190].any()


def test_a_joint_that_leads_away_is_dropped_and_a_strap_stays() -> None:
    opinion = np.zeros((100, 100), np.float32)
    opinion[30:70, 30:70] = 1
    opinion[10:30, 50] = 0.6  # a strap the network saw
    cut = (opinion > 0.5).astype(np.uint8)
    cut[50, 70:] = 1  # a joint between tiles
    kept = without_lines(cut, opinion)
    assert kept[12, 50] == 1
    assert not kept[50, 80:].any()
