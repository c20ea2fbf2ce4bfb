from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packshot.evaluation.place_model import PlaceModel, place_evidence, shown_place
from packshot.evaluation.places import LEFT_IN, LEFT_OUT, RAGGED, Place, find_places
from packshot.evaluation.trees import Forest
from packshot.pack import Answer, Pack
from packshot.view import View
from tests.views import view_of, write_pack

SIZE = (300, 400)  # width, height
PLACES = (LEFT_IN, LEFT_OUT)


@cache
def pack() -> Pack:
    return write_pack(Path(mkdtemp()))


def shirt() -> np.ndarray:
    """(h, w) 0..255: a block with round corners."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.rectangle(mask, (80, 120), (220, 320), 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), 6) // 128 * 255


def seen(matte: np.ndarray, second: np.ndarray | None = None) -> View:
    """A view of a blue product on grey, which the second look may take for another."""
    image = np.full((*SIZE[::-1], 3), 170, np.uint8)
    image[matte > 127] = (40, 60, 150)
    view = view_of(image, np.asarray(matte / 255, np.float32), pack())
    other = matte if second is None else second
    mirrored = cv2.resize(other[:, ::-1].astype(np.float32) / 255, view.middling.shape[1::-1])
    view.__dict__["mirrored"] = Answer(matte=np.asarray(mirrored, np.float32), categories=None)
    view.__dict__["cut"] = (view.answer.matte, np.zeros_like(view.answer.matte))
    return view


def inside(place: Place, point: tuple[int, int]) -> bool:
    left, top, right, bottom = place.box
    return left <= point[0] / SIZE[0] <= right and top <= point[1] / SIZE[1] <= bottom


class TestFindingPlaces:
    def test_a_plain_product_has_none(self) -> None:
        assert find_places(seen(shirt()), shirt(), PLACES) == []

    def test_a_hook_at_the_top_sticks_out(self) -> None:
        matte = shirt()
        cv2.line(matte, (150, 125), (150, 80), 255, 3)
        (hook,) = find_places(seen(matte), matte, PLACES)
        assert hook.kind == LEFT_IN
        assert inside(hook, (150, 100))
        assert hook.numbers["shape"] > 0.7
        assert hook.numbers["height"] < 0.15
        assert hook.numbers["aside"] == pytest.approx(0, abs=0.02)

    def test_a_narrow_bite_is_left_out(self) -> None:
        matte = shirt()
        cv2.line(matte, (150, 320), (150, 280), 0, 3)
        (bite,) = find_places(seen(matte), matte, PLACES)
        assert bite.kind == LEFT_OUT
        assert inside(bite, (150, 300))

    def test_what_only_the_second_look_takes_for_product(self) -> None:
        more = shirt()
        cv2.rectangle(more, (215, 200), (260, 260), 255, -1)
        (sleeve,) = find_places(seen(shirt(), more), shirt(), PLACES)
        assert sleeve.kind == LEFT_OUT
        assert inside(sleeve, (240, 230))
        assert sleeve.numbers["mirrored"] > 0.8 > 0.2 > sleeve.numbers["network"]
        assert sleeve.mask.sum() / (shirt() > 127).sum() == pytest.approx(sleeve.share, rel=0.1)

    def test_only_the_kinds_that_are_asked_for(self) -> None:
        matte = shirt()
        cv2.line(matte, (150, 125), (150, 80), 255, 3)
        assert find_places(seen(matte), matte, [LEFT_OUT]) == []

    def test_a_ragged_edge_is_one_place_where_it_is_worst(self) -> None:
        matte = shirt()
        for row in range(200, 320, 8):
            matte[row : row + 4, 218:226] = 255
        (plain,) = find_places(seen(shirt()), shirt(), [RAGGED])
        (edge,) = find_places(seen(matte), matte, [RAGGED])
        assert edge.numbers["frayed"] > plain.numbers["frayed"] + 0.5
        assert edge.numbers["rough"] > plain.numbers["rough"]
        assert inside(edge, (222, 260))
        assert edge.box[0] > 0.5

    def test_an_outline_that_smoothing_leaves_alone_has_no_ragged_edge(self) -> None:
        full = np.full(SIZE[::-1], 255, np.uint8)
        assert find_places(seen(full), full, [RAGGED]) == []

    def test_without_a_product_there_is_nothing_to_look_at(self) -> None:
        empty = np.zeros(SIZE[::-1], np.uint8)
        assert find_places(seen(empty, shirt()), empty) == []

    @given(st.integers(0, 1000))
    @settings(max_examples=15, deadline=None)
    def test_boxes_lie_in_the_photo_and_places_in_their_boxes(self, seed: int) -> None:
        draw = np.random.default_rng(seed)
        coarse = draw.integers(0, 256, (12, 9)).astype(np.uint8)
        matte = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
        for place in find_places(seen(matte, shirt()), matte):
            left, top, right, bottom = place.box
            assert 0 <= left < right <= 1
            assert 0 <= top < bottom <= 1
            if place.kind == RAGGED:  # a part of the outline
                continue
            rows, columns = np.nonzero(place.mask)
            height, width = place.mask.shape
            assert (columns.min() / width, (columns.max() + 1) / width) == pytest.approx((left, right))
            assert (rows.min() / height, (rows.max() + 1) / height) == pytest.approx((top, bottom))


def model(limit: float = 0.5) -> PlaceModel:
    """Places that stick out are wrong in nine of ten, others in one."""
    forest = Forest(roots=(0,), feature=(0, -1, -1), threshold=(0.5, 0.0, 0.0), left=(1, -1, -1), share=(0.5, 0.1, 0.9))
    return PlaceModel(features=("shape",), forest=forest, limit=limit, shown=0.1, right=0.7)


class TestWhatIsShown:
    def test_the_place_where_most_is_expected_to_be_wrong(self) -> None:
        assert shown_place([0.9, 0.6, 0.4], [0.002, 0.01, 0.5], 0.5) == 1

    def test_nothing_that_is_small_or_improbable(self) -> None:
        assert shown_place([0.9, 0.3], [1e-4, 0.1], 0.5) is None
        assert shown_place([], [], 0.5) is None

    def test_a_recipe_keeps_probability_and_box(self) -> None:
        matte = shirt()
        cv2.line(matte, (150, 125), (150, 80), 255, 3)
        places = find_places(seen(matte), matte, PLACES)
        kept = place_evidence(places, {LEFT_IN: model()})
        assert kept["place_left_in"] == 0.9
        assert kept["place_left_in_at_top"] == 1
        assert kept["place_left_in_top"] == places[0].box[1]
        assert place_evidence(places, {LEFT_IN: model(0.95)}) == {}
        assert place_evidence(places, {LEFT_OUT: model()}) == {}
