"""Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006) for exposure and tint, as flat lists of nodes.

Two forests each: one says how far a photo departs from the rules' anchors, the other says the whole change. Each photo
is learned from as it is and as it would be in the light of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TARGETS = (slice(0, 1), slice(1, 3))  # exposure and white point, of ``lightmeter.CHANGES``
DEPTH = 14
_TREES = 36  # of each forest
_LEAF = 6
_LEAF_OF_MANY = 8
_MANY = 2500  # rows from which on a leaf holds more of them
_TRIED = 0.33  # of the numbers, at each node
_COLUMNS = 3


@dataclass(frozen=True)
class Trees:
    """Forests. feature, threshold, right (m,), value (m, 2): of all nodes. A number of at most the threshold goes to
    the node behind, another one to the right; leaves go to themselves. roots (t,): the trees' first nodes. sums
    (2 t, 6): how the two values of each tree's leaf add up to departures and to whole changes of exposure, red and
    blue."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    sums: NDArray[np.float32]

    def apply(self, inputs: Floats) -> Floats:
        """(n, 6) departures and whole changes, of inputs (n, f)."""
        seen = inputs.astype(np.float32)
        node = np.tile(self.roots, (len(seen), 1))
        rows = np.arange(len(seen))[:, None]
        for _ in range(DEPTH):
            low = seen[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(low, node + 1, self.right[node])
        return np.asarray(self.value[node].reshape(len(seen), -1).astype(np.float64) @ self.sums, np.float64)


def no_trees() -> Trees:
    """One tree that says nothing."""
    whole, single = np.zeros(1, np.int32), np.zeros((1, 2), np.float32)
    return Trees(whole, np.full(1, -np.inf, np.float32), whole, single, whole, np.zeros((2, 6), np.float32))


def grow_trees(inputs: Floats, wanted: tuple[Floats, Floats], weights: Floats) -> Trees:
    """Forests for inputs (n, f), of departures and of whole changes ``wanted``, (n, 3) each, at weights (n,)."""
    from sklearn.ensemble import ExtraTreesRegressor

    seen, parts = inputs.astype(np.float32), []
    leaf = _LEAF_OF_MANY if len(seen) >= _MANY else _LEAF
    for start, values in zip((0, _COLUMNS), wanted, strict=True):
        for part in TARGETS:
            target = values[:, part] if part.stop - part.start > 1 else values[:, part.start]
            forest = ExtraTreesRegressor(
                _TREES, min_samples_leaf=leaf, max_depth=DEPTH, max_features=_TRIED, random_state=1
            )
            forest.fit(seen, target, weights)
            parts += [(one.tree_, slice(start + part.start, start + part.stop)) for one in forest.estimators_]
    return _flat(parts)


def _flat(parts: list[tuple[Any, slice]]) -> Trees:
    """Trees of scikit-learn, whose left child is the next node, one after another."""
    starts = np.cumsum([0, *(tree.node_count for tree, _ in parts)])
    sums = np.zeros((2 * len(parts), 2 * _COLUMNS), np.float32)
    lists: list[list[NDArray[Any]]] = [[], [], [], []]
    for index, (tree, columns) in enumerate(parts):
        leaf = tree.children_left < 0
        own = np.arange(tree.node_count)
        values = np.zeros((tree.node_count, 2), np.float32)
        width = columns.stop - columns.start
        values[:, :width] = tree.value[:, :, 0] * leaf[:, None]
        cuts = tree.threshold.astype(np.float32)
        cuts = np.where(cuts > tree.threshold, np.nextafter(cuts, np.float32(-np.inf)), cuts)
        right = starts[index] + np.where(leaf, own, tree.children_right)
        found = (np.where(leaf, 0, tree.feature), np.where(leaf, np.float32(-np.inf), cuts), right, values)
        for kept, values_of in zip(lists, found, strict=True):
            kept.append(values_of)
        sums[2 * index : 2 * index + width, columns] = np.eye(width) / _TREES
    feature, threshold, rights, value = (np.concatenate(kept) for kept in lists)
    nodes = feature.astype(np.int32), threshold.astype(np.float32), rights.astype(np.int32)
    return Trees(*nodes, value.astype(np.float32), starts[:-1].astype(np.int32), sums)
