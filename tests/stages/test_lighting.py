from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.colorscience import LUMINANCE, decode_srgb, encode_srgb
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Grid, Lighting, Recipe, Source
from packshot.render import RenderPlan
from packshot.stages.lighting import COLUMNS, ROWS, LightingStage, measured_light, tone
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack

SIZE = (480, 600)
EVEN = {"default": {"evenness": 1.0}}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return write_pack(tmp_path, look=EVEN)


def lit(stops: np.ndarray, form: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A shirt on grey paper, both under light of ``stops`` (H, W); ``form`` is the product's own shading in stops."""
    matte = product_photo(SIZE)[1]
    shading = np.zeros(SIZE[::-1]) if form is None else form
    product = 0.12 * 2.0**shading
    linear = (matte * product + (1 - matte) * 0.45) * 2.0**stops
    grain = np.random.default_rng(2).normal(0, 1, (*SIZE[::-1], 1))
    encoded = np.repeat(encode_srgb(linear)[..., None] * 255, 3, 2) + grain
    return np.clip(np.round(encoded), 0, 255).astype(np.uint8), matte


def places() -> tuple[np.ndarray, np.ndarray]:
    """x and y over the frame, -1..1."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    return (columns + 0.5) / SIZE[0] * 2 - 1, (rows + 0.5) / SIZE[1] * 2 - 1


X, Y = places()
LIGHTS = {"falling": 0.45 * X + 0.15 * Y, "vignette": -0.4 * (X**2 + Y**2), "none": np.zeros_like(X)}
FORM = 0.5 * np.cos(X * 9) * np.cos(Y * 4)


def predicted(pack: Pack, pixels: np.ndarray, matte: np.ndarray) -> Lighting:
    view = view_of(pixels, matte, pack)
    return LightingStage().predict(view, draft(view))


def evened(pack: Pack, pixels: np.ndarray, matte: np.ndarray) -> np.ndarray:
    photo = Photo.from_pixels(pixels, "lit")
    source = Source(name="lit", sha256=photo.sha256, size=photo.size)
    return render(photo, Recipe(source=source, lighting=predicted(pack, pixels, matte)))


def product_stops(pixels: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Log luminance over the product's inside, free of grain."""
    smooth = cv2.GaussianBlur(decode_srgb(pixels / 255) @ LUMINANCE, (0, 0), 3)
    inside = cv2.erode((matte > 0.99).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    return np.log2(smooth[inside])


@pytest.mark.parametrize("light", ["falling", "vignette"])
def test_uneven_light_on_paper_is_measured(pack: Pack, light: str) -> None:
    field, belief = measured_light(view_of(*lit(LIGHTS[light]), pack))
    true = cv2.resize(LIGHTS[light], (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    assert belief > 0.8
    assert np.abs(field - (true - true.mean())).mean() < 0.06
    assert np.corrcoef(field.ravel(), true.ravel())[0, 1] > 0.99
    assert field.mean() == pytest.approx(0, abs=1e-9)


def test_even_paper_needs_no_field(pack: Pack) -> None:
    assert predicted(pack, *lit(LIGHTS["none"])).field is None


@pytest.mark.parametrize("light", ["falling", "vignette"])
def test_evening_lowers_the_spread_on_the_product(pack: Pack, light: str) -> None:
    pixels, matte = lit(LIGHTS[light])
    before, after = (product_stops(picture, matte) for picture in (pixels, evened(pack, pixels, matte)))
    assert after.std() < 0.5 * before.std()


@pytest.mark.parametrize("light", ["falling", "vignette", "none"])
def test_evening_leaves_the_drawn_form(pack: Pack, light: str) -> None:
    """What comes out is the product as even light would have shown it, with all of its form."""
    pixels, matte = lit(LIGHTS[light], FORM)
    wanted = product_stops(lit(LIGHTS["none"], FORM)[0], matte)
    after = product_stops(evened(pack, pixels, matte), matte)
    assert np.corrcoef(after, wanted)[0, 1] > 0.97
    assert after.std() == pytest.approx(wanted.std(), rel=0.1)


@pytest.mark.parametrize("light", ["falling", "vignette"])
def test_evening_does_not_change_the_exposure(pack: Pack, light: str) -> None:
    pixels, matte = lit(LIGHTS[light])
    after = evened(pack, pixels, matte)
    assert product_stops(after, matte).mean() == pytest.approx(product_stops(pixels, matte).mean(), abs=0.05)


def test_half_the_evenness_takes_out_half_the_light(tmp_path: Path) -> None:
    whole = write_pack(tmp_path / "whole", look=EVEN)
    half = write_pack(tmp_path / "half", look={"default": {"evenness": 0.5}})
    fields = [predicted(pack, *lit(LIGHTS["falling"])).field for pack in (whole, half)]
    assert fields[0] is not None
    assert fields[1] is not None
    assert fields[1].array() == pytest.approx(fields[0].array() / 2, abs=1e-3)


def test_brighter_light_has_the_same_unevenness(pack: Pack) -> None:
    fields = [measured_light(view_of(*lit(LIGHTS["falling"] + level), pack))[0] for level in (0, -1.5)]
    assert fields[0] == pytest.approx(fields[1], abs=0.05)


def test_without_backdrop_light_cannot_be_told_from_form(pack: Pack) -> None:
    pixels, matte = lit(LIGHTS["falling"])
    assert predicted(pack, pixels, np.ones_like(matte)).field is None


def test_a_patterned_wall_is_believed_less(pack: Pack) -> None:
    pattern = 0.8 * np.sign(np.sin(X * 40)) * np.sign(np.sin(Y * 50))
    _, plain = measured_light(view_of(*lit(LIGHTS["falling"]), pack))
    _, patterned = measured_light(view_of(*lit(LIGHTS["falling"] + pattern), pack))
    assert patterned < 0.3 < plain


def look(**settings: Any) -> dict[str, Any]:
    return {"default": {"exposure_target": -2.0, "exposure_limit": 1.0, **settings}}


def exposure_of(folder: Path, level: float, **settings: Any) -> float:
    return predicted(write_pack(folder, look=look(**settings)), *lit(LIGHTS["none"] + level)).exposure


def test_the_product_is_brought_to_the_looks_brightness(tmp_path: Path) -> None:
    """Its luminance is 0.12: log2 is -3.06."""
    assert exposure_of(tmp_path, 0.4, exposure_share=1.0) == pytest.approx(-2 + 3.06 - 0.4, abs=0.03)
    assert exposure_of(tmp_path, 0.4, exposure_share=0.5) == pytest.approx(0.5 * (-2 + 3.06 - 0.4), abs=0.03)


def test_exposure_has_its_limit_and_may_be_off(tmp_path: Path) -> None:
    assert exposure_of(tmp_path, -2.0, exposure_share=1.0) == 1.0
    assert exposure_of(tmp_path, -2.0, exposure_share=0.0) == 0.0


def test_the_looks_tone_is_taken(tmp_path: Path) -> None:
    part = predicted(write_pack(tmp_path, look=look(shadows=0.1, contrast=0.05, highlights=-0.2)), *lit(LIGHTS["none"]))
    assert (part.shadows, part.contrast, part.highlights) == (0.1, 0.05, -0.2)


LEVELS = np.linspace(0, 1.35, 1351)


@given(st.floats(-0.6, 1), st.floats(-1, 0.6), st.floats(-0.6, 0.6))
def test_any_tone_the_recipe_allows_keeps_the_order_of_tones(
    shadows: float, highlights: float, contrast: float
) -> None:
    curved = tone(LEVELS, Lighting(shadows=shadows, highlights=highlights, contrast=contrast))
    assert (np.diff(curved) >= -1e-12).all()
    assert curved[0] == pytest.approx(0, abs=1e-12)
    assert curved[1000] == pytest.approx(1, abs=1e-12)


def test_neutral_tone_changes_nothing_even_beyond_white() -> None:
    assert tone(LEVELS, Lighting()) == pytest.approx(LEVELS)


def test_recovered_highlights_draw_back_what_passed_white() -> None:
    assert tone(np.array([1.2]), Lighting(highlights=-0.5))[0] == pytest.approx(1.1)
    assert tone(np.array([1.2]), Lighting(highlights=-1))[0] == pytest.approx(1)


def test_each_tone_moves_its_own_end() -> None:
    dark, bright = np.array([0.2]), np.array([0.8])
    assert tone(dark, Lighting(shadows=0.5))[0] - 0.2 > 4 * (tone(bright, Lighting(shadows=0.5))[0] - 0.8) > 0
    assert 0.8 - tone(bright, Lighting(highlights=-0.5))[0] > 4 * (0.2 - tone(dark, Lighting(highlights=-0.5))[0]) > 0
    assert tone(dark, Lighting(contrast=0.3))[0] < 0.2
    assert tone(bright, Lighting(contrast=0.3))[0] > 0.8


def test_lowering_adds_only_what_was_decided() -> None:
    plan = RenderPlan((4, 4))
    LightingStage().lower(Lighting(), plan)
    assert np.array_equal(plan.matrix, np.eye(3))
    assert plan.stops is None
    assert plan.curves == []
    grid = Grid(rows=1, columns=2, stops=(-0.2, 0.2))
    LightingStage().lower(Lighting(exposure=1.0, field=grid, contrast=0.1, strength=0.5), plan)
    assert plan.matrix == pytest.approx(np.eye(3) * 2**0.5)
    assert plan.stops == pytest.approx(np.array([[-0.1, 0.1]]))
    assert len(plan.curves) == 1
