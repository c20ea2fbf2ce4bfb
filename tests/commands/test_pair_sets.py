"""Every command that reads pairs tells what is wrong with them, and refuses a set of no use with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from packshot.cli import app
from packshot.commands.output import ExitStatus
from packshot.commands.pair_sets import read_pair_set
from tests.blindtest.sets import pair_set

READERS = (("analyze", "--out"), ("fit", "--out"), ("evaluate",), ("calibrate", "base"), ("blindtest", "make", "--out"))


def arguments(command: tuple[str, ...], pairs: Path, out: Path) -> list[str]:
    """The command on a folder of pairs, which calibrate takes second."""
    return [*command, str(out), str(pairs)] if command[-1] == "--out" else [*command, str(pairs)]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Three pairs, the after of one gone."""
    folder = pair_set(tmp_path / "pairs")
    (folder / "after" / "1.jpg").unlink()
    return folder


def test_problems_are_told_and_the_rest_is_read(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [pair.id for pair in read_pair_set(damaged).pairs] == ["0", "2"]
    told = capsys.readouterr().err
    assert "left out: pairs.jsonl line 2: there is no file 'after/1.jpg'" in told
    assert "teach little" in told


def test_small_categories_are_no_problem_to_measure_on(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_pair_set(damaged, scoring=True)
    told = capsys.readouterr().err
    assert "after/1.jpg" in told
    assert "teach little" not in told


def test_a_set_without_a_usable_pair_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"id": "a", "category": "tops"}))
    with pytest.raises(typer.Exit) as ended:
        read_pair_set(tmp_path)
    assert ended.value.exit_code == ExitStatus.WRONG_USE
    assert "holds no pair that can be used" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*READERS, ("learn", "--out")], ids=lambda one: one[0])
def test_a_folder_without_pairs_is_a_sentence(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = CliRunner().invoke(app, arguments(command, tmp_path / "empty", tmp_path / "out"))
    assert told.exit_code == ExitStatus.WRONG_USE
    assert "holds no pairs: it needs a file pairs.jsonl" in told.stderr


def test_a_blind_test_tells_what_it_leaves_out(damaged: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["blindtest", "make", str(damaged), "--out", str(tmp_path / "test")])
    assert "left out: pairs.jsonl line 2: there is no file 'after/1.jpg'" in told.stderr


def test_calibrate_says_what_it_takes_where_nothing_is(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["calibrate", "base", str(tmp_path / "nothing"), "--dry-run"])
    assert told.exit_code == ExitStatus.WRONG_USE
    assert "nothing is not there: give a folder of pairs, or a file of verdicts" in told.stderr
