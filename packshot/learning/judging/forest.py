"""Growing the judge's trees: extremely randomised (Geurts, Ernst and Wehenkel, 2006), on several targets at once.

Few hundred outcomes tell more when each is known by how much it missed the bar than by whether it did: splits are
chosen on all targets together, leaves keep the share that is asked for later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.trees import Forest

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class ForestSettings:
    """trees: how many; leaf: least rows in a leaf; tried: features tried at each node, as a share; depth: at most."""

    trees: int = 60
    leaf: int = 8
    tried: float = 0.5
    depth: int = 12


@dataclass
class _Nodes:
    """A forest under way: the lists of ``Forest``."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    share: list[float]

    def add(self, share: float) -> int:
        self.feature.append(-1)
        self.threshold.append(0.0)
        self.left.append(-1)
        self.share.append(round(share, 4))
        return len(self.feature) - 1


def grow(rows: Rows, targets: Rows, share: Rows, seed: int, settings: ForestSettings | None = None) -> Forest:
    """A forest. rows: (n, features), NaN where unknown. targets: (n, t), what splits are chosen by, at equal weight.
    share: (n,) in 0..1, whose mean the leaves keep.
    """
    settings = settings or ForestSettings()
    draw = np.random.default_rng(seed)
    spread = targets.std(0)
    scaled = (targets - targets.mean(0)) / np.where(spread > 0, spread, 1)
    nodes, roots = _Nodes([], [], [], []), []
    for _ in range(settings.trees):
        roots.append(nodes.add(float(share.mean())))
        pending = [(roots[-1], np.arange(len(rows)), 0)]
        while pending:
            pending.extend(_split(nodes, pending.pop(), (rows, scaled, share), draw, settings))
    return Forest.model_validate(
        {
            "roots": roots,
            "feature": nodes.feature,
            "threshold": nodes.threshold,
            "left": nodes.left,
            "share": nodes.share,
        }
    )


def _split(
    nodes: _Nodes,
    task: tuple[int, NDArray[np.intp], int],
    data: tuple[Rows, Rows, Rows],
    draw: np.random.Generator,
    settings: ForestSettings,
) -> Iterator[tuple[int, NDArray[np.intp], int]]:
    """Splits a node's rows in two, if they can be, and says what is left to do."""
    node, members, depth = task
    rows, targets, share = data
    if len(members) < 2 * settings.leaf or depth >= settings.depth:
        return
    best = _best_cut(rows[members], targets[members], draw, settings)
    if best is None:
        return
    feature, threshold = best
    goes_left = rows[members, feature] <= threshold
    nodes.feature[node], nodes.threshold[node] = feature, float(threshold)
    for part in (members[goes_left], members[~goes_left]):
        child = nodes.add(float(share[part].mean()))
        if nodes.left[node] < 0:
            nodes.left[node] = child
        yield child, part, depth + 1


def _best_cut(
    rows: Rows, targets: Rows, draw: np.random.Generator, settings: ForestSettings
) -> tuple[int, float] | None:
    """The best of some random cuts, one a feature, by how much they lessen the targets' variance."""
    many = rows.shape[1]
    tried = draw.permutation(many)[: max(1, round(settings.tried * many))]
    some = rows[:, tried]
    known = ~np.isnan(some)
    low = np.where(known, some, np.inf).min(0)
    high = np.where(known, some, -np.inf).max(0)
    usable = low < high
    if not usable.any():
        return None
    low, high, some, tried = low[usable], high[usable], some[:, usable], tried[usable]
    cuts = _short(low + (high - low) * draw.random(len(tried)), low, high)
    left = some <= cuts
    counts = left.sum(0)
    sums = left.T.astype(np.float64) @ targets
    total = targets.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = (sums**2).sum(1) / counts + ((total - sums) ** 2).sum(1) / (len(rows) - counts)
    gains[(counts < settings.leaf) | (len(rows) - counts < settings.leaf)] = -np.inf
    best = int(np.argmax(gains))
    return (int(tried[best]), float(cuts[best])) if np.isfinite(gains[best]) else None


def _short(cuts: Rows, low: Rows, high: Rows) -> Rows:
    """Thresholds of five significant digits, as the features have, still between the extremes."""
    short = np.array([float(f"{cut:.5g}") for cut in cuts])
    return np.where((short >= low) & (short < high), short, cuts)
