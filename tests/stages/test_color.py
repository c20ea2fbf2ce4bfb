from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.colorscience import LUMINANCE, decode_srgb, encode_srgb
from packshot.pack import Pack
from packshot.recipe import Color
from packshot.render import RenderPlan
from packshot.stages.color import ColorStage, backdrop_white, gains, statistical_white
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack

LIGHT = st.lists(st.floats(0.3, 3), min_size=3, max_size=3).map(np.array)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return write_pack(tmp_path)


def lit(pixels: np.ndarray, light: tuple[float, float, float]) -> np.ndarray:
    """A neutral photo under coloured light (linear red, green, blue)."""
    linear = decode_srgb(pixels / 255) * np.array(light)
    return np.clip(np.round(encode_srgb(linear) * 255), 0, 255).astype(np.uint8)


def angular(first: np.ndarray, second: np.ndarray) -> float:
    """Degrees between two colours."""
    return float(np.rad2deg(np.arccos(np.clip(first @ second / np.linalg.norm(first) / np.linalg.norm(second), -1, 1))))


def predicted(pack: Pack, pixels: np.ndarray, matte: np.ndarray) -> Color:
    view = view_of(pixels, matte, pack)
    return ColorStage().predict(view, draft(view))


@pytest.mark.parametrize(
    "light",
    [(1.12, 1.0, 0.88), (0.9, 1.0, 1.1), (1.0, 0.9, 1.0), (1.05, 1.08, 0.92), (0.95, 1.0, 0.8)],
    ids=["warm", "cool", "magenta", "green", "yellow"],
)
@pytest.mark.parametrize("grey", [150, 200])
def test_a_cast_on_grey_paper_is_found_to_a_degree(pack: Pack, light: tuple[float, float, float], grey: int) -> None:
    pixels, matte = product_photo(backdrop=(grey, grey, grey), seed=3)
    color = predicted(pack, lit(pixels, light), matte)
    assert color.measured_from == "backdrop"
    assert angular(np.array(color.white_gain), 1 / np.array(light)) < 1
    assert angular(np.ones(3), 1 / np.array(light)) > 2.5


def test_a_neutral_photo_keeps_its_colours(pack: Pack) -> None:
    color = predicted(pack, *product_photo())
    assert color.white_gain == pytest.approx((1, 1, 1), abs=0.01)
    assert color.confidence > 0.9


def test_the_products_own_colour_does_not_matter(pack: Pack) -> None:
    light = (1.1, 1.0, 0.9)
    found = [
        predicted(pack, lit(pixels, light), matte).white_gain
        for pixels, matte in (product_photo(colour=colour) for colour in ((160, 20, 20), (20, 120, 30), (230, 230, 40)))
    ]
    assert np.ptp(found, axis=0).max() < 0.01


def test_brightness_does_not_matter(pack: Pack) -> None:
    pixels, matte = product_photo()
    bright, dark = (predicted(pack, lit(pixels, tuple(f * np.array((1.1, 1.0, 0.9)))), matte) for f in (1.0, 0.4))
    assert bright.white_gain == pytest.approx(dark.white_gain, abs=0.02)


def test_the_nearer_to_grey_the_surer(pack: Pack) -> None:
    pixels, matte = product_photo()
    lights = [(1.0, 1.0, 1.0), (1.15, 1.0, 0.85), (1.3, 1.0, 0.6), (1.0, 0.6, 0.25)]
    sure = [predicted(pack, lit(pixels, light), matte).confidence for light in lights]
    assert sure == sorted(sure, reverse=True)


def test_a_coloured_wall_is_no_grey_card(pack: Pack) -> None:
    """Its blue would make the product orange: it is followed only in a small part."""
    pixels, matte = product_photo(backdrop=(60, 90, 200))
    color = predicted(pack, pixels, matte)
    assert color.measured_from == "statistics"
    assert max(color.white_gain) < 1.35


def test_a_patterned_backdrop_is_trusted_less(pack: Pack) -> None:
    pixels, matte = product_photo()
    tints = np.random.default_rng(1).normal(180, 25, (20, 16, 3)).repeat(30, 0).repeat(30, 1)
    tiled = np.where(matte[..., None] < 0.5, np.clip(tints, 0, 255), pixels).astype(np.uint8)
    assert np.ptp(np.median(tiled[matte < 0.01], 0)) < 15
    assert predicted(pack, tiled, matte).confidence < 0.3


@pytest.mark.parametrize("filled", ["product", "burnt"])
def test_without_a_usable_backdrop_statistics_are_a_weak_hint(pack: Pack, filled: str) -> None:
    pixels, matte = product_photo(backdrop=(255, 255, 255) if filled == "burnt" else (190, 190, 190))
    color = predicted(pack, pixels, np.ones_like(matte) if filled == "product" else matte)
    assert color.measured_from == "statistics"
    assert color.confidence < 0.3


def test_a_black_photo_is_left_alone(pack: Pack) -> None:
    pixels, matte = np.zeros((90, 80, 3), np.uint8), np.zeros((90, 80), np.float32)
    assert backdrop_white(view_of(pixels, matte, pack)) is None
    assert statistical_white(view_of(pixels, matte, pack)).confidence == 0
    assert predicted(pack, pixels, matte).white_gain == (1, 1, 1)


def test_the_looks_saturation_is_taken(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, look={"default": {"saturation": 1.05}, "tops": {"saturation": 1.2}})
    assert predicted(pack, *product_photo()).saturation == 1.2


@given(LIGHT, st.floats(0, 1))
def test_gains_keep_the_luminance_of_grey_paper(light: np.ndarray, share: float) -> None:
    gain = np.array(gains(light, share))
    assert LUMINANCE @ (light * gain) == pytest.approx(LUMINANCE @ light, rel=1e-3)


@given(LIGHT)
def test_full_gains_make_the_light_neutral_and_none_leave_it(light: np.ndarray) -> None:
    balanced = light * np.array(gains(light, 1.0))
    assert np.ptp(balanced) / balanced.mean() < 1e-3
    assert gains(light, 0.0) == pytest.approx((1, 1, 1), abs=1e-4)


def test_lowering_multiplies_gains_matrix_and_saturation() -> None:
    plan, swap = RenderPlan((4, 4)), (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    ColorStage().lower(Color(white_gain=(2.0, 1.0, 0.5), matrix=swap), plan)
    assert plan.matrix @ [1.0, 1.0, 1.0] == pytest.approx([1, 2, 0.5])
    ColorStage().lower(Color(saturation=0.0), plan)
    assert np.ptp(plan.matrix @ [0.3, 0.9, 0.1]) == pytest.approx(0, abs=1e-12)


def test_gains_come_before_what_was_there_and_the_matrix_after() -> None:
    plan = RenderPlan((4, 4))
    mixed = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    plan.mix(mixed)
    turned = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    ColorStage().lower(Color(white_gain=(2.0, 1.0, 0.5), matrix=turned), plan)
    assert plan.matrix == pytest.approx(np.array(turned).reshape(3, 3) @ mixed @ np.diag([2.0, 1.0, 0.5]))


def test_a_neutral_part_adds_nothing() -> None:
    plan = RenderPlan((4, 4))
    ColorStage().lower(Color(), plan)
    assert np.array_equal(plan.matrix, np.eye(3))
    assert plan.curves == []


def test_curves_go_through_their_knots_per_channel() -> None:
    plan = RenderPlan((4, 4))
    ColorStage().lower(Color(curves=((0.0, 0.6, 1.0), (0.0, 1.0), (0.1, 0.5, 0.9))), plan)
    values = np.array([[0.5, 0.5, 0.0], [0.25, 0.75, 1.0]])
    assert plan.curves[0][0](values) == pytest.approx(np.array([[0.6, 0.5, 0.1], [0.3, 0.75, 0.9]]))
