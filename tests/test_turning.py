from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot import geometry
from packshot.turning import PORTRAIT, SIDE, portrait, turned, turns
from tests.pictures import product_photo

MATTE = 1


def bottle(angle: float, size: tuple[int, int] = (420, 560)) -> tuple[np.ndarray, np.ndarray]:
    """A bottle on paper that leans so that ``angle`` sets it upright."""
    shape = np.array([(-40, 160), (40, 160), (40, -40), (14, -90), (14, -160), (-14, -160), (-14, -90), (-40, -40)])
    outline = geometry.apply(geometry.frame_affine(-angle, 1, (0, 0), size), shape.astype(float))
    matte = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(matte, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    share = matte[..., None] / 255
    return np.round(share * 70 + (1 - share) * 190).repeat(3, 2).astype(np.uint8), matte.astype(np.float32) / 255


def lopsidedness(pictures: np.ndarray) -> np.ndarray:
    mattes = pictures[:, MATTE].astype(float)
    return np.abs(mattes - mattes[:, :, ::-1]).mean((1, 2))


def test_a_portrait_has_the_product_in_its_middle_at_one_size_and_contrast() -> None:
    for size in ((420, 560), (900, 700)):
        planes = portrait(*bottle(0.0, size))
        assert planes.shape == (2, PORTRAIT, PORTRAIT)
        assert planes.dtype == np.uint8
        rows, columns = np.nonzero(planes[MATTE] > 127)
        assert np.ptp(rows) == pytest.approx(80, abs=3)
        assert (rows.min() + rows.max()) / 2 == pytest.approx((PORTRAIT - 1) / 2, abs=1)
        assert (columns.min() + columns.max()) / 2 == pytest.approx((PORTRAIT - 1) / 2, abs=1)


def test_without_a_product_there_is_nothing_to_see() -> None:
    image, matte = product_photo()
    assert not portrait(image, np.zeros_like(matte)).any()


@pytest.mark.parametrize("angle", [-8.0, -3.0, 0.0, 5.0])
def test_the_picture_of_the_true_angle_is_its_own_mirror_image(angle: float) -> None:
    pictures = turned(portrait(*bottle(angle)))
    assert pictures.shape == (len(turns()), 2, SIDE, SIDE)
    uneven = lopsidedness(pictures)
    assert turns()[int(uneven.argmin())] == angle
    assert uneven.min() < 0.3 * np.median(uneven)


def test_off_centre_products_still_have_their_axis_in_the_middle() -> None:
    pictures = turned(portrait(*bottle(2.0)), shift=(9.0, 0.0))
    assert turns()[int(lopsidedness(pictures).argmin())] == 2


def test_mirrored_photos_give_mirrored_pictures() -> None:
    image, matte = product_photo(angle=3.0)
    pictures = turned(portrait(image, matte)).astype(float)
    mirrored = turned(portrait(np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(matte[:, ::-1])))
    assert np.abs(mirrored[::-1, :, :, ::-1] - pictures).mean() < 4


def test_the_lines_of_a_block_grid_do_not_show() -> None:
    image, matte = bottle(0.0)
    rows, columns = np.indices(matte.shape)
    lines = 12 * ((rows % 8 == 0) | (columns % 8 == 0))[..., None]
    grid = np.clip(image.astype(int) + lines, 0, 255).astype(np.uint8)
    luma = portrait(grid, matte)[0].astype(float)
    inside = cv2.erode((portrait(image, matte)[MATTE] > 250).astype(np.uint8), np.ones((9, 9))) > 0
    contrast = 48 / 4  # an even product's, at most
    assert luma[inside].std() / contrast < 0.05 * lines.std()
