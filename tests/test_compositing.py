from __future__ import annotations

import sys
from typing import Literal

import cv2
import numpy as np
import pytest

from packshot import geometry
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.compositing import Backdrop, bare, composite, frame_matte, plain, product_box, soft_shadow
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Alignment, Background, Cropping, Detailing, Recipe, Source, Spot
from packshot.stages.background import encode_matte, png_asset
from tests.pictures import product_photo

SIZE = (480, 600)
HERE = geometry.identity()


def levels(matte: np.ndarray) -> np.ndarray:
    return np.round(matte * 255).astype(np.uint8)


def composed(**settings: object) -> np.ndarray:
    pixels, matte = product_photo(size=SIZE)
    picture = pixels.copy()
    composite(picture, Backdrop(levels(matte), **settings), SIZE, HERE)  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize("colour", [(255, 255, 255), (240, 241, 242), (0, 0, 0), (13, 130, 201)])
def test_the_backdrop_is_exact(colour: tuple[int, int, int]) -> None:
    _, matte = product_photo(size=SIZE)
    assert (composed(color=colour)[levels(matte) == 0] == colour).all()


@pytest.mark.parametrize("shadow", ["none", "soft"])
def test_the_product_is_not_touched(shadow: Literal["none", "soft"]) -> None:
    pixels, matte = product_photo(size=SIZE)
    inside = levels(matte) == 255
    assert np.array_equal(composed(shadow=shadow)[inside], pixels[inside])


def test_all_product_leaves_the_picture() -> None:
    pixels, _ = product_photo(size=SIZE)
    picture = pixels.copy()
    composite(picture, Backdrop(np.full(SIZE[::-1], 255, np.uint8)), SIZE, HERE)
    assert np.array_equal(picture, pixels)


def test_no_product_leaves_the_backdrop() -> None:
    picture = product_photo(size=SIZE)[0]
    composite(picture, Backdrop(np.zeros(SIZE[::-1], np.uint8), (250, 249, 248)), SIZE, HERE)
    assert (picture == (250, 249, 248)).all()


def test_edges_are_mixed_in_linear_light() -> None:
    """Known colours on both sides: every edge pixel must be the product's share of light over white."""
    _, matte = product_photo(size=SIZE)
    share = levels(matte)[..., None] / 255
    own, old = np.array([40.0, 80.0, 150.0]), np.array([190.0, 190.0, 190.0])
    picture = np.round(share * own + (1 - share) * old).astype(np.uint8)
    composite(picture, Backdrop(levels(matte)), SIZE, HERE)
    wanted = 255 * encode_srgb(share * decode_srgb(own / 255) + (1 - share))
    assert np.abs(picture - wanted).max() < 8
    assert np.abs(picture - wanted).mean() < 0.2


def test_edges_lie_on_the_shadow_too() -> None:
    """With half the light left everywhere, what is not product in an edge pixel has half the light."""
    _, matte = product_photo(size=SIZE)
    share, own = levels(matte)[..., None] / 255, np.array([40.0, 80.0, 150.0])
    picture = np.round(share * own + (1 - share) * 190).astype(np.uint8)
    light = np.full(SIZE[::-1], 128, np.uint8)
    composite(picture, Backdrop(levels(matte), shadow="keep", shadow_map=light), SIZE, HERE)
    wanted = 255 * encode_srgb(share * decode_srgb(own / 255) + (1 - share) * 128 / 255)
    assert np.abs(picture - wanted).max() < 8


def test_an_enlarged_matte_finds_its_edge_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, matte = product_photo(size=SIZE)
    small = np.asarray(cv2.resize(levels(matte), (80, 100), interpolation=cv2.INTER_AREA), np.uint8)

    def error() -> float:
        picture = pixels.copy()
        composite(picture, Backdrop(small), SIZE, HERE)
        return float(np.abs(picture.astype(int) - composed()).mean())

    placed = error()
    monkeypatch.setattr(sys.modules["packshot.compositing"], "_ENLARGED", 99.0)
    assert placed < 0.6 * error()


def test_a_matte_of_another_size_lands_in_the_same_place() -> None:
    pixels, matte = product_photo(size=SIZE)
    small = cv2.resize(levels(matte), (240, 300), interpolation=cv2.INTER_AREA)
    picture = pixels.copy()
    composite(picture, Backdrop(np.asarray(small, np.uint8)), SIZE, HERE)
    assert np.abs(picture.astype(int) - composed()).mean() < 0.6
    assert (picture[cv2.dilate(levels(matte), np.ones((9, 9))) == 0] == 255).all()


def test_framing_by_the_identity_changes_nothing() -> None:
    matte = levels(product_photo(size=SIZE)[1])
    assert np.array_equal(frame_matte(matte, SIZE, HERE, SIZE), matte)


def test_beyond_the_photo_there_is_no_product() -> None:
    matte = np.full((100, 80), 255, np.uint8)
    framed = frame_matte(matte, (80, 100), geometry.frame_affine(0, 1, (39.5, 49.5), (120, 120)), (120, 120))
    assert (framed[15:105, 25:95] == 255).all()
    assert framed[:, :18].max() == framed[:, 102:].max() == framed[:8].max() == framed[112:].max() == 0


def test_a_kept_shadow_darkens_by_its_share_of_light() -> None:
    light = np.full((300, 240), 255, np.uint8)
    light[270:, :] = 128
    picture = composed(shadow="keep", shadow_map=light, color=(255, 255, 255))
    wanted = 255 * float(encode_srgb(np.array(128 / 255)))
    assert np.abs(picture[560:, :40].astype(float) - wanted).max() <= 1
    assert (picture[:400, :40] == 255).all()


def test_a_kept_shadow_without_shadow_is_exact() -> None:
    plain = composed(shadow="keep", shadow_map=np.full((300, 240), 255, np.uint8))
    assert np.array_equal(plain, composed())
    assert np.array_equal(composed(shadow="keep"), composed())


def test_a_soft_shadow_lies_under_the_base() -> None:
    matte = levels(product_photo(size=SIZE)[1])
    light = soft_shadow(matte)
    base = int(np.nonzero(matte.max(1) > 127)[0][-1])
    assert light[base + 4, 240] < 0.85
    assert light[base + 4, 240] < light[base + 14, 240] <= 1
    assert (light[: base - 260] == 1).all()
    assert np.allclose(light, light[:, ::-1], atol=0.03)


def test_nothing_casts_no_shadow() -> None:
    assert (soft_shadow(np.zeros((90, 70), np.uint8)) == 1).all()


BOX_FRAMES = {
    "same": (geometry.identity(), (480, 600)),
    "turned": (geometry.frame_affine(7, 0.6, (250, 290), (400, 300)), (400, 300)),
    "cut": (geometry.frame_affine(0, 2, (150, 200), (300, 300)), (300, 300)),
}


@pytest.mark.parametrize("frame", BOX_FRAMES)
@pytest.mark.parametrize("shrunk", [1, 3])
def test_the_products_box_holds_all_of_it(frame: str, shrunk: int) -> None:
    affine, size = BOX_FRAMES[frame]
    matte = levels(product_photo(size=SIZE)[1])
    small = np.asarray(cv2.resize(matte, (480 // shrunk, 600 // shrunk), interpolation=cv2.INTER_AREA), np.uint8)
    box = product_box(small, SIZE, affine, size)
    assert box is not None
    left, top, right, bottom = box
    outside = frame_matte(small, SIZE, affine, size).copy()
    outside[top:bottom, left:right] = 0
    assert not outside.any()


def test_bare_is_where_no_product_is() -> None:
    matte = levels(product_photo(size=SIZE)[1])
    affine = geometry.frame_affine(7.0, 0.8, (240, 300), (400, 500))
    assert np.array_equal(bare(matte, SIZE, affine, (400, 500)) > 0, frame_matte(matte, SIZE, affine, (400, 500)) == 0)
    assert bare(np.zeros_like(matte), SIZE, affine, (400, 500)).all()


def test_no_product_has_no_box() -> None:
    matte = np.zeros(SIZE[::-1], np.uint8)
    assert product_box(matte, SIZE, HERE, SIZE) is None
    matte[10:20, 10:20] = 255
    assert product_box(matte, SIZE, geometry.frame_affine(0, 1, (400, 500), (50, 50)), (50, 50)) is None


@pytest.mark.parametrize("colour", [(255, 255, 255), (10, 20, 30)])
def test_a_plain_sheet_is_plain(colour: tuple[int, int, int]) -> None:
    sheet = plain((7, 5), colour)
    assert sheet.shape == (5, 7, 3)
    assert (sheet == colour).all()


def test_rendering_only_the_products_box_gives_the_whole_picture() -> None:
    """A kept shadow without a map takes the long way, pixel by pixel, to the same picture."""
    pixels, matte = product_photo(size=SIZE, angle=4.0)
    photo = Photo.from_pixels(pixels, "shirt")
    content = encode_matte(matte)
    asset = png_asset(content, "matte", SIZE)
    recipe = Recipe(
        source=Source(name="shirt", sha256=photo.sha256, size=SIZE),
        alignment=Alignment(angle=4.0),
        cropping=Cropping(centre=(240, 300), scale=0.8, canvas=(420, 500)),
        detailing=Detailing(sharpening=0.5, spots=(Spot(x=240, y=300, radius=4),)),
        assets={asset.sha256: content},
    )
    short, long = (
        render(photo, recipe.model_copy(update={"background": Background(matte=asset, shadow=shadow)}))
        for shadow in ("none", "keep")
    )
    difference = np.abs(short.astype(int) - long)
    assert difference.max() <= 4
    assert difference.mean() < 0.05
