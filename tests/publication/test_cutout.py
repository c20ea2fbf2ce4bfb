from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from packshot.photo import Photo
from packshot.pipeline import render
from packshot.publication.cutout import between
from packshot.publication.exports import export, reframed
from packshot.publication.presets import preset
from packshot.recipe import Recipe
from packshot.style import House
from tests.pictures import product_photo
from tests.publication.test_exports import recipe_for


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo.from_pixels(product_photo((1600, 2000))[0], "shirt")


@pytest.mark.parametrize("shadow", ["none", "soft"])
def test_a_cut_out_laid_on_white_is_the_shot_itself(photo: Photo, shadow: str) -> None:
    recipe = recipe_for(photo)
    recipe = recipe.model_copy(update={"background": recipe.background.model_copy(update={"shadow": shadow})})
    house = House(long_side=500)
    made = export(photo, recipe, preset("cutout"), house)
    cut = np.asarray(Image.open(io.BytesIO(made.data))).astype(np.float32)
    assert made.suffix == ".png"
    assert cut.shape == (500, 400, 4)
    share = cut[..., 3:] / 255
    shot = render(photo, reframed(recipe, house, preset("cutout").variant)).astype(np.float32)
    off = np.abs(cut[..., :3] * share + 255 * (1 - share) - shot).max(axis=2)
    assert off.max() <= 1
    assert {0.0, 255.0} <= set(np.unique(cut[..., 3]))
    assert cut[0, 0, 3] == 0


def test_what_covers_fully_or_not_at_all_is_exact() -> None:
    colours = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(between(colours, colours), np.dstack([colours, np.full((16, 16), 255, np.uint8)]))
    nothing = between(np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8))
    assert not nothing.any()


def test_a_photo_without_a_product_stays_whole(photo: Photo) -> None:
    recipe: Recipe = recipe_for(photo)
    recipe = recipe.model_copy(update={"background": recipe.background.model_copy(update={"matte": None})})
    made = export(photo, recipe, preset("cutout"), House())
    assert np.asarray(Image.open(io.BytesIO(made.data)))[..., 3].min() == 255


def test_a_square_is_square_and_white(photo: Photo) -> None:
    made = export(
        photo, recipe_for(photo), preset("square"), House(aspect=0.8, background=(10, 20, 30), upscale="allow")
    )
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == (2000, 2000)
        assert image.getpixel((3, 3)) == (255, 255, 255)
