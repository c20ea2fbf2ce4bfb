"""Who is never trained on. A hash of the group's name decides, so that no order, no addition and no later learning from
a pack changes it: a group held out once is held out for good."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from packshot.learning.pairs import Pair

HELD_OUT = 5  # one group in five is for scoring
_LEAST_GROUPS = 3  # of a category, from which on one is held out whatever its hash says


def held_out(group: str) -> bool:
    """Whether a seller or product is kept for scoring."""
    return hashlib.sha1(group.encode()).digest()[0] % HELD_OUT == 0


def split_pairs(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """(to learn from, to score on), no group in both.

    A category all of whose groups fall to one side gives one to the other where it has three or more. Where no category
    has as many, one group in five is held out whatever its category.
    """
    scored = {pair.group for pair in pairs if held_out(pair.group)}
    for category in sorted({pair.category for pair in pairs}):
        groups = sorted({pair.group for pair in pairs if pair.category == category}, key=_order)
        if len(groups) < _LEAST_GROUPS:
            scored -= set(groups)
        elif not scored.intersection(groups):
            scored.add(groups[0])
        elif scored.issuperset(groups):
            scored.discard(groups[0])
    everyone = sorted({pair.group for pair in pairs}, key=_order)
    if not scored and len(everyone) >= HELD_OUT:
        scored = set(everyone[: len(everyone) // HELD_OUT])
    return [pair for pair in pairs if pair.group not in scored], [pair for pair in pairs if pair.group in scored]


def folds(groups: Sequence[str], count: int = 5) -> NDArray[np.intp]:
    """(n,) which of ``count`` folds each row is in; a group is in one, and folds are nearly alike in size."""
    order = sorted(set(groups), key=_order)
    place = {name: index % count for index, name in enumerate(order)}
    return np.array([place[name] for name in groups], np.intp)


def _order(name: str) -> bytes:
    return hashlib.sha1(f"order:{name}".encode()).digest()
