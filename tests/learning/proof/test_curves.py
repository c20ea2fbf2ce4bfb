"""Learning curves: subsets are whole groups, each part of the next, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from packshot.learning.pairs import Pair
from packshot.learning.proof.curves import CurvePlan, subset


def pairs_of(groups: Sequence[int]) -> list[Pair]:
    return [Pair(f"p{n}", "tops", f"g{group}", Path("b"), Path("a")) for n, group in enumerate(groups)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 40), st.integers(1, 40))
def test_subsets_are_nested_and_cut_no_group(groups: list[int], one: int, two: int) -> None:
    pairs = pairs_of(groups)
    small, large = subset(pairs, min(one, two)), subset(pairs, max(one, two))
    assert {pair.id for pair in small} <= {pair.id for pair in large}
    chosen = {pair.group for pair in small}
    assert small == [pair for pair in pairs if pair.group in chosen]
    assert len(small) >= min(one, two, len(pairs))


def test_order_and_other_pairs_do_not_change_which_groups_come_first() -> None:
    pairs = pairs_of([n % 10 for n in range(40)])
    backwards = subset(pairs[::-1], 8)
    assert {pair.id for pair in backwards} == {pair.id for pair in subset(pairs, 8)}


def test_a_plan_ends_with_all_and_repeats_nothing() -> None:
    plan = CurvePlan(pairs_of([n // 4 for n in range(60)]), (), Path("x"))
    assert [len(chosen) for chosen in plan.subsets()] == [20, 52, 60]
    few = CurvePlan(pairs_of([0] * 12), (), Path("x"))
    assert [len(chosen) for chosen in few.subsets()] == [12]
