"""Growing the judge's forests with scikit-learn: extremely randomised trees (Geurts, Ernst and Wehenkel, 2006).

Few hundred outcomes tell more when each is known by how much it missed the bar than by whether it did: splits are
chosen on all targets together, leaves keep the first, which is asked for later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    """The lists of ``Forest``, as they fill."""

    roots: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    unknown: list[bool] = field(default_factory=list)


def grow(rows: Rows, targets: Rows, seed: int, settings: ForestSettings | None = None) -> Forest:
    """A forest. rows: (n, features), NaN where unknown, which counts as the feature's median. targets: (n, t), what
    splits are chosen by, at equal weight; the leaves keep the mean of the first.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    settings = settings or ForestSettings()
    usual = _medians(rows)
    level, spread = targets.mean(0), np.where(targets.std(0) > 0, targets.std(0), 1.0)
    grower = ExtraTreesRegressor(
        settings.trees,
        min_samples_leaf=settings.leaf,
        max_features=max(1, round(settings.tried * rows.shape[1])),
        max_depth=settings.depth,
        random_state=seed,
    )
    wanted = (targets - level) / spread
    grower.fit(np.where(np.isnan(rows), usual, rows), wanted if wanted.shape[1] > 1 else wanted[:, 0])
    nodes = _Nodes()
    for one in grower.estimators_:
        _take(nodes, one.tree_, usual, (float(level[0]), float(spread[0])))
    return Forest.model_validate(vars(nodes))


def _medians(rows: Rows) -> Rows:
    """(features,): of what is known; 0 where nothing is."""
    nowhere = np.isnan(rows).all(0)
    return np.asarray(np.nanmedian(np.where(nowhere, 0.0, rows), 0), np.float64)


def _take(nodes: _Nodes, tree: Any, usual: Rows, scale: tuple[float, float]) -> None:
    """Adds a tree of scikit-learn, brothers side by side. ``scale``: mean and deviation of what the leaves keep."""
    start, order, place = len(nodes.feature), [0], {0: 0}
    for node in order:
        if tree.children_left[node] >= 0:
            for child in (int(tree.children_left[node]), int(tree.children_right[node])):
                place[child] = len(order)
                order.append(child)
    nodes.roots.append(start)
    for node in order:
        leaf = tree.children_left[node] < 0
        feature, threshold = int(tree.feature[node]), float(f"{tree.threshold[node]:.7g}")
        nodes.feature.append(-1 if leaf else feature)
        nodes.threshold.append(0.0 if leaf else threshold)
        nodes.left.append(-1 if leaf else start + place[int(tree.children_left[node])])
        nodes.share.append(round(scale[0] + scale[1] * float(tree.value[node, 0, 0]), 4))
        nodes.unknown.append(not leaf and bool(usual[feature] <= threshold))
