from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest
from PIL import Image

from packshot.geometry import apply, frame_affine
from packshot.publication.contact.pictures import OUTSIDE, Aligned, make_thumb, write_pictures


def dotted(size: tuple[int, int], places: list[tuple[float, float]]) -> np.ndarray:
    """White discs on blue-grey, so that a place can be found again to a fraction of a pixel."""
    image = np.full((size[1], size[0], 3), (60, 80, 100), np.uint8)
    for x, y in places:
        cv2.circle(image, (round(x * 16), round(y * 16)), 20 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    return image


def centre_of(image: np.ndarray) -> tuple[float, float]:
    moments = cv2.moments((image[..., 0] > 225).astype(np.uint8), binaryImage=True)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


@pytest.mark.parametrize("scale", [1.3, 0.7, 0.31, 0.12])
def test_the_preview_lies_where_the_output_lies(scale: float) -> None:
    place = (700.0, 520.0)
    matrix = frame_affine(4.0, scale, (650.0, 480.0), (600, 800))
    (target,) = apply(matrix, np.array([place]))
    preview = Aligned(dotted((1301, 1003), [place]), matrix, (600, 800)).at(1600)
    assert preview.shape == (800, 600, 3)
    assert centre_of(preview) == pytest.approx(tuple(target), abs=0.3)


def test_a_large_frame_is_shown_smaller_and_still_lines_up() -> None:
    matrix = frame_affine(0.0, 2.0, (500.0, 500.0), (2000, 2500))
    preview = Aligned(dotted((1000, 1000), [(500.0, 500.0)]), matrix, (2000, 2500)).at(1600)
    assert preview.shape == (1600, 1280, 3)
    assert centre_of(preview) == pytest.approx((639.5, 799.5), abs=0.4)


def test_colors_are_left_alone_and_the_outside_is_neutral() -> None:
    photo = np.full((100, 100, 3), (200, 30, 90), np.uint8)
    preview = Aligned(photo, frame_affine(0.0, 1.0, (49.5, 49.5), (200, 200)), (200, 200)).at(1600)
    assert tuple(preview[100, 100]) == (200, 30, 90)
    assert tuple(preview[10, 10]) == OUTSIDE


def test_sixteen_bit_photos_are_shown_in_eight() -> None:
    photo = np.full((64, 64, 3), 40_000, np.uint16)
    preview = Aligned(photo, frame_affine(0.0, 1.0, (31.5, 31.5), (64, 64)), (64, 64)).at(1600)
    assert preview.dtype == np.uint8
    assert preview[32, 32, 0] == 40_000 >> 8


def test_fine_cloth_does_not_turn_to_moire() -> None:
    cloth = np.zeros((900, 900, 3), np.uint8)
    cloth[:, ::2] = 255
    preview = Aligned(cloth, frame_affine(0.0, 0.3, (449.5, 449.5), (270, 270)), (270, 270)).at(1600)
    assert preview[20:-20, 20:-20].std() < 25


def test_a_thumb_shows_both_halves_at_one_size() -> None:
    before, after = np.full((900, 1600, 3), 30, np.uint8), np.full((1600, 1280, 3), 220, np.uint8)
    thumb = np.asarray(Image.open(io.BytesIO(make_thumb(before, after))))
    assert thumb.shape == (320, 512, 3)
    assert thumb[160, 128].mean() == pytest.approx(30, abs=2)
    assert thumb[20, 128].mean() == pytest.approx(OUTSIDE[0], abs=2)
    assert thumb[160, 384].mean() == pytest.approx(220, abs=2)


def test_a_thumb_of_one_picture_is_that_picture() -> None:
    thumb = Image.open(io.BytesIO(make_thumb(np.zeros((400, 800, 3), np.uint16), None)))
    assert thumb.size == (320, 160)
    with pytest.raises(ValueError, match="needs a picture"):
        make_thumb(None, None)


def test_a_sliver_of_a_picture_still_has_a_thumb() -> None:
    thumb = Image.open(io.BytesIO(make_thumb(np.zeros((2, 4000, 3), np.uint8), np.zeros((4000, 2, 3), np.uint8))))
    assert thumb.size == (2, 320)


def test_pictures_are_written_where_the_run_line_says(tmp_path: Path) -> None:
    photo = Aligned(dotted((300, 300), []), frame_affine(0.0, 1.0, (149.5, 149.5), (200, 250)), (200, 250))
    keys = write_pictures(tmp_path, PurePosixPath("shoes/a"), photo, np.full((250, 200, 3), 255, np.uint8))
    assert keys == {"preview": "previews/shoes/a.jpg", "thumb": "thumbs/shoes/a.jpg"}
    assert Image.open(tmp_path / keys["preview"]).size == (200, 250)
    assert Image.open(tmp_path / keys["thumb"]).size == (400, 250)
