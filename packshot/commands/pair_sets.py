"""How commands read a set of pairs: what is wrong with it is told, and a set of no use ends the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packshot.commands.output import fail, say

if TYPE_CHECKING:
    from packshot.learning.pairs import PairSet


def read_pair_set(folder: Path, *, scoring: bool = False) -> PairSet:
    """The pairs of a folder, its problems told. ``scoring``: to measure on, where categories may be small.

    Ends the command where the folder is no set of pairs, or holds none that can be used.
    """
    from packshot.learning.pairs import FEW_PAIRS, read_pairs

    try:
        found = read_pairs(folder, few=0 if scoring else FEW_PAIRS)
    except FileNotFoundError as error:
        fail(str(error))
    for problem in found.problems:
        say(f"left out: {problem.message}" if problem.left_out else problem.message)
    if not found.pairs:
        fail(f"{folder} holds no pair that can be used: {found.summary()}")
    return found
