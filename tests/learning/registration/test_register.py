from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from packshot.geometry import apply, compose, invert, resize_affine
from packshot.learning.registration.features import feature_guesses, find_features
from packshot.learning.registration.register import Fault, Registration, RegistrationLimits, register, register_files
from packshot.learning.registration.shape import shape_guesses
from packshot.learning.registration.views import find_backdrop, find_product
from packshot.photo import PhotoError
from tests.learning.pictures import Pair, Shoot, Sprite, make_pair, sprite


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make_pair(sprite(1))


def corner_percent(found: Registration, pair: Pair) -> float:
    apart = apply(found.before_to_after, pair.corners) - apply(pair.before_to_after, pair.corners)
    return float(100 * np.hypot(*apart.T).max() / max(pair.after.shape[:2]))


def test_a_pair_is_registered_to_a_fraction_of_a_pixel(pair: Pair) -> None:
    found = register(pair.before, pair.after)
    assert found.accepted, found.reason
    assert (found.reason, found.fault, found.model) == ("", Fault.NONE, "similarity")
    assert corner_percent(found, pair) < 0.05
    assert found.inliers > 50
    assert 0 < found.residual_px < 1
    assert found == replace(register(pair.before, pair.after), before_to_after=found.before_to_after)


@pytest.mark.parametrize(
    "shoot",
    [
        Shoot(angle=-7.5, before_scale=0.45, after_scale=1.2, after_size=(800, 900), seed=1),
        Shoot(angle=10, before_scale=1.1, after_scale=0.5, size=(560, 640), after_size=(400, 400), seed=2),
    ],
    ids=["tilted and enlarged", "cropped by the before and reduced"],
)
def test_tilt_scale_and_crop_are_undone(shoot: Shoot) -> None:
    pair = make_pair(sprite(shoot.seed), shoot)
    found = register(pair.before, pair.after)
    assert found.accepted, found.reason
    assert corner_percent(found, pair) < 0.1


def test_an_after_that_keeps_its_backdrop_is_registered(pair: Pair) -> None:
    size = (600, 560)
    matrix = compose(np.array([[1.1, 0.03, -20], [-0.03, 1.1, -30]]))
    after = cv2.warpAffine(pair.before, matrix, size, flags=cv2.INTER_CUBIC)
    whole = replace(pair, after=after, before_to_after=matrix)
    found = register(pair.before, after)
    assert found.accepted, found.reason
    assert corner_percent(found, whole) < 0.05


def test_a_faint_product_is_found_by_its_shape() -> None:
    pair = make_pair(sprite(4, contrast=0.0), Shoot(angle=-4, seed=4))
    product = find_product(pair.after)
    assert product is not None
    best = shape_guesses(product, pair.before, 3)[0]
    found = Registration(invert(best.after_to_before), 0, 0.0, False, "")
    assert corner_percent(found, pair) < 6
    assert len(feature_guesses(find_features(pair.after, None, 9), find_features(pair.before, None, 9), 500, 3)) <= 3


def test_a_product_without_texture_is_refused_as_too_plain() -> None:
    pair = make_pair(sprite(4, contrast=0.0), Shoot(seed=4))
    smooth = cv2.GaussianBlur(pair.before, (0, 0), 2)
    found = register(smooth, pair.after)
    assert not found.accepted
    assert found.fault in (Fault.TOO_PLAIN, Fault.OTHER_PRODUCT)


def test_another_product_is_refused(pair: Pair) -> None:
    found = register(make_pair(sprite(2)).before, pair.after)
    assert not found.accepted
    assert found.fault == Fault.OTHER_PRODUCT
    assert "product" in found.reason


def test_a_mirrored_pair_is_refused_and_named(pair: Pair) -> None:
    found = register(np.ascontiguousarray(pair.before[:, ::-1]), pair.after)
    assert not found.accepted
    assert found.fault == Fault.MIRRORED


def test_a_swapped_pair_is_noticed_and_still_mapped(pair: Pair) -> None:
    found = register(pair.after, pair.before)
    assert not found.accepted
    assert found.fault == Fault.SWAPPED
    assert "swapped" in found.reason
    back = replace(found, before_to_after=invert(found.before_to_after))
    assert corner_percent(back, pair) < 0.1


def test_a_composite_is_refused(pair: Pair) -> None:
    first, second = sprite(1), sprite(7)
    colour = first.colour.copy()
    colour[:, SPRITE_HALF:] = second.colour[:, SPRITE_HALF:]
    found = register(pair.before, make_pair(first, retouched=Sprite(colour, first.matte)).after)
    assert not found.accepted
    assert found.fault in (Fault.PARTLY, Fault.OTHER_PRODUCT)


def test_another_colour_variant_is_refused(pair: Pair) -> None:
    first = sprite(1)
    colour = first.colour.copy()
    colour[:SPRITE_HALF] = colour[:SPRITE_HALF][..., [2, 0, 1]] * np.array([1.5, 0.9, 0.5])
    recoloured = Sprite(np.clip(colour, 0, 255).astype(np.float32), first.matte)
    found = register(pair.before, make_pair(first, retouched=recoloured).after)
    assert not found.accepted
    assert found.fault == Fault.OTHER_COLOR


def test_a_stretched_product_gets_an_affine(pair: Pair) -> None:
    size = (round(pair.after.shape[1] * 1.04), pair.after.shape[0])
    after = cv2.resize(pair.after, size, interpolation=cv2.INTER_CUBIC)
    truth = compose(pair.before_to_after, resize_affine((pair.after.shape[1], pair.after.shape[0]), size))
    found = register(pair.before, after)
    assert found.accepted, found.reason
    assert found.model == "affine"
    assert corner_percent(found, replace(pair, after=after, before_to_after=truth)) < 0.1


def test_a_blank_after_is_refused(pair: Pair) -> None:
    found = register(pair.before, np.full((300, 300, 3), 255, np.uint8))
    assert (found.accepted, found.fault) == (False, Fault.EMPTY)
    assert "empty" in found.reason


def test_limits_are_obeyed(pair: Pair) -> None:
    found = register(pair.before, pair.after, RegistrationLimits(score=1.1, sure_score=0.0))
    assert not found.accepted
    assert "1.10 needed" in found.reason


def test_large_files_are_decoded_small_and_mapped_at_full_size(pair: Pair, tmp_path: Path) -> None:
    large = cv2.resize(pair.before, (2081, 2401), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "before.jpg"), large[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    cv2.imwrite(str(tmp_path / "after.png"), pair.after[..., ::-1])
    found = register_files(tmp_path / "before.jpg", tmp_path / "after.png")
    assert found.accepted, found.reason
    enlarge = resize_affine((pair.before.shape[1], pair.before.shape[0]), (2081, 2401))
    truth = compose(invert(enlarge), pair.before_to_after)
    full = replace(pair, before_to_after=truth, corners=apply(enlarge, pair.corners))
    assert corner_percent(found, full) < 0.1
    told = json.loads(json.dumps(found.as_json()))
    assert set(told) >= {"before_to_after", "inliers", "residual_px", "accepted", "reason"}


def test_an_unreadable_file_raises_the_photos_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8nothing")
    with pytest.raises(PhotoError):
        register_files(tmp_path / "a.jpg", tmp_path / "a.jpg")


def test_other_arrays_are_refused(pair: Pair) -> None:
    with pytest.raises(ValueError, match="before must be"):
        register(pair.before[..., 0], pair.after)
    with pytest.raises(ValueError, match="after must be"):
        register(pair.before, pair.after.astype(np.float32))  # type: ignore[arg-type]


def test_the_backdrop_is_told_by_the_border(pair: Pair) -> None:
    painted, floor = find_backdrop(pair.after), find_backdrop(pair.before)
    assert painted.even
    assert painted.exact > 0.95
    assert painted.color.tolist() == [255, 255, 255]
    assert floor.exact < 0.5


SPRITE_HALF = 320


def with_perspective(pair: Pair, share: float) -> tuple[Pair, np.ndarray]:
    """The pair with its after's verticals set straight, which narrows the top and widens the foot."""
    height, width = pair.after.shape[:2]
    off = share * width
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = np.array([[off, 0], [width - off, 0], [width + off, height], [-off, height]], np.float32)
    change = cv2.getPerspectiveTransform(corners, moved)
    white = (255.0, 255.0, 255.0)
    after = cv2.warpPerspective(pair.after, change, (width, height), flags=cv2.INTER_CUBIC, borderValue=white)
    return replace(pair, after=np.asarray(after, np.uint8)), change @ np.vstack([pair.before_to_after, [0, 0, 1]])


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    lifted = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return lifted[:, :2] / lifted[:, 2:]


def test_a_corrected_perspective_gets_a_homography(pair: Pair) -> None:
    corrected, truth = with_perspective(pair, 0.015)
    found = register(corrected.before, corrected.after)
    assert found.accepted, found.reason
    assert found.model == "homography"
    assert found.homography is not None
    apart = np.hypot(*(project(found.homography, pair.corners) - project(truth, pair.corners)).T)
    affine = np.hypot(*(apply(found.before_to_after, pair.corners) - project(truth, pair.corners)).T)
    assert apart.max() < 0.001 * max(pair.after.shape)
    assert apart.max() < 0.25 * affine.max()
    assert len(found.as_json()["homography"]) == 3


def test_a_pair_that_was_only_turned_and_scaled_gets_none(pair: Pair) -> None:
    found = register(pair.before, pair.after)
    assert found.homography is None
    assert found.bend < 0.0003


def test_a_bent_product_is_refused(pair: Pair) -> None:
    height, width = pair.after.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bulge = 0.05 * width * np.sin(np.pi * y / height)
    bent = cv2.remap(pair.after, x + bulge.astype(np.float32), y, cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    found = register(pair.before, np.asarray(bent, np.uint8))
    assert not found.accepted
    assert found.fault == Fault.BENT
    assert "bent" in found.reason


def test_mirrored_features_are_those_of_the_mirrored_picture(pair: Pair) -> None:
    size = (512, 512)  # whole tiles of the contrast limiter
    picture = np.asarray(cv2.resize(pair.before, size), np.uint8)
    predicted = find_features(picture, None, 2000).mirrored(size[0])
    seen = find_features(np.ascontiguousarray(picture[:, ::-1]), None, 2000)
    apart = np.abs(predicted.places[:, None] - seen.places[None])
    nearest = apart.argmin(1)
    same = (apart.min(1) < 0.5) & (np.abs(np.angle(predicted.frames / seen.frames[nearest])) < 0.2)
    assert same.sum() > 200
    assert np.median((predicted.descriptors * seen.descriptors[nearest]).sum(1)[same]) > 0.98
