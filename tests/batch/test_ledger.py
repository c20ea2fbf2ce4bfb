"""run.jsonl."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packshot.batch.ledger import Ledger, read_lines


def line(source: str, **more: object) -> dict[str, object]:
    return {"source": source, "name": source, "route": "review", **more}


def test_lines_are_on_disk_as_soon_as_they_are_added(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger(path) as ledger:
        ledger.add(line("b"))
        assert [each["source"] for each in read_lines(path)] == ["b"]
        ledger.add(line("a"))
    assert [each["source"] for each in read_lines(path)] == ["a", "b"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_a_kill_cut_off_is_dropped_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger(path) as ledger:
        ledger.add(line("a"))
        ledger.add(line("b", reasons=["é" * 20]))
    path.write_bytes(path.read_bytes()[:-cut])
    with Ledger(path) as ledger:
        assert [each["source"] for each in ledger.lines] == (["a", "b"] if cut == 1 else ["a"])
        ledger.keep(ledger.lines)
        ledger.add(line("c"))
    assert [json.loads(text)["source"] for text in path.read_text().splitlines()] in (["a", "c"], ["a", "b", "c"])


def test_a_photo_noted_twice_has_one_line_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger(path) as ledger:
        ledger.add(line("a", quality=0.1))
        ledger.add(line("a", quality=0.9))
    assert [each["quality"] for each in read_lines(path)] == [0.9]


def test_after_an_error_the_file_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    ledger = Ledger(path)
    ledger.add(line("b"))
    ledger.add(line("a"))
    ledger.__exit__(OSError, OSError("disk full"), None)
    assert [each["source"] for each in read_lines(path)] == ["b", "a"]


def test_names_that_are_no_valid_text_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger(path) as ledger:
        ledger.add(line("caf\udce9.jpg"))
        ledger.add(line("café.jpg"))
    assert {each["source"] for each in read_lines(path)} == {"caf\udce9.jpg", "café.jpg"}
    assert "café.jpg".encode() in path.read_bytes()
