"""A learning curve: trained on few pairs and on more, scored on the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packshot.learning.curves import CurvePlan, learning_curve
from packshot.learning.pairs import Pair
from tests.reports.conftest import Studio


def test_a_learning_curve_trains_on_more_and_more_and_scores_the_same_pairs(studio: Studio, tmp_path: Path) -> None:
    trained: list[tuple[list[str], Path]] = []

    def train(pairs: Sequence[Pair], folder: Path) -> Path:
        trained.append(([pair.id for pair in pairs], folder))
        return studio.pack

    plan = CurvePlan(studio.pairs[:2], studio.pairs[2:], tmp_path, sizes=(1,))
    points = learning_curve(plan, train, studio.options)
    assert [point.pairs for point in points] == [1, 2]
    assert [len(ids) for ids, _ in trained] == [1, 2]
    assert all([one.id for one in point.evaluation.scores] == ["p2"] for point in points)
    assert set(points[0].evaluation.scores[0].figures) == {"packshot", "fitted"}
