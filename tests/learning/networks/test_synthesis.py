from __future__ import annotations

import sys
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.learning.networks.synthesis import (
    Example,
    Sample,
    Synthesis,
    about,
    bend,
    camouflage,
    cast_shadow,
    empty_part,
    paper,
    placement,
    recolour,
    reflected,
    similarity,
    spoil,
    spread_colour,
    tiled,
    uneven_light,
)
from tests.pictures import product_photo

SIZE = (96, 128)
OWN = (250, 10, 10)


def example(source: str = "a", category: int = 2) -> Example:
    """A pure red product on grey paper, every pixel one or the other."""
    _, matte = product_photo((160, 200))
    hard = (matte > 0.5).astype(np.float32)
    image = np.where(hard[..., None] > 0, OWN, (150, 150, 150)).astype(np.uint8)
    return Example(image, hard, category, source)


def plain() -> Example:
    return Example(product_photo((160, 200))[0], None, 1, "plain")


def synthesis(seed: int = 1, shares: tuple[float, float, float] = (0.48, 0.34, 0.18)) -> Synthesis:
    return Synthesis([example()], [plain()], np.random.default_rng(seed), shares)


def draws(made: Synthesis, count: int) -> list[Sample]:
    return [made.draw(SIZE) for _ in range(count)]


def test_the_same_seed_draws_the_same_samples() -> None:
    for one, two in zip(draws(synthesis(7), 12), draws(synthesis(7), 12), strict=True):
        assert np.array_equal(one.image, two.image)
        assert np.array_equal(one.matte, two.matte)
        assert (one.category, one.known) == (two.category, two.known)
    assert not np.array_equal(draws(synthesis(7), 1)[0].image, draws(synthesis(8), 1)[0].image)


def test_every_sample_has_its_shape() -> None:
    for sample in draws(synthesis(), 40):
        assert sample.image.shape == (SIZE[1], SIZE[0], 3)
        assert sample.image.dtype == np.uint8
        assert sample.matte.shape == (SIZE[1], SIZE[0])
        assert sample.matte.dtype == np.float32
        assert 0 <= sample.matte.min() <= sample.matte.max() <= 1


@pytest.fixture
def faultless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No faults, no other colours, no shadows: what is left must fit its matte pixel by pixel."""
    module = sys.modules["packshot.learning.networks.synthesis"]
    monkeypatch.setattr(module, "spoil", lambda image, _: image)
    monkeypatch.setattr(module, "recolour", lambda image, _: image)
    monkeypatch.setattr(module, "camouflage", lambda image, *_: image)


@pytest.mark.usefixtures("faultless")
@pytest.mark.parametrize("shares", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)], ids=["bent", "pasted"])
def test_mattes_are_exact(shares: tuple[float, float, float]) -> None:
    for sample in draws(synthesis(3, shares), 30):
        redness = sample.image[..., 0].astype(int) - sample.image[..., 1:].max(2)
        inside, outside = sample.matte == 1, sample.matte == 0
        assert sample.known == 1
        assert (np.abs(sample.image[inside].astype(int) - OWN) <= 2).all()
        assert (np.abs(sample.image[outside].astype(int) - OWN) > 2).any(1).all()
        if shares[0] == 1:
            band = (sample.matte > 0) & (sample.matte < 1)
            assert np.abs(redness[band] / 240 - sample.matte[band]).max() < 0.05
            assert redness[outside].max() <= 1


@pytest.mark.usefixtures("faultless")
def test_pasted_cut_outs_bring_no_rim_of_their_old_backdrop(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a new blue backdrop every edge pixel is the mix of the product's red and that blue."""
    module, blue = sys.modules["packshot.learning.networks.synthesis"], (20, 20, 230)
    monkeypatch.setattr(module, "empty_part", lambda _: None)
    monkeypatch.setattr(module, "paper", lambda size, _: np.full((size[1], size[0], 3), blue, np.uint8))
    monkeypatch.setattr(module, "cast_shadow", lambda backdrop, *_: backdrop.astype(np.float32))
    for sample in draws(synthesis(5, (0.0, 1.0, 0.0)), 10):
        share = sample.matte[..., None]
        assert np.abs(sample.image - (share * OWN + (1 - share) * blue)).max() <= 2


def test_the_products_colour_is_carried_over_its_edge() -> None:
    image, matte = example().image, np.asarray(example().matte)
    carried = spread_colour(image, matte)
    near, far = cv2.dilate(matte, np.ones((9, 9))) > 0, cv2.dilate(matte, np.ones((75, 75))) == 0
    assert (np.abs(carried[near].astype(int) - OWN) <= 1).all()
    assert np.array_equal(carried[far], image[far])


def test_photos_without_a_matte_teach_their_category_only() -> None:
    for sample in draws(synthesis(2, (0.0, 0.0, 1.0)), 5):
        assert sample.known == 0
        assert not sample.matte.any()
        assert sample.category == 1


def test_without_such_photos_their_share_goes_to_the_others() -> None:
    made = Synthesis([example()], [], np.random.default_rng(1), (0.0, 0.0, 1.0))
    assert all(sample.known == 1 for sample in draws(made, 5))


@pytest.mark.usefixtures("faultless")
def test_sources_are_drawn_by_weight_not_by_size() -> None:
    many = [example("many", 0)] * 9 + [example("few", 1)]
    made = Synthesis(many, [], np.random.default_rng(4), (1.0, 0.0, 0.0), {"many": 1.0, "few": 3.0})
    counts = Counter(sample.category for sample in draws(made, 200))
    assert counts[1] / 200 == pytest.approx(0.75, abs=0.1)


@given(st.floats(-180, 180), st.tuples(st.floats(-50, 50), st.floats(-50, 50)))
def test_a_similarity_brings_its_point_home(angle: float, target: tuple[float, float]) -> None:
    matrix = similarity(angle, (3.0, 4.0), target)
    assert matrix @ [3, 4, 1] == pytest.approx(target, abs=1e-9)
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(1)


def test_a_stretch_keeps_its_centre() -> None:
    matrix = similarity(20, (5.0, 6.0), (50.0, 60.0))
    stretched = about(matrix, np.diag([-2.0, 0.5]), (5.0, 6.0))
    assert stretched @ [5, 6, 1] == pytest.approx([50, 60])
    assert about(matrix, np.eye(2), (9.0, 1.0)) == pytest.approx(matrix)


def test_cut_outs_land_in_the_frame() -> None:
    matte, generator = np.asarray(example().matte), np.random.default_rng(6)
    shares = []
    for _ in range(40):
        moved = cv2.warpAffine(matte, placement(matte, SIZE, generator), SIZE)
        shares.append(float((moved > 0.5).mean()))
    assert min(shares) > 0.02
    assert np.median(shares) > 0.1


def test_bending_keeps_photo_and_matte_together_at_the_frames_edge() -> None:
    full = Example(np.full((80, 60, 3), 90, np.uint8), np.ones((80, 60), np.float32), 0, "full")
    for seed in range(10):
        sample = bend(full, SIZE, np.random.default_rng(seed))
        assert sample.matte == pytest.approx(np.ones((SIZE[1], SIZE[0])))
        assert (sample.image == 90).all()


def test_recolouring_keeps_the_form() -> None:
    image = product_photo((160, 200))[0]
    edges = cv2.Canny(image, 60, 120) > 0
    kept = []
    for seed in range(12):
        changed = recolour(image, np.random.default_rng(seed))
        gradient = np.abs(cv2.Laplacian(changed, cv2.CV_32F)).sum(2)
        kept.append(gradient[edges].mean() > 2 * gradient[~edges].mean())
    assert np.mean(kept) > 0.7


def test_camouflage_nears_the_backdrops_colour() -> None:
    image, matte = example().image, np.asarray(example().matte)
    backdrop = np.full_like(image, 180)
    for seed in range(8):
        moved = camouflage(image, matte, backdrop, np.random.default_rng(seed))
        before, after = (np.abs(picture[matte > 0.5].mean(0) - 180).mean() for picture in (image, moved))
        assert after < 0.7 * before
    assert camouflage(image, np.zeros_like(matte), backdrop, np.random.default_rng(1)) is image


def test_a_shadow_only_darkens() -> None:
    backdrop = np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)
    matte = np.zeros((SIZE[1], SIZE[0]), np.float32)
    matte[40:90, 30:70] = 1
    pictures = [cast_shadow(backdrop, matte, np.random.default_rng(seed)) for seed in range(12)]
    assert max(picture.max() for picture in pictures) <= 200.01
    assert min(picture.min() for picture in pictures) < 150


def test_paper_is_smooth_and_of_its_size() -> None:
    for seed in range(12):
        sheet = paper(SIZE, np.random.default_rng(seed))
        assert sheet.shape == (SIZE[1], SIZE[0], 3)
        smooth = cv2.GaussianBlur(sheet, (0, 0), 3).astype(int)
        assert np.abs(np.diff(smooth, axis=1)).max() <= 8


def test_the_emptiest_side_is_found() -> None:
    matte = np.zeros((200, 160), np.float32)
    matte[20:180, 90:150] = 1
    image = np.where(matte[..., None] > 0, 0, 200).repeat(3, 2).astype(np.uint8)
    part = empty_part(Example(image, matte, 0, "a"))
    assert part is not None
    assert part.shape[:2] == (200, 86)
    assert (part == 200).all()


@pytest.mark.parametrize("matte", [None, np.zeros((50, 50), np.float32), np.ones((50, 50), np.float32)])
def test_no_empty_side_is_no_backdrop(matte: np.ndarray | None) -> None:
    assert empty_part(Example(np.zeros((50, 50, 3), np.uint8), matte, 0, "a")) is None


@given(st.integers(1, 60), st.integers(1, 30))
def test_walking_to_and_fro_never_jumps(length: int, period: int) -> None:
    indices = reflected(length, period, np.random.default_rng(length))
    assert indices.min() >= 0
    assert indices.max() < period
    assert np.abs(np.diff(indices)).max(initial=0) <= 1


def test_tiling_fills_the_frame_with_the_strip() -> None:
    strip = np.random.default_rng(1).integers(100, 120, (30, 50, 3)).astype(np.uint8)
    sheet = tiled(strip, SIZE, np.random.default_rng(2))
    assert sheet.shape == (SIZE[1], SIZE[0], 3)
    assert sheet.min() >= 99
    assert sheet.max() <= 120


def test_uneven_light_is_smooth_and_about_one() -> None:
    light = uneven_light(SIZE, np.random.default_rng(3), 0.8)
    assert light.shape == (SIZE[1], SIZE[0])
    assert 0.5 < light.min() < light.max() < 1.5
    assert np.abs(np.diff(light, axis=0)).max() < 0.02


def test_faults_change_the_light_not_the_place() -> None:
    image = product_photo((160, 200))[0]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).ravel()
    for seed in range(15):
        spoilt = spoil(image, np.random.default_rng(seed))
        assert spoilt.shape == image.shape
        assert spoilt.dtype == np.uint8
        assert np.corrcoef(cv2.cvtColor(spoilt, cv2.COLOR_RGB2GRAY).ravel(), grey)[0, 1] > 0.8
