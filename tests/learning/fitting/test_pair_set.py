from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np
import pytest

from packshot import pipeline
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.evaluation.metrics import intersection_over_union
from packshot.learning.fitting.detail import fit_sharpening, well_inside
from packshot.learning.fitting.pair import file_stem
from packshot.learning.fitting.pair_set import FITS, FitSettings, PairFit, fit_pair, fit_pairs, read_fits, read_look
from packshot.learning.fitting.reading import read_pair
from packshot.learning.pairs import Pair
from packshot.photo import Photo
from packshot.recipe import (
    Alignment,
    Asset,
    Background,
    Color,
    Cropping,
    Detailing,
    Lighting,
    Recipe,
    Source,
)
from packshot.render import sharpen
from packshot.stages.background import decode_matte, encode_matte
from packshot.stages.lighting import as_grid
from tests.learning.pictures import Shoot, make_pair, sprite

LOOK = np.array([0.06, 0.1, 0.08, 0.03])


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@dataclass(frozen=True)
class Edited:
    """A pair whose after was rendered from a known recipe."""

    pair: Pair
    recipe: Recipe
    matte: np.ndarray


def save(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


def edited(folder: Path, seed: int = 1, exposure: float = 0.35, neutral: bool = False) -> Edited:
    """A photo made of numbers, and what the renderer makes of it."""
    shot = make_pair(sprite(seed, contrast=30), Shoot(angle=2.0, seed=seed))
    before = save(folder / f"before-{seed}.png", shot.before)
    photo = Photo.open(before)
    content = encode_matte(shot.matte)
    digest = hashlib.sha256(content).hexdigest()
    matte = Asset(file=f"mattes/{seed}.png", sha256=digest, size=photo.size)
    rows, columns = np.mgrid[0:12, 0:12]
    field = (columns - 5.5) * 0.03 - (rows - 5.5) * 0.015
    recipe = Recipe(
        source=Source(name=photo.name, sha256=photo.sha256, size=photo.size),
        background=Background(matte=matte),
        alignment=Alignment(angle=-2.6, method="pairs"),
        cropping=Cropping(centre=(259.5, 299.5), scale=1.1, canvas=(560, 640)),
        assets={digest: content},
    )
    if not neutral:
        saturation, shadows, highlights, contrast = LOOK
        changes = {
            "color": Color(white_gain=(0.95, 1.0, 1.147), saturation=1 + saturation),
            "lighting": Lighting(
                exposure=exposure, shadows=shadows, highlights=highlights, contrast=contrast, field=as_grid(field)
            ),
            "detailing": Detailing(sharpening=0.4, radius=1.0),
        }
        recipe = recipe.model_copy(update=changes)
    after = save(folder / f"after-{seed}.png", pipeline.render(photo, recipe))
    return Edited(Pair(f"p{seed}", "tops", f"g{seed}", before, after), recipe, shot.matte)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Edited:
    return edited(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def fitted(known: Edited) -> PairFit:
    return fit_pair(known.pair, LOOK)


def test_a_rendered_recipe_is_read_back(known: Edited, fitted: PairFit) -> None:
    assert fitted.accepted, fitted.reason
    assert fitted.recipe is not None
    ours, true = fitted.recipe, known.recipe
    assert ours.alignment.angle == pytest.approx(true.alignment.angle, abs=0.03)
    assert ours.cropping.scale == pytest.approx(true.cropping.scale, rel=0.001)
    assert ours.cropping.centre == pytest.approx(true.cropping.centre, abs=0.3)
    assert ours.geometry.size == true.geometry.size
    assert np.log2(ours.color.white_gain) == pytest.approx(np.log2(true.color.white_gain), abs=0.03)
    assert ours.color.saturation == pytest.approx(true.color.saturation, abs=1e-6)
    assert ours.detailing.noise == 0
    assert ours.detailing.spots == ()


def test_sharpening_is_read_back_where_both_lie_alike() -> None:
    grain = np.random.default_rng(4).normal(0, 1, (300, 300, 3))
    made = np.clip(128 + 60 * cv2.GaussianBlur(grain, (0, 0), 1.2), 0, 255).astype(np.uint8)
    after = made.copy()
    sharpen(after, 0.4, 1.0)
    matte = np.zeros((300, 300), np.float32)
    matte[40:260, 40:260] = 1
    amount, radius = fit_sharpening(made, after, well_inside(matte))
    assert amount == pytest.approx(0.4, abs=0.05)
    assert radius == 1.0


def test_the_light_is_read_back_wherever_the_product_is(known: Edited, fitted: PairFit) -> None:
    stops = []
    for recipe in (known.recipe, fitted.recipe):
        assert recipe is not None
        assert recipe.lighting.field is not None
        stops.append(cv2.resize(recipe.lighting.field.array(), known.matte.shape[::-1]) + recipe.lighting.exposure)
    apart = np.abs(stops[0] - stops[1])[known.matte > 0.9]
    assert np.median(apart) < 0.02
    assert apart.max() < 0.1


def test_the_matte_is_read_back(known: Edited, fitted: PairFit) -> None:
    assert fitted.recipe is not None
    asset = fitted.recipe.background.matte
    assert asset is not None
    ours = decode_matte(fitted.recipe.asset(asset)).astype(np.float32) / 255
    assert intersection_over_union(ours, known.matte) > 0.98
    assert fitted.recipe.background.color == (255, 255, 255)


def test_the_ledger_adds_up_and_leaves_little(fitted: PairFit) -> None:
    assert list(fitted.explained) == ["geometry", "matte", "colour", "light", "detail", "unexplained"]
    assert sum(fitted.explained.values()) == pytest.approx(1, abs=1e-3)
    assert fitted.explained["unexplained"] < 0.1
    assert fitted.delta_e < 1.0 < fitted.delta_e_before


def test_the_own_look_of_a_pair_is_guessed_where_none_is_given(known: Edited, fitted: PairFit) -> None:
    alone = fit_pair(known.pair)
    assert alone.accepted
    assert alone.delta_e < fitted.delta_e + 0.3


def test_an_edit_of_geometry_alone_is_read_as_such(tmp_path: Path) -> None:
    plain = edited(tmp_path, neutral=True)
    found = fit_pair(plain.pair, np.zeros(4))
    assert found.recipe is not None
    assert np.log2(found.recipe.color.white_gain) == pytest.approx(0, abs=0.01)
    assert found.recipe.lighting.exposure == pytest.approx(0, abs=0.02)
    assert found.targets["field_stops"] < 0.1
    assert found.recipe.detailing == Detailing()
    assert found.delta_e < 0.7


def test_healed_specks_are_found_where_they_were(tmp_path: Path) -> None:
    clean = edited(tmp_path, seed=2)
    dusty = cv2.cvtColor(cv2.imread(str(clean.pair.before)), cv2.COLOR_BGR2RGB)
    places = [(230, 240), (290, 330), (250, 300)]
    for x, y in places:
        cv2.circle(dusty, (x, y), 2, (245, 245, 245), -1, cv2.LINE_AA)
    before = save(tmp_path / "dusty.png", dusty)
    found = fit_pair(replace(clean.pair, before=before), LOOK)
    assert found.recipe is not None
    spots = found.recipe.detailing.spots
    for x, y in places:
        assert any(np.hypot(spot.x - x, spot.y - y) < 3 for spot in spots)
    away = [spot for spot in spots if all(np.hypot(spot.x - x, spot.y - y) > 8 for x, y in places)]
    # The photo of numbers has its own specks, which the after has too.
    assert not away


def test_noise_that_the_after_lacks_is_read_as_noise(tmp_path: Path) -> None:
    clean = edited(tmp_path, seed=3)
    picture = cv2.imread(str(clean.pair.before)).astype(np.float64)
    grain = np.random.default_rng(1).normal(0, 7, picture.shape)
    cv2.imwrite(str(tmp_path / "noisy.png"), np.clip(picture + grain, 0, 255).astype(np.uint8))
    found = fit_pair(replace(clean.pair, before=tmp_path / "noisy.png"), LOOK)
    assert found.recipe is not None
    assert found.recipe.detailing.noise > 3
    assert found.explained["detail"] > 0.02


def test_another_products_after_is_refused(known: Edited, tmp_path: Path) -> None:
    other = edited(tmp_path, seed=5)
    found = fit_pair(replace(known.pair, after=other.pair.after), LOOK)
    assert not found.accepted
    assert found.recipe is None
    assert found.fault
    assert found.reason


def test_a_product_painted_over_is_handwork(known: Edited, tmp_path: Path) -> None:
    after = cv2.cvtColor(cv2.imread(str(known.pair.after)), cv2.COLOR_BGR2RGB)
    inside = (after < 250).any(2)
    rows, columns = np.nonzero(inside)
    part = inside & (np.arange(after.shape[0])[:, None] > np.quantile(rows, 0.8))
    after[part] = np.clip(after[part] * np.array([1.0, 0.6, 0.6]), 0, 240).astype(np.uint8)
    found = fit_pair(replace(known.pair, after=save(tmp_path / "painted.png", after)), LOOK)
    assert not found.accepted
    assert found.fault in ("hand-work", "other-color")
    del columns


def brightened(pair: Pair, stops: float, path: Path) -> Pair:
    linear = decode_srgb(cv2.cvtColor(cv2.imread(str(pair.before)), cv2.COLOR_BGR2RGB) / 255)
    bright = np.round(encode_srgb(np.minimum(linear * np.exp2(stops), 1)) * 255).astype(np.uint8)
    return replace(pair, before=save(path, bright))


def test_what_is_burnt_out_in_the_before_is_no_handwork(known: Edited, tmp_path: Path) -> None:
    found = fit_pair(brightened(known.pair, 2.0, tmp_path / "bright.png"), LOOK)
    assert found.accepted, found.reason
    assert found.burnt > 0.2
    assert found.recipe is not None
    assert found.recipe.lighting.exposure == pytest.approx(known.recipe.lighting.exposure - 2.0, abs=0.1)


def test_a_product_that_is_burnt_out_tells_nothing(known: Edited, tmp_path: Path) -> None:
    # What is left of it would not be registered, so the reading is that of the good photo.
    found = fit_pair(brightened(known.pair, 4.0, tmp_path / "white.png"), LOOK, read_pair(known.pair))
    assert found.fault == "burnt-out"
    assert not found.hand_work


@pytest.mark.parametrize("name", ["a/b", "..", "c:\\d", "a\nb", "\ud800", "日" * 300, "x" * 300, "100%25"])
def test_every_id_is_a_safe_file_name(name: str, tmp_path: Path) -> None:
    stem = file_stem(name)
    (tmp_path / f"{stem}.0123456789abcdef.npz").write_bytes(b"")
    assert not set(stem) & set("/\\:\n")
    assert not stem.startswith(".")
    assert len({file_stem(other) for other in (name, name + "x", name + ".", unquote(name))}) == 3 + ("%" in name)


@pytest.mark.parametrize("name", ["tops-1", "ä ö", "日本 7", "item #3", "100% wool", "a.b..c", "a."])
def test_an_id_that_a_file_system_takes_is_the_file_name(name: str) -> None:
    assert file_stem(name) == name


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    """Three good pairs, a wrong one, and one that cannot be decoded."""
    folder = tmp_path_factory.mktemp("few")
    made = [edited(folder, seed=seed, exposure=0.1 * seed) for seed in (1, 2, 3)]
    pairs = [one.pair for one in made]
    broken = folder / "broken.jpg"
    whole = cv2.imencode(".jpg", np.full((300, 300, 3), 128, np.uint8))[1].tobytes()
    broken.write_bytes(whole[: len(whole) // 3])
    wrong = Pair("wrong", "tops", "w", pairs[0].before, pairs[1].after)
    return [*pairs, wrong, Pair("broken", "tops", "b", broken, pairs[0].after)]


@pytest.fixture(scope="module")
def fits(few: list[Pair], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fits")
    fit_pairs(few, folder, FitSettings(workers=2))
    return folder


def test_a_set_has_a_line_for_every_pair(few: list[Pair], fits: Path) -> None:
    found = read_fits(fits)
    assert [one.id for one in found] == [pair.id for pair in few]
    assert [one.accepted for one in found] == [True, True, True, False, False]
    assert found[-1].fault == "unreadable"
    assert "broken.jpg" in found[-1].reason
    for one in found[:3]:
        assert one.recipe == Recipe.load(fits / "recipes" / f"{one.id}.json")
        assert one.recipe is not None
        assert one.recipe.by == "pairs"


def test_the_common_look_and_each_photos_exposure_are_told_apart(fits: Path) -> None:
    look = read_look(fits).of("tops")
    assert look == pytest.approx(LOOK, abs=0.05)
    recipes = [one.recipe for one in read_fits(fits) if one.recipe is not None]
    exposures = [recipe.lighting.exposure for recipe in recipes]
    assert np.diff(exposures) == pytest.approx([0.1, 0.1], abs=0.05)


def test_killed_and_run_again_it_ends_with_the_same_lines(few: list[Pair], fits: Path, tmp_path: Path) -> None:
    whole = (fits / FITS).read_bytes()
    resumed = tmp_path / "resumed"
    fit_pairs(few[:2], resumed, FitSettings(workers=1))
    # What a kill leaves: some readings, some lines of an earlier look, and half a line.
    with (resumed / FITS).open("ab") as file:
        file.write(whole.splitlines(keepends=True)[2][:200])
    fit_pairs(few, resumed, FitSettings(workers=1))
    assert (resumed / FITS).read_bytes() == whole
    for path in sorted((fits / "recipes").glob("*.json")):
        assert (resumed / "recipes" / path.name).read_bytes() == path.read_bytes()


def test_what_is_done_is_not_done_again(few: list[Pair], fits: Path) -> None:
    recipe = fits / "recipes" / f"{few[0].id}.json"
    written = recipe.stat().st_mtime_ns
    fit_pairs(few, fits, FitSettings(workers=1))
    assert recipe.stat().st_mtime_ns == written


def test_a_folder_without_fits_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="packshot fit"):
        read_fits(tmp_path)


def test_lines_are_plain_json(fits: Path) -> None:
    for text in (fits / FITS).read_text("utf-8").splitlines():
        line = json.loads(text)
        assert {"id", "category", "residual_px", "delta_e", "explained", "accepted", "reason", "recipe"} <= set(line)
