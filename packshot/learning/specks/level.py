"""From which probability on a mark is healed: as many specks as retouchers took away, at so few false ones a photo.

A thread is one speck, as people count, however many discs it takes to heal it. Fits miss about a sixth of the true
specks, and marks on those count as false: the level errs on the careful side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from packshot import geometry
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.proof.scoring import grouped, healed_and_false
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.stages.detailing import doubts, spot_of
from packshot.style import Style
from packshot.view import View

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.84, 0.87, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
FALSE_A_PHOTO = 0.5  # marks; healing a false one takes two or three discs
_LEAST_SPECKS = 20


@dataclass(frozen=True)
class SpeckLevel:
    """The level chosen; by level the share of specks found and the false marks a photo."""

    level: float
    found: dict[float, float]
    false: dict[float, float]


def choose_level(
    fits: Sequence[PairFit], pack: Pack, tell: Callable[[str, int, int], None], most: int
) -> SpeckLevel | None:
    """By what retouchers took away on photos that were learned from, ``most`` of them looked at; None where they took
    away too little to tell."""
    usable = [fit for fit in fits if fit.recipe is not None]
    every = -(-len(usable) // max(1, most)) or 1
    found, false, total, photos = np.zeros(len(LEVELS)), np.zeros(len(LEVELS)), 0, 0
    for done, fit in enumerate(usable[::every]):
        tell("choosing how sure a speck must be", done, len(usable[::every]))
        counts = _count(fit, pack)
        if counts is not None:
            found, false, total, photos = found + counts[0], false + counts[1], total + counts[2], photos + 1
    if total < _LEAST_SPECKS:
        return None
    rates = false / photos
    allowed = [index for index in range(len(LEVELS)) if rates[index] <= FALSE_A_PHOTO]
    chosen = max(reversed(allowed), key=lambda index: found[index]) if allowed else len(LEVELS) - 1
    return SpeckLevel(
        LEVELS[chosen],
        {level: round(float(one), 4) for level, one in zip(LEVELS, found / total, strict=True)},
        {level: round(float(one), 3) for level, one in zip(LEVELS, rates, strict=True)},
    )


def _count(fit: PairFit, pack: Pack) -> tuple[list[int], list[int], int] | None:
    """By level how many specks are found and how many marks are on none, and how many specks there are."""
    assert fit.recipe is not None
    try:
        view = View.of(Photo.open(fit.before), pack, Style(), fit.category)
        seen = doubts(view)
    except PhotoError:
        return None
    if seen is None:
        return None
    specks = grouped(fit.recipe.detailing.spots)
    unit = geometry.scale_of(view.to_source)
    counts, most = [], pack.file.thresholds.specks_at_most
    patterned = seen.patterned(most)
    for level in LEVELS:
        marks = [] if patterned else seen.marks(level)[:most]
        ours = [[spot_of(mark, disc, view, unit) for disc in mark.discs] for mark in marks]
        counts.append(healed_and_false(ours, specks))
    return [healed for healed, _ in counts], [false for _, false in counts], len(specks)
