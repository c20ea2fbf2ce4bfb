from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.second_look import around, from_near, look, unsure
from tests.models import network, pack_with
from tests.pictures import product_photo
from tests.views import write_pack

RIGHT, SEEN = 4, 2  # of the network's planes: the place across, and blue


def believes(plane: int, gain: float) -> bytes:
    """A product network that takes one of its eight planes for the matte's logits."""
    nodes = [
        helper.make_node("Gather", ["input", "plane"], ["chosen"], axis=1),
        helper.make_node("Mul", ["chosen", "gain"], ["output"]),
    ]
    constants = {"plane": np.array([plane], np.int64), "gain": np.float32(gain)}
    return network(nodes, [1, 8, "h", "w"], [1, 1, "h", "w"], **constants)


def pack_that(folder: Path, plane: int, gain: float, limit: float | None) -> Pack:
    sees: dict[str, Any] = {"planes": "packshot", "long_side": 128}
    return pack_with(folder, {"product": believes(plane, gain)}, sees, thresholds={"second_look": limit})


@pytest.fixture
def photo() -> np.ndarray:
    return product_photo()[0]


def test_a_pack_that_names_no_limit_looks_once(photo: np.ndarray, tmp_path: Path) -> None:
    pack = pack_that(tmp_path, RIGHT, 1.0, None)
    assert np.array_equal(look(photo, pack).matte, pack.ask(photo).matte)


def test_a_sure_network_looks_once(photo: np.ndarray, tmp_path: Path) -> None:
    pack = pack_that(tmp_path, RIGHT, 50.0, 0.3)
    assert np.array_equal(look(photo, pack).matte, pack.ask(photo).matte)


def test_what_is_only_a_guess_at_the_place_cancels_out(photo: np.ndarray, tmp_path: Path) -> None:
    """A network that says "product is on the right" says the opposite of the mirrored photo."""
    pack = pack_that(tmp_path, RIGHT, 1.0, 0.3)
    first, mean = pack.ask(photo).matte, look(photo, pack).matte
    assert first.max() - first.min() > 0.4
    assert mean.max() - mean.min() < 0.02


def test_mirrored_photos_have_mirrored_mattes(photo: np.ndarray, tmp_path: Path) -> None:
    pack = pack_that(tmp_path, SEEN, 1.0, 0.0)
    mirrored = look(np.ascontiguousarray(photo[:, ::-1]), pack).matte[:, ::-1]
    assert np.abs(mirrored - look(photo, pack).matte).max() < 0.02


def test_from_near_only_the_part_is_answered(photo: np.ndarray, tmp_path: Path) -> None:
    pack = pack_that(tmp_path, SEEN, 3.0, 0.0)
    matte = from_near(photo, (40, 60, 200, 300), pack)
    assert matte.shape == photo.shape[:2]
    assert matte[60:300, 40:200].min() > 0
    matte[60:300, 40:200] = 0
    assert not matte.any()


def test_how_unsure_a_matte_is() -> None:
    matte = np.zeros((100, 100), np.float32)
    assert unsure(matte) == 0
    matte[:40] = 1
    assert unsure(matte) == 0
    matte[40:60] = 0.5
    assert unsure(matte) == pytest.approx(0.5)


def test_the_room_around_a_product_ends_at_the_frame() -> None:
    matte = np.zeros((100, 80), np.float32)
    assert around(matte) == (0, 0, 80, 100)
    matte[30:60, 40:80] = 1
    assert around(matte) == (36, 26, 80, 64)


def test_a_pack_without_a_product_network_is_named(photo: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no 'product' model"):
        look(photo, write_pack(tmp_path))
