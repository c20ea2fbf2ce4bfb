"""What an error of light would do to a shot."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from packshot.evaluation.felt_features import felt
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import decide
from packshot.recipe import Recipe, Source
from packshot.style import Style
from packshot.view import View
from tests.tiny import make_pack, product_picture

SIZE = (300, 400)


@cache
def pack() -> Pack:
    return Pack(make_pack(Path(mkdtemp())))


def looked_at(pixels: np.ndarray) -> tuple[View, Recipe]:
    view = View.of(Photo.from_pixels(pixels, "photo"), pack(), Style(), "reds")
    return view, decide(view, Source(name="photo", sha256="0" * 64, size=SIZE))


def lit(stops: float) -> dict[str, float]:
    """How a product that comes out so much brighter feels a miss."""
    view, recipe = looked_at(product_picture(1, SIZE))
    lighting = recipe.lighting.model_copy(update={"exposure": stops})
    return felt(view, recipe.model_copy(update={"lighting": lighting}))


def test_a_black_product_hardly_shows_a_miss_of_exposure() -> None:
    dark, usual = lit(-6.0), lit(0.0)
    assert dark["felt_exposure"] < 0.5 * usual["felt_exposure"]
    assert 1 < usual["felt_exposure"] < 5, "a fifth of a stop is two to four units on most things"


def test_a_burnt_out_product_hides_it_too() -> None:
    assert lit(9.0)["felt_all"] < 0.2 * lit(0.0)["felt_all"]


def test_all_of_it_is_the_sum_of_independent_misses() -> None:
    told = lit(0.0)
    parts = [told[f"felt_{name}"] for name in ("exposure", "red", "blue")]
    assert told["felt_all"] == pytest.approx(np.sqrt(np.sum(np.square(parts))))


def test_without_a_product_nothing_is_told() -> None:
    view, recipe = looked_at(np.full((SIZE[1], SIZE[0], 3), 200, np.uint8))
    assert felt(view, recipe) == {}
