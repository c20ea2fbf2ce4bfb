from __future__ import annotations

from pathlib import Path

import pytest

from packshot.blindtest.trials import ANSWERS, BlindTestError, BlindTestFolder, Reply
from tests.blindtest.sets import small_test


def reply(trial: str, studio: str = "left") -> Reply:
    return Reply(trial=trial, studio=studio, publish_left=True, publish_right=False, seconds=2.0)


def test_every_rater_gets_all_trials_in_an_order_and_on_sides_of_their_own(tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=40)
    orders = {rater: [trial.id for trial in folder.waiting(rater)] for rater in ("anna", "ben")}
    assert orders["anna"] != orders["ben"]
    assert sorted(orders["anna"]) == sorted(orders["ben"]) == sorted(trial.id for trial in folder.test.trials)
    sides = [folder.test.studio_side("anna", trial) for trial in folder.test.trials]
    assert 0.25 < sides.count("left") / len(sides) < 0.75
    assert sides != [folder.test.studio_side("ben", trial) for trial in folder.test.trials]


def test_an_answer_is_resolved_by_side_and_counts_once(tmp_path: Path) -> None:
    folder = small_test(tmp_path)
    trial = folder.waiting("anna")[0]
    side = folder.test.studio_side("anna", trial)
    assert folder.answer("anna", reply(trial.id, side))
    assert not folder.answer("anna", reply(trial.id, "left" if side == "right" else "right"))
    (kept,) = folder.answers
    assert kept.recognised
    assert (kept.publish_studio, kept.publish_other) == ((True, False) if side == "left" else (False, True))
    assert trial not in folder.waiting("anna")
    assert trial in folder.waiting("ben")


def test_answers_are_there_after_a_restart_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    folder = small_test(tmp_path)
    for trial in folder.waiting("anna")[:3]:
        folder.answer("anna", reply(trial.id))
    with (tmp_path / ANSWERS).open("ab") as lines:
        lines.write(b'{"rater": "anna", "tri')
    again = BlindTestFolder(tmp_path)
    assert again.answers == folder.answers
    again.answer("anna", reply(again.waiting("anna")[0].id))
    assert len(BlindTestFolder(tmp_path).answers) == 4


def test_a_foreign_trial_or_picture_is_refused(tmp_path: Path) -> None:
    folder = small_test(tmp_path)
    with pytest.raises(BlindTestError, match="no trial"):
        folder.answer("anna", reply("other"))
    for name in ("../test.json", "test.json", "x.jpg"):
        with pytest.raises(BlindTestError, match="no such picture"):
            folder.picture(name)


def test_one_server_at_a_time_and_no_test_without_a_folder(tmp_path: Path) -> None:
    folder = small_test(tmp_path / "test")
    with folder.alone(), pytest.raises(BlindTestError, match="already"), BlindTestFolder(tmp_path / "test").alone():
        pass
    with pytest.raises(BlindTestError, match="holds no blind test"):
        BlindTestFolder(tmp_path)
