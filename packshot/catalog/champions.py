"""Which pack retouches: the champion, and those it took over from. Rows are only added; going back is a row too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import insert, select

from packshot.catalog.catalog import Catalog
from packshot.catalog.database import Transaction
from packshot.catalog.problems import CatalogError
from packshot.catalog.schema import promotions
from packshot.pack import Pack

Action = Literal["begin", "promote", "rollback"]


@dataclass(frozen=True)
class Reign:
    """A pack became champion: by ``action``, for ``categories``, because of ``evidence``."""

    id: int
    pack: str
    pack_digest: str
    folder: Path
    action: Action
    categories: tuple[str, ...]
    evidence: Mapping[str, Any]
    by: str
    at: datetime


def reigns(catalog: Catalog) -> list[Reign]:
    """Every change of champion, oldest first."""
    return catalog.database.read(_reigns)


def champion(catalog: Catalog) -> Reign | None:
    """The pack that retouches now; None until one was named."""
    line = _line(reigns(catalog))
    return line[-1] if line else None


def crown(
    catalog: Catalog, pack: Pack, by: str, categories: Sequence[str] = (), evidence: Mapping[str, Any] = {}
) -> None:
    """Makes a pack the champion: the first one, or one that won ``categories``."""

    def work(transaction: Transaction) -> None:
        action = "promote" if _line(_reigns(transaction)) else "begin"
        values = {"pack": pack.label, "pack_digest": pack.content_digest, "action": action, "by": by}
        values |= {"categories": list(categories), "evidence": dict(evidence)}  # type: ignore[dict-item]
        values |= {"folder": transaction.places.noted(pack.folder), "at": transaction.now}  # type: ignore[dict-item]
        transaction.execute(insert(promotions).values(values))

    catalog.database.write(work)


def roll_back(catalog: Catalog, by: str) -> Reign:
    """Makes the champion's predecessor champion again. Raises CatalogError if there is none or it is damaged."""
    line = _line(reigns(catalog))
    if len(line) < 2:
        raise CatalogError("there is nothing to go back to: no pack was promoted yet")
    current, before = line[-1], line[-2]
    pack = Pack(before.folder)
    if pack.content_digest != before.pack_digest or pack.verify():
        raise CatalogError(f"{before.folder} is no longer the pack {before.pack} that was champion: restore it")

    def work(transaction: Transaction) -> None:
        known = _line(_reigns(transaction))
        if [reign.id for reign in known] != [reign.id for reign in line]:
            raise CatalogError("the champion has changed meanwhile: look again")
        values = {"pack": before.pack, "pack_digest": before.pack_digest, "action": "rollback", "by": by}
        values |= {"categories": list(current.categories), "evidence": {"instead_of": current.pack}}  # type: ignore[dict-item]
        values |= {"folder": transaction.places.noted(before.folder), "at": transaction.now}  # type: ignore[dict-item]
        transaction.execute(insert(promotions).values(values))

    catalog.database.write(work)
    return before


def _line(all_reigns: Sequence[Reign]) -> list[Reign]:
    """The champion and those it stands on: going back takes the last one away."""
    line: list[Reign] = []
    for reign in all_reigns:
        line = line[:-1] if reign.action == "rollback" else [*line, reign]
    return line


def _reigns(transaction: Transaction) -> list[Reign]:
    return [
        Reign(
            row.id,
            row.pack,
            row.pack_digest,
            transaction.places.located(row.folder),
            row.action,
            tuple(row.categories),
            row.evidence,
            row.by,
            row.at,
        )
        for row in transaction.execute(select(promotions).order_by(promotions.c.id))
    ]
