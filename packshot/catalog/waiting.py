"""The queue: who waits for a person or a worker, and who holds what. A photo is held by one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.sql import func

from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Counters, Entry, Filter
from packshot.catalog.rows import read_entries, standing_decisions
from packshot.catalog.schema import photos, predictions, reasons

_AWAITED = or_(photos.c.state == "review", and_(photos.c.state == "published", photos.c.audit == "open"))


def queue(database: Database, which: Filter, limit: int, offset: int) -> list[Entry]:
    """The waiting photos in order, those that are held too."""

    def work(transaction: Transaction) -> list[Entry]:
        ids = transaction.execute(_waiting(which).limit(limit).offset(offset)).scalars().all()
        return read_entries(transaction, ids)

    return database.read(work)


def lease(database: Database, who: str, count: int, seconds: float, which: Filter) -> list[Entry]:
    """Up to ``count`` photos that nobody holds, for ``who`` alone."""
    query = _waiting(which) if which.skipped else _waiting(which).where(~_skipped_by(who))
    return _lease(database, query.limit(count), who, seconds)


def skipped(database: Database, who: str) -> int:
    """How many of the waiting photos ``who`` has skipped as they are."""
    return database.read(lambda transaction: _count(transaction, and_(_AWAITED, _skipped_by(who))))


def _skipped_by(who: str) -> ColumnElement[bool]:
    standing = standing_decisions().subquery()
    return exists().where(
        standing.c.photo_id == photos.c.id, standing.c.editor == who, standing.c.outcome == "skip",
        standing.c.prediction_id == photos.c.prediction_id,
    )  # fmt: skip


def lease_work(database: Database, who: str, count: int, seconds: float) -> list[Entry]:
    """Up to ``count`` photos that wait to be retouched, oldest first, for the worker ``who`` alone."""
    query = select(photos.c.id).where(photos.c.state == "seen").order_by(photos.c.seen_at, photos.c.id).limit(count)
    return _lease(database, query, who, seconds)


def lease_sources(database: Database, who: str, sources: Iterable[str], seconds: float) -> set[str]:
    """Those of the sources that nobody else holds, for the worker ``who``."""
    noted = {database.places.noted(source): source for source in sources}
    order = sorted(noted)

    def work(transaction: Transaction) -> set[str]:
        held = set[str]()
        for start in range(0, len(order), 500):
            some = photos.c.source.in_(order[start : start + 500])
            free = or_(_is_free(transaction.now), photos.c.lease_owner == who)
            until = {"lease_owner": who, "lease_until": transaction.now + timedelta(seconds=seconds)}
            done = update(photos).where(some, free).values(until).returning(photos.c.source)
            held |= {noted[row.source] for row in transaction.execute(done)}
        return held

    return database.write(work)


def _lease(database: Database, query: Select[Any], who: str, seconds: float) -> list[Entry]:
    def work(transaction: Transaction) -> list[Entry]:
        # SQLite has one writer at a time and leaves "skip locked" out; PostgreSQL needs it.
        free = query.where(_is_free(transaction.now)).with_for_update(skip_locked=True, of=photos)
        ids = transaction.execute(free).scalars().all()
        until = {"lease_owner": who, "lease_until": transaction.now + timedelta(seconds=seconds)}
        transaction.execute(update(photos).where(photos.c.id.in_(ids)).values(until))
        return read_entries(transaction, ids)

    return database.write(work)


def _is_free(now: Any) -> ColumnElement[bool]:
    return or_(photos.c.lease_owner.is_(None), photos.c.lease_until < now)


def held(database: Database, who: str) -> list[Entry]:
    """The photos that ``who`` holds, in the order of their priority."""

    def work(transaction: Transaction) -> list[Entry]:
        mine = and_(photos.c.lease_owner == who, photos.c.lease_until >= transaction.now)
        query = select(photos.c.id).where(mine).order_by(*_orders("priority"))
        return read_entries(transaction, transaction.execute(query).scalars().all())

    return database.read(work)


def renew(database: Database, who: str, ids: Iterable[int] | None, seconds: float) -> set[int]:
    """Holds photos for longer; returns those still held: a lease that ran out and was taken by another is lost."""
    chosen = None if ids is None else list(ids)

    def work(transaction: Transaction) -> set[int]:
        until = transaction.now + timedelta(seconds=seconds)
        mine = update(photos).where(photos.c.lease_owner == who)
        if chosen is not None:
            mine = mine.where(photos.c.id.in_(chosen))
        return set(transaction.execute(mine.values(lease_until=until).returning(photos.c.id)).scalars())

    return database.write(work)


def release(database: Database, who: str, ids: Iterable[int] | None) -> None:
    """Gives photos back: these, or all that ``who`` holds."""
    chosen = None if ids is None else list(ids)

    def work(transaction: Transaction) -> None:
        mine = update(photos).where(photos.c.lease_owner == who)
        if chosen is not None:
            mine = mine.where(photos.c.id.in_(chosen))
        transaction.execute(mine.values(lease_owner=None, lease_until=None))

    database.write(work)


def _waiting(which: Filter) -> Select[Any]:
    query = select(photos.c.id).where(_AWAITED)
    if which.category is not None:
        query = query.where(photos.c.category == which.category)
    if which.purpose == "review":
        query = query.where(photos.c.state == "review")
    if which.purpose == "audit":
        query = query.where(photos.c.state == "published")
    if which.reason is not None:
        named = select(reasons.c.prediction_id).where(reasons.c.code == which.reason)
        query = query.where(photos.c.prediction_id.in_(named))
    if which.find is not None:
        query = query.where(photos.c.source.icontains(which.find, autoescape=True))
    if which.order == "doubtful":
        query = query.join(predictions, photos.c.prediction_id == predictions.c.id)
        return query.order_by(predictions.c.quality, photos.c.id)
    return query.order_by(*_orders(which.order))


def _orders(order: str) -> tuple[ColumnElement[Any], ...]:
    return {
        "priority": (photos.c.priority.desc(), photos.c.id),
        "oldest": (photos.c.seen_at, photos.c.id),
        "newest": (photos.c.seen_at.desc(), photos.c.id.desc()),
        "path": (photos.c.source, photos.c.id),
    }[order]


def counters(database: Database) -> Counters:
    """How many photos stand where, at one moment."""

    def work(transaction: Transaction) -> Counters:
        by_reason = (
            select(reasons.c.code, func.count())
            .join(photos, photos.c.prediction_id == reasons.c.prediction_id)
            .where(_AWAITED)
            .group_by(reasons.c.code)
        )
        by_category = select(photos.c.category, func.count()).where(_AWAITED).group_by(photos.c.category)
        return Counters(
            states=_pairs(transaction, select(photos.c.state, func.count()).group_by(photos.c.state)),
            waiting=_count(transaction, _AWAITED),
            held=_count(transaction, and_(_AWAITED, ~_is_free(transaction.now))),
            audits=_count(transaction, and_(photos.c.state == "published", photos.c.audit == "open")),
            by_category=_pairs(transaction, by_category),
            by_reason=_pairs(transaction, by_reason),
            oldest_waiting=transaction.execute(select(func.min(photos.c.seen_at)).where(_AWAITED)).scalar(),
        )

    return database.read(work)


def _pairs(transaction: Transaction, query: Select[Any]) -> dict[str, int]:
    rows = transaction.execute(query.order_by(query.selected_columns[0]))
    return {str(name): int(count) for name, count in map(tuple, rows)}


def _count(transaction: Transaction, where: ColumnElement[bool]) -> int:
    return int(transaction.execute(select(func.count()).select_from(photos).where(where)).scalar_one())
