"""Where a category's own hand is worse, the pack goes by the one for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from packshot.learning.house.habits import habits_of, placing_of
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import PairSet
from packshot.learning.proof.comparison import Difference
from packshot.learning.proof.own_or_one import COLOR, FRAME, SHARPENING, OwnOrOne
from packshot.learning.steps import own_or_one as step
from packshot.learning.steps.run import Learning, LearnOptions
from packshot.pack import Pack
from packshot.pack_file import Look
from packshot.style import load_style
from tests.learning.proof.test_own_or_one import NARROW, WIDE, fits_of
from tests.tiny import make_pack

WORSE, BETTER = Difference(20, 10, -0.8, -1.1, -0.5, 0.001, 0.01), Difference(20, 10, 0.8, 0.5, 1.1, 0.001, 0.01)
FITS = [*fits_of("tops", NARROW, 8), *fits_of("shoes", WIDE, 4, sharpening=0.5)]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench.from_base(Pack(make_pack(tmp_path / "tiny")), tmp_path / "pack")
    placed = [placing for fit in FITS if fit.recipe is not None and (placing := placing_of(fit.recipe)) is not None]
    bench.change(habits=habits_of(placed), look={"default": Look(), "shoes": Look(contrast=0.2)})
    return bench


def test_only_what_is_worse_is_taken_from_all(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        OwnOrOne("shoes", FRAME, 1.0, 1.8, WORSE),
        OwnOrOne("shoes", SHARPENING, 0.2, 0.1, BETTER),
        OwnOrOne("tops", FRAME, 2.0, 1.0, BETTER),
    ]
    monkeypatch.setattr(step, "own_or_one", lambda *_: rows)
    before = bench.pack()
    run = Learning(PairSet(tmp_path, ()), LearnOptions(tmp_path / "pack", tmp_path / "tiny"), lambda *_: None)
    step.compare_hands(run, bench, FITS, None)
    after = bench.pack()
    # Twice as many shots are tops, so the hand for all is theirs.
    assert after.habits("shoes")["margin_top"] == pytest.approx(0.05, abs=0.02)
    assert before.habits("shoes")["margin_top"] == pytest.approx(0.15, abs=0.02)
    assert after.habits("shoes")["sharpening"] == before.habits("shoes")["sharpening"]
    assert after.habits("tops") == before.habits("tops")
    assert load_style(bench.folder / "style.toml").house("shoes").margin_top == after.habits("shoes")["margin_top"]
    assert "shoes goes by what all categories do" in run.notes[0]
    assert [row["verdict"] for row in run.account["own_or_one"]] == ["worse", "better", "better"]


def test_one_category_learned_alone_is_not_compared(bench: Workbench, tmp_path: Path) -> None:
    options = LearnOptions(tmp_path / "pack", tmp_path / "tiny", "shoes")
    run = Learning(PairSet(tmp_path, ()), options, lambda *_: None)
    assert step.compare_hands(run, bench, FITS, None) == ([], None)
    assert run.account == {}


def test_a_worse_light_is_the_light_of_all(bench: Workbench) -> None:
    from packshot.learning.light.export import export_light_model, load_light_model
    from packshot.learning.light.learning import learn_light
    from tests.learning.light.test_model import rows

    lesson = learn_light(rows(44))
    export_light_model(lesson.model, bench.folder / "light.onnx")
    bench.add_model("light", "light.onnx", categories=lesson.model.categories)
    taken = step.take_light(bench, lesson, ["shoes"])
    known = load_light_model(bench.folder / "light.onnx")
    shoes = tuple("shoes" for _ in range(44))
    said, unknown = (known.predict(lesson.rows.measured, names)[0] for names in (shoes, ("?",) * 44))
    assert said == pytest.approx(unknown, abs=1e-5)
    assert bench.pack().verify() == []
    assert bench.pack().look("shoes") == Look()
    chosen = [index for index, name in enumerate(lesson.rows.categories) if name == "shoes"]
    assert (taken.said[chosen] == lesson.for_all[chosen]).all()
    assert COLOR not in step.RULES
