"""What is known of one pair that a pack was tried on: figures by method, and what the judge said."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.evaluation.bar import Bar
from packshot.learning.proof.scoring import Figures

OURS, UNTOUCHED, CLASSICAL, MEAN, FITTED = METHODS = ("packshot", "untouched", "classical", "mean", "fitted")
ALL = "all"
Row = tuple[float, ...]


@dataclass(frozen=True)
class PairScore:
    """One pair's figures by method (see ``METHODS`` and ``scoring.score``) and what the judge said of ours.

    told: the category that the pack tells from the before, whatever it was given. appearance: what gives retouching
    away in ours and in the human's (``two_sample.appearance``), where asked for.
    """

    id: str
    category: str
    group: str
    figures: dict[str, Figures]
    route: str
    would_publish: bool
    quality: float
    seconds: float
    told: str = "unknown"
    appearance: tuple[Row, Row] | None = None

    def faults(self, bar: Bar) -> tuple[str, ...]:
        """What is wrong with our shot by the bar of good; empty for a good one."""
        return bar.faults(self.figures[OURS])
