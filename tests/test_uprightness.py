from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot import geometry
from packshot.uprightness import CUES, LIMIT, STEP, angles, cues, decide
from tests.pictures import product_photo

OUTLINE, DRAWING, ACROSS, DOWN = 0, 1, 2, 3
OUTLINE_LEVEL, OUTLINE_PLUMB, INSIDE_LEVEL, BACKDROP_LEVEL, MAIN_AXIS = 4, 5, 6, 8, 10


def bar(angle: float, size: tuple[int, int] = (90, 320)) -> tuple[np.ndarray, np.ndarray]:
    """A dark bar on paper that leans so that ``angle`` sets it upright."""
    corners = geometry.box_corners((-size[0] / 2, -size[1] / 2, size[0] / 2, size[1] / 2))
    outline = geometry.apply(geometry.frame_affine(-angle, 1, (0, 0), (400, 480)), corners)
    matte = np.zeros((480, 400), np.uint8)
    cv2.fillPoly(matte, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    share = matte[..., None] / 255
    return np.round(share * 60 + (1 - share) * 200).repeat(3, 2).astype(np.uint8), matte.astype(np.float32) / 255


def peak(curve: np.ndarray) -> float:
    return float(angles()[int(curve.argmax())])


def test_curves_have_their_shape() -> None:
    curves = cues(*product_photo())
    assert curves.shape == (CUES, len(angles()))
    assert curves.dtype == np.float32
    assert np.isfinite(curves).all()


def test_without_a_product_nothing_speaks() -> None:
    image, matte = product_photo()
    assert not cues(image, np.zeros_like(matte)).any()


def test_candidates_are_symmetric_and_evenly_spaced() -> None:
    assert np.allclose(angles(), -angles()[::-1])
    assert np.allclose(np.diff(angles()), STEP)
    assert angles()[-1] == LIMIT
    assert cues(*product_photo(), 5.0).shape[1] == len(angles(5.0)) == 21


@pytest.mark.parametrize("angle", [-7.0, -3.0, 0.0, 2.5, 6.0])
def test_turning_the_photo_shifts_the_peak_of_symmetry(angle: float) -> None:
    curves = cues(*product_photo(angle=angle))
    assert peak(curves[OUTLINE]) == pytest.approx(angle, abs=1)
    assert peak(curves[DRAWING]) == pytest.approx(angle, abs=1.5)


@pytest.mark.parametrize("angle", [-6.0, -2.0, 0.0, 4.0])
def test_a_leaning_bar_is_seen_by_every_cue(angle: float) -> None:
    curves = cues(*bar(angle))
    assert peak(curves[MAIN_AXIS]) == pytest.approx(angle, abs=0.5)
    assert peak(-curves[ACROSS]) == pytest.approx(angle, abs=1)
    for row in (OUTLINE_LEVEL, OUTLINE_PLUMB):
        assert peak(curves[row]) == pytest.approx(angle, abs=1)


def test_a_shelf_behind_the_product_tells_the_cameras_lean() -> None:
    image, matte = bar(0.0)
    outside = matte < 0.01
    shelf = geometry.apply(geometry.frame_affine(-3, 1, (0, 0), (400, 480)), np.array([[-400.0, 150], [400, 150]]))
    lined = image.copy()
    cv2.line(lined, *(tuple(int(v) for v in np.round(point)) for point in shelf), (90, 90, 90), 7, cv2.LINE_AA)
    lined = np.where(outside[..., None], lined, image)
    assert peak(cues(lined, matte)[BACKDROP_LEVEL]) == pytest.approx(3, abs=1)
    assert cues(image, matte)[BACKDROP_LEVEL].max() < 0.3 * cues(lined, matte)[BACKDROP_LEVEL].max()


def test_mirroring_the_photo_mirrors_the_curves() -> None:
    image, matte = product_photo(angle=3.0)
    curves = cues(image, matte)
    mirrored = cues(np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(matte[:, ::-1]))
    for row in (OUTLINE, DRAWING, ACROSS, DOWN, MAIN_AXIS):
        assert np.abs(mirrored[row] - curves[row][::-1]).max() < 0.15 * max(1.0, np.abs(curves[row]).max())


def test_brightness_and_place_do_not_matter_to_symmetry() -> None:
    image, matte = product_photo(size=(600, 700), angle=2.0)
    moved = np.roll(image, (40, -30), (0, 1)), np.roll(matte, (40, -30), (0, 1))
    darker = (image * 0.6).astype(np.uint8)
    reference = cues(image, matte)[OUTLINE]
    assert np.abs(cues(*moved)[OUTLINE] - reference).max() < 0.3
    assert np.array_equal(cues(darker, matte)[OUTLINE], reference)


@given(st.floats(-9, 9), st.floats(0.5, 1.0))
def test_a_narrow_peak_is_decided_for(angle: float, width: float) -> None:
    share = np.exp(-((angles() - angle) ** 2) / (2 * (width / 2) ** 2))
    decided, confidence = decide(share / share.sum())
    assert decided == pytest.approx(angle, abs=0.3)
    assert confidence > 0.9


def test_no_opinion_is_no_confidence() -> None:
    decided, confidence = decide(np.full(len(angles()), 1 / len(angles())))
    assert decided == pytest.approx(0, abs=1e-9)
    assert confidence < 0.15


def test_two_opinions_are_not_sure() -> None:
    share = np.zeros(len(angles()))
    share[[5, -6]] = 0.5
    assert decide(share)[1] <= 0.5


@given(st.floats(-8, 8), st.floats(0.5, 3.0), st.floats(0.01, 0.5))
def test_the_turn_goes_towards_the_median_and_no_farther(middle: float, width: float, risk: float) -> None:
    share = np.exp(-((angles() - middle) ** 2) / (2 * width**2))
    median, careful = decide(share / share.sum())[0], decide(share / share.sum(), risk)[0]
    assert abs(careful) <= abs(median) + 1e-9
    assert careful * median >= 0


@given(st.floats(-6, 6), st.floats(0.4, 1.5), st.sampled_from([0.05, 0.1, 0.3]))
def test_the_risk_of_ending_more_crooked_is_kept(middle: float, width: float, risk: float) -> None:
    share = np.exp(-((angles() - middle) ** 2) / (2 * width**2))
    share /= share.sum()
    angle = decide(share, risk)[0]
    if angle:
        worse = share[np.abs(angles() - angle) > np.abs(angles()) + 0.1].sum()
        assert worse < risk + 0.1 * risk + 0.2 / width * STEP * 0.5
