from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packshot.cli import app


def packshot(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("words", [(), ("OUT", "--catalog", "x.sqlite")])
def test_review_wants_one_place(words: tuple[str, ...]) -> None:
    told = packshot("review", *words)
    assert (told.exit_code, "give the folder of a run, or --catalog" in told.output) == (2, True)


def test_a_folder_without_a_run_leaves_nothing_behind(tmp_path: Path) -> None:
    told = packshot("review", tmp_path)
    assert (told.exit_code, "packshot run --out" in told.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_others_are_let_in_only_with_accounts(out: Path, tmp_path: Path) -> None:
    told = packshot("review", out, "--listen", "0.0.0.0", "--port", "0")
    assert (told.exit_code, "packshot accounts add" in told.output) == (2, True)
    words = tmp_path / "words"
    words.write_text("seven quiet herons wade\n")
    weak = tmp_path / "weak"
    weak.write_text("password1234\n")
    refused = packshot("accounts", "add", "ada", "--role", "admin", "--catalog", out, "--password-file", weak)
    assert (refused.exit_code, "first that are tried" in refused.output) == (2, True)
    made = packshot("accounts", "add", "ada", "--role", "admin", "--catalog", out, "--password-file", words)
    assert made.exit_code == 0, made.output
    again = packshot("accounts", "add", "ada", "--catalog", out, "--password-file", words)
    assert (again.exit_code, "already" in again.output) == (2, True)
    assert packshot("accounts", "password", "ada", "--catalog", out, "--password-file", words).exit_code == 0
    assert packshot("accounts", "list", "--catalog", out).output == "ada\tadmin\tmay sign in\n"
    unknown = packshot("accounts", "add", "eve", "--role", "boss", "--catalog", out, "--password-file", words)
    assert (unknown.exit_code, "editor, manager, admin" in unknown.output) == (2, True)


@pytest.mark.parametrize("words", [("list",), ("password", "ada")])
def test_accounts_of_a_catalog_that_is_not_there_are_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = packshot("accounts", *words, "--catalog", tmp_path / "slip.sqlite")
    assert (told.exit_code, "there is no catalog" in told.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_how_corrections_are_carried_is_one_of_three_words(out: Path) -> None:
    told = packshot("review", out, "--carry", "maybe")
    assert (told.exit_code, "--carry is on, ask, off, not 'maybe'" in told.output) == (2, True)
