from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.evaluation.metrics import intersection_over_union
from packshot.pack import Pack
from packshot.recipe import Background
from packshot.render import RenderPlan
from packshot.stages.background import (
    BackgroundStage,
    decode_matte,
    doubt,
    encode_matte,
    png_asset,
    product_matte,
    shadow_light,
    without_crumbs,
    without_false_holes,
    without_scraps,
)
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return write_pack(tmp_path)


def rough(matte: np.ndarray) -> np.ndarray:
    """As a network answers: seen small, so doubtful along the edge."""
    small = cv2.resize(matte, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, matte.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def test_the_edge_is_placed_by_the_picture(pack: Pack) -> None:
    pixels, matte = product_photo()
    refined = product_matte(view_of(pixels, rough(matte), pack))
    assert np.abs(refined - matte).mean() < 0.6 * np.abs(rough(matte) - matte).mean()
    assert intersection_over_union(refined, matte) > 0.99


def test_sure_places_are_wholly_product_or_wholly_backdrop(pack: Pack) -> None:
    pixels, matte = product_photo()
    refined = product_matte(view_of(pixels, np.clip(rough(matte), 0.015, 0.985), pack))
    assert (refined[cv2.erode(matte, np.ones((25, 25))) == 1] == 1).all()
    assert (refined[cv2.dilate(matte, np.ones((25, 25))) == 0] == 0).all()


def test_a_small_island_the_network_hardly_believes_in_is_a_scrap() -> None:
    matte = np.zeros((400, 600), np.float32)
    matte[100:300, 60:240] = 1
    matte[40:80, 400:440] = 1  # 4 % of the product
    doubtful, sure = matte.copy(), matte.copy()
    doubtful[40:80, 400:440] = 0.5
    assert not without_crumbs(matte, doubtful)[40:80, 400:440].any()
    assert np.array_equal(without_crumbs(matte, sure), matte)
    assert np.array_equal(without_crumbs(matte), matte)


def crumbed() -> tuple[np.ndarray, np.ndarray]:
    matte = np.zeros((400, 600), np.float32)
    matte[100:300, 60:240] = 1
    matte[100:300, 330:510] = 1
    crumbs = matte.copy()
    crumbs[20:26, 20:26] = 0.9
    crumbs[370:380, 560:566] = 0.8
    return matte, crumbs


def test_crumbs_go_and_a_pair_stays() -> None:
    pair, crumbs = crumbed()
    assert np.array_equal(without_crumbs(crumbs), pair)
    assert without_crumbs(pair) is pair


def test_nothing_at_all_stays_nothing() -> None:
    empty = np.zeros((40, 60), np.float32)
    assert without_crumbs(empty) is empty
    nothing = empty.astype(np.uint8)
    assert without_scraps(nothing, empty) is nothing


def test_faint_scraps_beside_the_product_go() -> None:
    pair, crumbs = crumbed()
    crumbs[340:356, 60:240] = 0.1  # far below what counts as an island, but grey on white
    levels, clean = (np.round(255 * one).astype(np.uint8) for one in (crumbs, pair))
    assert np.array_equal(without_scraps(levels, pair), clean)


def test_a_small_piece_that_the_network_believes_in_stays() -> None:
    pair, _ = crumbed()
    with_button = pair.copy()
    with_button[330:345, 60:75] = 1
    levels = np.round(255 * with_button).astype(np.uint8)
    assert np.array_equal(without_scraps(levels, with_button), levels)
    whole = np.round(255 * pair).astype(np.uint8)
    assert without_scraps(whole, pair) is whole


def holed(colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A shirt with a patch of ``colour`` on its chest, which the network took for backdrop."""
    pixels, matte = product_photo()
    pixels[280:340, 200:280] = colour
    matte[280:340, 200:280] = 0
    return pixels, matte


def test_a_white_label_is_no_hole(pack: Pack) -> None:
    pixels, matte = holed((250, 250, 250))
    view = view_of(pixels, matte, pack)
    assert without_false_holes(matte, view)[285:335, 205:275].min() > 0.95
    assert product_matte(view)[285:335, 205:275].min() > 0.95


def test_a_handles_opening_stays_open(pack: Pack) -> None:
    """Through it the backdrop shows, in its own colour."""
    pixels, matte = holed((190, 190, 190))
    assert without_false_holes(matte, view_of(pixels, matte, pack)) is matte


def test_on_a_patterned_backdrop_no_hole_is_judged(pack: Pack) -> None:
    pixels, matte = holed((250, 250, 250))
    pattern = np.random.default_rng(1).integers(0, 256, (40, 32, 3)).astype(np.uint8).repeat(15, 0).repeat(15, 1)
    patterned = np.where((matte == 0)[..., None], pattern, pixels)
    assert without_false_holes(matte, view_of(patterned, matte, pack)) is matte


def test_doubt_is_the_share_that_is_neither() -> None:
    matte = np.zeros((200, 200), np.float32)
    assert doubt(matte, np.zeros_like(matte)) == 1
    matte[50:150, 50:150] = 1
    assert doubt(matte, np.zeros_like(matte)) == 0
    matte[60:100, 60:110] = 0.6
    assert doubt(matte, np.zeros_like(matte)) == pytest.approx(36 * 46 / 10000)
    assert doubt(product_photo()[1], np.zeros_like(product_photo()[1])) < 0.01


def test_an_even_sheet_has_no_shadow(pack: Pack) -> None:
    light = shadow_light(view_of(*product_photo(colour=(190, 190, 190)), pack))
    assert light.min() > 0.99


def test_falling_light_is_no_shadow(pack: Pack) -> None:
    view = view_of(*product_photo(colour=(190, 190, 190), stops=0.7), pack)
    assert shadow_light(view)[view.sure_backdrop].min() > 0.93


def test_the_products_shadow_is_measured(pack: Pack) -> None:
    pixels, matte = product_photo()
    shade = np.ones((600, 480))
    shade[440:500, 100:380] = 0.6
    shade = cv2.GaussianBlur(shade, (0, 0), 8)
    dark = np.where(matte[..., None] > 0.5, pixels, pixels * shade[..., None] ** (1 / 2.2)).astype(np.uint8)
    view = view_of(dark, matte, pack)
    light = cv2.resize(shadow_light(view), (480, 600))
    backdrop = cv2.dilate(matte, np.ones((21, 21))) == 0
    assert np.abs(light - shade)[backdrop].mean() < 0.02
    assert light[470, 120] == pytest.approx(shade[470, 120], abs=0.08)
    assert light[60, 60] == 1


def test_a_dark_product_leaves_no_halo_in_its_shadow(pack: Pack) -> None:
    """Paper without a shadow, right up to the edge of a nearly black product."""
    pixels, matte = product_photo(colour=(12, 12, 12))
    light = cv2.resize(shadow_light(view_of(pixels, matte, pack)), (480, 600))
    ring = (cv2.dilate(matte, np.ones((15, 15))) > 0) & (matte == 0)
    assert light[ring].min() > 0.9


def test_a_bright_product_does_not_hide_the_shadow_beside_it(pack: Pack) -> None:
    pixels, matte = product_photo(colour=(250, 250, 250), backdrop=(150, 150, 150))
    near = cv2.dilate(matte, np.ones((61, 61))) > 0
    shaded = np.where((near & (matte < 0.5))[..., None], pixels * 0.75, pixels).astype(np.uint8)
    light = cv2.resize(shadow_light(view_of(shaded, matte, pack)), (480, 600))
    ring = (cv2.dilate(matte, np.ones((11, 11))) > 0) & (cv2.dilate(matte, np.ones((9, 9))) == 0)
    assert np.quantile(light[ring], 0.9) < 0.66


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_a_matte_survives_its_file(rows: int, columns: int, quick: bool) -> None:
    levels = np.random.default_rng(rows * columns).integers(0, 256, (rows, columns)).astype(np.uint8)
    assert np.array_equal(decode_matte(encode_matte(levels / np.float32(255), quick)), levels)


@pytest.mark.parametrize("content", [b"", b"no picture", encode_matte(np.ones((9, 9), np.float32))[:40]])
def test_a_file_that_is_no_matte_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a readable PNG"):
        decode_matte(content)


def test_files_are_named_by_their_content() -> None:
    content = encode_matte(np.zeros((5, 7), np.float32))
    asset = png_asset(content, "matte", (7, 5))
    assert asset.sha256 == hashlib.sha256(content).hexdigest()
    assert asset.file == f"matte-{asset.sha256[:16]}.png"


def test_the_part_follows_the_house(pack: Pack) -> None:
    view = view_of(*product_photo(), pack, background=(240, 240, 240), shadow="keep")
    part, files = BackgroundStage().predict(view, draft(view))
    assert part.color == (240, 240, 240)
    assert part.shadow == "keep"
    assert part.matte is not None
    assert part.shadow_map is not None
    assert set(files) == {part.matte.sha256, part.shadow_map.sha256}
    assert decode_matte(files[part.matte.sha256]).shape == (600, 480)
    assert part.doubt < 0.01


@pytest.mark.parametrize("shadow", ["none", "soft"])
def test_only_a_kept_shadow_needs_a_map(pack: Pack, shadow: str) -> None:
    view = view_of(*product_photo(), pack, shadow=shadow)
    part, files = BackgroundStage().predict(view, draft(view))
    assert part.shadow_map is None
    assert len(files) == 1


def lowered(strength: float) -> RenderPlan:
    content = encode_matte(product_photo()[1])
    plan = RenderPlan((480, 600))
    part = Background(matte=png_asset(content, "matte", (480, 600)), strength=strength)
    BackgroundStage().lower(part, plan, {part.matte.sha256: content} if part.matte else {})
    return plan


def test_lowering_cuts_out_as_far_as_its_strength() -> None:
    whole, half = lowered(1.0).backdrop, lowered(0.5).backdrop
    assert whole is not None
    assert half is not None
    assert whole.matte.min() == 0
    assert half.matte.min() == pytest.approx(128, abs=1)
    assert half.matte.max() == 255
    assert lowered(0.0).backdrop is None


def test_without_a_matte_the_backdrop_stays() -> None:
    plan = RenderPlan((480, 600))
    BackgroundStage().lower(Background(), plan, {})
    assert plan.backdrop is None
