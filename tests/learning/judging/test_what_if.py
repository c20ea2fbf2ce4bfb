from __future__ import annotations

from functools import cache

from packshot.evaluation.bar import Bar
from packshot.evaluation.promise import Case
from packshot.learning.judging.calibration import cases_of
from packshot.learning.judging.outcomes import Outcome
from packshot.learning.judging.training import described
from packshot.learning.judging.what_if import RISKS, WhatIf, as_rows, by_bar, of_cases
from tests.learning.judging.test_training import judge, of_people
from tests.learning.outcomes import outcomes


@cache
def found() -> list[WhatIf]:
    return by_bar(outcomes(2, 120), judge(), Bar(), 0.9)


def test_what_is_asked_comes_first_and_looser_bars_are_missed_less() -> None:
    assert found()[0].bar == Bar()
    assert all(one.bad <= found()[0].bad for one in found())
    assert any(one.bar is not None and one.bar.corner is None for one in found())


def test_looser_promises_publish_more() -> None:
    for one in found():
        assert list(one.published) == list(RISKS)
        assert list(one.published.values()) == sorted(one.published.values())
    assert max(one.published[0.2] for one in found()) > 0.2


def test_each_bar_is_judged_by_itself() -> None:
    """A judge held to another bar tells its bad shots better than one that minds what is not asked."""
    bar, unseen = Bar(delta_e=None, iou=None), outcomes(2, 200)
    plain = [one.model_copy(update={"quality": 1 - _rejected(one)}) for one in unseen]
    own = of_cases(cases_of(plain, bar, judge()), 0.9, bar)
    other = of_cases(cases_of(plain, bar), 0.9, bar)
    assert own.auc > other.auc + 0.05
    assert own.bad == other.bad


def _rejected(one: Outcome) -> float:
    return judge().opinion(described(one, judge().projection), one.category).rejected


def test_a_judge_of_verdicts_alone_serves_every_bar_as_it_is() -> None:
    cases = cases_of(outcomes(2, 40), Bar(delta_e=9.0), of_people())
    assert len({case.quality for case in cases}) > 20


def test_peoples_verdicts_have_no_bar() -> None:
    cases = [Case(0.9, False), Case(0.8, False), Case(0.1, True)]
    rows = as_rows(of_cases(cases, 0.9), 0.9)
    assert [row["risk"] for row in rows] == list(RISKS)
    assert {(row["auc"], round(row["bad"] or 0, 3)) for row in rows} == {(1.0, 0.333)}
    assert "delta_e" not in rows[0]
    assert of_cases([], 0.9).bad == 0
