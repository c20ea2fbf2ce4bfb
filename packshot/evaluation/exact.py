"""Exact statements about shares: binomial tails, and the bounds of Clopper and Pearson (Biometrika, 1934)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_BISECTIONS = 60


def log_choose(total: int, most: int) -> NDArray[np.float64]:
    """Logarithms of the number of ways to choose 0, 1, ... ``most``."""
    table = _log_factorials(1 << max(8, total.bit_length()))
    return np.asarray(table[total] - table[: most + 1] - table[total - most : total + 1][::-1])


@lru_cache(maxsize=16)
def _log_factorials(most: int) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def at_most(errors: int, total: int, share: float) -> float:
    """P(X <= errors) for X ~ Binomial(total, share). Raises ValueError for what is no count or share."""
    _check(errors, total)
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not at {share}")
    if errors >= total or share == 0:
        return 1.0
    if share == 1:
        return 0.0
    counts = np.arange(errors + 1, dtype=np.float64)
    logs = log_choose(total, errors) + counts * math.log(share) + (total - counts) * math.log1p(-share)
    return float(min(1.0, np.exp(logs - logs.max()).sum() * math.exp(logs.max())))


def at_least(errors: int, total: int, share: float) -> float:
    """P(X >= errors) for X ~ Binomial(total, share)."""
    return at_most(total - errors, total, 1 - share)


def upper_bound(errors: int, total: int, confidence: float) -> float:
    """The largest share that is still believable: one-sided, exact. 1 of nothing seen."""
    _check(errors, total)
    if errors >= total:
        return 1.0
    return _bisect(lambda share: at_most(errors, total, share) > 1 - confidence)


def lower_bound(errors: int, total: int, confidence: float) -> float:
    """The smallest share that is still believable: one-sided, exact."""
    _check(errors, total)
    return 0.0 if errors == 0 else 1 - upper_bound(total - errors, total, confidence)


def interval(errors: int, total: int, confidence: float) -> tuple[float, float]:
    """Both bounds, which together hold with ``confidence``."""
    side = (1 + confidence) / 2
    return lower_bound(errors, total, side), upper_bound(errors, total, side)


def verdicts_needed(risk: float, confidence: float, errors: int = 0) -> int:
    """The fewest verdicts that prove a share of at most ``risk`` when ``errors`` of them are bad.

    Raises ValueError where no number would do.
    """
    if not 0 < risk < 1 or not 0 < confidence < 1:
        raise ValueError("risk and confidence lie between 0 and 1")
    low, high = errors, max(2, 2 * errors + 2)
    while at_most(errors, high, risk) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        proven = at_most(errors, middle, risk) <= 1 - confidence
        low, high = (low, middle) if proven else (middle, high)
    return high


def design_effect(values: Sequence[float], groups: Sequence[str]) -> tuple[float, float]:
    """By how much judgements within groups count less than independent ones, and their intraclass correlation.

    Kish's 1 + (m - 1) ICC with the one-way analysis-of-variance estimate of the ICC; m is the size-weighted mean group
    size. Never below 1.
    """
    found: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        found.setdefault(group, []).append(float(value))
    total, count = len(values), len(found)
    if count < 2 or count == total:
        return 1.0, 0.0
    sizes = np.array([len(members) for members in found.values()], np.float64)
    means = np.array([np.mean(members) for members in found.values()])
    grand = float(np.mean(values))
    between = float((sizes * (means - grand) ** 2).sum()) / (count - 1)
    within = sum(float(((np.array(members) - np.mean(members)) ** 2).sum()) for members in found.values())
    within /= total - count
    typical = (total - float((sizes**2).sum()) / total) / (count - 1)
    spread = between + (typical - 1) * within
    correlation = min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 0.0
    return 1 + (float((sizes**2).sum()) / total - 1) * correlation, correlation


def _check(errors: int, total: int) -> None:
    if not 0 <= errors <= total:
        raise ValueError(f"{errors} of {total} is no count")


def _bisect(believable: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if believable(middle) else (low, middle)
    return high
