"""Whether the photos that arrive are still like those that the gate was proven on: drift of the inputs, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from packshot.catalog.catalog import Catalog
from packshot.catalog.champions import champion
from packshot.catalog.database import Transaction
from packshot.catalog.schema import photos, predictions
from packshot.evaluation.certificate import certificates_of
from packshot.evaluation.drift import LEAST_PHOTOS, Arrival, Shift, drift_by_day
from packshot.evaluation.features import recipe_features
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.recipe import Recipe

_DAYS = 7  # that are looked at, the last ones on which photos came
_REFERENCE, _A_DAY = 1000, 400  # photos that are compared, evenly spread where there are more
_AT_ONCE = 500
_TOLD = 3  # shifts in the sentence of an alarm


@dataclass(frozen=True)
class DayInputs:
    """One day's photos against the reference: of one category, or ``all``. ``shifts``: the largest first."""

    day: date
    category: str
    photos: int
    shifts: tuple[Shift, ...]

    @property
    def drifted(self) -> tuple[Shift, ...]:
        """What is beyond chance, beyond what is usual, and large enough to matter."""
        return tuple(shift for shift in self.shifts if shift.drifted)


@dataclass(frozen=True)
class Inputs:
    """Drift of what came in. ``reference``: photos compared with, up to the day ``until`` (None: too few to say).

    ``proven``: whether these are the photos up to the day of the gate's certificate; else they are just earlier ones.
    """

    reference: int = 0
    until: date | None = None
    proven: bool = False
    days: tuple[DayInputs, ...] = ()

    @property
    def alarm(self) -> str | None:
        """A sentence where the last day that could be compared has drifted; None where it has not."""
        days = sorted({one.day for one in self.days})
        calm = max((day for day in days if not self._drifted(day)), default=date.min)
        drifted = [day for day in days if day > calm]
        if not drifted:
            return None
        since, last = drifted[0], drifted[-1]
        like = "those that the gate was proven on" if self.proven else f"those until {_words(self.until)}"
        when = f"since {_words(since)}" if since < last else f"on {_words(last)}"
        return (
            f"Alarm: {when} photos are not like {like}: {'; '.join(_told(self._drifted(last)))}. "
            "Look at what was published of them, and calibrate again if photos stay so"
        )

    def _drifted(self, day: date) -> list[DayInputs]:
        return [one for one in self.days if one.day == day and one.drifted]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "reference": self.reference,
            "until": None if self.until is None else self.until.isoformat(),
            "proven": self.proven,
            "alarm": self.alarm,
            "days": [
                {
                    "day": one.day.isoformat(),
                    "category": one.category,
                    "photos": one.photos,
                    "shifts": [{**asdict(shift), "sentence": shift.sentence()} for shift in one.shifts],
                }
                for one in self.days
            ],
        }


def _words(day: date | None) -> str:
    return "" if day is None else f"{day.day} {day:%B}"


def _told(parts: Sequence[DayInputs]) -> list[str]:
    """The largest shifts in words, each once, those of the whole day first."""
    told: dict[str, str] = {}
    for part in sorted(parts, key=lambda one: one.category != "all"):
        of = "" if part.category == "all" else f" ({part.category})"
        for shift in part.drifted:
            told.setdefault(shift.name, f"{shift.sentence()}{of}")
    return list(told.values())[:_TOLD]


def inputs(catalog: Catalog) -> Inputs:
    """Compares the last days' photos with those up to the champion's certificate, or else with all earlier ones."""
    certified = _certified(catalog)
    return catalog.database.read(lambda transaction: _inputs(transaction, certified))


def _certified(catalog: Catalog) -> date | None:
    """The day on which the gate of the pack that retouches was last proven."""
    reign = champion(catalog)
    try:
        certificates = () if reign is None else certificates_of(Pack(reign.folder))
    except (PackError, ValueError):
        return None  # a pack that is gone or damaged publishes nothing: it has no day to compare with
    return max((date.fromisoformat(one.date) for one in certificates), default=None)


def _inputs(transaction: Transaction, certified: date | None) -> Inputs:
    by_day: dict[date, list[int]] = {}
    query = select(photos.c.prediction_id, photos.c.seen_at).where(
        photos.c.prediction_id.is_not(None), photos.c.state != "failed"
    )
    for row in transaction.execute(query.order_by(photos.c.id)):
        by_day.setdefault(row.seen_at.date(), []).append(row.prediction_id)
    until, proven = _reference_day(by_day, certified)
    if until is None:
        return Inputs()
    recent = [day for day in sorted(by_day) if day > until][-_DAYS:]
    earlier = [identity for day in sorted(by_day) if day <= until for identity in by_day[day]]
    reference = _arrivals(transaction, _spread(earlier, _REFERENCE))
    arrived = [one for day in recent for one in _arrivals(transaction, _spread(by_day[day], _A_DAY))]
    found = drift_by_day(reference, arrived)
    counts = {key: sum(one.day == key[0] and key[1] in ("all", one.category) for one in arrived) for key in found}
    days = (
        DayInputs(date.fromisoformat(day), part, counts[day, part], tuple(shifts))
        for (day, part), shifts in found.items()
    )
    return Inputs(len(reference), until, proven, tuple(days))


def _reference_day(by_day: Mapping[date, Sequence[int]], certified: date | None) -> tuple[date | None, bool]:
    """The reference's last day, and whether that is the certificate's; None where there are too few photos."""
    days = sorted(by_day)

    def many(until: date) -> int:
        return sum(len(by_day[day]) for day in days if day <= until)

    if certified is not None and many(certified) >= LEAST_PHOTOS:
        return certified, True
    before = days[: len(days) - min(_DAYS, len(days) // 2)]
    return (before[-1], False) if before and len(days) > 1 and many(before[-1]) >= LEAST_PHOTOS else (None, False)


def _spread(identities: Sequence[int], most: int) -> Sequence[int]:
    """At most so many, evenly spread."""
    return identities[:: -(-len(identities) // most)] if identities else identities


def _arrivals(transaction: Transaction, identities: Sequence[int]) -> list[Arrival]:
    columns = (predictions.c.recipe, photos.c.category, photos.c.carried, photos.c.seen_at)
    query = select(*columns).join(photos, photos.c.prediction_id == predictions.c.id).order_by(photos.c.id)
    found: list[Arrival] = []
    for start in range(0, len(identities), _AT_ONCE):
        some = query.where(predictions.c.id.in_(identities[start : start + _AT_ONCE]))
        found += [_arrival(row) for row in transaction.execute(some) if row.recipe is not None]
    return found


def _arrival(row: Row[Any]) -> Arrival:
    recipe = Recipe.model_validate_json(row.recipe)
    width, height = recipe.source.size
    camera = str(row.carried.get("camera") or f"that takes {width} × {height} pixels")
    features = {**recipe.evidence, **recipe_features(recipe)}
    return Arrival(features, camera, row.category, row.seen_at.date().isoformat())
