"""What people decide. Decisions are only added; taking one back is a decision too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, update

from packshot.carrying import carried_by
from packshot.catalog import carrying
from packshot.catalog.corrections import corrected, follows_category, keep_after
from packshot.catalog.database import Database, Transaction
from packshot.catalog.entries import Answer, Decision, Prediction, Purpose
from packshot.catalog.outbox import due, withdraw
from packshot.catalog.problems import CatalogError, Conflict
from packshot.catalog.rows import decision_of, prediction_of, purpose_of, standing_decisions
from packshot.catalog.schema import decisions, photos, predictions

UNDO_HOLD = 300.0
"""Seconds for which a photo is held for the editor who took a decision back."""

_PUBLISHES = ("accept", "correct", "edited")


@dataclass(frozen=True)
class _Files:
    """What an answer brought: the corrected recipe's JSON, or the path of the after.

    ``follows``: stages that were changed by the corrected category alone. ``carried``: what is noted of a correction
    that was carried to the photo.
    """

    recipe: str | None = None
    after: str | None = None
    follows: tuple[str, ...] = ()
    carried: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Asked:
    """Who answers what about which photo."""

    photo: int
    editor: str
    answer: Answer


def decide(database: Database, photo: int, editor: str, answer: Answer) -> Decision:
    """Notes an answer; on accept, correct and edited the photo is due for publication in the same moment.

    The same answer sent again gives the same decision. Raises Conflict when somebody else holds the photo, it was
    decided, or was retouched anew; ValueError when the answer is not whole; CatalogError when there is no such photo.
    """
    _require_whole(answer)
    asked = _Asked(photo, editor, answer)
    known = database.read(lambda transaction: _known(transaction, asked))
    if isinstance(known, Decision):
        return known
    files = _kept(database, asked)
    return database.write(lambda transaction: _decide(transaction, asked, files))


def _decide(transaction: Transaction, asked: _Asked, files: _Files) -> Decision:
    purpose = _known(transaction, asked)
    if isinstance(purpose, Decision):
        return purpose
    values = _values(asked, files) | {"purpose": purpose, "at": transaction.now}
    identity = transaction.execute(insert(decisions).values(values).returning(decisions.c.id)).scalar_one()
    _carry(transaction, asked, identity, purpose)
    return _read(transaction, identity)


def _require_whole(answer: Answer) -> None:
    if answer.outcome == "reject" and not answer.reason:
        raise ValueError("a rejection needs its reason: say what is wrong")
    if answer.outcome == "correct" and not answer.changes and answer.category is None:
        raise ValueError("a correction needs its changes: accept the photo if nothing is to be changed")
    if answer.category is not None and answer.outcome not in ("correct", "edited"):
        raise ValueError("another category is a correction: answer with one")
    if answer.outcome == "edited" and answer.after is None:
        raise ValueError("an edit made elsewhere needs its after: send the finished picture")


def _known(transaction: Transaction, asked: _Asked) -> Decision | Purpose:
    """The decision, if this answer came before; else why the photo waits. Raises Conflict when it does not."""
    answer = asked.answer
    row = transaction.execute(select(photos).where(photos.c.id == asked.photo).with_for_update()).first()
    if row is None:
        raise CatalogError(f"there is no photo {asked.photo} in the catalog")
    before = _by_key(transaction, answer.key)
    if before is not None:
        return before
    if row.prediction_id != answer.prediction_id:
        raise Conflict("the photo was retouched anew meanwhile: look at it again")
    purpose = purpose_of(row)
    if purpose is None:
        raise Conflict(f"the photo no longer waits for anybody: it is {row.state}")
    _require_not_held(transaction, row, asked.editor)
    return purpose


def _require_not_held(transaction: Transaction, photo: Row[Any], editor: str) -> None:
    if photo.lease_owner not in (None, editor) and photo.lease_until >= transaction.now:
        raise Conflict(f"{photo.lease_owner} holds the photo: take the next one")


def _kept(database: Database, asked: _Asked) -> _Files:
    """Writes what the answer brought. What is written but never decided does no harm: it is named by its content."""
    answer, noted = asked.answer, _noted(database, asked)
    if answer.outcome not in ("correct", "edited"):
        return _Files(carried=noted)
    prediction = database.read(lambda transaction: _prediction(transaction, answer.prediction_id))
    if answer.outcome == "edited":
        assert answer.after is not None
        return _Files(after=keep_after(prediction, answer.after), carried=noted)
    by = carried_by("human", str(noted["from"])) if noted is not None and noted["kept"] else "human"
    recipe = corrected(prediction, answer, by).model_dump_json()
    return _Files(recipe=recipe, follows=follows_category(prediction, answer), carried=noted)


def _noted(database: Database, asked: _Asked) -> Mapping[str, Any] | None:
    """What is noted of the correction that was carried to the photo: whose it was, and whether it was kept."""
    answer = asked.answer
    if answer.carried is None or answer.outcome not in ("accept", "correct"):
        return None
    key = answer.carried
    source = database.read(lambda transaction: carrying.source_of(transaction, key, asked.photo))
    kept = "color" in answer.changes or "lighting" in answer.changes
    return {"key": key, "from": source.name, "kept": kept, "moved": kept and not answer.as_carried}


def _prediction(transaction: Transaction, identity: int) -> Prediction:
    row = transaction.execute(select(predictions).where(predictions.c.id == identity)).one()
    return prediction_of(row, transaction.places)


def _values(asked: _Asked, files: _Files) -> dict[str, Any]:
    answer = asked.answer
    return {
        "photo_id": asked.photo,
        "prediction_id": answer.prediction_id,
        "editor": asked.editor,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "changes": _changes(answer, files),
        "recipe": files.recipe,
        "after": files.after,
        "key": answer.key,
        "seconds": answer.seconds,
    }


def _changes(answer: Answer, files: _Files) -> dict[str, dict[str, Any]]:
    changes = {stage: dict(values) for stage, values in answer.changes.items()}
    if answer.category is not None:
        alone = {"follows": list(files.follows)} if files.follows else {}
        light = {"light": dict(answer.light)} if answer.light else {}
        changes["category"] = {"name": answer.category, "house": dict(answer.house), **light, **alone}
    if files.carried is not None:
        changes[carrying.NOTED] = dict(files.carried)
    return changes


def _carry(transaction: Transaction, asked: _Asked, decision: int, purpose: Purpose) -> None:
    """What follows for the photo. A skipped one goes back, to others first; an audited one stays published."""
    photo, answer = asked.photo, asked.answer
    free: dict[str, Any] = {"lease_owner": None, "lease_until": None}
    if answer.outcome != "skip":
        free["changed_at"] = transaction.now
        if purpose == "audit":
            free["audit"] = "done"
        else:
            free["state"] = "publish" if answer.outcome in _PUBLISHES else "rejected"
    if answer.category is not None:
        free["category"] = answer.category
    transaction.execute(update(photos).where(photos.c.id == photo).values(free))
    if purpose == "review" and answer.outcome in _PUBLISHES:
        due(transaction, photo, answer.prediction_id, decision)


def undo(database: Database, editor: str, key: str) -> Decision | None:
    """Takes the editor's last standing decision back and holds its photo for the editor; None when there is none.

    The same ``key`` again gives the same undoing. Raises Conflict when the photo's publication has begun or somebody
    else is at it: nothing is changed then.
    """
    return database.write(lambda transaction: _undo(transaction, editor, key))


def _undo(transaction: Transaction, editor: str, key: str) -> Decision | None:
    known = _by_key(transaction, key)
    row = transaction.execute(_last_of(editor)).first()
    if known is not None or row is None:
        return known
    photo = transaction.execute(select(photos).where(photos.c.id == row.photo_id).with_for_update()).one()
    _require_not_held(transaction, photo, editor)
    _reopen(transaction, photo, row, editor)
    values = {"outcome": "undo", "undoes": row.id, "key": key, "at": transaction.now, "editor": editor}
    same = {name: getattr(row, name) for name in ("photo_id", "prediction_id", "purpose")}
    identity = transaction.execute(insert(decisions).values(values | same).returning(decisions.c.id)).scalar_one()
    return _read(transaction, identity)


def _last_of(editor: str) -> Select[Any]:
    """The editor's last decision that stands; a skip counts for as long as nobody else has decided the photo."""
    waiting = select(photos.c.id).where(photos.c.state == "review")
    open_skip = or_(decisions.c.outcome != "skip", decisions.c.photo_id.in_(waiting))
    mine = standing_decisions().where(decisions.c.editor == editor, open_skip)
    return mine.order_by(decisions.c.id.desc()).limit(1)


def _reopen(transaction: Transaction, photo: Row[Any], decision: Row[Any], editor: str) -> None:
    held: Mapping[str, Any] = {"lease_owner": editor, "lease_until": transaction.now + timedelta(seconds=UNDO_HOLD)}
    values: dict[str, Any] = {**held, "changed_at": transaction.now}
    if "category" in (decision.changes or {}):
        values["category"] = _prediction(transaction, decision.prediction_id).category
    if decision.purpose == "audit":
        values["audit"] = "open"
    elif decision.outcome != "skip":
        if not withdraw(transaction, photo.id):
            raise Conflict("the photo is published already: it cannot be taken back here")
        values["state"] = "review"
    transaction.execute(update(photos).where(photos.c.id == photo.id).values(values))


def _by_key(transaction: Transaction, key: str) -> Decision | None:
    row = transaction.execute(select(decisions.c.id).where(decisions.c.key == key)).first()
    return None if row is None else _read(transaction, row.id)


def _read(transaction: Transaction, identity: int) -> Decision:
    row = transaction.execute(select(decisions).where(decisions.c.id == identity)).one()
    return decision_of(row, _prediction(transaction, row.prediction_id).folder)
