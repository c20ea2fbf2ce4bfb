"""What people think of each photo now: the last standing decision on it, beside the prediction it was about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.sql import func

from packshot.catalog.catalog import Catalog
from packshot.catalog.database import Transaction
from packshot.catalog.entries import Decision, Entry, Outcome, Prediction
from packshot.catalog.rows import decision_of, prediction_of, read_entries, standing_decisions
from packshot.catalog.schema import decisions, draws, predictions

_AT_ONCE = 500


@dataclass(frozen=True)
class Decided:
    """A photo, what the pack had made of it, and what a person decided on that. ``drawn``: the photo came by lot."""

    entry: Entry
    prediction: Prediction
    decision: Decision
    drawn: bool


@dataclass(frozen=True)
class Choice:
    """Which decisions. ``pack_digest``: on predictions of this pack; ``drawn``: only, or only not, of photos by lot."""

    outcomes: tuple[Outcome, ...] = ("accept", "reject", "correct", "edited")
    category: str | None = None
    pack_digest: str | None = None
    since: datetime | None = None
    drawn: bool | None = None


def decided(catalog: Catalog, choice: Choice | None = None) -> list[Decided]:
    """Each photo's last standing decision that ``choice`` names, oldest first; skips are none."""
    chosen = choice or Choice()
    return catalog.database.read(lambda transaction: _decided(transaction, chosen))


def _decided(transaction: Transaction, choice: Choice) -> list[Decided]:
    standing = standing_decisions().where(decisions.c.outcome != "skip").subquery()
    last = select(func.max(standing.c.id)).group_by(standing.c.photo_id)
    query = select(decisions).where(decisions.c.id.in_(last), decisions.c.outcome.in_(choice.outcomes))
    if choice.since is not None:
        query = query.where(decisions.c.at >= choice.since)
    rows = list(transaction.execute(query.order_by(decisions.c.id)))
    by_id = {entry.id: entry for entry in read_entries(transaction, [row.photo_id for row in rows])}
    made = _predictions(transaction, [row.prediction_id for row in rows])
    lots = _drawn(transaction, [row.prediction_id for row in rows])
    found = [
        Decided(by_id[row.photo_id], about, decision_of(row, about.folder), about.id in lots)
        for row in rows
        for about in [made[row.prediction_id]]
    ]
    return [one for one in found if _is_chosen(one, choice)]


def _is_chosen(one: Decided, choice: Choice) -> bool:
    return (
        choice.category in (None, one.entry.category)
        and choice.pack_digest in (None, one.prediction.pack_digest)
        and choice.drawn in (None, one.drawn)
    )


def _predictions(transaction: Transaction, ids: Sequence[int]) -> dict[int, Prediction]:
    rows = _in_parts(transaction, select(predictions), predictions.c.id, ids)
    return {row.id: prediction_of(row, transaction.places) for row in rows}


def _drawn(transaction: Transaction, ids: Sequence[int]) -> set[int]:
    query = select(draws.c.prediction_id).where(draws.c.purpose == "random")
    return {row.prediction_id for row in _in_parts(transaction, query, draws.c.prediction_id, ids)}


def _in_parts(transaction: Transaction, query: Any, column: ColumnElement[int], ids: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(ids), _AT_ONCE):
        rows += transaction.execute(query.where(column.in_(ids[start : start + _AT_ONCE])))
    return rows
