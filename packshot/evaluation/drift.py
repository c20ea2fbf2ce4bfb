"""Drift of what comes in: is today's camera, backdrop, light and mix of categories what the pack was calibrated on?

Numbers are compared by the two-sample Kolmogorov-Smirnov statistic, kinds by total variation. A difference must be
beyond what chance makes of equal photos, large enough to matter, and larger than that of any day before: photos of one
day share their light, so days differ by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.drift_words import KINDS, NUMBERS, sentence_of

LEAST_PHOTOS = 20
_LEAST_DAYS = 5  # before what is usual between days is known
_ROUNDS = 20_000
_LARGE = 0.25  # statistic under which a difference is not worth a word, however sure
_FALSE_ALARMS = 0.05  # a report, over everything compared in it


@dataclass(frozen=True)
class Arrival:
    """What drift looks at in one photo: its features (a recipe's evidence and the like), camera, category, day."""

    features: Mapping[str, float]
    camera: str = "unknown"
    category: str = "unknown"
    day: str = ""


@dataclass(frozen=True)
class Shift:
    """One comparison. subject: backdrop, light, framing, camera, category. size: 0 equal .. 1 nothing in common.

    chance: how often equal photos differ so much. before, now: medians, or shares of ``kind``, the one that changed
    most. usual: the largest size of any day before. drifted: beyond chance, beyond what is usual, and large enough to
    matter.
    """

    subject: str
    name: str
    size: float
    chance: float
    before: float
    now: float
    kind: str = ""
    usual: float = 0.0
    drifted: bool = False

    def sentence(self) -> str:
        """For a person."""
        return sentence_of(self.name, self.kind, self.before, self.now)


def drift_by_day(
    reference: Sequence[Arrival], recent: Sequence[Arrival], seed: int = 0
) -> dict[tuple[str, str], list[Shift]]:
    """Everything compared, largest shift first, for each (day, category) with enough photos on both sides (20), and
    for each whole day as (day, "all").

    False alarms are held down over all of it together.
    """
    draw = np.random.default_rng(seed)
    found: dict[tuple[str, str], list[Shift]] = {}
    for part in ("all", *sorted({one.category for one in recent})):
        before, now = ([one for one in side if part in ("all", one.category)] for side in (reference, recent))
        usual = usual_sizes(before)
        for day in sorted({one.day for one in now}):
            shifts = _compared(before, [one for one in now if one.day == day], draw)
            if shifts:
                found[day, part] = [replace(shift, usual=usual.get(shift.name, 0.0)) for shift in shifts]
    every = sum(len(shifts) for shifts in found.values())
    return {key: _judged(found[key], every) for key in sorted(found)}


def usual_sizes(reference: Sequence[Arrival]) -> dict[str, float]:
    """How much days differed from all other days, at most, by what was compared; empty where there are few days."""
    days = {day for day in {one.day for one in reference} if sum(one.day == day for one in reference) >= LEAST_PHOTOS}
    largest: dict[str, float] = {}
    if len(days) < _LEAST_DAYS:
        return largest
    for day in sorted(days):
        others, own = ([one for one in reference if (one.day == day) == same] for same in (False, True))
        for name in (*(name for names in NUMBERS.values() for name in names), *KINDS):
            before, now = _values(others, name), _values(own, name)
            if min(len(before), len(now)) >= LEAST_PHOTOS:
                largest[name] = max(largest.get(name, 0.0), _size(before, now, name))
    return largest


def _judged(shifts: Iterable[Shift], compared: int | None = None) -> list[Shift]:
    """Which of the shifts count, and the largest first. ``compared``: how many there are to find a false alarm in."""
    several = list(shifts)
    level = _FALSE_ALARMS / max(1, len(several) if compared is None else compared)
    told = [replace(one, drifted=one.size >= max(_LARGE, one.usual) and one.chance <= level) for one in several]
    return sorted(told, key=lambda shift: (-shift.drifted, -shift.size))


def _compared(reference: Sequence[Arrival], recent: Sequence[Arrival], draw: np.random.Generator) -> list[Shift]:
    if min(len(reference), len(recent)) < LEAST_PHOTOS:
        return []
    found = []
    for subject, names in (*NUMBERS.items(), *((kind, (kind,)) for kind in KINDS)):
        for name in names:
            before, now = _values(reference, name), _values(recent, name)
            if min(len(before), len(now)) >= LEAST_PHOTOS:
                found.append(_shift(subject, name, (before, now), draw))
    return found


def _values(arrivals: Sequence[Arrival], name: str) -> list[float] | list[str]:
    if name in KINDS:
        return [str(getattr(one, name)) for one in arrivals]
    return [one.features[name] for one in arrivals if name in one.features]


def _shift(
    subject: str, name: str, sides: tuple[list[float] | list[str], list[float] | list[str]], draw: np.random.Generator
) -> Shift:
    if name not in KINDS:
        old, new = (np.array(side, np.float64) for side in sides)
        size, chance = kolmogorov_smirnov(old, new)
        return Shift(subject, name, size, chance, float(np.median(old)), float(np.median(new)))
    before, now = ([str(value) for value in side] for side in sides)
    size, chance = total_variation(before, now, draw)
    grown = {kind: round(_share(now, kind) - _share(before, kind), 9) for kind in sorted({*before, *now})}
    changed = max(grown, key=lambda kind: (abs(grown[kind]), grown[kind]))
    return Shift(subject, name, size, chance, _share(before, changed), _share(now, changed), changed)


def _share(values: Sequence[str], kind: str) -> float:
    return values.count(kind) / len(values)


def _size(before: list[float] | list[str], now: list[float] | list[str], name: str) -> float:
    if name in KINDS:
        return _variation([str(value) for value in before], [str(value) for value in now])
    return _distance(np.array(before, np.float64), np.array(now, np.float64))


def kolmogorov_smirnov(before: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[float, float]:
    """The largest distance of two empirical distributions, and how often chance alone makes it as large at most.

    The chance is Kolmogorov's, with Stephens' correction for few values (1970); with ties it is less than told.
    """
    size = _distance(before, now)
    many = np.sqrt(len(before) * len(now) / (len(before) + len(now)))
    scaled = (many + 0.12 + 0.11 / many) * size
    terms = np.arange(1, 101)
    chance = 2 * float(np.sum((-1.0) ** (terms - 1) * np.exp(-2 * terms**2 * scaled**2)))
    return size, 1.0 if scaled < 0.2 else min(1.0, max(0.0, chance))


def _distance(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    everywhere = np.concatenate([before, now])
    one, two = (np.searchsorted(np.sort(side), everywhere, "right") / len(side) for side in (before, now))
    return float(np.abs(one - two).max())


def total_variation(before: Sequence[str], now: Sequence[str], draw: np.random.Generator) -> tuple[float, float]:
    """Half the summed difference of shares, and how often chance alone makes it as large (20,000 random splits)."""
    size = _variation(before, now)
    counts = np.array(list(_counts([*before, *now]).values()))
    ours = draw.multivariate_hypergeometric(counts, len(now), size=_ROUNDS)
    sizes = 0.5 * np.abs(ours / len(now) - (counts - ours) / len(before)).sum(1)
    return size, (int((sizes >= size - 1e-12).sum()) + 1) / (_ROUNDS + 1)


def _variation(before: Sequence[str], now: Sequence[str]) -> float:
    return 0.5 * sum(abs(_share(before, kind) - _share(now, kind)) for kind in {*before, *now})


def _counts(values: Sequence[str]) -> dict[str, int]:
    return {kind: values.count(kind) for kind in sorted(set(values))}
