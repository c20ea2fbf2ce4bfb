"""Drift of what comes in: is today's camera, backdrop, light and mix of categories what the pack was calibrated on?

Numbers are compared by the two-sample Kolmogorov-Smirnov statistic, kinds by total variation; each against what equal
numbers of photos would show by chance (permutations), and with a least size: a difference must be both beyond chance
and large enough to matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUMBERS = {
    "backdrop": ("backdrop_stops", "backdrop_red", "backdrop_blue", "backdrop_spread", "backdrop_busy"),
    "light": ("product_stops", "contrast", "unevenness", "gain_red", "gain_blue"),
    "framing": ("area", "box_share", "least_margin", "source_pixels"),
}
KINDS = ("camera", "category")
LEAST_PHOTOS = 20
_ROUNDS = 400
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

    chance: how often equal photos differ so much. drifted: beyond chance, and large enough to matter.
    """

    subject: str
    name: str
    size: float
    chance: float
    before: str
    now: str
    drifted: bool

    def sentence(self) -> str:
        """For a person."""
        return f"{self.subject}: {self.name} was {self.before}, is {self.now}"


def drift(reference: Sequence[Arrival], recent: Sequence[Arrival], seed: int = 0) -> list[Shift]:
    """Everything compared, largest shift first; empty where either has fewer than 20 photos to compare."""
    if min(len(reference), len(recent)) < LEAST_PHOTOS:
        return []
    draw = np.random.default_rng(seed)
    tested = [*_numbers(reference, recent, draw), *_kinds(reference, recent, draw)]
    level = _FALSE_ALARMS / max(1, len(tested))
    shifts = [
        Shift(subject, name, size, chance, before, now, size >= _LARGE and chance <= level)
        for subject, name, size, chance, before, now in tested
    ]
    return sorted(shifts, key=lambda shift: (-shift.drifted, -shift.size))


def drift_by_day(
    reference: Sequence[Arrival], recent: Sequence[Arrival], seed: int = 0
) -> dict[tuple[str, str], list[Shift]]:
    """``drift`` for each (day, category) with enough photos on both sides, and for each whole day as (day, "all")."""
    found: dict[tuple[str, str], list[Shift]] = {}
    for day in sorted({one.day for one in recent}):
        today = [one for one in recent if one.day == day]
        parts = {"all": (list(reference), today)}
        for category in sorted({one.category for one in today}):
            own = [[one for one in side if one.category == category] for side in (reference, today)]
            parts[category] = (own[0], own[1])
        for name, (before, now) in parts.items():
            shifts = drift(before, now, seed)
            if shifts:
                found[day, name] = shifts
    return found


Tested = tuple[str, str, float, float, str, str]


def _numbers(reference: Sequence[Arrival], recent: Sequence[Arrival], draw: np.random.Generator) -> list[Tested]:
    result: list[Tested] = []
    for subject, names in NUMBERS.items():
        for name in names:
            before, now = (
                np.array([one.features[name] for one in side if name in one.features]) for side in (reference, recent)
            )
            if min(len(before), len(now)) >= LEAST_PHOTOS:
                size, chance = kolmogorov_smirnov(before, now, draw)
                result.append((subject, name, size, chance, f"{np.median(before):.3g}", f"{np.median(now):.3g}"))
    return result


def _kinds(reference: Sequence[Arrival], recent: Sequence[Arrival], draw: np.random.Generator) -> list[Tested]:
    result: list[Tested] = []
    for name in KINDS:
        before, now = ([str(getattr(one, name)) for one in side] for side in (reference, recent))
        size, chance = total_variation(before, now, draw)
        grown = max(set(before) | set(now), key=lambda kind: abs(before.count(kind) / len(before) - _share(now, kind)))
        shares = (f"{grown} {_share(side, grown):.0%}" for side in (before, now))
        result.append((name, name, size, chance, *shares))  # type: ignore[arg-type]
    return result


def _share(values: Sequence[str], kind: str) -> float:
    return values.count(kind) / len(values)


def kolmogorov_smirnov(
    before: NDArray[np.float64], now: NDArray[np.float64], draw: np.random.Generator
) -> tuple[float, float]:
    """The largest distance of two empirical distributions, and how often chance alone makes it as large."""
    both = np.concatenate([before, now])
    order = np.argsort(both, kind="stable")
    ends = np.append(np.diff(both[order]) > 0, True)
    labels = np.zeros(len(both))
    labels[len(before) :] = 1

    def size(marked: NDArray[np.float64]) -> float:
        ours = np.cumsum(marked[order])[ends]
        ranks = (np.flatnonzero(ends) + 1).astype(np.float64)
        return float(np.abs(ours / len(now) - (ranks - ours) / len(before)).max())

    return _against_chance(labels, size, draw)


def total_variation(before: Sequence[str], now: Sequence[str], draw: np.random.Generator) -> tuple[float, float]:
    """Half the summed difference of shares, and how often chance alone makes it as large."""
    names = {kind: place for place, kind in enumerate(sorted({*before, *now}))}
    codes = np.array([names[kind] for kind in (*before, *now)])
    labels = np.zeros(len(codes))
    labels[len(before) :] = 1
    everywhere = np.bincount(codes, minlength=len(names)).astype(np.float64)

    def size(marked: NDArray[np.float64]) -> float:
        ours = np.bincount(codes, marked, len(names))
        return float(0.5 * np.abs(ours / len(now) - (everywhere - ours) / len(before)).sum())

    return _against_chance(labels, size, draw)


def _against_chance(
    labels: NDArray[np.float64], size: Callable[[NDArray[np.float64]], float], draw: np.random.Generator
) -> tuple[float, float]:
    found = size(labels)
    as_large = sum(size(draw.permutation(labels)) >= found - 1e-12 for _ in range(_ROUNDS))
    return found, (as_large + 1) / (_ROUNDS + 1)
