from __future__ import annotations

import numpy as np

from packshot.learning.light.trees import grow_trees, no_trees


def test_trees_learn_departures_and_whole_changes_apart() -> None:
    draw = np.random.default_rng(0)
    inputs = np.tile(draw.normal(0, 1, (600, 3)), (1, 4))
    wanted = np.stack([inputs[:, 0] > 0, inputs[:, 1] > 0, inputs[:, 2] > 0], 1).astype(np.float64)
    trees = grow_trees(inputs, (wanted, -wanted), np.ones(600))
    new = np.tile(draw.normal(0, 1, (200, 3)), (1, 4))
    said = trees.apply(new)
    right = np.stack([new[:, index] > 0 for index in range(3)], 1)
    assert np.abs(said[:, :3] - right).mean() < 0.2
    assert np.abs(said[:, 3:] + right).mean() < 0.2
    assert ((said[:, :3] > 0.5) == right).mean() > 0.9


def test_photos_of_no_weight_are_not_learned_from() -> None:
    inputs = np.random.default_rng(1).normal(0, 1, (100, 3))
    wanted = np.where(np.arange(100)[:, None] < 50, 1.0, 9.0) * np.ones((100, 3))
    trees = grow_trees(inputs, (wanted, wanted), (np.arange(100) < 50).astype(np.float64))
    assert np.allclose(trees.apply(inputs), 1)


def test_grown_again_they_are_the_same() -> None:
    inputs = np.random.default_rng(2).normal(0, 1, (60, 4))
    first, second = (grow_trees(inputs, (inputs[:, :3], inputs[:, :3]), np.ones(60)) for _ in range(2))
    assert np.array_equal(first.feature, second.feature)
    assert np.array_equal(first.apply(inputs), second.apply(inputs))


def test_no_trees_say_nothing() -> None:
    assert not no_trees().apply(np.ones((4, 7))).any()
