"""The steps of learning that have to do with telling a photo's category: learning it, and counting what it brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packshot.learning.light.model import Rows
from packshot.learning.pack_making import Workbench
from packshot.learning.proof.pair_score import PairScore
from packshot.learning.recognition import Described, learn_recognition, with_categories
from packshot.learning.steps.run import Learning
from packshot.lightmeter import NUMBERS

_BY_HAND = "give their category with --category or a manifest when you run"


@dataclass(frozen=True)
class Told:
    """Of a category's photos: how many there are, how many are told rightly, by the base and by the pack, and of how
    many both say different things; None where the base was not asked."""

    photos: int
    base_right: int | None
    right: int
    moved: int | None


def learn_categories(run: Learning, bench: Workbench, rows: Rows | None) -> None:
    """How the pairs' categories are told from photos, from the descriptions that stand behind the light's numbers."""
    base, photos, category = bench.pack().recognition, described(rows), run.options.category
    if photos is None:
        run.note(f"The product network does not describe photos, so their category is not learned: {_BY_HAND}.")
    elif category is None:
        lesson = learn_recognition(photos, bench.file.models["product"].sha256, base)
        bench.add_recognition(lesson.recognition)
        run.account["recognition"] = {"right": dict(lesson.right)}
    elif base is None:
        run.note(f"{category} is not told from photos: {run.options.base} keeps nothing to tell it from. {_BY_HAND}.")
    else:
        bench.add_recognition(with_categories(base, photos))


def described(rows: Rows | None) -> Described | None:
    """The photos' embeddings; None where the network gives none."""
    if rows is None or rows.measured.shape[1] <= len(NUMBERS):
        return None
    return Described(rows.measured[:, len(NUMBERS) :], rows.categories, rows.groups)


def count_told(ours: Sequence[PairScore], base: Sequence[PairScore] | None) -> dict[str, Told]:
    """By category how befores are told, from scores by the pack and, where there are any, by its base."""
    before = None if base is None else {one.id: one.told for one in base}
    found: dict[str, list[PairScore]] = {}
    for one in ours:
        found.setdefault(one.category, []).append(one)
    return {
        category: Told(
            len(scores),
            None if before is None else sum(before.get(one.id) == category for one in scores),
            sum(one.told == category for one in scores),
            None if before is None else sum(before.get(one.id) != one.told for one in scores),
        )
        for category, scores in sorted(found.items())
    }
