"""What the catalog has to show for itself: share automated, error rate with its bound, times, minutes and money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, select

from packshot.catalog.carrying import NOTED
from packshot.catalog.catalog import Catalog
from packshot.catalog.costs import Costs
from packshot.catalog.database import Transaction
from packshot.catalog.inputs import Inputs
from packshot.catalog.rows import standing_decisions
from packshot.catalog.schema import photos, predictions
from packshot.catalog.schema import publications as outbox
from packshot.evaluation.audit import AuditPlan, Watch
from packshot.evaluation.exact import interval, upper_bound

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figures:
    """Of a category, a pack version, or all photos. Times in hours, from arrival to publication.

    automated: published, or about to be, without a person; share_automated: of the photos that were retouched. audited,
    audited_bad: of the automated ones, blindly and by lot; error_rate: with the 95 % interval and the one-sided upper
    bound, exact. minutes: a person's, per photo that is published or rejected; a rejected one is retouched by hand.
    """

    name: str
    photos: int
    retouched: int
    failed: int
    waiting: int
    published: int
    automated: int
    by_people: int
    rejected: int
    share_automated: float | None
    audited: int
    audited_bad: int
    error_rate: float | None
    error_low: float | None
    error_high: float | None
    error_bound: float | None
    hours_median: float | None
    hours_p95: float | None
    minutes: float | None
    minutes_saved: float | None
    money_saved: float | None


@dataclass(frozen=True)
class Day:
    """One day (UTC): photos that arrived, and that were published, and how many of these without a person."""

    day: date
    arrived: int
    published: int
    automated: int


@dataclass(frozen=True)
class Report:
    """Everything ``packshot report`` tells. ``hours``: each publication's time, by whether a person saw it.

    ``inputs``: whether what arrives is still like what the gate was proven on, where that was looked at.
    """

    at: datetime
    all: Figures
    categories: tuple[Figures, ...]
    packs: tuple[Figures, ...]
    days: tuple[Day, ...]
    hours: dict[str, tuple[float, ...]]
    audits: tuple[bool, ...]
    corrected: dict[str, int]
    alarm: str | None
    costs: Costs
    inputs: Inputs | None = None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "at": self.at.isoformat(),
            "all": asdict(self.all),
            "categories": {one.name: asdict(one) for one in self.categories},
            "packs": {one.name: asdict(one) for one in self.packs},
            "days": [{**asdict(day), "day": day.day.isoformat()} for day in self.days],
            "corrected_stages": self.corrected,
            "alarm": self.alarm,
            "inputs": None if self.inputs is None else self.inputs.as_json(),
            "costs": self.costs.model_dump(),
        }


@dataclass(frozen=True)
class _Photo:
    """A photo as the figures need it. ``seconds``: a person's, None where no decision was measured."""

    category: str
    pack: str
    state: str
    seen_at: datetime
    due: bool
    done_at: datetime | None
    automated: bool
    decisions: tuple[Any, ...]

    @property
    def hours(self) -> float | None:
        return None if self.done_at is None else (self.done_at - self.seen_at).total_seconds() / 3600

    @property
    def audit(self) -> bool | None:
        """Whether the audit found it bad; None where it was not audited."""
        said = [row.outcome for row in self.decisions if row.purpose == "audit" and row.outcome != "skip"]
        return None if not said else said[-1] != "accept"


def report(catalog: Catalog, costs: Costs | None = None, plan: AuditPlan | None = None) -> Report:
    """Counts everything, at one moment."""
    costs, plan = costs or Costs(), plan or AuditPlan()
    now, found = catalog.database.read(lambda transaction: (transaction.now, _photos(transaction)))
    audits = _audits(found)
    watch = Watch.after(plan, audits)
    return Report(
        at=now,
        all=_figures("all", found, costs),
        categories=_by(found, lambda photo: photo.category, costs),
        packs=_by([photo for photo in found if photo.pack], lambda photo: photo.pack, costs),
        days=_days(found),
        hours={
            "without a person": tuple(photo.hours for photo in found if photo.automated and photo.hours is not None),
            "with a person": tuple(photo.hours for photo in found if not photo.automated and photo.hours is not None),
        },
        audits=tuple(audits),
        corrected=_corrected(found),
        alarm=watch.sentence() if watch.alarm else None,
        costs=costs,
    )


def _photos(transaction: Transaction) -> list[_Photo]:
    decided: dict[int, list[Row[Any]]] = {}
    for row in transaction.execute(standing_decisions().order_by("id")):
        decided.setdefault(row.photo_id, []).append(row)
    query = (
        select(
            photos.c.id, photos.c.category, photos.c.state, photos.c.seen_at, predictions.c.pack,
            outbox.c.state.label("publication"), outbox.c.decision_id, outbox.c.done_at,
        )
        .outerjoin(predictions, photos.c.prediction_id == predictions.c.id)
        .outerjoin(outbox, outbox.c.photo_id == photos.c.id)
        .order_by(photos.c.id)
    )  # fmt: skip
    return [_photo(row, tuple(decided.get(row.id, ()))) for row in transaction.execute(query)]


def _photo(row: Row[Any], decided: tuple[Any, ...]) -> _Photo:
    due = row.publication in ("due", "done")
    automated = due and row.decision_id is None
    return _Photo(row.category, row.pack or "", row.state, row.seen_at, due, row.done_at, automated, decided)


def _audits(found: Iterable[_Photo]) -> list[bool]:
    """Each audit's verdict, in the order they were given."""
    rows = [row for photo in found for row in photo.decisions if row.purpose == "audit" and row.outcome != "skip"]
    return [row.outcome != "accept" for row in sorted(rows, key=lambda row: row.id)]


def _by(found: Sequence[_Photo], name_of: Callable[[_Photo], str], costs: Costs) -> tuple[Figures, ...]:
    names = sorted({name_of(photo) for photo in found})
    return tuple(_figures(name, [photo for photo in found if name_of(photo) == name], costs) for name in names)


def _figures(name: str, found: Sequence[_Photo], costs: Costs) -> Figures:
    states = [photo.state for photo in found]
    failed, seen = states.count("failed"), states.count("seen")
    retouched = len(found) - failed - seen
    automated = sum(photo.automated for photo in found)
    audits = [photo.audit for photo in found if photo.audit is not None]
    bad = sum(audits)
    hours = [photo.hours for photo in found if photo.hours is not None]
    low, high = interval(bad, len(audits), CONFIDENCE) if audits else (None, None)
    minutes, saved, money = _saved(found, costs)
    return Figures(
        name=name,
        photos=len(found),
        retouched=retouched,
        failed=failed,
        waiting=states.count("review"),
        published=states.count("published"),
        automated=automated,
        by_people=sum(photo.due for photo in found) - automated,
        rejected=states.count("rejected"),
        share_automated=automated / retouched if retouched else None,
        audited=len(audits),
        audited_bad=bad,
        error_rate=bad / len(audits) if audits else None,
        error_low=low,
        error_high=high,
        error_bound=upper_bound(bad, len(audits), CONFIDENCE) if audits else None,
        hours_median=float(np.median(hours)) if hours else None,
        hours_p95=float(np.quantile(hours, 0.95)) if hours else None,
        minutes=minutes,
        minutes_saved=saved,
        money_saved=money,
    )


def _saved(found: Sequence[_Photo], costs: Costs) -> tuple[float | None, float | None, float | None]:
    """A person's minutes per finished photo, and what is saved against retouching each by hand: minutes and money."""
    ended = [photo for photo in found if photo.due or photo.state == "rejected"]
    if not ended:
        return None, None, None
    spent = sum(_minutes(photo, costs) for photo in ended) / len(ended)
    by_hand = sum(costs.by_hand(photo.category) for photo in ended) / len(ended)
    saved = by_hand - spent
    return spent, saved, saved / 60 * costs.per_hour - costs.per_photo


def _minutes(photo: _Photo, costs: Costs) -> float:
    total = costs.by_hand(photo.category) if photo.state == "rejected" else 0.0
    for row in photo.decisions:
        if row.seconds is not None:
            total += row.seconds / 60
        else:
            total += costs.by_hand(photo.category) if row.outcome == "edited" else costs.review(photo.category)
    return total


def _days(found: Sequence[_Photo]) -> tuple[Day, ...]:
    arrived = [photo.seen_at.date() for photo in found]
    published = [photo for photo in found if photo.done_at is not None]
    done = [photo.done_at.date() for photo in published if photo.done_at is not None]
    alone = [photo.done_at.date() for photo in published if photo.automated and photo.done_at is not None]
    days = sorted({*arrived, *done})
    return tuple(Day(day, arrived.count(day), done.count(day), alone.count(day)) for day in days)


def _corrected(found: Sequence[_Photo]) -> dict[str, int]:
    """How many corrections changed each step, most first; what follows from the category alone is the category's."""
    counts: dict[str, int] = {}
    for photo in found:
        for row in photo.decisions:
            changes = row.changes or {}
            follows = changes.get("category", {}).get("follows", ())
            for stage in (step for step in changes if step not in (*follows, NOTED)):
                counts[stage] = counts.get(stage, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
