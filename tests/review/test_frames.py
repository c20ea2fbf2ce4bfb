from __future__ import annotations

import numpy as np
import pytest

from packshot.geometry import frame_affine
from packshot.photo import Photo
from packshot.pipeline import plan
from packshot.recipe import Alignment, Background, Cropping, Recipe, Source
from packshot.review.frames import OUTSIDE, Frame, cut, finished, untouched
from packshot.stages.background import encode_matte, png_asset
from tests.tiny import product_picture

PHOTO = Photo.from_pixels(product_picture(1, (300, 400)), "a.jpg")


def recipe(shadow: str = "none") -> Recipe:
    matte = np.zeros((400, 300), np.float32)
    matte[100:300, 80:220] = 1
    content = encode_matte(matte)
    asset = png_asset(content, "matte", (300, 400))
    return Recipe(
        source=Source(name="a.jpg", sha256=PHOTO.sha256, size=(300, 400)),
        background=Background(matte=asset, shadow=shadow),
        alignment=Alignment(angle=3),
        cropping=Cropping(centre=(150, 200), scale=1.0, canvas=(240, 300)),
        assets={asset.sha256: content},
    )


def test_a_frames_affine_is_the_same_as_cutting() -> None:
    move = Frame((100, 60), 0.25, 0.5, 0.75, 0.8).of((400, 400))
    assert np.allclose(move @ (99.5, 199.5, 1), (-0.5, -0.5))
    assert np.allclose(move @ (299.5, 319.5, 1), (99.5, 59.5))


@pytest.mark.parametrize("shadow", ["none", "soft"])
def test_a_part_is_what_the_whole_shows_there(shadow: str) -> None:
    operations = plan(recipe(shadow))
    whole = finished(PHOTO, operations, Frame((240, 300)))
    part = finished(PHOTO, operations, Frame((120, 150), 0.25, 0.25, 0.75, 0.75))
    there = whole[75:225, 60:180]
    assert np.abs(part.astype(int) - there).mean() < 0.6
    assert np.abs(part.astype(int) - there).max() < 40


def test_beyond_the_finished_picture_the_backdrop_goes_on() -> None:
    around = finished(PHOTO, plan(recipe()), Frame((480, 600), -0.5, -0.5, 1.5, 1.5))
    assert (around[0, 0] == 255).all()
    inner = around[150:450, 120:360]
    assert np.abs(inner.astype(int) - finished(PHOTO, plan(recipe()), Frame((240, 300)))).mean() < 0.6


def test_the_untouched_view_only_moves_and_is_grey_beyond_the_photo() -> None:
    view = untouched(PHOTO, recipe(), Frame((480, 600), -0.5, -0.5, 1.5, 1.5))
    assert tuple(view[0, 0]) == OUTSIDE
    x, y = frame_affine(3, 1, (150, 200), (240, 300)) @ (150, 200, 1)
    expected = PHOTO.pixels()[200, 150].astype(int)
    assert np.abs(view[round(y) + 150, round(x) + 120].astype(int) - expected).max() < 12


def test_cutting_averages_when_it_shrinks() -> None:
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    picture = np.repeat(checks[..., None], 3, 2).astype(np.uint8)
    assert np.abs(cut(picture, Frame((32, 32))).astype(int) - 128).max() < 4


@pytest.mark.parametrize(
    "wrong", [{"size": (0, 10)}, {"size": (5000, 10)}, {"size": (9, 9), "left": 2.0}, {"size": (9, 9), "bottom": 9.0}]
)
def test_views_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Frame(**wrong)
