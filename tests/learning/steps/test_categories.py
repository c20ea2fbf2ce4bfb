from __future__ import annotations

from packshot.learning.proof.pair_score import PairScore
from packshot.learning.steps.categories import Told, count_told


def score(name: str, category: str, told: str) -> PairScore:
    return PairScore(name, category, name, {}, "review", False, 0.5, 0.1, told)


OURS = [score("a", "hats", "hats"), score("b", "hats", "bags"), score("c", "bags", "bags")]


def test_who_told_what_rightly_is_counted() -> None:
    base = [score("a", "hats", "bags"), score("b", "hats", "bags"), score("c", "bags", "bags")]
    assert count_told(OURS, base) == {"bags": Told(1, 1, 1, 0), "hats": Told(2, 0, 1, 1)}


def test_a_base_that_was_not_asked_is_not_known() -> None:
    assert count_told(OURS, None) == {"bags": Told(1, None, 1, None), "hats": Told(2, None, 1, None)}
    assert count_told([], None) == {}
