from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packshot.evaluation.promise import Case
from packshot.evaluation.verdicts import read_verdicts

GOOD = {"source": "a.jpg", "quality": 0.91, "verdict": "good", "category": "tops", "group": "p1"}


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_lines_of_json_are_read(tmp_path: Path) -> None:
    bad = {"source": "b.jpg", "quality": 0.2, "verdict": "Reject", "hard": True}
    assert read_verdicts(lines(tmp_path / "v.jsonl", GOOD, bad)) == [
        Case(0.91, False, "tops", False, "p1"),
        Case(0.2, True, "unknown", True, ""),
    ]


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text(
        "\ufeffsource,quality,verdict,category,group,hard\na.jpg,0.91,good,tops,p1,\nb.jpg,0.2,bad,tops,p2,yes\n"
    )
    assert read_verdicts(path) == [Case(0.91, False, "tops", False, "p1"), Case(0.2, True, "tops", True, "p2")]


def test_the_last_word_on_a_photo_counts(tmp_path: Path) -> None:
    (case,) = read_verdicts(lines(tmp_path / "v.jsonl", GOOD, {**GOOD, "verdict": "bad"}))
    assert case.bad


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verdict": "maybe"}, "should be good or bad"),
        ({"verdict": None}, "should be good or bad"),
        ({"quality": None}, "no quality between 0 and 1"),
        ({"quality": "high"}, "no quality between 0 and 1"),
        ({"quality": 1.2}, "no quality between 0 and 1"),
        ({"hard": "perhaps"}, "neither true nor false"),
        ({"trained": True}, "cannot calibrate"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=rf"v.jsonl: verdict 2 .*{told}|v.jsonl: verdict 2: .*{told}"):
        read_verdicts(lines(tmp_path / "v.jsonl", GOOD, {**GOOD, **change}))


@pytest.mark.parametrize("text", ["{", "[1]", "good"])
def test_what_is_no_object_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.jsonl").write_text(text)
    with pytest.raises(ValueError, match="line 1 is not"):
        read_verdicts(tmp_path / "v.jsonl")
