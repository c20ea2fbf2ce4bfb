from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import helper

from packshot.commands.styles import find_style
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import STAGES, correct, fit, judge, predict, render
from packshot.recipe import Recipe, Spot
from packshot.stages.background import decode_matte
from packshot.style import Style, load_style
from tests.models import finds_white, follows_symmetry, network, pack_with
from tests.pictures import product_photo

STYLE = Style(default={"long_side": 500, "sharpening": 0})
SEES = {"planes": "rgb", "long_side": 512, "mean": [0, 0, 0], "deviation": [1, 1, 1]}


def finds_blue() -> bytes:
    """A product network: blue over red, (1, 3, H, W) in 0..1 to (1, 1, H, W) logits."""
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["blueness"]),
        helper.make_node("Add", ["blueness", "limit"], ["output"]),
    ]
    weights = np.array([-60, 0, 60], np.float32).reshape(1, 3, 1, 1)
    return network(nodes, [1, 3, "h", "w"], [1, 1, "h", "w"], weights=weights, limit=np.float32(-12))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    models = {"product": finds_blue(), "upright": follows_symmetry(), "specks": finds_white()}
    return pack_with(tmp_path_factory.mktemp("pack"), models, SEES)


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels, _ = product_photo((700, 900), angle=3.0, stops=0.5)
    cv2.circle(pixels, (350, 450), 3, (180, 225, 255), -1)
    return Photo.from_pixels(pixels, "shirt.jpg")


@pytest.fixture(scope="module")
def recipe(photo: Photo, pack: Pack) -> Recipe:
    return predict(photo, pack, STYLE, "tops")


def test_every_stage_has_decided(recipe: Recipe, photo: Photo, pack: Pack) -> None:
    assert recipe.source.size == photo.size
    assert recipe.source.sha256 == photo.sha256
    assert recipe.by == pack.label
    assert (recipe.category, recipe.category_confidence) == ("tops", 1.0)
    assert recipe.color.measured_from == "backdrop"
    assert recipe.lighting.field is not None
    assert recipe.background.matte is not None
    assert recipe.alignment.angle == pytest.approx(3, abs=0.5)
    assert recipe.cropping.canvas is not None
    assert len(recipe.detailing.spots) == 1


def test_deciding_twice_decides_the_same(recipe: Recipe, photo: Photo, pack: Pack) -> None:
    again = predict(photo, pack, STYLE, "tops")
    assert again == recipe
    assert dict(again.assets) == dict(recipe.assets)


def test_other_photos_between_change_nothing(recipe: Recipe, photo: Photo, pack: Pack) -> None:
    predict(Photo.from_pixels(product_photo((500, 400), seed=9)[0], "other"), pack, STYLE)
    assert predict(photo, pack, STYLE, "tops") == recipe


def test_a_finished_shot_is_white_upright_and_placed(recipe: Recipe, photo: Photo) -> None:
    image = render(photo, recipe)
    assert image.shape == (500, 400, 3)
    product = (image < 250).any(2)
    rows, columns = np.nonzero(product.any(1))[0], np.nonzero(product.any(0))[0]
    assert (image[: rows[0] - 2] == 255).all()
    assert min(columns[0], 399 - columns[-1]) / 400 == pytest.approx(0.08, abs=0.01)
    overlap = (product & product[:, ::-1]).sum() / (product | product[:, ::-1]).sum()
    assert overlap > 0.95
    assert image[product].max(1).mean() < 200


def test_a_saved_recipe_renders_the_same(recipe: Recipe, photo: Photo, tmp_path: Path) -> None:
    recipe.save(tmp_path / "shirt.json")
    assert np.array_equal(render(photo, Recipe.load(tmp_path / "shirt.json")), render(photo, recipe))


def test_without_a_certificate_a_person_decides(recipe: Recipe, photo: Photo, pack: Pack) -> None:
    verdict = judge(recipe, render(photo, recipe), pack, STYLE)
    assert verdict.route == "review"
    assert verdict.would_publish
    assert verdict.reasons[0].code == "no_certificate"


def test_an_empty_photo_goes_through_and_is_held_back(pack: Pack) -> None:
    empty = Photo.from_pixels(np.full((500, 600, 3), 180, np.uint8), "empty")
    recipe = predict(empty, pack, STYLE, "tops")
    verdict = judge(recipe, render(empty, recipe), pack, STYLE)
    assert not verdict.would_publish
    assert "no_product" in [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("size", [(33, 700), (700, 33), (40, 40)])
def test_odd_frames_go_through(pack: Pack, size: tuple[int, int]) -> None:
    pixels = cv2.resize(product_photo()[0], size, interpolation=cv2.INTER_AREA)
    odd = Photo.from_pixels(np.asarray(pixels, np.uint8), "odd")
    recipe = predict(odd, pack, STYLE)
    assert render(odd, recipe).shape[:2] == recipe.geometry.size[::-1]


def test_another_photos_recipe_is_refused(recipe: Recipe) -> None:
    with pytest.raises(ValueError, match="its own recipe"):
        render(Photo.from_pixels(np.zeros((10, 10, 3), np.uint8), "small"), recipe)


def test_the_cut_out_alone_leaves_the_products_pixels_and_frame_as_they_were(photo: Photo, pack: Pack) -> None:
    style = load_style(find_style("cutout"))
    assert style.name == "cutout"
    recipe = predict(photo, pack, style)
    picture, matte = render(photo, recipe), decode_matte(recipe.asset(recipe.background.matte))  # type: ignore[arg-type]
    assert picture.shape == photo.pixels().shape == (*matte.shape, 3)
    product, empty = matte == 255, cv2.dilate(matte, np.ones((5, 5), np.uint8)) == 0
    assert product.mean() > 0.1
    assert (picture[product] == photo.pixels()[product]).all()
    assert (picture[empty] == 255).all()
    assert (recipe.color.strength, recipe.lighting.strength) == (0, 0), "an editor may bring them back"


def test_half_the_colour_correction_is_half_as_strong(photo: Photo, pack: Pack) -> None:
    warm = Photo.from_pixels((photo.pixels() * np.array([1, 0.92, 0.8])).astype(np.uint8), "warm")
    whole, half = (predict(warm, pack, Style(default={"color": share, "light": share})) for share in (1.0, 0.5))
    assert whole.color.effective() != half.color.effective()
    assert half.color.effective() == whole.color.model_copy(update={"strength": 0.5}).effective()
    assert half.lighting.effective() == whole.lighting.model_copy(update={"strength": 0.5}).effective()


def test_a_person_changes_what_they_change_and_nothing_else(recipe: Recipe) -> None:
    corrected = correct(recipe, {"alignment": {"angle": 1.5, "method": "human"}})
    assert corrected.alignment.angle == 1.5
    assert corrected.alignment.confidence == recipe.alignment.confidence
    assert corrected.by == "human"
    untouched = {"by", "alignment", "geometry", "verdict"}
    assert corrected.model_dump(exclude=untouched) == recipe.model_dump(exclude=untouched)
    assert corrected.assets == recipe.assets
    assert corrected.geometry != recipe.geometry


def test_a_correction_without_changes_only_says_who(recipe: Recipe) -> None:
    assert correct(recipe, {}, by="anna") == recipe.model_copy(update={"by": "anna", "verdict": None})


def test_a_corrected_photo_is_judged_anew(recipe: Recipe, photo: Photo, pack: Pack) -> None:
    judged = recipe.model_copy(update={"verdict": judge(recipe, render(photo, recipe), pack, STYLE)})
    assert correct(judged, {"color": {"saturation": 1.1}}).verdict is None


def test_spots_are_corrected_as_a_whole(recipe: Recipe) -> None:
    corrected = correct(recipe, {"detailing": {"spots": [{"x": 5, "y": 6, "radius": 2, "kind": "human"}]}})
    assert corrected.detailing.spots == (Spot(x=5, y=6, radius=2, kind="human"),)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"colour": {}}, "no stage is called colour"),
        ({"alignment": {"angel": 3}}, "angel"),
        ({"lighting": {"exposure": 40}}, "exposure"),
    ],
)
def test_a_wrong_correction_says_what_is_wrong(recipe: Recipe, changes: dict[str, dict[str, float]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        correct(recipe, changes)


def test_stages_are_in_their_order() -> None:
    wanted = ["color", "lighting", "background", "alignment", "cropping", "detailing"]
    assert [stage.name for stage in STAGES] == wanted


SAMPLES = Path(__file__).parents[1] / "samples"


def test_fit_recovers_what_was_rendered(tmp_path: Path) -> None:
    """Law 2: the recipe that made an after is read back from the two pictures."""
    path = SAMPLES / "before" / "tote-0.jpg"
    photo = Photo.open(path)
    drawn = fit(path, SAMPLES / "after" / "tote-0.jpg", "bags").recipe
    assert drawn is not None
    changes: dict[str, dict[str, Any]] = {
        "alignment": {"angle": 1.5},
        "lighting": {"exposure": 0.4, "field": None},
        "detailing": {"spots": (), "noise": 0, "sharpening": 0},
    }
    made = correct(drawn, changes)
    cv2.imwrite(str(tmp_path / "after.png"), cv2.cvtColor(render(photo, made), cv2.COLOR_RGB2BGR))
    found = fit(path, tmp_path / "after.png", "bags")
    assert found.accepted, found.reason
    assert found.recipe is not None
    assert found.recipe.alignment.angle == pytest.approx(1.5, abs=0.05)
    assert found.recipe.lighting.exposure == pytest.approx(0.4, abs=0.05)
    assert found.recipe.color.white_gain == pytest.approx(made.color.white_gain, abs=0.02)
    assert found.recipe.cropping.scale == pytest.approx(made.cropping.scale, rel=0.002)
    assert found.delta_e < 0.6
    assert sum(found.explained.values()) == pytest.approx(1, abs=0.01)


def test_fit_says_why_two_files_are_no_pair() -> None:
    found = fit(SAMPLES / "before" / "tote-0.jpg", SAMPLES / "after" / "mug-0.jpg")
    assert not found.accepted
    assert found.recipe is None
    assert found.reason
