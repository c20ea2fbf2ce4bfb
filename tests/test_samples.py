"""The sample pairs hold what they promise: other tests, the demo and the documentation stand on them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

SAMPLES = Path(__file__).parents[1] / "samples"
# JPEG rings about as far as a block of subsampled colour reaches, and the house sharpens by a few pixels.
RINGING = 20


def pairs() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "pairs.jsonl").read_text().splitlines()]


each_pair = pytest.mark.parametrize("pair", pairs(), ids=lambda pair: str(pair["id"]))


@cache
def picture(path: str, flag: int = cv2.IMREAD_COLOR_RGB) -> NDArray[np.uint8]:
    loaded = cv2.imread(str(SAMPLES / path), flag)
    assert loaded is not None, f"{path} is missing or damaged"
    return loaded.astype(np.uint8)


def matte(pair: dict[str, Any]) -> NDArray[np.uint8]:
    return picture(pair["alpha"], cv2.IMREAD_UNCHANGED)


def placed(pair: dict[str, Any], source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The source moved to where the truth says it ends up in the after."""
    height, width = picture(pair["after"]).shape[:2]
    matrix = np.array(pair["truth"]["before_to_after"])
    return np.asarray(cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def linear(encoded: NDArray[np.uint8]) -> NDArray[np.float32]:
    x = encoded.astype(np.float32) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    x = np.clip(scene, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055).astype(np.float32)


def light_in_after(pair: dict[str, Any]) -> NDArray[np.float32]:
    """The uneven light in stops, as docs/samples.md defines it, where the truth says each pixel ends up."""
    truth, (height, width) = pair["truth"], matte(pair).shape
    rows, columns = picture(pair["after"]).shape[:2]
    back = cv2.invertAffineTransform(np.array(truth["before_to_after"]))
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    side = max(height, width)
    x = (back[0, 0] * column + back[0, 1] * row + back[0, 2] - (width - 1) / 2) / side
    y = (back[1, 0] * column + back[1, 1] * row + back[1, 2] - (height - 1) / 2) / side
    turn = np.deg2rad(truth["light"]["direction_deg"])
    corner = (width**2 + height**2) / side**2 / 4
    slope = truth["light"]["stops_across"] * (x * np.cos(turn) + y * np.sin(turn))
    return np.asarray(slope - truth["light"]["vignette_stops"] * (x * x + y * y) / corner, np.float32)


def test_a_dozen_shots_in_many_categories_within_ten_megabytes() -> None:
    lines = pairs()
    assert len(lines) >= 12
    assert len({line["id"] for line in lines}) == len(lines)
    assert len({line["category"] for line in lines}) >= 8
    files = [SAMPLES / line[part] for line in lines for part in ("before", "after", "alpha")]
    assert sum(file.stat().st_size for file in [*files, SAMPLES / "pairs.jsonl"]) < 10_000_000


def test_no_picture_lies_beside_the_index() -> None:
    named = {line[part] for line in pairs() for part in ("before", "after", "alpha")}
    kept = {
        f"{file.parent.name}/{file.name}"
        for part in ("before", "after", "alpha")
        for file in (SAMPLES / part).iterdir()
    }
    assert kept == named


def test_shots_are_tilted_both_ways_and_cast_and_misexposed() -> None:
    truths = [line["truth"] for line in pairs()]
    angles = np.array([truth["angle_deg"] for truth in truths])
    assert (abs(angles) > 0.9).all()
    assert (abs(angles) < 4).all()
    assert angles.min() < -1
    assert angles.max() > 1
    assert np.std([truth["exposure_ev"] for truth in truths]) > 0.15
    assert np.std([truth["wb_gain"][2] / truth["wb_gain"][0] for truth in truths]) > 0.08


@each_pair
def test_sizes_are_those_of_a_camera_and_the_matte_fits(pair: dict[str, Any]) -> None:
    height, width = picture(pair["before"]).shape[:2]
    assert 2e6 <= height * width <= 12.1e6
    assert matte(pair).shape == (height, width)
    assert min(picture(pair["after"]).shape[:2]) >= 1200


@each_pair
def test_angle_and_scale_are_those_of_the_affine(pair: dict[str, Any]) -> None:
    truth = pair["truth"]
    (a, b, _), (c, d, _) = truth["before_to_after"]
    turn = np.deg2rad(truth["angle_deg"])
    expected = truth["scale"] * np.array([np.cos(turn), np.sin(turn), -np.sin(turn), np.cos(turn)])
    np.testing.assert_allclose([a, b, c, d], expected, atol=2e-5)


@each_pair
def test_corners_become_the_upright_box_of_the_product(pair: dict[str, Any]) -> None:
    matrix = np.array(pair["truth"]["before_to_after"])
    corners = np.array(pair["truth"]["product_corners_before"]) @ matrix[:, :2].T + matrix[:, 2]
    ys, xs = np.nonzero(placed(pair, matte(pair)) > 127)
    box = np.array([[xs.min(), ys.min()], [xs.max(), ys.min()], [xs.max(), ys.max()], [xs.min(), ys.max()]])
    np.testing.assert_allclose(corners, box, atol=2.0)
    height, width = picture(pair["after"]).shape[:2]
    assert corners.min() > 0.02 * min(width, height)
    assert (corners.max(0) < np.array([width, height]) * 0.98).all()


@each_pair
def test_the_after_is_pure_white_around_the_product_and_only_there(pair: dict[str, Any]) -> None:
    after, alpha = picture(pair["after"]), placed(pair, matte(pair))
    near = cv2.dilate(alpha, np.ones((2 * RINGING + 1, 2 * RINGING + 1), np.uint8)) > 0
    assert (after[~near] == 255).all()
    inside = cv2.erode(alpha, np.ones((7, 7), np.uint8)) > 250
    assert (after[inside] == 255).all(-1).mean() < 0.02


@each_pair
def test_truth_of_colour_and_light_leads_from_before_to_after(pair: dict[str, Any]) -> None:
    truth, after = pair["truth"], picture(pair["after"])
    before = placed(pair, picture(pair["before"]))
    gain = np.array(truth["wb_gain"], np.float32)
    # The retoucher evens four fifths of the light; what remains is the house look, a few hundredths.
    stops = truth["exposure_ev"] - 0.8 * light_in_after(pair)
    undone = encoded(linear(before) * gain * 2.0 ** stops[..., None])
    inside = cv2.erode(placed(pair, matte(pair)), np.ones((31, 31), np.uint8)) > 250
    goal = cv2.blur(after, (15, 15))[inside].astype(np.float32) / 255
    left = abs(cv2.blur(undone, (15, 15))[inside] - goal).mean()
    untouched = abs(cv2.blur(before, (15, 15))[inside] / 255 - goal).mean()
    assert left < 0.03
    assert left < 0.6 * untouched


@each_pair
def test_dust_and_lint_lie_on_the_product(pair: dict[str, Any]) -> None:
    defects = pair["truth"]["defects"]
    assert {defect["kind"] for defect in defects} == {"dust", "lint"}
    for defect in defects:
        assert matte(pair)[defect["y"], defect["x"]] > 250
        assert 1 < defect["r"] < 0.02 * max(matte(pair).shape)
