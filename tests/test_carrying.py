"""A person's colour carried to another photo of the product."""

from __future__ import annotations

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from packshot.carrying import Corrected, carried, carry, product_colors
from packshot.colorscience import encode_srgb
from packshot.photo import Photo
from packshot.pipeline import correct
from packshot.recipe import Background, Recipe, Source
from packshot.shift import Shift
from packshot.stages.background import encode_matte, png_asset

SIZE = (160, 120)
MATTE = np.zeros((120, 160), np.float32)
MATTE[20:100, 30:130] = 1
CONTENT = encode_matte(MATTE, quick=True)
ASSET = png_asset(CONTENT, "matte", SIZE)
CLOTH, LABEL, LINING = (0.30, 0.18, 0.12), (0.25, 0.26, 0.24), (0.10, 0.16, 0.40)

Scene = NDArray[np.float64]


def scene(*areas: tuple[tuple[float, float, float], float], seed: int = 0) -> Scene:
    """(H, W, 3) linear: a shaded product of these colours, each over its share of the width, on grey paper."""
    draw = np.random.default_rng(seed)
    linear = np.full((120, 160, 3), 0.5)
    left = 30
    for color, share in areas:
        right = left + round(share * 100)
        linear[20:100, left:right] = color
        left = right
    shading = 1 + 0.3 * np.sin(np.linspace(seed, seed + 12.6, 160))[None, :, None]
    return np.asarray(linear * shading * draw.normal(1, 0.02, linear.shape), np.float64)


def photo(linear: Scene, warm: float = 0.0, bright: float = 0.0) -> tuple[Photo, Recipe]:
    """The scene in a light ``warm`` stops redder than blue, and a prediction that changes nothing."""
    light = np.exp2(np.array([warm / 2, 0, -warm / 2]) + bright)
    pixels = np.round(encode_srgb(np.clip(linear * light, 0, 1)) * 255).astype(np.uint8)
    opened = Photo.open(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), 97, colorsubsampling="444"), name="a.jpg")
    source = Source(name="a.jpg", sha256=opened.sha256, size=opened.size)
    recipe = Recipe(source=source, background=Background(matte=ASSET), assets={ASSET.sha256: CONTENT}, by="base 1")
    return opened, recipe


def corrected(linear: Scene, warm: float, shift: Shift, bright: float = 0.0) -> Corrected:
    opened, recipe = photo(linear, warm, bright)
    return Corrected(opened, recipe, correct(recipe, shift.changes(recipe)))


def moved(source: Corrected, other: tuple[Photo, Recipe]) -> Shift:
    return Shift.between(other[1], carry(*other, source))


def test_no_correction_changes_nothing() -> None:
    linear = scene((CLOTH, 1))
    other = photo(scene((CLOTH, 1), seed=1), 0.2)
    source = corrected(linear, 0.3, Shift())
    assert carry(*other, source) is other[1]
    turned = Corrected(source.photo, source.predicted, correct(source.predicted, {"alignment": {"angle": 2.0}}))
    assert carry(*other, turned) is other[1]


@pytest.mark.parametrize("warm", [-0.15, 0.0, 0.15, 0.3])
def test_the_products_colour_is_carried_and_not_the_change(warm: float) -> None:
    # The person took 0.3 stops of warmth out of the one; the other stood in a light of its own.
    source = corrected(scene((CLOTH, 1)), 0.3, Shift(warmth=-0.3))
    assert moved(source, photo(scene((CLOTH, 1), seed=1), warm)).warmth == pytest.approx(-warm, abs=0.09)


def test_another_side_of_the_product_pulls_it_nowhere() -> None:
    source = corrected(scene((CLOTH, 0.7), (LABEL, 0.3)), 0.2, Shift(warmth=-0.2))
    plain = moved(source, photo(scene((CLOTH, 1), seed=1), 0.2))
    lined = moved(source, photo(scene((CLOTH, 0.6), (LINING, 0.4), seed=1), 0.2))
    assert lined.warmth == pytest.approx(plain.warmth, abs=0.06)
    nothing_alike = moved(source, photo(scene((LINING, 1), seed=1), 0.2))
    assert nothing_alike.warmth == pytest.approx(-0.4 * 0.2, abs=0.05), "as far as is to be expected of any photo"


def test_exposure_is_carried_in_the_same_light_and_hardly_in_another() -> None:
    source = corrected(scene((CLOTH, 1)), 0.0, Shift(exposure=0.4))
    assert moved(source, photo(scene((CLOTH, 1)))).exposure == pytest.approx(0.36)
    assert moved(source, photo(scene((CLOTH, 1), seed=1), bright=0.6)).exposure == pytest.approx(0.04, abs=0.03)


def test_only_what_the_person_moved_is_carried() -> None:
    source = corrected(scene((CLOTH, 1)), 0.3, Shift(shadows=0.2, exposure=0.3))
    result = carry(*photo(scene((CLOTH, 1), seed=1), 0.1), source)
    assert result.color == source.predicted.color, "the light may differ, but the person left the white point alone"
    assert result.lighting.shadows == 0.2


def test_a_carried_recipe_says_whose_it_is_and_keeps_the_rest() -> None:
    other = photo(scene((CLOTH, 1), seed=1), 0.2)
    source = corrected(scene((CLOTH, 1)), 0.3, Shift(warmth=-0.3))
    result = carry(*other, source)
    assert result.by == "human, carried from a.jpg"
    assert result.verdict is None
    assert result.model_copy(update={"color": other[1].color, "by": other[1].by}) == other[1]
    assert carry(*other, source) == result, "twice is as once"


def test_colours_are_those_under_the_prediction() -> None:
    opened, recipe = photo(scene((CLOTH, 1)), 0.3)
    plain = product_colors(opened, recipe)
    warmer = product_colors(opened, correct(recipe, Shift(exposure=1.0).changes(recipe)))
    assert plain.shape[1] == 3
    assert warmer - plain == pytest.approx(1.0, abs=1e-6)
    assert np.median(plain, 0) == pytest.approx(np.log2(CLOTH) + np.array([0.15, 0, -0.15]), abs=0.15)


def test_without_a_cut_out_only_what_is_to_be_expected_is_carried() -> None:
    opened, recipe = photo(scene((CLOTH, 1)), 0.3)
    bare = recipe.model_copy(update={"background": Background()})
    assert len(product_colors(opened, bare)) == 0
    source = corrected(scene((CLOTH, 1)), 0.3, Shift(warmth=-0.3, exposure=0.5))
    assert moved(source, (opened, bare)) == Shift(warmth=-0.12, exposure=0.05)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 99), st.floats(-1, 1), st.floats(-0.6, 0.6), st.floats(-2, 2))
def test_no_photo_is_moved_further_than_the_prior_lets_it(seed: int, warm: float, tint: float, bright: float) -> None:
    draw = np.random.default_rng(seed)
    there, here = (draw.normal(draw.normal(-2, 1, 3), 0.5, (draw.integers(1, 300), 3)) for _ in range(2))
    found = carried(Shift(warm, tint, bright), there, here)
    assert abs(found.warmth - 0.4 * warm) < 1.01
    assert abs(found.tint - 0.4 * tint) < 0.51
    assert abs(found.exposure) <= 0.9 * abs(bright) + 0.006
