"""House styles as commands take them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from packshot.commands.styles import SHIPPED, find_style
from packshot.style import load_style


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_every_style_that_ships_is_found_by_its_name_and_can_be_read(file: Path) -> None:
    assert find_style(file.stem) == file
    assert load_style(find_style(file.stem)).name == file.stem


def test_a_file_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cutout").write_text("style = 1\n")
    assert find_style("cutout") == Path("cutout"), "one's own file goes before a style that ships"
    assert find_style("ours.toml") == Path("ours.toml")


def test_a_wrong_name_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        find_style("cutot")
    assert "no house style 'cutot'" in capsys.readouterr().err
