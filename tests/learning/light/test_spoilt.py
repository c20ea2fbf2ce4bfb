from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from packshot.colorscience import LUMINANCE, decode_srgb
from packshot.learning.light.model import Rows
from packshot.learning.light.spoilt import (
    Spoiler,
    as_photo,
    at_product,
    keep_spoilt,
    read_spoilt,
    spoil,
    with_more,
)
from packshot.pack import BASE_PACK, Pack
from packshot.surface import terms

CHANGE = np.array([0.5, 0.2, -0.1, 0.3, 0.0, 0.0, 0.0, 0.0])


def grey(level: int = 120) -> np.ndarray:
    return np.full((60, 80, 3), level, np.uint8)


def test_what_spoils_a_photo_is_undone_by_its_change() -> None:
    spoilt = decode_srgb(spoil(grey(), CHANGE, np.random.default_rng(0)) / 255)
    gain = np.exp2([CHANGE[1], 0.0, CHANGE[2]])
    gain *= 2 ** CHANGE[0] / float(LUMINANCE @ gain)
    x, y = np.meshgrid((np.arange(80) + 0.5) / 40 - 1, (np.arange(60) + 0.5) / 30 - 1)
    field = terms(x, y)[..., 1:] @ CHANGE[3:]
    undone = spoilt * gain * np.exp2(field - field.mean())[..., None]
    assert undone.mean((0, 1)) == pytest.approx(np.full(3, decode_srgb(np.array(120 / 255))), rel=0.02)
    assert np.ptp(cv2.blur(undone, (15, 15)), axis=(0, 1)).max() < 0.03


def test_exposure_is_told_at_the_product() -> None:
    matte = np.zeros((60, 80), np.float32)
    matte[:, 60:] = 1
    told = at_product(CHANGE, matte)
    assert told[0] == pytest.approx(0.5 + 0.3 * 0.75)
    assert np.array_equal(told[1:], CHANGE[1:])
    assert np.array_equal(at_product(CHANGE, np.zeros((60, 80), np.float32)), CHANGE)


def test_lights_are_drawn_near_those_that_were_undone() -> None:
    draw = np.random.default_rng(0)
    drawn = np.stack([Spoiler(CHANGE[None]).draw(draw) for _ in range(200)])
    assert drawn[:, :3].mean(0) == pytest.approx(CHANGE[:3], abs=0.03)
    assert set(np.round(drawn[:, 3], 6)) == {-0.3, 0.3}


def rows(groups: tuple[str, ...]) -> Rows:
    return Rows(np.ones((len(groups), 4)), np.ones((len(groups), 8)), ("tops",) * len(groups), groups)


def test_rows_are_kept_and_read_back(tmp_path: Path) -> None:
    base = Pack(BASE_PACK)
    keep_spoilt(rows(("a", "b")), tmp_path / "spoilt.npz", base.file.models["product"].sha256)
    again = read_spoilt(tmp_path / "spoilt.npz", base)
    assert again.groups == ("a", "b")
    assert np.array_equal(again.measured, np.ones((2, 4)))
    np.savez(tmp_path / "other.npz", measured=np.ones(3))
    with pytest.raises(ValueError, match="holds no rows of spoilt photos"):
        read_spoilt(tmp_path / "other.npz", base)
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="holds no rows of spoilt photos"):
        read_spoilt(tmp_path / "text.npz", base)


def test_rows_of_another_product_network_are_refused(tmp_path: Path) -> None:
    keep_spoilt(rows(("a", "b")), tmp_path / "spoilt.npz", "another")
    with pytest.raises(ValueError, match="another product network"):
        read_spoilt(tmp_path / "spoilt.npz", Pack(BASE_PACK))


def test_groups_to_score_on_are_not_learned_from() -> None:
    known = with_more(rows(("a", "a", "b")), rows(("a", "b", "c", "d")), {"d"})
    assert known.more is not None
    assert known.more.groups == ("a", "b", "c")
    without = known.only(np.array([True, True, False])).more
    assert without is not None
    assert without.groups == ("a", "c"), "b has been left out, c was never among the pairs"
    part = known.only(np.array([True, False, False])).more
    assert part is not None
    assert part.groups == ("a", "c"), "a is still learned from"
    with pytest.raises(ValueError, match="make them anew"):
        with_more(rows(("a",)), Rows(np.ones((1, 5)), np.ones((1, 8)), ("tops",), ("z",)), set())


def test_a_spoilt_photo_is_a_jpeg(tmp_path: Path) -> None:
    as_photo(grey(), tmp_path / "spoilt.jpg", np.random.default_rng(0))
    assert np.abs(cv2.imread(str(tmp_path / "spoilt.jpg")).astype(int) - 120).max() <= 2
