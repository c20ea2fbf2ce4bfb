from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from packshot.pack import Pack
from packshot.recipe import Detailing, Spot
from packshot.render import RenderPlan
from packshot.stages.detailing import DetailingStage, cover, spots_in
from packshot.view import View
from tests.models import finds_white, pack_with
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack

SPECKS = ((240, 250, 3), (210, 330, 2), (275, 400, 4))


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return pack_with(tmp_path, {"specks": finds_white()})


def dusty() -> tuple[np.ndarray, np.ndarray]:
    """The drawn shirt with white dust on it and a thread."""
    pixels, matte = product_photo()
    for x, y, radius in SPECKS:
        cv2.circle(pixels, (x, y), radius, (250, 250, 250), -1)
    return pixels, matte


def predicted(pack: Pack, pixels: np.ndarray, matte: np.ndarray, **house: object) -> Detailing:
    view = view_of(pixels, matte, pack, **house)
    return DetailingStage().predict(view, draft(view))


def covered(spots: tuple[Spot, ...], x: float, y: float) -> bool:
    return any(np.hypot(spot.x - x, spot.y - y) < spot.radius for spot in spots)


def test_every_speck_is_found_and_nothing_else(pack: Pack) -> None:
    spots = predicted(pack, *dusty()).spots
    assert len(spots) == len(SPECKS)
    for x, y, radius in SPECKS:
        assert any(np.hypot(spot.x - x, spot.y - y) < 1 and radius <= spot.radius < radius + 3 for spot in spots)
    assert {spot.kind for spot in spots} == {"dust"}


def test_a_thread_is_a_chain_of_discs(pack: Pack) -> None:
    pixels, matte = product_photo()
    cv2.line(pixels, (220, 300), (244, 306), (250, 250, 250), 2)
    spots = predicted(pack, pixels, matte).spots
    assert len(spots) > 2
    assert {spot.kind for spot in spots} == {"lint"}
    assert all(covered(spots, 220 + 24 * step, 300 + 6 * step) for step in np.linspace(0, 1, 9))


def test_spots_are_in_source_pixels(pack: Pack) -> None:
    pixels, matte = dusty()
    view = view_of(pixels, matte, pack)
    large = View(pixels, (960, 1200), pack, view.style, "tops")
    large.__dict__["answer"] = view.answer
    near, far = (DetailingStage().predict(seen, draft(seen)).spots for seen in (view, large))
    for one, two in zip(near, far, strict=True):
        assert (two.x, two.y) == pytest.approx((2 * one.x + 0.5, 2 * one.y + 0.5), abs=0.02)
        assert two.radius == pytest.approx(2 * one.radius, abs=0.02)


def test_the_backdrop_and_the_outline_are_left_alone(pack: Pack) -> None:
    pixels, matte = product_photo(backdrop=(250, 250, 250))
    assert predicted(pack, pixels, matte).spots == ()


def test_a_pattern_is_no_dirt(pack: Pack) -> None:
    pixels, matte = product_photo()
    for y in range(200, 440, 24):
        for x in range(180, 300, 24):
            cv2.circle(pixels, (x, y), 3, (250, 250, 250), -1)
    assert predicted(pack, pixels, matte).spots == ()


def test_the_surest_of_a_pattern_are_no_dirt_either(pack: Pack) -> None:
    pixels, matte = product_photo()
    for y in range(200, 440, 24):
        for x in range(180, 300, 24):
            cv2.circle(pixels, (x, y), 3, (206, 206, 206), -1)  # as likely as not, under the pack's level
    assert predicted(pack, pixels, matte).spots == ()
    for x, y, radius in SPECKS:
        cv2.circle(pixels, (x, y), radius, (250, 250, 250), -1)
    assert predicted(pack, pixels, matte).spots == ()


def test_a_large_print_is_no_speck(pack: Pack) -> None:
    pixels, matte = product_photo()
    cv2.rectangle(pixels, (200, 250), (280, 330), (250, 250, 250), -1)
    assert predicted(pack, pixels, matte).spots == ()


def test_without_a_model_a_product_or_leave_nothing_is_healed(pack: Pack, tmp_path: Path) -> None:
    pixels, matte = dusty()
    assert predicted(write_pack(tmp_path / "bare"), pixels, matte).spots == ()
    assert predicted(pack, pixels, np.zeros_like(matte)).spots == ()
    assert predicted(pack, pixels, matte, heal=False).spots == ()


def test_sharpening_is_the_houses(pack: Pack) -> None:
    assert predicted(pack, *product_photo(), sharpening=0.7).sharpening == 0.7


def test_marks_come_surest_first_and_above_the_level() -> None:
    share = np.zeros((200, 200), np.float32)
    for place, value in (((50, 50), 0.8), ((100, 100), 0.95), ((150, 150), 0.6)):
        share[place[0] : place[0] + 3, place[1] : place[1] + 3] = value
    marks = spots_in(share, np.ones_like(share), 0.7)
    assert [mark.confidence for mark in marks] == pytest.approx([0.95, 0.8])


@pytest.mark.parametrize("shape", [(1, 2), (5, 5), (3, 40), (40, 3), (17, 9)])
def test_discs_cover_the_whole_mark(shape: tuple[int, int]) -> None:
    discs, _ = cover(np.ones(shape, bool), (7, 11))
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    reached = np.zeros(shape, bool)
    for x, y, radius in discs:
        reached |= np.hypot(columns + 7 - x, rows + 11 - y) <= radius + 0.5
    assert reached.mean() > 0.95


def test_lowering_takes_the_strength_along() -> None:
    plan = RenderPlan((40, 30))
    part = Detailing(spots=(Spot(x=1, y=2, radius=3),), sharpening=0.8, radius=1.1, strength=0.5)
    DetailingStage().lower(part, plan)
    assert plan.spots == (Spot(x=1, y=2, radius=3, strength=0.5),)
    assert (plan.sharpening, plan.radius) == (0.4, 1.1)


def test_noise_is_smoothed_as_the_house_does_unless_the_photo_is_much_reduced(pack: Pack) -> None:
    pixels, matte = product_photo()
    whole = view_of(pixels, matte, pack, noise=4.5)
    stage, recipe = DetailingStage(), draft(whole)
    assert stage.predict(whole, recipe).noise == 4.5
    reduced = recipe.model_copy(update={"cropping": recipe.cropping.model_copy(update={"scale": 0.4})})
    assert stage.predict(whole, reduced).noise == 0
    assert predicted(pack, pixels, matte).noise == 0
