from __future__ import annotations

import numpy as np
import pytest

from packshot.learning.light.cameras import SIDE, camera_of, find_cameras
from packshot.learning.light.witness import SEEN, Witnesses, find_witnesses, silent
from packshot.lightmeter import NUMBERS

Floats = np.ndarray


def photos(count: int = 160, seed: int = 0) -> tuple[Floats, Floats]:
    """Photos on grey paper, one in six on coloured paper, whose products have colours of their own; and the tints."""
    draw = np.random.default_rng(seed)
    tints = draw.normal(0, 0.2, (count, 2))
    paper = draw.normal(0, 0.05, (count, 2))
    paper[::6] = draw.normal(0, 1.0, paper[::6].shape)
    measured = np.zeros((count, len(NUMBERS)))
    measured[:, SIDE] = 10
    for witness, own in enumerate((paper, *draw.normal(0, 0.6, (2, count, 2)))):
        measured[:, SEEN[2 * witness : 2 * witness + 2]] = own - tints
    return measured, tints


def heard(witnesses: Witnesses, paper: tuple[float, float]) -> Floats:
    one = np.zeros((1, len(NUMBERS)))
    one[0, SEEN[:2]] = paper
    return witnesses.hear(np.zeros(1, np.intp), one)[0]


def test_paper_a_little_blue_is_grey_paper_in_blue_light() -> None:
    told = heard(find_witnesses(*photos(), np.zeros(0)), (0.0, 0.15))
    assert told[1] == pytest.approx(-0.14, abs=0.05)
    assert told[0] == pytest.approx(0, abs=0.05)


def test_very_blue_paper_is_blue_paper() -> None:
    witnesses = find_witnesses(*photos(), np.zeros(0))
    assert abs(heard(witnesses, (0.0, 1.5))[1]) < 0.2
    assert abs(heard(witnesses, (0.0, 9.0))[1]) < 1


def test_the_tint_is_nearer_than_without_witnesses() -> None:
    witnesses = find_witnesses(*photos(), np.zeros(0))
    measured, tints = photos(seed=1)
    missed = np.linalg.norm(witnesses.hear(np.zeros(len(tints), np.intp), measured) - tints, axis=1)
    assert missed.mean() < 0.5 * np.linalg.norm(tints, axis=1).mean()


def test_silent_witnesses_say_nothing() -> None:
    measured, _ = photos(3)
    assert not silent().hear(np.zeros(3, np.intp), measured).any()


def test_cameras_are_told_by_their_size() -> None:
    measured, _ = photos(60)
    measured[40:, SIDE] = 11
    groups = [f"product {index // 2}" for index in range(60)]
    cameras = find_cameras(measured[:, SIDE], groups)
    assert cameras.tolist() == [10.0], "twenty photos are too few for a camera of their own"
    assert camera_of(cameras, measured).tolist() == [0] * 40 + [1] * 20
    assert camera_of(np.zeros(0), measured).tolist() == [0] * 60
