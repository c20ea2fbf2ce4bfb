from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot import geometry
from packshot.sampling import Part, strips, warp


def test_strips_cover_all_rows_once() -> None:
    parts = list(strips((30, 100), 32))
    assert [(part.top, part.bottom) for part in parts] == [(0, 32), (32, 64), (64, 96), (96, 100)]
    assert all(part.size[0] == 30 for part in parts)


def test_strips_are_cut_to_what_is_seen_and_its_reach() -> None:
    seen = np.zeros((64, 200), np.uint8)
    seen[40:50, 90:110] = 1
    first, second = strips((200, 64), 32, seen, reach=9)
    assert (first.left, first.right) == (81, 119)
    assert (second.left, second.right) == (81, 119)
    far, _ = strips((200, 64), 32, seen, reach=5)
    assert (far.left, far.right) == (0, 200)  # nothing is seen there, and so nothing is known to be cut


@pytest.mark.parametrize("part", [Part(0, 0, 90, 70), Part(20, 13, 61, 40), Part(85, 60, 90, 70), Part(-30, -20, 5, 4)])
def test_a_part_is_that_part_of_the_whole(part: Part) -> None:
    pixels = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (120, 100, 3)).astype(np.uint8), (0, 0), 2)
    back = geometry.invert(geometry.frame_affine(11.0, 0.7, (55, 52), (90, 70)))
    offset = np.array([[1.0, 0.0, part.left], [0.0, 1.0, part.top]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    whole = cv2.warpAffine(
        pixels, geometry.compose(offset, back), part.size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    assert np.abs(warp(pixels, back, part).astype(int) - whole).max() <= 3


@pytest.mark.parametrize("scale", [0.98, 0.77, 0.613, 1.21, 0.5, 1.0])
@pytest.mark.parametrize("shift", [(80.37, 61.9), (3.2, -5.5)])
def test_what_is_not_turned_is_only_scaled(scale: float, shift: tuple[float, float]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 500, 3)).astype(np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.uint8)
    back = np.array([[1 / scale, 0.0, shift[0]], [0.0, 1.001 / scale, shift[1]]])
    part = Part(7, 20, 157, 148)
    inverse = geometry.compose(np.array([[1.0, 0.0, part.left], [0.0, 1.0, part.top]]), back)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    whole = cv2.warpAffine(pixels, inverse, part.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    found = warp(pixels, back, part)
    assert found.shape == whole.shape
    assert np.abs(found.astype(int) - whole).max() <= 4
    assert np.abs(found.astype(int) - whole).mean() < 0.3
