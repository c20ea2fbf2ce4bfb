from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot import geometry
from packshot.pack import Pack
from packshot.recipe import Alignment, Recipe
from packshot.stages.cropping import CroppingStage, place, turned_box
from packshot.style import House
from packshot.view import View
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack

MARGINS = {"margin_top": 0.06, "margin_right": 0.1, "margin_bottom": 0.14, "margin_left": 0.05}
SMALL = {"long_side": 400, **MARGINS}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return write_pack(tmp_path)


def cropped(view: View, angle: float = 0.0) -> Recipe:
    recipe = draft(view, alignment=Alignment(angle=angle, method="human"))
    return recipe.model_copy(update={"cropping": CroppingStage().predict(view, recipe)})


def margins(recipe: Recipe, matte: np.ndarray) -> dict[str, float]:
    """The finished shot's margins as shares of its canvas, measured on the matte as rendering would move it."""
    width, height = recipe.geometry.size
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), recipe.source.size)
    moved = cv2.warpAffine(matte, geometry.compose(cells, recipe.geometry.affine()), (width, height))
    rows, columns = np.nonzero((moved > 0.5).any(1))[0], np.nonzero((moved > 0.5).any(0))[0]
    return {
        "margin_top": rows[0] / height,
        "margin_bottom": 1 - (rows[-1] + 1) / height,
        "margin_left": columns[0] / width,
        "margin_right": 1 - (columns[-1] + 1) / width,
    }


@pytest.mark.parametrize("angle", [0.0, 5.0])
@pytest.mark.parametrize("aspect", [0.5, 0.8, 1.5])
@pytest.mark.parametrize("anchor", ["centre", "base", "top"])
def test_margins_are_the_houses(pack: Pack, anchor: str, aspect: float, angle: float) -> None:
    """The sides that bind have the house's margin to a percent of the canvas, the others at least that."""
    pixels, matte = product_photo((900, 1000), angle=angle)
    view = view_of(pixels, matte, pack, anchor=anchor, aspect=aspect, **SMALL)
    found = margins(cropped(view, angle), matte)
    assert all(found[side] >= MARGINS[side] - 0.01 for side in MARGINS)
    wide = found["margin_left"] < MARGINS["margin_left"] + 0.01
    binding = ("margin_left", "margin_right") if wide else ("margin_top", "margin_bottom")
    assert [found[side] for side in binding] == pytest.approx([MARGINS[side] for side in binding], abs=0.01)
    if anchor == "centre":
        spare = [found[side] - MARGINS[side] for side in ("margin_top", "margin_bottom", "margin_left", "margin_right")]
        assert spare[0] == pytest.approx(spare[1], abs=0.02)
        assert spare[2] == pytest.approx(spare[3], abs=0.02)
    else:
        side = "margin_bottom" if anchor == "base" else "margin_top"
        assert found[side] == pytest.approx(MARGINS[side], abs=0.01)


@given(
    st.tuples(st.floats(-500, 3000), st.floats(-500, 3000), st.floats(5, 4000), st.floats(5, 4000)),
    st.floats(0.3, 3),
    st.lists(st.floats(0, 0.45), min_size=4, max_size=4),
    st.sampled_from(["centre", "base", "top"]),
)
def test_any_box_lies_within_any_houses_margins(
    box: tuple[float, float, float, float], aspect: float, margin: list[float], anchor: str
) -> None:
    left, top, width, height = box
    names = ("margin_top", "margin_right", "margin_bottom", "margin_left")
    house = House.model_validate({"aspect": aspect, "anchor": anchor, **dict(zip(names, margin, strict=True))})
    canvas = house.canvas()
    scale, (x, y) = place((left, top, left + width, top + height), house)
    ours = [(left - x) * scale / canvas[0] + 0.5, (left + width - x) * scale / canvas[0] + 0.5]
    downs = [(top - y) * scale / canvas[1] + 0.5, (top + height - y) * scale / canvas[1] + 0.5]
    assert ours[0] >= house.margin_left - 1e-6
    assert ours[1] <= 1 - house.margin_right + 1e-6
    assert downs[0] >= house.margin_top - 1e-6
    assert downs[1] <= 1 - house.margin_bottom + 1e-6


def test_it_never_upscales_unless_allowed(pack: Pack) -> None:
    pixels, matte = product_photo((300, 400))
    never = cropped(view_of(pixels, matte, pack, long_side=2000, **MARGINS))
    allowed = cropped(view_of(pixels, matte, pack, long_side=2000, upscale="allow", **MARGINS))
    assert never.cropping.scale == 1
    assert max(never.geometry.size) < 600
    assert never.geometry.size[0] / never.geometry.size[1] == pytest.approx(0.8, abs=0.005)
    assert margins(never, matte) == pytest.approx(margins(allowed, matte), abs=0.01)
    assert allowed.cropping.scale > 1
    assert allowed.geometry.size == (1600, 2000)


def test_a_large_photo_is_scaled_down_to_the_canvas(pack: Pack) -> None:
    recipe = cropped(view_of(*product_photo((900, 1000)), pack, **SMALL))
    assert recipe.cropping.scale < 1
    assert recipe.geometry.size == (320, 400)


def test_a_product_elsewhere_in_the_frame_gives_the_same_shot(pack: Pack) -> None:
    pixels, matte = product_photo((900, 1000))
    moved_pixels, moved_matte = (np.roll(plane, (90, -60), (0, 1)) for plane in (pixels, matte))
    here, there = (cropped(view_of(*seen, pack, **SMALL)) for seen in ((pixels, matte), (moved_pixels, moved_matte)))
    assert there.cropping.scale == pytest.approx(here.cropping.scale)
    assert np.subtract(there.cropping.centre, here.cropping.centre) == pytest.approx([-60, 90], abs=0.01)


def test_the_view_is_mapped_to_the_source(pack: Pack) -> None:
    pixels, matte = product_photo((450, 500))
    whole = view_of(pixels, matte, pack, **{**SMALL, "long_side": 300})
    reduced = View(pixels, (900, 1000), pack, whole.style, "tops")
    reduced.__dict__["answer"] = whole.answer
    first, second = cropped(whole), cropped(reduced)
    assert second.cropping.scale == pytest.approx(first.cropping.scale / 2)
    assert margins(second, matte) == pytest.approx(margins(first, matte), abs=0.01)


def nothing_found(pack: Pack, size: tuple[int, int], **house: Any) -> Recipe:
    pixels = np.full((size[1], size[0], 3), 200, np.uint8)
    return cropped(view_of(pixels, np.zeros(size[::-1], np.float32), pack, **house))


@pytest.mark.parametrize("size", [(1200, 700), (700, 1200), (90, 60)])
def test_without_a_product_the_whole_photo_is_shown(pack: Pack, size: tuple[int, int]) -> None:
    recipe = nothing_found(pack, size, long_side=500)
    corners = geometry.box_corners((-0.5, -0.5, size[0] - 0.5, size[1] - 0.5))
    moved = geometry.apply(recipe.geometry.affine(), corners)
    width, height = recipe.geometry.size
    assert recipe.cropping.scale <= 1
    assert moved.min() >= -1.5
    assert (moved.max(0) <= [width + 0.5, height + 0.5]).all()
    assert width / height == pytest.approx(0.8, abs=0.02)


def test_a_crumb_of_backdrop_does_not_move_the_frame_and_a_second_shoe_does() -> None:
    matte = np.zeros((300, 400), np.float32)
    matte[100:200, 80:180] = 1
    alone = turned_box(matte, 3, geometry.identity())
    matte[10:20, 380:390] = 1
    assert turned_box(matte, 3, geometry.identity()) == alone
    matte[120:180, 250:310] = 1
    pair = turned_box(matte, 0, geometry.identity())
    assert pair == pytest.approx((79.5, 99.5, 309.5, 199.5))


def test_thin_products_without_area_have_a_box() -> None:
    matte = np.zeros((60, 80), np.float32)
    matte[30, 10:50] = 1
    assert turned_box(matte, 0, geometry.identity()) == pytest.approx((9.5, 29.5, 49.5, 30.5))


def test_the_turned_box_is_the_turned_products() -> None:
    matte = np.zeros((200, 300), np.float32)
    matte[50:100, 80:220] = 1
    assert turned_box(matte, 0, geometry.identity()) == pytest.approx((79.5, 49.5, 219.5, 99.5))
    box = turned_box(matte, 90, geometry.identity())
    assert box is not None
    assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((50, 140))
    assert turned_box(np.zeros((20, 20), np.float32), 3, geometry.identity()) is None


@pytest.mark.parametrize("angle", [0.0, 3.0])
def test_a_house_that_keeps_the_photos_frame_crops_nothing(pack: Pack, angle: float) -> None:
    image, matte = product_photo()
    recipe = cropped(view_of(image, matte, pack, frame="photo", **SMALL), angle)
    assert recipe.geometry.size == (image.shape[1], image.shape[0])
    assert geometry.scale_of(recipe.geometry.affine()) == pytest.approx(1)
    middle = np.array([[(image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2]])
    assert geometry.apply(recipe.geometry.affine(), middle) == pytest.approx(middle)
