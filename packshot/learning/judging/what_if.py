"""Which promise could be kept: other bars of good against other promises, on outcomes that are at hand.

For looking at: what is read from such a table carries no promise; `packshot calibrate` with the chosen bar does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from packshot.evaluation.bar import Bar
from packshot.evaluation.certificate import what_could_be_published
from packshot.evaluation.judge_model import TrainedJudge
from packshot.evaluation.promise import Case, Promise
from packshot.evaluation.ranking import auc
from packshot.learning.judging.calibration import cases_of
from packshot.learning.judging.outcomes import Outcome

RISKS = (0.01, 0.02, 0.05, 0.1, 0.2)
_MULTIPLES = (
    (1.0, 1.0), (1.5, 1.0), (1.0, 2.5), (1.5, 1.5), (1.5, 2.5), (2.0, 2.5), (2.5, 4.0), (1.0, None), (1.5, None),
    (None, 1.0), (None, None),
)  # fmt: skip
"""Of the limits of colour and corners, which are what studios differ in; None: not asked."""


@dataclass(frozen=True)
class WhatIf:
    """What a bar of good would allow. bar: None where people's own verdicts counted. bad: share of the photos. auc: of
    the judge, 0.5 where all are alike. published: share of the photos that could be published, by the promised risk."""

    bar: Bar | None
    bad: float
    auc: float
    published: dict[float, float]


def of_cases(cases: Sequence[Case], confidence: float, bar: Bar | None = None) -> WhatIf:
    """By one bar, or by people's verdicts."""
    bad = np.array([case.bad for case in cases], bool)
    shares = [what_could_be_published(cases, Promise(risk=risk, confidence=confidence)) for risk in RISKS]
    area = auc(np.array([-case.quality for case in cases]), bad)
    # Whoever keeps a promise keeps every looser one too.
    published = dict(zip(RISKS, np.maximum.accumulate(shares).tolist(), strict=True))
    return WhatIf(bar, float(bad.mean()) if len(bad) else 0.0, round(area, 4), published)


def by_bar(outcomes: Sequence[Outcome], judge: TrainedJudge | None, bar: Bar, confidence: float) -> list[WhatIf]:
    """By ``bar`` and by looser ones, each with the judge's own opinion by that bar."""
    return [of_cases(cases_of(outcomes, one, judge), confidence, one) for one in other_bars(bar)]


def other_bars(bar: Bar) -> list[Bar]:
    """The bar itself, looser ones, and ones that ask for less."""
    bars = [
        bar.model_copy(update={"delta_e": _times(bar.delta_e, colour), "corner": _times(bar.corner, frame)})
        for colour, frame in _MULTIPLES
    ]
    return [one for place, one in enumerate(bars) if one not in bars[:place]]


def _times(limit: float | None, multiple: float | None) -> float | None:
    return None if limit is None or multiple is None else limit * multiple


def as_rows(found: WhatIf, confidence: float) -> list[dict[str, float | None]]:
    """One flat row a promise, as `packshot calibrate --json` gives them."""
    told = {} if found.bar is None else {name: getattr(found.bar, name) for name in ("delta_e", "iou", "corner")}
    known = {**told, "bad": found.bad, "auc": found.auc, "confidence": confidence}
    return [{**known, "risk": risk, "published": share} for risk, share in found.published.items()]
