from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.photo import Photo
from packshot.publication.exports import Export, export, house_for
from packshot.publication.presets import preset
from packshot.recipe import Background, Recipe, Source
from packshot.stages.background import encode_matte, png_asset
from packshot.style import House
from tests.pictures import product_photo


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo.from_pixels(product_photo((1600, 2000))[0], "shirt")


def recipe_for(photo: Photo) -> Recipe:
    content = encode_matte(product_photo((1600, 2000))[1])
    asset = png_asset(content, "matte", (1600, 2000))
    source = Source(name=photo.name, sha256=photo.sha256, size=photo.size)
    return Recipe(source=source, background=Background(matte=asset), assets={asset.sha256: content})


def pixels_of(made: Export) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(made.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def failed(made: Export) -> list[str]:
    return [finding.sentence for finding in made.findings if finding.status == "failed"]


@pytest.mark.parametrize("name", ["amazon-main", "google-merchant", "zalando", "ebay", "bol"])
def test_a_large_photo_meets_the_preset(photo: Photo, name: str) -> None:
    made = export(photo, recipe_for(photo), preset(name), House())
    assert failed(made) == []


def test_the_canvas_has_the_presets_aspect_and_is_not_enlarged(photo: Photo) -> None:
    made = export(photo, recipe_for(photo), preset("zalando"), House())
    height, width = pixels_of(made).shape[:2]
    assert width / height == pytest.approx(1801 / 2600, abs=0.002)
    assert height < 2600


def test_where_the_house_allows_it_the_full_canvas_is_made_and_said_to_be_enlarged(photo: Photo) -> None:
    made = export(photo, recipe_for(photo), preset("walmart"), House(upscale="allow"))
    assert pixels_of(made).shape[:2] == (2200, 2200)


def test_margins_of_the_preset_override_the_houses() -> None:
    variant = preset("amazon-main").variant
    assert variant.margins is not None
    assert house_for(House(margin_top=0.3), variant).margin_top == variant.margins.top
