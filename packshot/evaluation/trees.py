"""Forests of extremely randomised trees (Geurts, Ernst and Wehenkel, 2006), read with numpy alone.

They are grown by scikit-learn, through ``packshot.learning.judging.forest``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.recipe import Frozen

Floats = tuple[float, ...]


class Forest(Frozen):
    """All trees' nodes one after another; ``roots`` are the first of each. A leaf has feature -1.

    At a node, up to ``threshold`` goes to ``left``, what is larger to the node after it; what is unknown goes where
    the usual value goes, or, where that is not told, as if it were larger.
    """

    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: Floats
    left: tuple[int, ...]
    share: Floats = Field(description="the mean of what is asked for over the training rows, at each node")

    unknown: tuple[bool, ...] = Field((), description="whether what is unknown goes left, at each node")

    @cached_property
    def arrays(self) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
        """feature, threshold, left, share."""
        kinds = (np.array(self.feature, np.intp), np.array(self.threshold), np.array(self.left, np.intp))
        return (*kinds, np.array(self.share))

    @cached_property
    def unknown_left(self) -> NDArray[np.bool_]:
        """``unknown``, of all nodes."""
        return np.array(self.unknown or (False,) * len(self.feature), np.bool_)

    def answer(self, row: NDArray[np.float64]) -> float:
        """The mean share over the trees for one row of features; unknown ones are NaN."""
        feature, threshold, left, share = self.arrays
        node = np.array(self.roots, np.intp)
        while True:
            inner = feature[node] >= 0
            if not inner.any():
                return float(share[node].mean())
            at = node[inner]
            value = row[feature[at]]
            goes_left = np.where(np.isnan(value), self.unknown_left[at], value <= threshold[at])
            node[inner] = left[at] + ~goes_left
