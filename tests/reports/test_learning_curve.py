"""A learning curve: trained on few pairs and on more, scored on the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from packshot.learning.light.learning import LightLesson, learn_light
from packshot.learning.light.model import Rows
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import Pair, PairSet
from packshot.learning.proof.curves import CurvePlan, learning_curve
from packshot.learning.steps.proof import learned_again
from packshot.learning.steps.run import Learning, LearnOptions
from packshot.learning.steps.scores import Learned, Scoring, score_pack
from packshot.pack import Pack
from tests.learning.light.test_model import rows
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


def test_a_pack_is_scored_beside_its_base_and_packs_of_fewer_pairs(studio: Studio, tmp_path: Path) -> None:
    options = replace(studio.options, averaged=studio.pairs[:2], averaged_fits=studio.fits)
    again = Learned(studio.pairs[:2], lambda *_: studio.pack, tmp_path, sizes=(1,))
    scoring = Scoring(studio.pairs[2:], studio.pack, options, studio.pack, None, again, minutes=60)
    scores = score_pack(scoring)
    assert [point.pairs for point in scores.curve] == [1, 2]
    assert scores.curve[-1].evaluation is scores.ours
    assert scores.moved
    assert all(test.gain == 0 for test in scores.moved.values())
    told = scores.as_json()
    assert [point["pairs"] for point in told["curve"]] == [1, 2]
    assert set(told["moved"]) == set(scores.moved)
    assert "mean" in scores.ours.scores[0].figures


def test_what_there_is_no_time_for_is_named(studio: Studio) -> None:
    scores = score_pack(Scoring(studio.pairs[2:], studio.pack, studio.options, studio.pack, None, None, minutes=0))
    assert scores.ours.scores
    assert "No time was left" in scores.notes[0]
    assert not scores.moved


@pytest.fixture(scope="module")
def lesson() -> tuple[Rows, LightLesson]:
    """Eighty photos, and what they teach of light."""
    known = rows(80)
    return known, learn_light(known)


@pytest.mark.parametrize("groups", [12, 40])
def test_light_is_learned_again_from_fewer_pairs_and_nothing_else_moves(
    studio: Studio, lesson: tuple[Rows, LightLesson], tmp_path: Path, groups: int
) -> None:
    known, learned = lesson
    run = Learning(PairSet(tmp_path, ()), LearnOptions(tmp_path / "pack", studio.pack), lambda *_: None)
    bench = Workbench.from_base(Pack(studio.pack), tmp_path / "pack")
    pairs = [Pair(str(n), known.categories[n], known.groups[n], Path("b"), Path("a")) for n in range(80)]
    again = learned_again(run, bench, learned, [*pairs, Pair("x", "tops", "refused", Path("b"), Path("a"))])
    assert again is not None
    assert len(again.pairs) == 80
    made = Pack(again.train(again.pairs[: 2 * groups], tmp_path / "few"))
    assert made.verify() == []
    assert set(made.file.models) == {"product", "light"}
    assert made.file.model_copy(update={"models": {}}) == bench.file.model_copy(update={"models": {}})
