"""The style file: what is written is read back, whatever categories are called."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.learning.house.style import style_text, write_style
from packshot.style import Style, load_style

RULES = {"aspect": 0.8, "long_side": 1600, "margin_top": 0.07, "anchor": "base", "background": [250, 250, 250]}


def test_a_style_is_read_back_as_it_was(tmp_path: Path) -> None:
    style = Style(
        default={**RULES, "heal": True, "long_sides": [[2160, 1600], [533, 640]], "shadow": "keep"},
        categories={"shoes": {"aspect": 1.0}, "bags/leather": {"anchor": "centre"}},
    )
    write_style(tmp_path / "style.toml", style, "12 finished shots")
    assert load_style(tmp_path / "style.toml") == style.model_copy(update={"name": "style"})
    assert "12 finished shots" in (tmp_path / "style.toml").read_text("utf-8")


def test_text_is_toml_of_the_same_style() -> None:
    default = {"aspect": 0.8, "anchor": "base", "long_sides": [[600, 1000]]}
    style = Style(default=default, categories={'a "b"': {"heal": False}})
    assert "name" not in tomllib.loads(style_text(style, "a test"))
    named = style.model_copy(update={"name": 'the "winter" one'})
    read = Style.model_validate(tomllib.loads(style_text(named, "a test")))
    assert read == named
    assert read.default == default
    assert read.categories['a "b"'] == {"heal": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("styles")


@given(name=st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12))
def test_any_category_name_survives(folder: Path, name: str) -> None:
    style = Style(default=dict(RULES), categories={name: {"margin_left": 0.125}})
    write_style(folder / "style.toml", style, "a test")
    assert load_style(folder / "style.toml") == style.model_copy(update={"name": "style"})
