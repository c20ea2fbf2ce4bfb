"""Whole evaluations on pairs made of numbers, with a small real pack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.cli import app
from packshot.commands.evaluate import _tell
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.proof.evaluation import Evaluation, EvaluationOptions, evaluate
from packshot.learning.proof.pair_score import METHODS
from packshot.learning.proof.reference import RefusedPairError, read_reference
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import predict
from tests.learning.pair_sets import make_set
from tests.tiny import make_pack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pairs of two categories; ``wrong`` has the after of another product."""
    root = make_set(tmp_path_factory.mktemp("pairs"), 4)
    lines = (root / "pairs.jsonl").read_text().splitlines()
    wrong = {**json.loads(lines[0]), "id": "wrong", "group": "wrong", "after": "after/p1.jpg"}
    (root / "pairs.jsonl").write_text("\n".join([*lines, json.dumps(wrong)]))
    return root


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def pairs(folder: Path) -> Sequence[Pair]:
    return read_pairs(folder).pairs


@pytest.fixture(scope="module")
def found(pairs: Sequence[Pair], pack: Path, kept: Path) -> Evaluation:
    return evaluate(pairs, pack, EvaluationOptions(kept=kept, workers=1))


def test_every_pair_is_scored_or_named(found: Evaluation) -> None:
    assert [one.id for one in found.scores] == ["p0", "p1", "p2", "p3"]
    assert set(found.refused) == {"wrong"}
    assert found.failed == {}


def test_tables_by_category_and_over_all(found: Evaluation) -> None:
    tables = found.tables()
    assert list(tables) == ["blues", "reds", "all"]
    assert tables["all"]["pairs"] == 4
    without_fits = [name for name in METHODS if name != "fitted"]
    assert all(name in tables["all"] for name in without_fits)
    assert tables["all"]["untouched"]["corner"]["median"] > 1
    json.dumps(found.as_json())


def test_kept_registrations_order_and_workers_give_the_same_scores(
    found: Evaluation, pairs: Sequence[Pair], pack: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(list(kept.glob("*.json"))) == 5
    monkeypatch.setattr("packshot.learning.proof.reference.register_files", None)  # nothing is left to register
    again = read_reference(pairs[0], kept)
    assert again.matte is not None
    with pytest.raises(RefusedPairError):
        read_reference(pairs[4], kept)
    options = EvaluationOptions(kept=kept, workers=2, baselines=False)
    ours = [one.figures for one in evaluate(pairs[::-1], pack, options).scores]
    assert ours == [{"packshot": one.figures["packshot"]} for one in reversed(found.scores)]


def test_the_fitted_recipe_is_the_ceiling(pairs: Sequence[Pair], pack: Path, kept: Path, tmp_path: Path) -> None:
    """A recipe that holds the retoucher's own geometry has no corner error; ours serves as the fit of the rest."""
    pair = pairs[0]
    reference = read_reference(pair, kept)
    recipe = predict(Photo.open(pair.before), Pack(pack), category=pair.category)
    from packshot.geometry import angle_of, apply, invert, scale_of

    affine = reference.before_to_after
    middle = (reference.canvas[0] - 1) / 2, (reference.canvas[1] - 1) / 2
    x, y = apply(invert(affine), [middle])[0]
    changes = {
        "alignment": recipe.alignment.model_copy(update={"angle": angle_of(affine)}),
        "cropping": recipe.cropping.model_copy(
            update={"centre": (float(x), float(y)), "scale": scale_of(affine), "canvas": reference.canvas}
        ),
    }
    recipe.model_copy(update=changes).save(tmp_path / "recipes" / "p0.json")
    options = EvaluationOptions(fits=tmp_path, kept=kept, workers=1)
    fitted = evaluate(pairs[:1], pack, options).scores[0].figures["fitted"]
    assert fitted["corner"] == pytest.approx(0, abs=0.05)
    assert fitted["angle"] == pytest.approx(0, abs=1e-3)
    assert fitted["specks"] == 0


def test_an_unreadable_photo_fails_alone(pairs: Sequence[Pair], pack: Path, kept: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(pairs[0].before.read_bytes()[:900])
    bad = Pair("bad", "reds", "bad", broken, pairs[0].after)
    result = evaluate([bad, pairs[1]], pack, EvaluationOptions(kept=kept, workers=1, baselines=False))
    assert [one.id for one in result.scores] == ["p1"]
    assert "broken.jpg" in result.failed["bad"]


def test_the_command_answers_as_json(folder: Path, pack: Path, kept: Path) -> None:
    command = ["evaluate", str(folder), "--pack", str(pack), "--kept", str(kept), "--workers", "1", "--limit", "2"]
    told = CliRunner().invoke(app, [*command, "--quick", "--json", "--delta-e", "7"])
    assert told.exit_code == 0
    answered = json.loads(told.stdout)
    assert answered["bar"]["delta_e"] == 7
    assert set(answered["categories"]) == {"blues", "reds"}
    assert answered["all"]["packshot"]["delta_e"]["n"] == 2


def test_a_table_is_told_to_people(found: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    _tell(found)
    told = capsys.readouterr().out
    assert "all: 4 pairs of 4 groups" in told
    assert "untouched" in told
    assert "refused: wrong" in told


def test_a_folder_without_pairs_is_wrong_use(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert told.exit_code == 2
    assert "holds no pairs" in told.stderr
