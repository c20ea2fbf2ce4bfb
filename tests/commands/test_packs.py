"""Every command that takes a pack refuses one that cannot be read, with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.cli import app
from packshot.commands.output import ExitStatus
from tests.blindtest.sets import pair_set

COMMANDS = [
    ["run", "pairs/before", "--out", "out", "--pack"],
    ["learn", "pairs", "--out", "out", "--base"],
    ["analyze", "pairs", "--out", "out", "--pack"],
    ["evaluate", "pairs", "--pack"],
    ["blindtest", "make", "pairs", "--out", "out", "--pack"],
    ["bench", "--megapixels", "1", "--runs", "1", "--pack"],
    ["shadow", "--catalog", "catalog.sqlite"],
    ["packs"],
    ["calibrate"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
@pytest.mark.parametrize("content", ["{not json", "{}", None])
def test_a_pack_that_cannot_be_read_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], content: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    pair_set(tmp_path / "pairs")
    (tmp_path / "pack").mkdir()
    if content is not None:
        (tmp_path / "pack/pack.json").write_text(content)
    more = ["pairs"] if command == ["calibrate"] else []
    result = CliRunner().invoke(app, [*command, "pack", *more])
    assert result.exit_code == ExitStatus.WRONG_USE, (result.output, result.exception)
    assert "pack.json" in result.output
    assert "Traceback" not in result.output
