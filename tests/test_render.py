from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from packshot.colorscience import decode_srgb
from packshot.evaluation.metrics import delta_e
from packshot.photo import Photo
from packshot.pipeline import plan, render
from packshot.recipe import Alignment, Background, Color, Cropping, Detailing, Grid, Lighting, Recipe, Source, Spot
from packshot.stages.background import encode_matte, png_asset
from tests.pictures import product_photo


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo.from_pixels(product_photo()[0], "shirt")


def recipe_for(photo: Photo, **parts: object) -> Recipe:
    return Recipe(source=Source(name=photo.name, sha256=photo.sha256, size=photo.size), **parts)  # type: ignore[arg-type]


def cut(recipe: Recipe, matte: np.ndarray, **changes: object) -> Recipe:
    content = encode_matte(matte)
    asset = png_asset(content, "matte", (matte.shape[1], matte.shape[0]))
    return recipe.model_copy(
        update={"background": Background(matte=asset, **changes), "assets": {asset.sha256: content}}
    )  # type: ignore[arg-type]


def everything(photo: Photo) -> Recipe:
    recipe = recipe_for(
        photo,
        color=Color(white_gain=(1.1, 1.0, 0.92), saturation=1.1),
        lighting=Lighting(
            exposure=0.3, shadows=0.2, contrast=0.1, field=Grid(rows=2, columns=2, stops=(-0.2, 0.1, 0.0, 0.2))
        ),
        alignment=Alignment(angle=2.5),
        cropping=Cropping(centre=(240, 300), scale=0.9, canvas=(400, 500)),
    )
    return cut(recipe, product_photo()[1])


def assert_alike(first: np.ndarray, second: np.ndarray) -> None:
    difference = np.abs(first.astype(int) - second)
    assert difference.max() <= 3
    assert difference.mean() < 0.1


def test_neutral_gives_the_photo_back_bit_for_bit(photo: Photo) -> None:
    assert np.array_equal(render(photo, recipe_for(photo)), photo.pixels())


def test_strength_zero_gives_the_photo_back(photo: Photo) -> None:
    full = everything(photo)
    faded = full.model_copy(
        update={
            "color": full.color.model_copy(update={"strength": 0.0}),
            "lighting": full.lighting.model_copy(update={"strength": 0.0}),
            "alignment": full.alignment.model_copy(update={"strength": 0.0}),
            "background": full.background.model_copy(update={"strength": 0.0}),
            "cropping": Cropping(),
        }
    )
    assert np.abs(render(photo, faded).astype(int) - photo.pixels()).max() <= 1


def test_exposure_is_in_stops_of_linear_light() -> None:
    grey = Photo.from_pixels(np.full((64, 64, 3), 100, np.uint8), "grey")
    brighter = render(grey, recipe_for(grey, lighting=Lighting(exposure=1.0)))
    linear = ((100 / 255 + 0.055) / 1.055) ** 2.4 * 2
    wanted = (1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert abs(float(brighter.mean()) - wanted) < 0.6


def test_gains_are_linear_and_per_channel() -> None:
    cast = Photo.from_pixels(np.full((64, 64, 3), (150, 120, 100), np.uint8), "cast")
    linear = ((np.array([150, 120, 100]) / 255 + 0.055) / 1.055) ** 2.4
    gain = tuple(float(value) for value in linear[1] / linear)
    balanced = render(cast, recipe_for(cast, color=Color(white_gain=gain)))
    assert np.ptp(balanced[0, 0].astype(int)) <= 1


def test_what_is_burnt_out_stays_white_under_a_white_gain() -> None:
    white = Photo.from_pixels(np.full((8, 8, 3), 255, np.uint8), "white")
    for pixels in (white, Photo.from_pixels(np.full((8, 8, 3), 65535, np.uint16), "white")):
        gained = render(
            pixels, recipe_for(pixels, color=Color(white_gain=(0.8, 1.0, 1.1)), lighting=Lighting(exposure=-1))
        )
        assert np.ptp(gained[4, 4].astype(int)) <= 1, "no cast where nothing was seen"
        level = decode_srgb(gained[4, 4] / 255)
        assert level == pytest.approx([0.55] * 3, abs=0.01), "as bright as the strongest of the channels"


def test_a_burnt_out_channel_is_lifted_no_further_than_the_others() -> None:
    color, light = Color(white_gain=(0.8, 1.0, 1.1)), Lighting(exposure=-0.5)
    for colour, kept in (((255, 90, 20), True), ((240, 245, 200), True), ((255, 235, 225), False)):
        photo = Photo.from_pixels(np.full((8, 8, 3), colour, np.uint8), "even")
        made = decode_srgb(render(photo, recipe_for(photo, color=color, lighting=light))[4, 4] / 255)
        gained = decode_srgb(np.array(colour) / 255) * color.white_gain * 2**-0.5
        expected = gained if kept else np.maximum(gained, [gained.max(), 0, 0])
        assert made == pytest.approx(expected, abs=0.006)


def test_saturation_keeps_grey_and_luminance() -> None:
    grey = Photo.from_pixels(np.full((64, 64, 3), 90, np.uint8), "grey")
    assert np.array_equal(render(grey, recipe_for(grey, color=Color(saturation=1.8))), grey.pixels())


def test_the_field_brightens_where_it_says() -> None:
    grey = Photo.from_pixels(np.full((80, 160, 3), 100, np.uint8), "grey")
    lit = render(grey, recipe_for(grey, lighting=Lighting(field=Grid(rows=1, columns=2, stops=(-0.5, 0.5)))))
    assert lit[40, 10, 0] < 90 < 110 < lit[40, 150, 0]
    assert abs(int(lit[40, 80, 0]) - 100) <= 2


def test_a_small_render_equals_the_full_one_scaled_down(photo: Photo) -> None:
    recipe = everything(photo)
    full, small = render(photo, recipe), render(photo, recipe, 250)
    assert small.shape[:2] == (250, 200)
    scaled = cv2.resize(full, (200, 250), interpolation=cv2.INTER_AREA)
    error = delta_e(small, np.asarray(scaled, np.uint8))
    assert float(np.median(error)) < 0.5
    assert float(error.mean()) < 1.0


def test_strips_leave_no_seams(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = everything(photo)
    whole = render(photo, recipe)
    monkeypatch.setattr(sys.modules["packshot.render"], "STRIP_ROWS", 37)
    # OpenCV samples at 1/32 pixel, so a strip's own origin may round a coordinate the other way.
    assert_alike(whole, render(photo, recipe))


def test_sixteen_bits_render_like_eight(photo: Photo) -> None:
    deep = Photo.from_pixels(photo.pixels().astype(np.uint16) * 257, "deep")
    recipe = everything(photo)
    other = recipe.model_copy(update={"source": Source(name="deep", sha256=deep.sha256, size=deep.size)})
    assert_alike(render(photo, recipe), render(deep, other))


@pytest.mark.parametrize("shadow", ["none", "soft"])
def test_what_the_new_backdrop_hides_need_not_be_rendered(
    photo: Photo, shadow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strips cut to the product give the picture that whole ones give, a large spot over its edge included."""
    recipe = cut(everything(photo), product_photo()[1], shadow=shadow)
    spots = (Spot(x=240, y=300, radius=6), Spot(x=172, y=330, radius=14))
    recipe = recipe.model_copy(update={"detailing": Detailing(sharpening=0.8, spots=spots)})
    short = render(photo, recipe)
    module = sys.modules["packshot.render"]
    whole_strips = module.strips
    monkeypatch.setattr(module, "strips", lambda size, rows, *_: whole_strips(size, rows))
    assert_alike(short, render(photo, recipe))


def test_one_curve_for_all_channels_is_three_alike(photo: Photo) -> None:
    plan_ = plan(recipe_for(photo, lighting=Lighting(contrast=0.3)))
    once = plan_.table()
    plan_.curves = [(plan_.curves[0][0], False)]
    assert np.array_equal(once, plan_.table())


def test_gains_follow_the_field_to_the_last_pixel() -> None:
    field = Grid(rows=2, columns=3, stops=(-0.4, 0.1, 0.3, 0.2, -0.1, 0.5))
    flat = Photo.from_pixels(np.full((301, 403, 3), 100, np.uint8), "flat")
    lit = render(flat, recipe_for(flat, lighting=Lighting(field=field)))
    stops = cv2.resize(field.array(), (403, 301), interpolation=cv2.INTER_LINEAR)
    linear = ((100 / 255 + 0.055) / 1.055) ** 2.4 * np.exp2(stops)
    wanted = (1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert np.abs(lit[..., 0] - wanted).max() < 1.5


def test_backdrop_outside_the_matte_is_exact(photo: Photo) -> None:
    matte = product_photo()[1]
    for colour in ((255, 255, 255), (240, 241, 242)):
        recipe = cut(recipe_for(photo), matte, color=colour)
        outside = cv2.dilate((matte > 0).astype(np.uint8), np.ones((5, 5))) == 0
        assert (render(photo, recipe)[outside] == colour).all()


def test_no_rim_of_the_old_backdrop_is_left() -> None:
    """A dark product from a red backdrop: no edge pixel may be redder than product and white allow."""
    pixels, matte = product_photo(colour=(40, 40, 40), backdrop=(220, 30, 30))
    photo = Photo.from_pixels(pixels, "red")
    image = render(photo, cut(recipe_for(photo), matte)).astype(int)
    redness = image[..., 0] - image[..., 1:].max(2)
    assert np.quantile(redness[(matte > 0.02) & (matte < 0.98)], 0.95) < 25
    untouched = pixels.astype(int)[..., 0] - pixels.astype(int)[..., 1:].max(2)
    assert np.quantile(untouched[(matte > 0.02) & (matte < 0.98)], 0.95) > 100


def test_a_soft_shadow_darkens_below_and_nowhere_else(photo: Photo) -> None:
    matte = product_photo()[1]
    image = render(photo, cut(recipe_for(photo), matte, shadow="soft"))
    base = int(np.nonzero((matte > 0.5).any(1))[0][-1])
    assert image[base + 4, 240].mean() < 245
    assert (image[:20] == 255).all()


def test_spots_are_healed_in_place() -> None:
    pixels = np.full((120, 120, 3), 130, np.uint8)
    cv2.circle(pixels, (60, 50), 3, (20, 20, 20), -1)
    photo = Photo.from_pixels(pixels, "speck")
    healed = render(photo, recipe_for(photo, detailing=Detailing(spots=(Spot(x=60, y=50, radius=5),))))
    assert np.abs(healed.astype(int) - 130).max() <= 2


def test_sharpening_steepens_an_edge_only() -> None:
    pixels = np.full((80, 80, 3), 90, np.uint8)
    pixels[:, 40:] = 160
    photo = Photo.from_pixels(np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5)), "edge")
    sharp = render(photo, recipe_for(photo, detailing=Detailing(sharpening=1.0, radius=1.5)))
    assert (
        np.abs(np.diff(sharp[40, :, 0].astype(int))).max() > np.abs(np.diff(photo.pixels()[40, :, 0].astype(int))).max()
    )
    assert np.abs(sharp[:, :20].astype(int) - 90).max() <= 1


def test_a_recipe_of_another_photo_of_the_same_size_is_refused(photo: Photo) -> None:
    other = Photo.from_pixels(255 - photo.pixels(), "negative")
    with pytest.raises(ValueError, match=r"negative.*pair each photo"):
        render(other, recipe_for(photo))


def test_a_recipe_of_another_photo_is_refused(photo: Photo) -> None:
    other = Recipe(source=Source(name="b", sha256="1" * 64, size=(10, 10)))
    with pytest.raises(ValueError, match=r"pair each photo"):
        render(photo, other)


def test_the_plan_folds_colour_into_one_matrix(photo: Photo) -> None:
    operations = plan(everything(photo))
    assert operations.matrix.shape == (3, 3)
    assert operations.table().shape == (1, 65536, 3)
