"""Learning curves: how good a pack becomes from few pairs, from many, from all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packshot.learning.pairs import Pair
from packshot.learning.proof.evaluation import Advance, Evaluation, EvaluationOptions, evaluate

SIZES = (20, 50, 100, 200)

Train = Callable[[Sequence[Pair], Path], Path]
"""Trains on some pairs into a folder, quickly (small heads only), and gives the pack's folder."""


@dataclass(frozen=True)
class CurvePoint:
    """What was reached from so many ``pairs``."""

    pairs: int
    evaluation: Evaluation


def subset(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """About ``count`` pairs in whole groups, in the order given; a smaller subset is part of every larger one.

    Categories come in as they are in the whole set; the order of groups hangs on their names alone.
    """
    order = sorted(
        {pair.group for pair in pairs}, key=lambda name: hashlib.blake2b(name.encode(), digest_size=8).digest()
    )
    sizes = {name: sum(pair.group == name for pair in pairs) for name in order}
    chosen: set[str] = set()
    total = 0
    for name in order:
        if total >= count:
            break
        chosen.add(name)
        total += sizes[name]
    return [pair for pair in pairs if pair.group in chosen]


@dataclass(frozen=True)
class CurvePlan:
    """train, held_out: pairs of different groups. sizes: of the subsets; all pairs are always the last. whole: how the
    pack that was learned from all of them did, if that is known already."""

    train: Sequence[Pair]
    held_out: Sequence[Pair]
    folder: Path
    sizes: Sequence[int] = SIZES
    whole: Evaluation | None = None

    def subsets(self) -> list[list[Pair]]:
        """What is trained on, from few to all, no two the same."""
        found: list[list[Pair]] = []
        for size in [*(size for size in sorted(self.sizes) if size < len(self.train)), len(self.train)]:
            chosen = subset(self.train, size)
            if chosen and (not found or len(chosen) > len(found[-1])):
                found.append(chosen)
        return found


def learning_curve(
    plan: CurvePlan, train: Train, options: EvaluationOptions, advance: Advance | None = None
) -> list[CurvePoint]:
    """Trains on each subset with ``train`` and scores every pack on the same held-out pairs.

    Baselines do not hang on the pack, so they are left to the main evaluation. Raises what ``train`` and ``evaluate``
    raise.
    """
    quick = EvaluationOptions(
        fits=options.fits,
        kept=options.kept,
        style=options.style,
        bar=options.bar,
        workers=options.workers,
        baselines=False,
    )
    points = []
    for chosen in plan.subsets():
        if plan.whole is not None and len(chosen) == len(plan.train):
            points.append(CurvePoint(len(chosen), plan.whole))
            continue
        pack = train(chosen, plan.folder / f"{len(chosen)}-pairs")
        points.append(CurvePoint(len(chosen), evaluate(plan.held_out, pack, quick, advance)))
    return points
