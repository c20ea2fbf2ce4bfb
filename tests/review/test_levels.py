from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import plan
from packshot.recipe import Recipe, Source
from packshot.review.frames import Frame, finished
from packshot.review.levels import Levels
from packshot.review.pictures import Darkroom
from tests.tiny import product_picture


def photo(tmp_path: Path, size: tuple[int, int], suffix: str) -> Photo:
    path = tmp_path / f"shot{suffix}"
    if suffix == ".jpg":
        path.write_bytes(encode_jpeg(product_picture(3, size), 95))
    else:
        from PIL import Image

        Image.fromarray(product_picture(3, size)).save(path)
    return Photo.open(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("size", [(640, 960), (641, 963)])
def test_views_from_levels_are_those_from_the_photo(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    one = photo(tmp_path, size, suffix)
    recipe = Recipe(source=Source(name="shot", sha256="0" * 64, size=size), category="reds")
    levels = Levels(photo(tmp_path, size, suffix))
    levels.pixels(1.0)  # as after a look at 100 %: every smaller size is halved from the full one
    for share in (1.0, 0.6, 0.5, 0.3, 0.11):
        frame = Frame((round(size[0] * share), round(size[1] * share)))
        direct, halved = (finished(each, plan(recipe), frame) for each in (one, levels))
        assert direct.shape == halved.shape
        difference = direct.astype(int) - halved
        assert np.abs(difference).mean() < 1.6, "grain is averaged in another order"
        assert abs(difference.mean()) < 0.6
        one.release()


def test_a_size_is_made_once_and_is_large_enough(tmp_path: Path) -> None:
    levels = Levels(photo(tmp_path, (640, 960), ".png"))
    for scale in (0.9, 0.5, 0.3, 0.2, 0.01):
        pixels = levels.pixels(scale)
        assert pixels.shape[1] >= 640 * scale
        assert levels.pixels(scale) is pixels
    levels.release(largest=30_000)
    assert levels.pixels(0.25).shape == (240, 160, 3)


def test_what_is_made_ready_need_not_be_decoded_later(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    picture = np.repeat(np.repeat(product_picture(3), 10, 0), 10, 1)
    path.write_bytes(encode_jpeg(picture, 90))
    opened = Photo.open(path)
    recipe = Recipe(source=Source(name="large", sha256=opened.sha256, size=opened.size), category="reds")
    frame = Frame((300, 400))
    darkroom = Darkroom()
    darkroom.make_ready(path, recipe, frame)
    path.write_bytes(b"gone")  # what is decoded needs the file no longer
    assert len(darkroom.finished(path, recipe, frame)) > 1000
