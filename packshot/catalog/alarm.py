"""When audits break the promise, the gate closes, and what it let through but is not out yet comes back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select, update

from packshot.catalog.catalog import Catalog
from packshot.catalog.champions import champion
from packshot.catalog.database import Transaction
from packshot.catalog.rows import standing_decisions
from packshot.catalog.schema import photos, predictions
from packshot.catalog.schema import publications as outbox
from packshot.evaluation.audit import AuditPlan, Watch
from packshot.evaluation.certificate import certificates_of, close_gate
from packshot.pack import Pack


@dataclass(frozen=True)
class Alarm:
    """A pack whose audits break the promise. ``recalled``: photos that wait for a person again."""

    pack: str
    sentence: str
    recalled: int


def watch(catalog: Catalog, pack_digest: str, plan: AuditPlan) -> Watch:
    """The sequential test over the blind audits of what one pack published, in the order they were answered."""

    def work(transaction: Transaction) -> list[bool]:
        said = standing_decisions().subquery()
        query = (
            select(said.c.outcome)
            .join(predictions, predictions.c.id == said.c.prediction_id)
            .where(said.c.purpose == "audit", said.c.outcome != "skip", predictions.c.pack_digest == pack_digest)
            .order_by(said.c.id)
        )
        return [outcome != "accept" for outcome in transaction.execute(query).scalars()]

    return Watch.after(plan, catalog.database.read(work))


def heed(catalog: Catalog, plan: AuditPlan | None = None) -> list[Alarm]:
    """Looks at the audits of every pack whose photos are due unseen, and stops those that break the promise.

    ``plan``: for packs without a certificate at hand; the champion's own certificate says what it promised. Its gate is
    closed, so that no run publishes with it until it is calibrated again.
    """
    plan = plan or AuditPlan()
    due = and_(outbox.c.state == "due", outbox.c.decision_id.is_(None))
    query = select(predictions.c.pack_digest, predictions.c.pack).distinct()
    query = query.join(outbox, outbox.c.prediction_id == predictions.c.id).where(due)
    packs = catalog.database.read(lambda transaction: [tuple(row) for row in transaction.execute(query)])
    reigning = _reigning(catalog)
    alarms = []
    for digest, label in sorted(packs):
        mine = reigning if reigning is not None and reigning.content_digest == digest else None
        watched = watch(catalog, digest, _promised(mine, plan))
        if watched.alarm:
            if mine is not None:
                _close(mine, watched.sentence())
            alarms.append(Alarm(label, watched.sentence(), recall(catalog, digest)))
    return alarms


def _reigning(catalog: Catalog) -> Pack | None:
    reign = champion(catalog)
    return None if reign is None else Pack(reign.folder)


def _promised(pack: Pack | None, plan: AuditPlan) -> AuditPlan:
    promised = [] if pack is None else [one.promise.risk for one in certificates_of(pack)]
    return plan.model_copy(update={"risk": min(promised)}) if promised else plan


def _close(pack: Pack, why: str) -> None:
    if any(one.closed is None for one in certificates_of(pack)):
        close_gate(pack.folder, why)


def recall(catalog: Catalog, pack_digest: str) -> int:
    """Sends what a pack's gate let through, and what no publisher has begun, to a person; returns how many photos."""

    def work(transaction: Transaction) -> int:
        made = select(predictions.c.id).where(predictions.c.pack_digest == pack_digest)
        unseen = and_(outbox.c.state == "due", outbox.c.decision_id.is_(None), outbox.c.intent.is_(None))
        taken = update(outbox).where(unseen, outbox.c.prediction_id.in_(made)).values(state="cancelled")
        ids = list(transaction.execute(taken.returning(outbox.c.photo_id)).scalars())
        back = {"state": "review", "audit": "none", "changed_at": transaction.now}
        for start in range(0, len(ids), 500):
            some = photos.c.id.in_(ids[start : start + 500])
            transaction.execute(update(photos).where(some).values(back))
        return len(ids)

    return catalog.database.write(work)
