"""Figures of a shot: the human's own scores perfectly, known changes score as known and only where they should."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from packshot import geometry
from packshot.evaluation.metrics import delta_e
from packshot.learning.proof.reference import Reference
from packshot.learning.proof.scoring import FIGURES, Figures, Shot, grouped, outline_distance, score
from packshot.recipe import Spot
from tests.learning.scored import human_shot, reference_of


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of()


def number(figures: Figures, name: str) -> float:
    value = figures[name]
    assert value is not None
    return value


def test_the_humans_own_shot_is_perfect(reference: Reference) -> None:
    figures = score(human_shot(reference), reference, ())
    zero = ("delta_e", "delta_e_p95", "edge", "corner", "angle", "perceptual", "specks", "healed", "false_spots")
    assert {name: figures[name] for name in zero} == dict.fromkeys(zero, 0.0)
    assert [figures[name] for name in ("iou", "canvas", "size", "ssim")] == [1.0] * 4
    assert number(figures, "margin") < 0.2
    assert set(figures) == set(FIGURES)


def test_a_moved_crop_is_a_corner_error_and_no_colour_error(reference: Reference) -> None:
    human = human_shot(reference)
    shift = np.array([[1.0, 0, 12], [0, 1.0, 5]])
    moved = cv2.warpAffine(human.picture, shift, human.size, borderValue=(255, 255, 255))
    shot = replace(human, picture=moved, before_to_shot=geometry.compose(human.before_to_shot, shift))
    figures = score(shot, reference)
    assert number(figures, "corner") == pytest.approx(13 / 640 * 100, abs=1e-3)
    assert number(figures, "margin") == pytest.approx(12 / 640 * 100, abs=0.2)
    assert number(figures, "delta_e") < 0.01
    assert figures["iou"] == 1
    assert figures["angle"] == 0
    assert number(figures, "ssim") < 0.9


def test_a_turn_is_an_angle_error(reference: Reference) -> None:
    human = human_shot(reference)
    turn = geometry.frame_affine(1.5, 1.0, (319.5, 319.5), human.size)
    turned = cv2.warpAffine(human.picture, turn, human.size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    shot = replace(human, picture=turned, before_to_shot=geometry.compose(human.before_to_shot, turn))
    figures = score(shot, reference)
    assert number(figures, "angle") == pytest.approx(1.5, abs=1e-3)
    assert number(figures, "delta_e") < 0.5


def test_a_wrong_colour_is_a_colour_error_and_no_other(reference: Reference) -> None:
    human = human_shot(reference)
    warm = np.clip(human.picture.astype(float) * np.array([1.0, 0.96, 0.85]), 0, 255).astype(np.uint8)
    figures = score(replace(human, picture=warm), reference)
    expected = delta_e(warm, reference.after)[reference.core].mean()
    assert number(figures, "delta_e") == pytest.approx(float(expected), rel=1e-4)
    assert [figures[name] for name in ("iou", "edge", "corner", "angle", "canvas")] == [1, 0, 0, 0, 1]


def test_the_scale_of_the_picture_does_not_count(reference: Reference) -> None:
    human = human_shot(reference)
    larger = cv2.resize(human.picture, (1920, 1920), interpolation=cv2.INTER_CUBIC)
    to_larger = geometry.resize_affine((640, 640), (1920, 1920))
    shot = Shot(larger, (1920, 1920), geometry.compose(human.before_to_shot, to_larger), human.matte)
    figures = score(shot, reference)
    assert number(figures, "corner") < 1e-3
    assert number(figures, "delta_e") < 0.3
    assert [figures["canvas"], figures["size"]] == [1.0, 0.0]


def test_another_aspect_is_told(reference: Reference) -> None:
    human = human_shot(reference)
    picture = np.full((640, 600, 3), 255, np.uint8)
    picture[:, :] = human.picture[:, 20:620]
    shift = np.array([[1.0, 0, -20], [0, 1.0, 0]])
    shot = Shot(picture, (600, 640), geometry.compose(human.before_to_shot, shift), human.matte)
    figures = score(shot, reference)
    assert [figures["canvas"], figures["size"]] == [0.0, 0.0]
    assert number(figures, "corner") == pytest.approx(0, abs=1e-3)  # laid on the middle it is the same crop


def test_a_wider_matte_is_an_edge_error_of_its_width(reference: Reference) -> None:
    assert reference.matte is not None
    wider = cv2.dilate(reference.matte, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    figures = score(replace(human_shot(reference), matte=wider), reference)
    assert number(figures, "edge") == pytest.approx(4 / 600 * 100, rel=0.15)
    assert number(figures, "iou") < 0.97
    assert figures["delta_e"] == 0


def test_nothing_cut_out_keeps_the_whole_frame(reference: Reference) -> None:
    assert reference.matte is not None
    figures = score(replace(human_shot(reference), matte=None), reference)
    assert number(figures, "iou") == pytest.approx(float((reference.matte > 0.5).mean()), abs=1e-3)


def test_without_a_matte_of_the_human_nothing_is_said_of_ours(reference: Reference) -> None:
    plain = replace(reference, matte=None)
    figures = score(human_shot(reference), plain)
    assert [figures[name] for name in ("iou", "edge", "margin", "healed")] == [None] * 4
    assert figures["corner"] == 0


def test_an_empty_matte_has_no_outline() -> None:
    full, empty = np.ones((20, 20), np.float32), np.zeros((20, 20), np.float32)
    assert outline_distance(full, empty) == 100
    assert outline_distance(empty, empty) == 0


def test_spots_are_counted_by_specks(reference: Reference) -> None:
    thread = [Spot(x=100 + 3 * step, y=100, radius=2) for step in range(5)]
    dust, missed = Spot(x=200, y=200, radius=2), Spot(x=300, y=150, radius=2)
    stray = Spot(x=250, y=300, radius=3)
    ours = (Spot(x=104, y=101, radius=3), Spot(x=201, y=200, radius=2), stray)
    shot = replace(human_shot(reference), spots=ours)
    figures = score(shot, reference, [*thread, dust, missed])
    assert [figures[name] for name in ("specks", "healed", "false_spots")] == [3, 2, 1]


def test_touching_discs_are_one_speck() -> None:
    ends = [Spot(x=0, y=0, radius=2), Spot(x=6, y=0, radius=2)]
    assert len(grouped(ends)) == 2
    assert len(grouped([*ends, Spot(x=3, y=0, radius=2)])) == 1
