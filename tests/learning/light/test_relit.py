from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.relit import relit, relit_as_others
from packshot.lightmeter import NAMES, NUMBERS, Scene, measure
from packshot.spotmeter import Spots, read_spots
from tests.test_lightmeter import scene


def row(some: Scene) -> NDArray[np.float64]:
    """The numbers of a scene, spots included."""
    flat = some.linear.reshape(-1, 3)
    spots = Spots(flat, some.matte.ravel() > 0.9, some.matte.ravel() < 0.1)
    return np.concatenate([measure(some, 400), read_spots(spots)]).astype(np.float64)


def test_numbers_in_another_light_are_those_of_the_scene_in_it() -> None:
    dim = scene(0.2, (1.1, 1.0, 0.9))
    red, blue, exposure = 0.2, -0.15, 0.4
    gain = np.exp2([red, 0.0, blue])
    gain *= 2**exposure / float(np.array([0.2126, 0.7152, 0.0722]) @ gain)
    expected = row(dim.lit(np.log2(gain)))
    told = relit(row(dim)[None], np.array([[exposure, red, blue]]))[0]
    off = {name: abs(told[index] - expected[index]) for index, name in enumerate(NUMBERS)}
    assert max(off.values()) < 0.08, max(off, key=lambda name: off[name])


def test_in_the_same_light_nothing_moves() -> None:
    rows = np.stack([row(scene(level)) for level in (0.1, 0.4)])
    assert np.allclose(relit(rows, np.zeros((2, 3))), rows, atol=1e-6)


def test_what_passes_white_stays_white() -> None:
    told = relit(row(scene(0.5))[None], np.array([[5.0, 0.0, 0.0]]))[0]
    assert told[NAMES.index("backdrop luminance at 50%")] == 0
    assert told.max() < 1.1 * np.log2(400)


def test_photos_trade_lights_with_others_of_their_camera_alone() -> None:
    rows = np.stack([row(scene(level)) for level in (0.1, 0.2, 0.3, 0.4)])
    changes = np.zeros((4, 8))
    changes[:, 0], changes[:, 5] = (1, 2, 30, 40), (1, 2, 3, 4)
    told, moved = relit_as_others(rows, changes, np.array([0, 0, 1, 1]), 2)
    assert told.shape == (8, rows.shape[1])
    assert (moved[[0, 1, 4, 5], 0] < 3).all()
    assert (moved[[2, 3, 6, 7], 0] > 28).all()
    assert moved[:, 5].tolist() == [1, 2, 3, 4] * 2, "uneven light stays"
    level = NAMES.index("backdrop luminance at 50%")
    kept = np.tile(rows, (2, 1))[:, level] + (np.tile(changes, (2, 1)) - moved)[:, 0]
    assert np.allclose(told[:, level], np.minimum(kept, 0), atol=0.02)
