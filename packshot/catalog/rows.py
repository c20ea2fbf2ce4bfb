"""From the tables' rows to plain values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, select

from packshot.catalog.database import Transaction
from packshot.catalog.entries import Decision, Entry, Lease, Prediction, Purpose
from packshot.catalog.places import Places
from packshot.catalog.schema import decisions, photos, predictions
from packshot.recipe import Reason

_COLUMNS = [column.name for column in predictions.c]


def _joined() -> Select[Any]:
    made = [column.label(f"made_{column.name}") for column in predictions.c]
    return select(*photos.c, *made).outerjoin(predictions, photos.c.prediction_id == predictions.c.id)


def read_entries(transaction: Transaction, ids: Iterable[int]) -> list[Entry]:
    """The photos of these ids, in their order; one that is not there is left out."""
    order = list(ids)
    found: dict[int, Entry] = {}
    for start in range(0, len(order), 500):
        query = _joined().where(photos.c.id.in_(order[start : start + 500]))
        found |= {row.id: entry_of(row, transaction.places) for row in transaction.execute(query)}
    return [found[photo] for photo in order if photo in found]


def entry_of(row: Row[Any], places: Places) -> Entry:
    """A photo from its row joined with its prediction's (prefixed ``made_``)."""
    lease = None if row.lease_owner is None else Lease(row.lease_owner, row.lease_until)
    prediction = None if row.made_id is None else prediction_of(row, places, "made_")
    return Entry(
        id=row.id,
        source=places.located(row.source),
        sha256=row.sha256,
        category=row.category,
        product=row.product,
        carried=row.carried,
        state=row.state,
        purpose=purpose_of(row),
        priority=row.priority,
        seen_at=row.seen_at,
        changed_at=row.changed_at,
        lease=lease,
        prediction=prediction,
    )


def purpose_of(row: Row[Any]) -> Purpose | None:
    """Why a person is asked about a photo; None when nobody is."""
    if row.state == "review":
        return "review"
    return "audit" if row.audit == "open" else None


def prediction_of(row: Row[Any], places: Places, prefix: str = "") -> Prediction:
    """A prediction from its row, or from one where its columns have a prefix."""
    value = {name: getattr(row, f"{prefix}{name}") for name in _COLUMNS}
    return Prediction(
        id=value["id"],
        folder=places.located(value["folder"]),
        name=value["name"],
        pack=value["pack"],
        pack_digest=value["pack_digest"],
        category=value["category"],
        route=value["route"],
        quality=value["quality"],
        would_publish=value["would_publish"],
        reasons=tuple(Reason.model_validate(reason) for reason in value["reasons"]),
        recipe_json=value["recipe"],
        files=value["files"],
        house=value["house"],
        seconds=value["seconds"],
        made_at=value["made_at"],
        shadow=value["shadow"],
    )


def decision_of(row: Row[Any], folder: Path) -> Decision:
    """A decision from its row; ``folder``: of the run whose photo it is."""
    return Decision(
        id=row.id,
        photo_id=row.photo_id,
        prediction_id=row.prediction_id,
        editor=row.editor,
        outcome=row.outcome,
        purpose=row.purpose,
        reason=row.reason,
        changes=row.changes,
        recipe_json=row.recipe,
        after=None if row.after is None else folder / row.after,
        undoes=row.undoes,
        seconds=row.seconds,
        at=row.at,
    )


def standing_decisions() -> Select[Any]:
    """Decisions that were not taken back, undoings themselves left out."""
    undone = select(decisions.c.undoes).where(decisions.c.undoes.is_not(None))
    return select(decisions).where(decisions.c.outcome != "undo", decisions.c.id.not_in(undone))
