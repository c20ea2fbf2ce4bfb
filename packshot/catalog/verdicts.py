"""People's verdicts as what calibrates a gate: only photos that came by lot may, since people chose the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packshot.catalog.catalog import Catalog
from packshot.catalog.standing import Choice, Decided, decided
from packshot.evaluation.judge_model import digest_of_group, groups_seen
from packshot.evaluation.promise import Case
from packshot.pack import Pack

HARD = "hard_material"


@dataclass(frozen=True)
class Verdicts:
    """What may calibrate a pack, and how many decisions may not, by why.

    chosen: on photos that people or the pack picked. learned_from: on products or sellers its judge learned from.
    other_packs: on another pack's shots.
    """

    cases: tuple[Case, ...]
    chosen: int
    learned_from: int
    other_packs: int


def verdicts_of(catalog: Catalog, pack: Pack) -> Verdicts:
    """All decisions of a catalog, sorted by whether they may calibrate ``pack``."""
    seen = groups_seen(pack)
    every = decided(catalog)
    own = [one for one in every if one.prediction.pack_digest == pack.content_digest]
    drawn = [one for one in own if one.drawn]
    fresh = [one for one in drawn if digest_of_group(group_of(one)) not in seen]
    return Verdicts(tuple(_cases(fresh)), len(own) - len(drawn), len(drawn) - len(fresh), len(every) - len(own))


def cases(catalog: Catalog, pack_digest: str) -> list[Case]:
    """A case per photo that came by lot and was decided on, with the quality this pack's judge gave it.

    ``pack_digest``: `Pack.content_digest`; another pack's qualities say nothing about this one's. Bad is what an editor
    rejected or had to change.
    """
    return _cases(decided(catalog, Choice(pack_digest=pack_digest, drawn=True)))


def _cases(found: Iterable[Decided]) -> list[Case]:
    return [_case(one) for one in found if one.prediction.quality is not None]


def _case(one: Decided) -> Case:
    assert one.prediction.quality is not None
    return Case(
        quality=one.prediction.quality,
        bad=one.decision.outcome != "accept",
        category=one.prediction.category,
        hard=any(reason.code == HARD for reason in one.prediction.reasons),
        group=group_of(one),
    )


def group_of(one: Decided) -> str:
    """What must never be cut by a split: the photo's group, product or seller as the manifest names it, else itself."""
    carried = one.entry.carried
    named = carried.get("group") or one.entry.product or carried.get("seller")
    return named or f"photo-{one.entry.id}"
