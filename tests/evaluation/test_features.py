from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from packshot.evaluation.features import photo_features, picture_features, recipe_features, shot_features
from packshot.evaluation.hard import FEATURES
from packshot.evaluation.metrics import overlap
from packshot.evaluation.outline_features import box_distance
from packshot.evaluation.rules import Shot, examine
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import decide, judge, predict, render
from packshot.recipe import Recipe, Source
from packshot.style import Style
from packshot.view import View
from tests.certificates import certified
from tests.evaluation.test_rules import case, good
from tests.tiny import make_pack, product_picture

SIZE = (300, 400)


@cache
def pack() -> Pack:
    return Pack(make_pack(Path(mkdtemp())))


def view_of(pixels: np.ndarray) -> View:
    return View.of(Photo.from_pixels(np.asarray(pixels, np.uint8), "photo"), pack(), Style(), "reds")


def features_of(pixels: np.ndarray) -> dict[str, float]:
    view = view_of(pixels)
    recipe = decide(view, Source(name="photo", sha256="0" * 64, size=SIZE))
    return photo_features(view, recipe)


class TestOfThePhoto:
    def test_are_numbers_and_few_digits(self) -> None:
        features = features_of(product_picture(1, SIZE))
        assert len(features) > 50
        assert all(np.isfinite(value) and value == float(f"{value:.5g}") for value in features.values())

    def test_are_the_same_again(self) -> None:
        assert features_of(product_picture(1, SIZE)) == features_of(product_picture(1, SIZE))

    def test_what_the_detector_of_hard_material_reads_is_there(self) -> None:
        features = features_of(product_picture(1, SIZE))
        recipe = Recipe(source=Source(name="photo", sha256="0" * 64, size=SIZE))
        # A matt block has no highlights whose colour could be told.
        assert set(FEATURES) - set(features) - set(recipe_features(recipe)) <= {"highlight_chroma"}

    def test_a_stop_more_light_is_a_stop_more(self) -> None:
        from packshot.colorscience import linear_of_byte
        from packshot.render import to_bytes

        pixels = product_picture(1, SIZE)
        half = np.round(65535 * np.clip(linear_of_byte()[pixels] * 0.5, 0, 1) ** (1 / 2.2)).astype(np.uint16)
        before, after = features_of(pixels), features_of(to_bytes(half))
        assert before["backdrop_stops"] - after["backdrop_stops"] == pytest.approx(1, abs=0.15)

    def test_glints_are_seen(self) -> None:
        pixels = product_picture(2, SIZE).copy()
        rows, columns = np.mgrid[:400, :300]
        plain = features_of(pixels)["specular"]
        for row, column in ((180, 130), (200, 160), (230, 150)):
            pixels[(rows - row) ** 2 + (columns - column) ** 2 < 20] = (190, 190, 255)
        assert features_of(pixels)["specular"] > plain + 0.003

    def test_an_empty_photo_has_some_too(self) -> None:
        features = features_of(np.full((400, 300, 3), 210, np.uint8))
        assert features["area"] == 0

    def test_disagreement_is_none_where_models_agree(self) -> None:
        features = features_of(product_picture(1, SIZE))
        assert features["cut_overlap"] > 0.95
        assert features["varied_overlap"] > 0.9
        assert features["off_surface_overlap"] > 0.8

    def test_a_product_like_its_backdrop_makes_models_disagree(self) -> None:
        """What the network finds by its tint alone, backdrop models do not."""
        pixels = product_picture(1, SIZE).astype(np.float64)
        tinted = np.ptp(pixels, axis=2) > 60
        pixels[tinted] = (205, 150, 200)
        faint, plain = features_of(pixels), features_of(product_picture(1, SIZE))
        assert faint["area"] > 0.5 * plain["area"]
        assert faint["from_backdrop"] < 0.6 * plain["from_backdrop"]
        assert faint["off_surface_inside"] < plain["off_surface_inside"]


class TestOfTheShot:
    def test_tell_what_the_rules_found(self) -> None:
        shot = case("matte_doubt")
        features = shot_features(shot, examine(shot))
        assert features["found_matte_doubt"] > 0
        assert features["found_worst"] == max(finding.severity for finding in examine(shot))
        assert features["found_quality"] < 1
        clean = shot_features(good(), [])
        assert (clean["found_worst"], clean["found_quality"], clean["is_tops"]) == (0, 1, 1)

    def test_a_brighter_picture_is_brighter(self) -> None:
        shot = good()
        dark = Shot((shot.image * 0.7).astype(np.uint8), shot.recipe, shot.pack, shot.house)
        assert picture_features(dark)["after_lightness"] < picture_features(shot)["after_lightness"] - 5

    def test_without_a_matte_the_picture_says_nothing(self) -> None:
        assert picture_features(case("no_matte")) == {}


def test_boxes_are_compared_by_their_farthest_side() -> None:
    one, two = np.zeros((100, 50), bool), np.zeros((100, 50), bool)
    one[10:60, 10:40] = True
    two[10:65, 12:40] = True
    assert box_distance(one, two) == 5
    assert overlap(one, one) == 1
    assert box_distance(one, np.zeros_like(one)) == 100
    assert overlap(np.zeros_like(one), np.zeros_like(one)) == 1


def test_the_recipe_keeps_what_a_trained_judge_reads(tmp_path: Path) -> None:
    """From photo to verdict with a judge in the pack; and again from the saved recipe, without the photo."""
    from packshot.learning.judging.training import add_judge
    from tests.learning.judging.test_training import judge as trained

    photo = Photo.from_pixels(product_picture(1, SIZE), "photo")
    folder = make_pack(tmp_path / "pack")
    assert predict(photo, Pack(folder), category="reds").evidence == {}
    plain = trained().model_copy(update={"projection": None, "hard": None})
    add_judge(folder, plain)
    pack = certified(folder, quality=0.0)
    recipe = predict(photo, pack, category="reds")
    assert len(recipe.evidence) > 50
    image = render(photo, recipe)
    verdict = judge(recipe, image, pack)
    features = shot_features(Shot(image, recipe, pack, Style().house("reds", pack.habits("reds"))), [])
    expected = 1 - plain.opinion({**features}, "reds").rejected
    if not any(finding.code.startswith(("matte", "cut", "soft")) for finding in verdict.reasons):
        assert verdict.quality == pytest.approx(expected, abs=0.05)
    assert verdict.route == "publish"
    recipe.save(tmp_path / "out/recipes/a.json")
    assert judge(Recipe.load(tmp_path / "out/recipes/a.json"), image, pack) == verdict


def test_doubts_name_a_part_and_where_to_look(tmp_path: Path) -> None:
    from packshot.learning.judging.training import add_judge
    from tests.learning.judging.test_training import judge as trained

    photo = Photo.from_pixels(product_picture(1, SIZE), "photo")
    folder = make_pack(tmp_path / "pack")
    add_judge(folder, trained().model_copy(update={"projection": None, "hard": None}))
    pack = Pack(folder)
    recipe = predict(photo, pack, category="reds")
    doubtful = recipe.model_copy(update={"evidence": {**recipe.evidence, "cut_apart": 3.0, "contrast": 3.0}})
    said = {reason.code: reason for reason in judge(doubtful, render(photo, recipe), pack).reasons}
    assert {"outline_doubtful", "colour_doubtful"} <= set(said)
    for reason in (said["outline_doubtful"], said["colour_doubtful"]):
        assert reason.region is not None
        left, top, right, bottom = reason.region
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
