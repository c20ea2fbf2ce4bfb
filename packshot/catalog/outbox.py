"""The outbox: what is to be published, once. A row is due in the transaction that decided it; its files' hashes are
noted before the first is written, under names that are nobody else's; then it is marked. A kill between any two of
these leaves a row that is carried out again with the same names and bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update
from sqlalchemy.sql import func

from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Decision, Entry, Prediction
from packshot.catalog.rows import decision_of, prediction_of, read_entries
from packshot.catalog.schema import decisions, photos, predictions
from packshot.catalog.schema import publications as outbox


@dataclass(frozen=True)
class Publication:
    """One photo to be published under ``name`` (without extension). ``decision`` None: the gate let it through."""

    id: int
    name: str
    entry: Entry
    prediction: Prediction
    decision: Decision | None
    due_at: datetime


def due(transaction: Transaction, photo: int, prediction: int, decision: int | None) -> None:
    """Puts a photo into the outbox, in the transaction of whoever decided it."""
    values = {"prediction_id": prediction, "decision_id": decision, "state": "due", "due_at": transaction.now}
    free = {"lease_owner": None, "lease_until": None, "intent": None, "error": None}
    row = transaction.execute(select(outbox).where(outbox.c.photo_id == photo)).first()
    if row is not None:
        again = update(outbox).where(outbox.c.id == row.id, outbox.c.state != "done").values(**values, **free)
        transaction.execute(again)
        return
    name = _free_name(transaction, photo, prediction)
    transaction.execute(insert(outbox).values(photo_id=photo, name=name, **values))


def _free_name(transaction: Transaction, photo: int, prediction: int) -> str:
    """The run's name for the photo; where another photo has it, with a hash of the photo's own source."""
    query = select(predictions.c.name, photos.c.source, photos.c.sha256).join(photos, photos.c.id == photo)
    query = query.where(predictions.c.id == prediction)
    row = transaction.execute(query).one()
    taken = select(outbox.c.id).where(outbox.c.name == row.name)
    if transaction.execute(taken).first() is None:
        return str(row.name)
    return f"{row.name}-{hashlib.sha256(f'{row.source} {row.sha256}'.encode()).hexdigest()[:12]}"


def withdraw(transaction: Transaction, photo: int) -> bool:
    """Takes a photo out of the outbox; False when publication has begun, which cannot be taken back."""
    free = and_(outbox.c.photo_id == photo, outbox.c.state == "due", outbox.c.intent.is_(None))
    transaction.execute(update(outbox).where(free).values(state="cancelled"))
    begun = select(outbox.c.id).where(outbox.c.photo_id == photo, outbox.c.state.in_(("due", "done")))
    return transaction.execute(begun).first() is None


def take(database: Database, who: str, count: int, seconds: float, settle: float) -> list[Publication]:
    """Up to ``count`` due publications for the publisher ``who`` alone, those due for ``settle`` seconds or longer."""

    def work(transaction: Transaction) -> list[Publication]:
        free = or_(outbox.c.lease_owner.is_(None), outbox.c.lease_until < transaction.now)
        ready = and_(_ready(transaction, settle), free)
        query = select(outbox.c.id).where(ready).order_by(outbox.c.due_at, outbox.c.id).limit(count)
        ids = transaction.execute(query.with_for_update(skip_locked=True)).scalars().all()
        until = transaction.now + timedelta(seconds=seconds)
        transaction.execute(update(outbox).where(outbox.c.id.in_(ids)).values(lease_owner=who, lease_until=until))
        rows = {row.id: row for row in transaction.execute(select(outbox).where(outbox.c.id.in_(ids)))}
        return [_publication(transaction, rows[identity]) for identity in ids]

    return database.write(work)


def _publication(transaction: Transaction, row: Row[Any]) -> Publication:
    (entry,) = read_entries(transaction, [row.photo_id])
    made = transaction.execute(select(predictions).where(predictions.c.id == row.prediction_id)).one()
    prediction, decision = prediction_of(made, transaction.places), None
    if row.decision_id is not None:
        decided = transaction.execute(select(decisions).where(decisions.c.id == row.decision_id)).one()
        decision = decision_of(decided, prediction.folder)
    return Publication(row.id, row.name, entry, prediction, decision, row.due_at)


def intend(database: Database, who: str, publication: Publication, hashes: Mapping[str, str]) -> bool:
    """Notes the files (sha256 by name) about to be written; False when the publication is no longer ``who``'s to do."""

    def work(transaction: Transaction) -> bool:
        mine = _mine(publication, who)
        decided = publication.decision.id if publication.decision else None
        same = and_(
            outbox.c.prediction_id == publication.prediction.id,
            outbox.c.decision_id.is_(None) if decided is None else outbox.c.decision_id == decided,
        )
        done = transaction.execute(update(outbox).where(mine, same).values(intent=dict(hashes)))
        return done.rowcount == 1

    return database.write(work)


def mark(database: Database, who: str, publication: Publication, locations: Mapping[str, str]) -> bool:
    """Notes that the files are where they belong; False when another publisher had taken it over and marked it."""

    def work(transaction: Transaction) -> bool:
        mine = _mine(publication, who)
        values = {"state": "done", "done_at": transaction.now, "locations": dict(locations), "error": None}
        free = {"lease_owner": None, "lease_until": None}
        if transaction.execute(update(outbox).where(mine).values(**values, **free)).rowcount != 1:
            return False
        photo = photos.c.id == publication.entry.id
        transaction.execute(update(photos).where(photo).values(state="published", changed_at=transaction.now))
        transaction.execute(update(photos).where(photo, photos.c.audit == "drawn").values(audit="open"))
        return True

    return database.write(work)


def give_up(database: Database, who: str, publication: Publication, error: str) -> None:
    """Notes why a publication could not be carried out. It stays due, and ``who``'s until ``who`` lets it go."""

    def work(transaction: Transaction) -> None:
        mine = _mine(publication, who)
        transaction.execute(update(outbox).where(mine).values(error=error))

    database.write(work)


def _mine(publication: Publication, who: str) -> ColumnElement[bool]:
    return and_(outbox.c.id == publication.id, outbox.c.state == "due", outbox.c.lease_owner == who)


def let_go(database: Database, who: str) -> None:
    """Gives back what ``who`` took and did not finish."""
    mine = and_(outbox.c.lease_owner == who, outbox.c.state == "due")
    free = update(outbox).where(mine).values(lease_owner=None, lease_until=None)
    database.write(lambda transaction: transaction.execute(free))


def held_by_others(database: Database, who: str, settle: float) -> int:
    """How many due publications other publishers hold."""

    def work(transaction: Transaction) -> int:
        held = and_(outbox.c.lease_owner.is_not(None), outbox.c.lease_owner != who)
        query = select(func.count()).select_from(outbox).where(_ready(transaction, settle), held)
        return int(transaction.execute(query).scalar_one())

    return database.read(work)


def _ready(transaction: Transaction, settle: float) -> ColumnElement[bool]:
    return and_(outbox.c.state == "due", outbox.c.due_at <= transaction.now - timedelta(seconds=settle))
