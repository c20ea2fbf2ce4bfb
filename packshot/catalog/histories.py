"""What happened to a photo, in order, from all the tables that tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Event
from packshot.catalog.problems import CatalogError
from packshot.catalog.schema import decisions, draws, photos, predictions
from packshot.catalog.schema import publications as outbox


def history(database: Database, photo: int) -> list[Event]:
    """A photo's events, oldest first. Raises CatalogError when there is no such photo."""

    def work(transaction: Transaction) -> list[Event]:
        row = transaction.execute(select(photos).where(photos.c.id == photo)).first()
        if row is None:
            raise CatalogError(f"there is no photo {photo} in the catalog")
        events = [Event(row.seen_at, "seen", "packshot", {"source": row.source, "sha256": row.sha256})]
        for part in (_predicted, _drawn, _decided, _published):
            events += part(transaction, photo)
        return sorted(events, key=lambda event: event.at)

    return database.read(work)


def _predicted(transaction: Transaction, photo: int) -> Iterator[Event]:
    query = select(predictions).where(predictions.c.photo_id == photo).order_by(predictions.c.id)
    for row in transaction.execute(query):
        names = ("id", "category", "route", "quality", "would_publish", "reasons", "pack_digest", "folder", "seconds")
        detail: dict[str, Any] = {name: getattr(row, name) for name in names}
        yield Event(row.made_at, "shadowed" if row.shadow else "retouched", row.pack, detail)


def _drawn(transaction: Transaction, photo: int) -> Iterator[Event]:
    for row in transaction.execute(select(draws).where(draws.c.photo_id == photo).order_by(draws.c.id)):
        yield Event(row.at, "drawn", "packshot", {"purpose": row.purpose, "probability": row.probability})


def _decided(transaction: Transaction, photo: int) -> Iterator[Event]:
    query = select(decisions).where(decisions.c.photo_id == photo).order_by(decisions.c.id)
    for row in transaction.execute(query):
        names = ("id", "prediction_id", "purpose", "reason", "changes", "undoes", "seconds")
        yield Event(row.at, row.outcome, row.editor, {name: getattr(row, name) for name in names})


def _published(transaction: Transaction, photo: int) -> Iterator[Event]:
    for row in transaction.execute(select(outbox).where(outbox.c.photo_id == photo)):
        by = "the gate" if row.decision_id is None else "an editor"
        if row.done_at is not None:
            yield Event(row.done_at, "published", by, {"name": row.name, "locations": row.locations})
        elif row.state == "due":
            yield Event(row.due_at, "due", by, {"name": row.name, "error": row.error})
