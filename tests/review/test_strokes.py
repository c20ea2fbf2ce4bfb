from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from packshot.review.strokes import Stroke, brushed, without_loose_pieces
from packshot.stages.background import decode_matte, encode_matte, png_asset

SOURCE = (800, 600)


def matte(level: float = 0.0, size: tuple[int, int] = (200, 150)) -> bytes:
    return encode_matte(np.full((size[1], size[0]), level, np.float32))


def drawn(content: bytes, *strokes: Stroke) -> np.ndarray:
    return decode_matte(brushed(png_asset(content, "matte", (200, 150)), content, strokes, SOURCE))


def test_a_dot_is_a_disc_of_its_radius_in_the_photo() -> None:
    pixels = drawn(matte(), Stroke(mode="add", radius=80, points=((400, 300),)))
    area = float((pixels > 127).sum()) * 16
    assert abs(area / (np.pi * 80**2) - 1) < 0.03
    moments = cv2.moments(pixels)
    assert abs(moments["m10"] / moments["m00"] - 99.6) < 0.2
    assert abs(moments["m01"] / moments["m00"] - 74.6) < 0.2


def test_a_line_reaches_from_end_to_end_and_no_further() -> None:
    pixels = drawn(matte(), Stroke(mode="add", radius=20, points=((100, 300), (400, 300), (700, 300))))
    columns = np.nonzero((pixels > 127).any(0))[0] * 4 + 1.5
    assert abs(columns.min() - 80) < 5
    assert abs(columns.max() - 720) < 5


@given(
    st.lists(st.tuples(st.floats(-200, 1000), st.floats(-200, 800)), min_size=1, max_size=6),
    st.floats(1, 300),
    st.sampled_from(["add", "remove"]),
)
def test_adding_never_darkens_and_removing_never_lightens(points: list, radius: float, mode: str) -> None:
    before = matte(0.5)
    after = drawn(before, Stroke(mode=mode, radius=radius, points=tuple(points))).astype(int)
    change = after - decode_matte(before)
    assert (change >= 0).all() if mode == "add" else (change <= 0).all()


def test_the_last_stroke_wins() -> None:
    there = Stroke(mode="add", radius=60, points=((400, 300),))
    gone = Stroke(mode="remove", radius=60, points=((400, 300),))
    assert drawn(matte(), there, gone)[75, 100] == 0
    assert drawn(matte(), gone, there)[75, 100] == 255


def test_without_a_matte_adding_starts_from_nothing_and_removing_from_all() -> None:
    for mode, middle, corner in (("add", 255, 0), ("remove", 0, 255)):
        pixels = decode_matte(brushed(None, None, [Stroke(mode=mode, radius=60, points=((400, 300),))], SOURCE))
        assert pixels.shape == (600, 800)
        assert (pixels[300, 400], pixels[0, 0]) == (middle, corner)


def test_small_loose_pieces_go_and_the_second_shoe_stays() -> None:
    pixels = np.zeros((150, 200), np.float32)
    pixels[20:100, 20:80] = 1
    pixels[30:90, 110:160] = 1
    pixels[120:124, 20:24] = 1
    tidied = decode_matte(without_loose_pieces(encode_matte(pixels)))
    assert (tidied[30:90, 30:70] == 255).all()
    assert (tidied[40:80, 120:150] == 255).all()
    assert (tidied[115:] == 0).all()
    whole = encode_matte(np.ones((20, 20), np.float32))
    assert without_loose_pieces(whole) == whole
