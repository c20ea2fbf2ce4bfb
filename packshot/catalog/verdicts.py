"""People's verdicts as what calibrates a gate: only photos that came by lot may, since people chose the others."""

from __future__ import annotations

from packshot.catalog.catalog import Catalog
from packshot.catalog.standing import Choice, Decided, decided
from packshot.evaluation.promise import Case

HARD = "hard_material"


def cases(catalog: Catalog, pack_digest: str) -> list[Case]:
    """A case per photo that came by lot and was decided on, with the quality this pack's judge gave it.

    ``pack_digest``: `Pack.content_digest`; another pack's qualities say nothing about this one's. Bad is what an editor
    rejected or had to change.
    """
    return [
        _case(one)
        for one in decided(catalog, Choice(pack_digest=pack_digest, drawn=True))
        if one.prediction.quality is not None
    ]


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
