"""The two-sample test: right by chance where there is nothing to see, nearly always where there is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.learning.proof.two_sample import NAMES, appearance, as_published, tell_apart
from packshot.render import sharpen
from tests.learning.pictures import Shoot, Sprite, make_pair, sprite

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def afters() -> list[Pixels]:
    draw = np.random.default_rng(7)
    whole = sprite(1)
    found = []
    for _ in range(24):  # one product in many colours: drawing a new one takes longer than the test
        tinted = Sprite(np.clip(whole.colour * draw.uniform(0.6, 1.3, 3), 0, 255).astype(np.float32), whole.matte)
        shoot = Shoot(size=(64, 64), after_size=(200, 200), after_scale=float(draw.uniform(0.2, 0.28)))
        found.append(make_pair(tinted, shoot).after)
    return found


def rows(pictures: list[Pixels]) -> NDArray[np.float64]:
    return np.array([appearance(as_published(picture)) for picture in pictures])


def test_a_row_has_a_name_for_each_number(afters: list[Pixels]) -> None:
    row = appearance(afters[0])
    assert row.shape == (len(NAMES),)
    assert np.isfinite(row).all()
    assert np.isfinite(appearance(np.full((60, 60, 3), 255, np.uint8))).all()


def test_oversharpened_shots_are_told_apart_and_it_says_why(afters: list[Pixels]) -> None:
    sharpened = [picture.copy() for picture in afters]
    for picture in sharpened:
        sharpen(picture, 0.8, 0.8)
    verdict = tell_apart(rows(sharpened), rows(afters), [str(n) for n in range(24)])
    assert verdict.accuracy > 0.9
    assert verdict.told_apart
    assert any("sharpness" in tell for tell in verdict.tells)


def test_shots_that_differ_by_chance_alone_are_not() -> None:
    """Two-sided noise on both sides: nobody can know which is whose."""
    draw = np.random.default_rng(4)
    accuracies = []
    for _ in range(12):
        product = draw.normal(0, 3, (60, len(NAMES)))
        ours, theirs = (product + draw.normal(0, 1, product.shape) for _ in range(2))
        verdict = tell_apart(ours, theirs, [str(n // 2) for n in range(60)])
        accuracies.append(verdict.accuracy)
        assert verdict.low <= verdict.accuracy <= verdict.high
    assert 0.42 < np.mean(accuracies) < 0.58


def test_equal_shots_are_half_right(afters: list[Pixels]) -> None:
    same = rows(afters)
    verdict = tell_apart(same, same, [str(n) for n in range(24)])
    assert (verdict.accuracy, verdict.low, verdict.high, verdict.tells) == (0.5, 0.5, 0.5, ())


def test_the_judge_is_asked_about_groups_it_has_not_seen() -> None:
    """A trait that is the same within a group, but as often for as against, can only be learnt by heart."""
    draw = np.random.default_rng(6)
    group_sign = np.repeat(draw.permutation([-1.0, 1.0] * 12), 10)
    theirs = np.zeros((240, len(NAMES)))
    theirs[:, :24] = np.repeat(np.eye(24), 10, 0) * group_sign[:, None] * 5
    verdict = tell_apart(np.zeros_like(theirs), theirs, [str(n // 10) for n in range(240)])
    assert verdict.accuracy == pytest.approx(0.5, abs=0.15)


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8 groups"):
        tell_apart(np.zeros((20, 3)), np.zeros((20, 3)), ["a", "b"] * 10)
