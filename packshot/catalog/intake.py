"""What comes in: photos that were seen, and what a run made of them. Adding the same again changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update

from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Made
from packshot.catalog.outbox import due, withdraw
from packshot.catalog.schema import draws, photos, predictions, reasons
from packshot.catalog.schema import publications as outbox


@dataclass(frozen=True)
class Chance:
    """How many photos are drawn for a person's eyes by lot, whatever the gate says of them: a share of all."""

    share: float = 0.0
    seed: str = ""

    def draws(self, made: Made) -> bool:
        """Whether this photo is drawn. The lot hangs on its content and the seed: asked twice, it says the same."""
        digest = hashlib.sha256(f"{self.seed}\n{made.sha256}\n{made.pack_digest}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64 < self.share


def see(database: Database, sources: Mapping[str, str | None]) -> None:
    """Notes that photos (by source, with their category where it is known) have arrived."""

    def work(transaction: Transaction) -> None:
        known = _known_sources(transaction, {transaction.places.noted(source) for source in sources})
        fresh = [
            {"source": noted, "category": category or "unknown", **_arrival(transaction)}
            for source, category in sources.items()
            if (noted := transaction.places.noted(source)) not in known
        ]
        if fresh:
            transaction.execute(insert(photos), fresh)

    database.write(work)


def _arrival(transaction: Transaction) -> dict[str, Any]:
    return {"state": "seen", "seen_at": transaction.now, "changed_at": transaction.now}


def _known_sources(transaction: Transaction, sources: set[str]) -> set[str]:
    order, known = sorted(sources), set[str]()
    for start in range(0, len(order), 500):
        query = select(photos.c.source).where(photos.c.source.in_(order[start : start + 500]))
        known |= set(transaction.execute(query).scalars())
    return known


def add(database: Database, made: Iterable[Made], chance: Chance, worker: str | None) -> None:
    """Notes what was made of photos. What people have decided stays decided: a new prediction is then history only."""
    several = list(made)

    def work(transaction: Transaction) -> None:
        for one in several:
            _add(transaction, one, chance)
        if worker is not None:
            _free(transaction, several, worker)

    database.write(work)


def _free(transaction: Transaction, made: Iterable[Made], worker: str) -> None:
    done = [transaction.places.noted(one.source) for one in made]
    held = and_(photos.c.source.in_(done), photos.c.lease_owner == worker)
    transaction.execute(update(photos).where(held).values(lease_owner=None, lease_until=None))


def settled(database: Database, sources: Iterable[str]) -> dict[str, set[str]]:
    """The sources whose photo people decided on or that is published, with the sha256 of each content it had then."""
    noted = {database.places.noted(source): source for source in sources}

    def work(transaction: Transaction) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        due_by_people = select(outbox.c.photo_id).where(outbox.c.state == "due", outbox.c.decision_id.is_not(None))
        decided = or_(photos.c.state.in_(("published", "rejected")), photos.c.id.in_(due_by_people))
        order = sorted(noted)
        for start in range(0, len(order), 500):
            query = select(photos.c.source, photos.c.sha256).where(photos.c.source.in_(order[start : start + 500]))
            for source, sha256 in map(tuple, transaction.execute(query.where(decided))):
                found.setdefault(noted[source], set()).add(sha256)
        return found

    return database.read(work)


def _add(transaction: Transaction, made: Made, chance: Chance) -> None:
    photo = _photo(transaction, made)
    known = select(predictions.c.id).where(
        predictions.c.photo_id == photo.id, predictions.c.fingerprint == fingerprint(made)
    )
    if transaction.execute(known).first() is not None:
        return
    prediction = _insert_prediction(transaction, photo.id, made)
    if made.shadow or _is_settled(transaction, photo):
        return
    _replace(transaction, photo, made, prediction)
    if made.route != "failed" and chance.draws(made):
        _draw(transaction, photo.id, prediction, chance, made.route)


def _photo(transaction: Transaction, made: Made) -> Row[Any]:
    """The photo's row: the one of this content, else the one that was only seen so far, else a new one."""
    source = transaction.places.noted(made.source)
    same = photos.c.source == source
    if made.sha256:  # a photo that cannot be read any more is the one it was
        same = and_(same, or_(photos.c.sha256 == made.sha256, photos.c.sha256 == ""))
    query = select(photos).where(same).order_by(photos.c.sha256.desc(), photos.c.id.desc())
    row = transaction.execute(query.limit(1).with_for_update()).first()
    if row is not None:
        return row
    values = {"source": source, "sha256": made.sha256, **_arrival(transaction)}
    transaction.execute(insert(photos).values(values))
    return transaction.execute(select(photos).where(photos.c.source == source, photos.c.sha256 == made.sha256)).one()


def fingerprint(made: Made) -> str:
    """Equal when the same pack made the same of the same photo in the same place."""
    content = [made.sha256, str(made.folder), made.name, made.pack_digest, made.recipe, made.route, made.shadow]
    named = [reason.model_dump(exclude_none=True) for reason in made.reasons]
    return hashlib.sha256(json.dumps([*content, named]).encode()).hexdigest()


_PLAIN = (
    "name", "category", "pack", "pack_digest", "route", "quality", "would_publish", "recipe", "seconds", "shadow",
)  # fmt: skip


def _insert_prediction(transaction: Transaction, photo: int, made: Made) -> int:
    values: dict[str, Any] = {name: getattr(made, name) for name in _PLAIN}
    values |= {"files": dict(made.files), "house": dict(made.house), "folder": transaction.places.noted(made.folder)}
    values["reasons"] = [reason.model_dump(exclude_none=True) for reason in made.reasons]
    values |= {"photo_id": photo, "fingerprint": fingerprint(made), "made_at": transaction.now}
    identity: int = transaction.execute(insert(predictions).values(values).returning(predictions.c.id)).scalar_one()
    codes = sorted({reason.code for reason in made.reasons})
    if codes:
        transaction.execute(insert(reasons), [{"prediction_id": identity, "code": code} for code in codes])
    return identity


def _is_settled(transaction: Transaction, photo: Row[Any]) -> bool:
    """Whether people have decided, or publication is done or under way: a newer prediction then changes nothing."""
    if photo.state in ("published", "rejected"):
        return True
    row = transaction.execute(select(outbox).where(outbox.c.photo_id == photo.id, outbox.c.state == "due")).first()
    if row is None:
        return False
    held = row.lease_until is not None and row.lease_until > transaction.now
    return row.decision_id is not None or row.intent is not None or held


def _replace(transaction: Transaction, photo: Row[Any], made: Made, prediction: int) -> None:
    values: dict[str, Any] = {
        "sha256": made.sha256 or photo.sha256,
        "category": made.category,
        "product": made.carried.get("product"),
        "carried": dict(made.carried),
        "state": made.route,
        "prediction_id": prediction,
        "priority": _priority(made),
        "changed_at": transaction.now,
        "audit": "none",
    }
    transaction.execute(update(photos).where(photos.c.id == photo.id).values(values))
    withdraw(transaction, photo.id)
    if made.route == "publish":
        due(transaction, photo.id, prediction, None)


def _priority(made: Made) -> float:
    """The most doubtful first: a decision teaches most where the judge is unsure. 0..1."""
    return 0.0 if made.quality is None else 1 - abs(2 * made.quality - 1)


def _draw(transaction: Transaction, photo: int, prediction: int, chance: Chance, route: str) -> None:
    values = {"photo_id": photo, "prediction_id": prediction, "purpose": "random"}
    transaction.execute(insert(draws).values(values | {"probability": chance.share, "at": transaction.now}))
    audit = "drawn" if route == "publish" else "none"
    transaction.execute(update(photos).where(photos.c.id == photo).values(priority=2.0, audit=audit))
