from __future__ import annotations

from pathlib import Path

from packshot.learning.pairs import Pair
from packshot.learning.splits import folds, held_out, split_pairs


def pairs(groups: int, category: str = "tops", each: int = 2) -> list[Pair]:
    return [
        Pair(f"{category}-{group}-{shot}", category, f"{category}-{group}", Path("b"), Path("a"))
        for group in range(groups)
        for shot in range(each)
    ]


def test_no_group_is_on_both_sides_and_every_category_is_learned() -> None:
    chosen = [*pairs(40), *pairs(3, "hats"), *pairs(1, "bags")]
    learned, scored = split_pairs(chosen)
    assert not {pair.group for pair in learned} & {pair.group for pair in scored}
    assert len(learned) + len(scored) == len(chosen)
    assert {pair.category for pair in learned} == {"tops", "hats", "bags"}
    assert {pair.category for pair in scored} == {"tops", "hats"}


def test_who_is_held_out_does_not_hang_on_the_others() -> None:
    few, many = split_pairs(pairs(40))[1], split_pairs(pairs(60))[1]
    assert {pair.group for pair in few} <= {pair.group for pair in many}
    assert all(held_out(pair.group) for pair in many)


def test_a_dozen_products_of_as_many_kinds_still_leave_some_out() -> None:
    kinds = [pair for index in range(12) for pair in pairs(1, f"kind {index}", each=1)]
    learned, scored = split_pairs(kinds)
    assert len(learned) == 10
    assert len(scored) == 2


def test_folds_keep_groups_together() -> None:
    names = [f"g{index // 3}" for index in range(60)]
    place = folds(names)
    assert all(len(set(place[index : index + 3])) == 1 for index in range(0, 60, 3))
    assert set(place) == set(range(5))
