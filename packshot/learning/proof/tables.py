"""Scores of many pairs as one table: medians with confidence intervals that know pairs of one group to be alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.bar import Bar

if TYPE_CHECKING:
    from packshot.learning.proof.pair_score import PairScore

Table = dict[str, Any]
Floats = NDArray[np.float64]

MEDIANS = ("delta_e", "delta_e_p95", "iou", "edge", "corner", "margin", "angle", "ssim", "perceptual")
MEANS = ("canvas", "size", "false_spots")
_HIGHER_IS_BETTER = ("iou", "ssim")
_RESAMPLES = 1000
_CONFIDENCE = 0.95
_LEAST_GROUPS = 3  # of fewer, a resample says nothing about the next group


def summarise(scores: Sequence[PairScore], bar: Bar) -> Table:
    """A table of scores: how many, what would be published and how much of that is bad, and each method's figures.

    Each figure has its ``median`` (or ``mean``), the ``p95`` (of IoU and SSIM the 5th percentile: the bad end), and
    ``low`` and ``high``: the 95 % percentile-bootstrap interval over groups (Efron, 1979; Field and Welsh, 2007), None
    for fewer than three groups.
    """
    groups = np.unique([one.group for one in scores], return_inverse=True)[1]
    bad = np.array([bool(one.faults(bar)) for one in scores])
    table: Table = {"pairs": len(scores), "groups": int(groups.max()) + 1, "bad": float(bad.mean())}
    for name, chosen in (
        ("published", np.array([one.route == "publish" for one in scores])),
        ("would_publish", np.array([one.would_publish for one in scores])),
    ):
        table[f"share_{name}"] = float(chosen.mean())
        table[f"share_bad_of_{name}"] = float(bad[chosen].mean()) if chosen.any() else None
    weights = resampled(groups, _RESAMPLES if table["groups"] >= _LEAST_GROUPS else 0)
    methods = list(dict.fromkeys(name for one in scores for name in one.figures))
    for method in methods:
        table[method] = _method(scores, method, weights)
    return table


def _method(scores: Sequence[PairScore], method: str, weights: Floats) -> dict[str, Any]:
    def column(name: str) -> Floats:
        values = [one.figures.get(method, {}).get(name) for one in scores]
        return np.array([np.nan if value is None else value for value in values], np.float64)

    found: dict[str, Any] = {}
    for name in MEDIANS:
        found[name] = _figure("median", column(name), weights, name in _HIGHER_IS_BETTER)
    for name in MEANS:
        found[name] = _figure("mean", column(name), weights)
    found["healed"] = _pooled(column("healed"), column("specks"), weights)
    return {name: value for name, value in found.items() if value is not None}


def _figure(kind: str, values: Floats, weights: Floats, higher_is_better: bool = False) -> dict[str, Any] | None:
    known = ~np.isnan(values)
    if not known.any():
        return None
    values, weights = values[known], weights[:, known]
    ones = np.ones((1, len(values)))
    statistic = weighted_median if kind == "median" else _weighted_mean
    low, high = _interval(statistic(values, weights))
    figure = {kind: _rounded(statistic(values, ones)[0]), "low": low, "high": high, "n": int(known.sum())}
    if kind == "median":
        figure["p95"] = _rounded(np.quantile(values, 0.05 if higher_is_better else 0.95))
    return figure


def _pooled(part: Floats, whole: Floats, weights: Floats) -> dict[str, Any] | None:
    known = ~(np.isnan(part) | np.isnan(whole))
    if not known.any() or whole[known].sum() == 0:
        return None
    shares = (weights[:, known] @ part[known]) / np.maximum(weights[:, known] @ whole[known], 1e-9)
    low, high = _interval(shares)
    value = part[known].sum() / whole[known].sum()
    return {"mean": _rounded(value), "low": low, "high": high, "n": int(whole[known].sum())}


def resampled(groups: NDArray[np.intp], resamples: int = _RESAMPLES) -> Floats:
    """How often each value counts in each resample of whole groups, (resamples, values); the same every time."""
    count = int(groups.max()) + 1
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), resamples)
    return np.asarray(draws[:, groups], np.float64)


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Of (n,) values under each row of (resamples, n) weights; the mean of the middle two where the half falls between.

    Rows without weight give NaN.
    """
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[:, order], 1)
    half = total[:, -1:] / 2
    low = (total < half - 1e-9).sum(1)
    high = (total <= half + 1e-9).sum(1)
    middle = np.minimum(np.stack([low, high]), len(values) - 1)
    medians = values[order][middle].mean(0)
    return np.where(half[:, 0] > 0, medians, np.nan)


def _weighted_mean(values: Floats, weights: Floats) -> Floats:
    total = weights.sum(1)
    return np.where(total > 0, weights @ values / np.maximum(total, 1e-9), np.nan)


def _interval(statistics: Floats) -> tuple[float | None, float | None]:
    known = statistics[~np.isnan(statistics)]
    if not len(known):
        return None, None
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return _rounded(low), _rounded(high)


def _rounded(value: float) -> float:
    return round(float(value), 5)
