"""What is said of progress where no terminal is: nothing for a while, then a line now and then."""

from __future__ import annotations

import pytest

from packshot.commands import bar
from packshot.commands import steps as steps_module
from packshot.commands.progress import Shown
from packshot.commands.steps import Steps


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps() as steps:
        for done in range(5):
            steps("fitting", done, 5)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_how_far_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar, "LINE_EVERY", 0.0)
    with Steps() as steps:
        steps("fitting", 1, 5)
        steps("scoring", 2, 9)
    assert capsys.readouterr() == ("", "fitting: 1 of 5\nscoring: 2 of 9\n")


def test_a_run_tells_failures_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown()
    shown.begins(2, 3, ["a remark"])
    shown.finished({"route": "failed", "error": "no photo"})
    shown.ends()
    told = capsys.readouterr().err.splitlines()
    assert told == ["a remark", "3 photos done already and skipped.", "failed: no photo"]


def test_a_step_that_took_long_is_noted_with_its_time_however_its_detail_changed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps_module, "BAR_AFTER", 0.0)
    with Steps() as steps:
        steps(f"tuning{steps_module.DETAIL}loss 0.9", 1, 5)
        steps(f"tuning{steps_module.DETAIL}loss 0.2", 5, 5)
        steps("scoring", 1, 9)
    assert capsys.readouterr().err.splitlines() == ["tuning · loss 0.2: done in 0.0 s", "scoring: done in 0.0 s"]


def test_a_step_that_broke_off_is_not_called_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps_module, "BAR_AFTER", 0.0)
    steps = Steps()
    steps("scoring", 1, 9)
    steps.__exit__(KeyError, KeyError(), None)
    assert capsys.readouterr().err == ""
