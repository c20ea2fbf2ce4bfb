from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import cv2
import numpy as np
import pytest

from packshot.evaluation.rules import RULES, Shot, examine
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Alignment, Background, Color, Cropping, Recipe, Source
from packshot.stages.background import encode_matte, png_asset
from packshot.stages.cropping import CroppingStage
from packshot.style import House
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack

HOUSE = House(long_side=560, upscale="allow", sharpening=0)


def with_matte(recipe: Recipe, matte: np.ndarray, **changes: Any) -> Recipe:
    content = encode_matte(matte)
    asset = png_asset(content, "matte", (matte.shape[1], matte.shape[0]))
    background = Background.model_validate({**recipe.background.model_dump(), "matte": asset, **changes})
    return recipe.model_copy(update={"background": background, "assets": {asset.sha256: content}})


def rendered(recipe: Recipe, house: House = HOUSE) -> Shot:
    photo = Photo.from_pixels(product_photo(size=(700, 900))[0], "shirt")
    return replace(good(), recipe=recipe, image=render(photo, recipe), house=house)


@cache
def good() -> Shot:
    """A shot nothing can be said against: cut out, white, well placed, large enough, sharp."""
    pixels, matte = product_photo(size=(700, 900))
    photo = Photo.from_pixels(pixels, "shirt")
    pack = write_pack(Path(mkdtemp()))
    view = view_of(pixels, matte, pack, **HOUSE.model_dump())
    recipe = Recipe(
        source=Source(name="shirt", sha256=photo.sha256, size=photo.size),
        category="tops",
        category_confidence=1.0,
        color=Color(white_gain=(1.02, 1.0, 0.98), measured_from="backdrop", confidence=0.9),
        cropping=CroppingStage().predict(view, draft(view)),
    )
    recipe = with_matte(recipe, matte)
    return Shot(render(photo, recipe), recipe, pack, HOUSE)


def changed(**parts: Any) -> Shot:
    """The good shot with other parts in its recipe; the picture stays."""
    return replace(good(), recipe=good().recipe.model_copy(update=parts))


def painted(paint: Callable[[np.ndarray, np.ndarray], np.ndarray | None]) -> Shot:
    """The good shot after painting: the picture, and where it shows product."""
    image = good().image.copy()
    matte = good().matte
    assert matte is not None
    result = paint(image, matte == 255)
    return replace(good(), image=image if result is None else np.asarray(result, np.uint8))


def fill(value: int) -> Callable[[np.ndarray, np.ndarray], None]:
    def paint(image: np.ndarray, product: np.ndarray) -> None:
        image[product] = value

    return paint


def stain(image: np.ndarray, product: np.ndarray) -> None:
    assert not product[2, 3]
    image[2, 3] = (255, 255, 254)


def out_of_focus(sigma: float) -> Shot:
    pixels = cv2.GaussianBlur(product_photo(size=(700, 900))[0], (0, 0), sigma)
    photo = Photo.from_pixels(np.asarray(pixels, np.uint8), "blurred")
    source = good().recipe.source.model_copy(update={"sha256": photo.sha256})
    return replace(good(), image=render(photo, good().recipe.model_copy(update={"source": source})))


def recipe_with(matte: np.ndarray) -> Recipe:
    return with_matte(good().recipe, matte)


def matte_where(test: Callable[[np.ndarray, np.ndarray], np.ndarray], value: float) -> np.ndarray:
    """The true matte with another value where rows and columns pass a test."""
    matte = product_photo(size=(700, 900))[1].copy()
    rows, columns = np.mgrid[:900, :700]
    matte[test(rows, columns)] = value
    return matte


def crop(**changes: Any) -> Recipe:
    recipe = good().recipe
    return recipe.model_copy(update={"cropping": recipe.cropping.model_copy(update=changes)})


def aside() -> Recipe:
    centre, scale = good().recipe.cropping.centre, good().recipe.cropping.scale
    assert centre is not None
    return crop(centre=(centre[0] + 30 / scale, centre[1]))


CASES: dict[str, Callable[[], Shot]] = {
    "no_matte": lambda: rendered(good().recipe.model_copy(update={"background": Background()})),
    "no_product": lambda: rendered(recipe_with(np.zeros((900, 700), np.float32))),
    "all_product": lambda: rendered(recipe_with(np.ones((900, 700), np.float32))),
    "matte_doubt": lambda: rendered(
        with_matte(
            good().recipe, matte_where(lambda r, c: (r > 400) & (r < 500) & (c > 300) & (c < 400), 0.5), doubt=0.2
        )
    ),
    "cut_by_frame": lambda: rendered(recipe_with(matte_where(lambda r, c: (r < 300) & (abs(c - 350) < 40), 1.0))),
    "burnt_out": lambda: painted(fill(255)),
    "blocked_up": lambda: painted(fill(0)),
    "soft": lambda: out_of_focus(6.0),
    "too_small": lambda: rendered(crop(scale=0.5 * good().recipe.cropping.scale, canvas=(240, 300))),
    "below_canvas": lambda: replace(good(), house=HOUSE.model_copy(update={"long_side": 2000})),
    "upscaled": lambda: rendered(crop(scale=1.5, canvas=(960, 1200)), HOUSE.model_copy(update={"long_side": 1200})),
    "white_point_guessed": lambda: changed(color=Color(measured_from="statistics", confidence=0.2)),
    "strong_cast": lambda: changed(color=Color(white_gain=(1.0, 1.0, 2.5), measured_from="backdrop")),
    "margin": lambda: rendered(aside()),
    "backdrop_impure": lambda: painted(stain),
    "category_unsure": lambda: replace(good(), recipe=good().recipe.model_copy(update={"category_confidence": 0.3})),
}


@cache
def case(code: str) -> Shot:
    return CASES[code]()


def codes(shot: Shot) -> list[str]:
    return [finding.reason.code for finding in examine(shot)]


def test_nothing_is_said_against_a_good_shot() -> None:
    assert examine(good()) == []


@pytest.mark.parametrize("code", CASES)
def test_the_rule_speaks_where_it_should(code: str) -> None:
    findings = examine(case(code))
    spoken = {finding.reason.code: finding for finding in findings}
    assert code in spoken
    assert 0 < spoken[code].severity <= 1
    assert re.fullmatch(r"[A-Z0-9].+\.", spoken[code].reason.sentence)


def test_every_rule_has_its_case() -> None:
    shots = [case(code) for code in CASES]
    assert all(any(list(rule(shot)) for shot in shots) for rule in RULES)


def test_a_case_is_not_blamed_for_more_than_it_is() -> None:
    for code in ("backdrop_impure", "category_unsure", "white_point_guessed", "strong_cast", "soft"):
        assert codes(case(code)) == [code]


def test_what_the_house_leaves_to_the_photo_is_not_held_against_it() -> None:
    photos_own = HOUSE.model_copy(update={"frame": "photo", "long_side": 2000})
    assert codes(replace(case("margin"), house=photos_own)) == []
    assert codes(replace(good(), house=photos_own)) == []
    kept = Color(white_gain=(1.0, 1.0, 2.5), measured_from="statistics", strength=0)
    assert codes(changed(color=kept)) == []


def test_the_gravest_comes_first() -> None:
    shot = case("no_product")
    both = replace(shot, recipe=shot.recipe.model_copy(update={"category_confidence": 0.1}))
    severities = [finding.severity for finding in examine(both)]
    assert len(severities) >= 2
    assert severities == sorted(severities, reverse=True)


def test_a_doubtful_place_is_shown() -> None:
    shot = case("matte_doubt")
    (reason,) = [finding.reason for finding in examine(shot) if finding.reason.code == "matte_doubt"]
    assert reason.region is not None
    left, top, right, bottom = reason.region
    width, height = shot.recipe.geometry.size
    matrix = shot.recipe.geometry.affine()
    place = np.array([[300.0, 400.0], [400.0, 500.0]]) @ matrix[:, :2].T + matrix[:, 2]
    wanted = place / [width, height]
    assert (left, top, right, bottom) == pytest.approx(tuple(wanted.ravel()), abs=0.02)


def test_a_wanted_shadow_is_no_impurity() -> None:
    recipe = good().recipe
    soft = recipe.model_copy(update={"background": recipe.background.model_copy(update={"shadow": "soft"})})
    assert codes(rendered(soft)) == []


def test_a_turned_product_is_judged_in_its_own_frame() -> None:
    """The matte follows the turn: an upright shirt turned by 4 degrees still has its backdrop exact."""
    recipe = good().recipe.model_copy(update={"alignment": Alignment(angle=4.0, method="human")})
    assert "backdrop_impure" not in codes(rendered(recipe))


def test_doubt_weighs_more_the_greater_it_is() -> None:
    def severity(doubt: float) -> float:
        recipe = good().recipe
        part = recipe.background.model_copy(update={"doubt": doubt})
        findings = examine(changed(background=part))
        return sum(finding.severity for finding in findings if finding.reason.code == "matte_doubt")

    values = [severity(doubt) for doubt in (0.05, 0.15, 0.2, 0.4)]
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] <= 0.9


def test_cropping_alone_is_needed_for_neutral_geometry() -> None:
    """Without a canvas the photo keeps its frame, and the rules measure there too."""
    shot = rendered(good().recipe.model_copy(update={"cropping": Cropping()}))
    assert shot.matte is not None
    assert shot.matte.shape == shot.image.shape[:2]
