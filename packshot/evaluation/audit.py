"""Blind audit of what was published: a random share goes to people forever, and a test that may be looked at any time.

The e-process E_t = mean over lambda of prod(1 + lambda (x_i - risk)) is a non-negative martingale at most 1 in
expectation while the error rate keeps the promise; by Ville's inequality it ever exceeds 1 / doubt with probability
``doubt`` at most (Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference",
2023). So it may be read after every single audit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field

from packshot.evaluation.exact import upper_bound
from packshot.recipe import Frozen

_BETS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_MOST = 1e300


class AuditPlan(Frozen):
    """risk: the promised error rate. doubt: of a false alarm, ever."""

    risk: float = Field(0.02, gt=0, lt=1)
    doubt: float = Field(0.05, gt=0, lt=1)


@dataclass(frozen=True)
class Watch:
    """The test's state after some audits. wealth: of each bet, as logarithms; peak: the largest evidence so far."""

    plan: AuditPlan
    wealth: tuple[float, ...]
    audits: int = 0
    errors: int = 0
    peak: float = 1.0

    @classmethod
    def begin(cls, plan: AuditPlan) -> Self:
        """Before the first audit. Bets so high that one good photo would ruin them are lowered."""
        return cls(plan, tuple(0.0 for _ in bets(plan.risk)))

    @classmethod
    def after(cls, plan: AuditPlan, verdicts: Iterable[bool]) -> Self:
        """The state after these audits, in order; True is a bad photo."""
        watch = cls.begin(plan)
        for bad in verdicts:
            watch = watch.seen(bad)
        return watch

    def seen(self, bad: bool) -> Self:
        """The state after one more audit."""
        step = float(bad) - self.plan.risk
        wealth = tuple(log + math.log1p(bet * step) for log, bet in zip(self.wealth, bets(self.plan.risk), strict=True))
        evidence = _mean_exp(wealth)
        return type(self)(self.plan, wealth, self.audits + 1, self.errors + int(bad), max(self.peak, evidence))

    @property
    def evidence(self) -> float:
        """Against the promise, now: 1 is none, 20 is as rare as one in twenty."""
        return _mean_exp(self.wealth)

    @property
    def alarm(self) -> bool:
        """Whether the promise is broken. Once raised it stays."""
        return self.peak >= 1 / self.plan.doubt

    def bound(self, confidence: float = 0.95) -> float:
        """The error rate's upper bound from these audits, at a number of audits fixed beforehand."""
        return upper_bound(self.errors, self.audits, confidence) if self.audits else 1.0

    def sentence(self) -> str:
        """For the person who must act on it."""
        rate = f"{self.errors} of {self.audits} audited photos were bad"
        if self.alarm:
            return (
                f"Alarm: {rate}; more than the promised {self.plan.risk:.3g}. Close the gate, look at the bad ones, "
                "and calibrate again"
            )
        return f"{rate}; nothing speaks against the promised {self.plan.risk:.3g}"


def bets(risk: float) -> tuple[float, ...]:
    """What is staked: at most so much that a good photo leaves half of it."""
    return tuple(min(bet, 0.5 / risk) for bet in _BETS)


def _mean_exp(logs: tuple[float, ...]) -> float:
    high = max(logs)
    mean = float(np.mean(np.exp(np.array(logs) - high)))
    return min(_MOST, mean * math.exp(min(high, 600.0)))
