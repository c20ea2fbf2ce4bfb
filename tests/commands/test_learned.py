"""What a person reads when learning is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packshot.commands.learned import summary
from packshot.learning.pairs import PairSet
from packshot.learning.steps.run import Learning, LearnOptions


def learning(folder: Path, **account: Any) -> Learning:
    """A run that is done."""
    run = Learning(PairSet(folder, ()), LearnOptions(folder, folder), lambda *_: None)
    run.account |= {"learned": 30, "pairs": 41, "held_out": 9, "minutes": 3.5, **account}
    return run


def test_figures_stand_beside_what_they_are_to_be_compared_with(tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    figures = {"packshot": {"delta_e": {"median": 4.161}}, "untouched": {"delta_e": {"median": 6.3}}}
    told = {"caps": {"photos": 4, "right": 4, "base_right": 0, "moved": 4}, "shoes": {"photos": 5, "right": 3}}
    told["shoes"] |= {"base_right": 4, "moved": 1}
    lines = summary(learning(tmp_path, scores={"all": {**figures, "pairs": 9}}, told=told))
    assert lines[0] == "Learned from 30 of 41 pairs in 3 min 30 s; 9 were set aside to score the pack on."
    assert any(line.split() == ["colour", "of", "the", "product,", "ΔE00", "4.16", "6.30"] for line in lines)
    assert "Categories told from the photo alone: 7 of 9 rightly (by the base pack 4)." in lines
    assert any(line.endswith(str(tmp_path / "report.html")) for line in lines)


def test_a_base_that_was_not_asked_is_not_mentioned(tmp_path: Path) -> None:
    told = {"caps": {"photos": 4, "right": 3, "base_right": None, "moved": None}}
    assert "Categories told from the photo alone: 3 of 4 rightly." in summary(learning(tmp_path, told=told))


def test_without_scores_there_is_no_table_and_no_report(tmp_path: Path) -> None:
    text = "\n".join(summary(learning(tmp_path)))
    assert "median" not in text
    assert "report.html" not in text
    assert f"packshot run PHOTOS --out OUT --pack {tmp_path}" in text


def test_it_says_where_own_rules_are_better_and_where_worse(tmp_path: Path) -> None:
    verdicts = {("caps", "frame"): "better", ("shoes", "frame"): "better", ("caps", "color"): "cannot tell"}
    tests = [{"category": c, "figure": f, "verdict": verdict} for (c, f), verdict in verdicts.items()]
    text = "\n".join(
        summary(learning(tmp_path, own_or_one=[*tests, tests[0] | {"figure": "noise", "verdict": "worse"}]))
    )
    assert "Own rules are better than one set for all, corners off, % of the long side: caps, shoes." in text
    assert "Own rules are worse than one set for all, noise smoothed, off by levels: caps." in text
    assert "ΔE00" not in text
