from __future__ import annotations

from pathlib import Path

from packshot.blindtest.page import write_page_of
from packshot.blindtest.results import results
from packshot.blindtest.trials import Answer, BlindTestFolder
from tests.blindtest.sets import small_test


def answers(folder: BlindTestFolder, rater: str, recognised: dict[str, float]) -> list[Answer]:
    """Answers of a rater who recognises that share of the trials of each kind."""
    found = []
    counts = dict.fromkeys(recognised, 0.0)
    for trial in folder.test.trials:
        share = recognised[trial.kind]
        right = int(counts[trial.kind] + share) > int(counts[trial.kind])
        counts[trial.kind] += share
        found.append(
            Answer(
                rater=rater, trial=trial.id, recognised=right, publish_studio=True, publish_other=right,
                studio_side="left", seconds=1, at="now",
            )
        )  # fmt: skip
    return found


def test_undecided_is_never_called_equal(tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=60)
    found = results(folder.test, answers(folder, "anna", {"ai": 0.5, "human": 0.5, "check": 1.0}))
    assert found.arms["ai"].so_far.answer == "open"
    assert found.arms["ai"].planned is None
    assert "Not decided" in found.sentence
    assert "quivalent" not in found.sentence
    assert found.arms["ai"].so_far.trials_more > 100


def test_ours_told_apart_is_said(tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=60)
    found = results(folder.test, answers(folder, "anna", {"ai": 0.95, "human": 0.5, "check": 1.0}))
    assert found.arms["ai"].so_far.answer == "different"
    assert "tell them apart" in found.sentence
    assert found.publish_studio.share == 1
    assert (
        found.publish_ours.share
        == sum(a.recognised for a in answers(folder, "a", {"ai": 0.95, "human": 0.5, "check": 1})[:60]) / 60
    )


def test_who_does_not_look_does_not_count(tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=20, check=5)
    looking = answers(folder, "anna", {"ai": 0.5, "human": 0.5, "check": 1.0})
    asleep = answers(folder, "ben", {"ai": 1.0, "human": 0.5, "check": 0.2})
    found = results(folder.test, looking + asleep)
    assert found.raters == {"anna": True, "ben": False}
    assert found.sentence.endswith("The answers of ben do not count: they missed gross errors.")
    assert found.arms["ai"].so_far.trials == 20


def test_many_independent_answers_at_chance_show_equivalence(tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=1200)
    found = results(folder.test, answers(folder, "anna", {"ai": 0.5, "human": 0.5, "check": 1.0}))
    assert found.arms["ai"].so_far.answer == "equivalent"
    assert found.arms["ai"].planned is not None
    assert found.arms["ai"].planned.equivalent
    assert found.sentence.startswith("Equivalent within 10 points")


def test_the_page_shows_what_the_answers_say(tmp_path: Path) -> None:
    folder = small_test(tmp_path / "test", ai=30)
    named = "<b>anna</b>"
    found = results(folder.test, answers(folder, named, {"ai": 0.5, "human": 0.5, "check": 1.0}))
    write_page_of(folder.test, found, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "Not decided" in text
    assert "&lt;b&gt;anna" in text
    assert named not in text
    write_page_of(folder.test, results(folder.test, []), tmp_path / "empty.html")
    assert "Nobody yet" in (tmp_path / "empty.html").read_text()


def test_when_no_answer_counts_it_says_so(tmp_path: Path) -> None:
    folder = small_test(tmp_path)
    assert results(folder.test, []).sentence.startswith("Not decided: no answer counts yet.")
    found = results(folder.test, answers(folder, "ben", {"ai": 0.5, "human": 0.5, "check": 0.0}))
    assert found.sentence.startswith("Not decided: no answer counts yet.")
    assert "ben" in found.sentence
