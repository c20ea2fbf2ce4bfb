"""What a manager sees: how far photos have come, how sure that is, what a stricter or looser gate would do."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from packshot.catalog import Catalog
from packshot.catalog.champions import Reign, champion, reigns
from packshot.catalog.figures import Figures, Report, report
from packshot.catalog.rows import standing_decisions
from packshot.catalog.schema import decisions, predictions
from packshot.catalog.verdicts import cases
from packshot.evaluation.certificate import what_could_be_published
from packshot.evaluation.promise import CurvePoint, Promise, curve
from packshot.pack import Pack
from packshot.review.queue import REJECTIONS

WORST = 24
_CONFIDENCE = 0.95
_RISKS = (0.01, 0.02, 0.05, 0.1)  # promises whose share is told
_CHART = (720, 180)
STEPS = {
    "color": "colour",
    "lighting": "light",
    "background": "cut-out or shadow",
    "alignment": "turn",
    "cropping": "crop",
    "detailing": "spots",
}
"""What people call the stages, as on the review page."""


@dataclass(frozen=True)
class Case:
    """A photo that went wrong lately: who said so, and why."""

    photo: int
    prediction: int
    name: str
    category: str
    outcome: str
    reason: str
    audit: bool
    at: datetime

    @property
    def said(self) -> str:
        """What the person did, in words."""
        if self.outcome == "edited":
            return "Finished by another editor"
        if self.outcome == "correct":
            return f"Corrected: {self.reason}"
        return f"Rejected: {REJECTIONS.get(self.reason, self.reason)}"


@dataclass(frozen=True)
class Overview:
    """Everything on the page, of one moment."""

    report: Report
    oldest_hours: float | None
    champion: str
    champion_digest: str
    reigns: tuple[Reign, ...]
    challengers: dict[str, int]
    curve: tuple[CurvePoint, ...]
    promises: tuple[tuple[float, float], ...]
    worst: tuple[Case, ...]


def overview(catalog: Catalog) -> Overview:
    """Counts and reads it all."""
    told = report(catalog)
    oldest = catalog.counters().oldest_waiting
    reign = champion(catalog)
    digest = Pack.base().content_digest if reign is None else reign.pack_digest
    drawn = cases(catalog, digest)
    return Overview(
        report=told,
        oldest_hours=None if oldest is None else (told.at - oldest).total_seconds() / 3600,
        champion=Pack.base().label if reign is None else reign.pack,
        champion_digest=digest,
        reigns=tuple(reversed(reigns(catalog))),
        challengers=_challengers(catalog),
        curve=tuple(curve(drawn, _CONFIDENCE)),
        promises=tuple((risk, what_could_be_published(drawn, Promise(risk=risk))) for risk in _RISKS),
        worst=tuple(_worst(catalog)),
    )


def _challengers(catalog: Catalog) -> dict[str, int]:
    """Packs that retouched in the champion's shadow, and how many photos."""
    with catalog.database.reading() as connection:
        packs = connection.execute(select(predictions.c.pack).where(predictions.c.shadow)).scalars().all()
    return {pack: packs.count(pack) for pack in sorted(set(packs))}


def _worst(catalog: Catalog) -> list[Case]:
    """The latest photos that a person did not take as they were; faults that audits found come first."""
    wrong = standing_decisions().where(decisions.c.outcome.in_(("reject", "correct", "edited")))
    latest = wrong.order_by((decisions.c.purpose == "audit").desc(), decisions.c.id.desc()).limit(WORST).subquery()
    query = select(latest, predictions.c.name, predictions.c.category).join(
        predictions, predictions.c.id == latest.c.prediction_id
    )
    with catalog.database.reading() as connection:
        rows = connection.execute(query).all()
    found = [
        Case(
            row.photo_id,
            row.prediction_id,
            row.name,
            row.category,
            row.outcome,
            row.reason or ", ".join(_changed(row.changes)),
            row.purpose == "audit",
            row.at,
        )
        for row in rows
    ]
    return sorted(found, key=lambda case: (not case.audit, -case.at.timestamp()))


def _changed(changes: Mapping[str, Any]) -> list[str]:
    """What a hand changed, and not what followed from another category."""
    category = changes.get("category", {})
    named = [f"category, {category['name'].replace('_', ' ')}"] if category else []
    return named + [word for step, word in STEPS.items() if step in changes and step not in category.get("follows", ())]


def as_csv(told: Report) -> str:
    """The figures of all photos, of each category and of each pack, a line each."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["of", *Figures.__dataclass_fields__])
    writer.writeheader()
    for kind, rows in (("all", (told.all,)), ("category", told.categories), ("pack", told.packs)):
        for row in rows:
            writer.writerow({"of": kind, **{key: _cell(value) for key, value in asdict(row).items()}})
    return stream.getvalue()


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@dataclass(frozen=True)
class Line:
    """A line of a chart: its name, its points for SVG, and its last value."""

    name: str
    points: str
    last: float


def lines_over_time(told: Report) -> list[Line]:
    """Photos by day, as lines of a chart of 720 x 180."""
    series = {
        "arrived": [day.arrived for day in told.days],
        "published": [day.published for day in told.days],
        "without a person": [day.automated for day in told.days],
    }
    most = most_a_day(told) or 1
    return [Line(name, _points(values, most), values[-1]) for name, values in series.items() if values]


def most_a_day(told: Report) -> int:
    """What the top of that chart stands for."""
    return max((max(day.arrived, day.published, day.automated) for day in told.days), default=0)


def _points(values: Sequence[float], most: float) -> str:
    across, down = _CHART
    step = across / max(1, len(values) - 1)
    return " ".join(f"{at * step:.1f},{down - value / most * (down - 10):.1f}" for at, value in enumerate(values))
