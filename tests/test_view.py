from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from packshot import geometry
from packshot.pack import Answer
from packshot.photo import Photo
from packshot.style import Style
from packshot.view import LONG_SIDE, View
from tests.pictures import product_photo
from tests.views import view_of, write_pack


@pytest.fixture
def view(tmp_path: Path) -> View:
    return view_of(*product_photo(), write_pack(tmp_path))


def test_a_small_photo_is_seen_whole(tmp_path: Path) -> None:
    pixels = product_photo()[0]
    seen = View.of(Photo.from_pixels(pixels, "small"), write_pack(tmp_path), Style())
    assert np.array_equal(seen.image, pixels)
    assert np.array_equal(seen.to_source, geometry.identity())


def test_a_large_photo_is_seen_small_and_in_place(tmp_path: Path) -> None:
    pixels = np.zeros((2400, 3600, 3), np.uint8)
    pixels[1200:, 1800:] = 200
    seen = View.of(Photo.from_pixels(pixels, "large"), write_pack(tmp_path), Style())
    assert max(seen.size) <= LONG_SIDE
    assert seen.source == (3600, 2400)
    column = int(np.nonzero(seen.image[-1, :, 0] > 100)[0][0])
    edge = geometry.apply(seen.to_source, np.array([[column - 0.5, 0.0]]))[0, 0]
    assert edge == pytest.approx(1799.5, abs=3)


def test_the_small_picture_keeps_the_light(view: View) -> None:
    assert max(view.small.shape[:2]) <= 288
    assert view.small.mean() == pytest.approx(view.image.mean(), abs=0.5)
    assert view.small_matte.shape == view.small.shape[:2]
    assert view.small_matte.mean() == pytest.approx(view.answer.matte.mean(), abs=0.003)
    assert view.middling_matte.shape == view.middling.shape[:2]


def test_luminance_is_one_at_white_and_linear(tmp_path: Path) -> None:
    pixels = np.full((60, 80, 3), 255, np.uint8)
    pixels[:, :40] = 188  # half the light
    seen = view_of(pixels, np.zeros((60, 80), np.float32), write_pack(tmp_path))
    assert seen.small_luminance[30, 60] == pytest.approx(1, abs=1e-4)
    assert seen.small_luminance[30, 20] == pytest.approx(0.5, abs=0.01)


def test_sure_places_are_apart_and_away_from_the_edge(view: View) -> None:
    assert view.sure_backdrop.any()
    assert view.sure_product.any()
    near = cv2.dilate((view.small_matte > 0.1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert not (view.sure_backdrop & near).any()
    inside = cv2.erode((view.small_matte > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inside[view.sure_product].all()
    assert (view.small_matte[view.sure_product] > 0.9).all()
    assert not (view.sure_backdrop & view.sure_product).any()


def test_a_given_category_is_certain(view: View) -> None:
    assert view.category == ("tops", 1.0)


def test_the_likeliest_category_is_taken(tmp_path: Path) -> None:
    pixels, matte = product_photo()
    pack = write_pack(tmp_path, categories=["tops", "shoes"], habits={"shoes": {"aspect": 1.0}})
    seen = View(pixels, (480, 600), pack, Style())
    seen.__dict__["answer"] = Answer(matte=matte, categories=(0.3, 0.7))
    assert seen.category == ("shoes", 0.7)
    assert seen.house.aspect == 1.0


def test_without_opinion_the_category_is_unknown(tmp_path: Path) -> None:
    pixels, matte = product_photo()
    seen = View(pixels, (480, 600), write_pack(tmp_path), Style())
    seen.__dict__["answer"] = Answer(matte=matte, categories=None)
    assert seen.category == ("unknown", 0.0)


def test_smaller_pictures_are_the_view_averaged(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (900, 1400, 3)).astype(np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)
    seen = view_of(pixels, np.zeros((900, 1400), np.float32), write_pack(tmp_path))
    assert seen.half.shape == (450, 700, 3)
    for small in (seen.small, seen.middling):
        size = (small.shape[1], small.shape[0])
        direct = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        assert np.abs(small.astype(int) - direct).max() <= 3


def test_an_odd_view_is_not_halved(tmp_path: Path) -> None:
    pixels = np.zeros((901, 1400, 3), np.uint8)
    seen = view_of(pixels, np.zeros((901, 1400), np.float32), write_pack(tmp_path))
    assert seen.half is seen.image
