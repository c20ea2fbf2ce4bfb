"""How far off a shot will be in one figure: what is expected of its error, and how widely errors lie about that.

The logarithm of the error is expected to be the mean of a linear model over what has a name (``causes``) and of a
forest over everything that concerns the part. How errors lie about it was seen on groups that were not learned from.
Any limit can be held against it, so a judge need not be trained again for another bar of good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.evaluation.causes import scaled
from packshot.evaluation.trees import Floats, Forest
from packshot.recipe import Frozen

_FARTHEST = 3.0  # deviations to which a number counts
_SMOOTH = 0.25  # of the residues' deviation


class LinearModel(Frozen):
    """Weights of scaled and standardised features; what is unknown counts as usual."""

    features: tuple[str, ...]
    means: Floats
    deviations: Floats
    weights: Floats
    level: float

    @cached_property
    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Means, deviations, weights."""
        return np.array(self.means), np.array(self.deviations), np.array(self.weights)

    def pushes(self, features: Mapping[str, float]) -> NDArray[np.float64]:
        """What each feature adds to the level."""
        means, deviations, weights = self.arrays
        row = np.array([scaled(name, features.get(name, np.nan)) for name in self.features])
        return np.asarray(weights * standard(row, means, deviations), np.float64)


def standard(
    rows: NDArray[np.float64], means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean 0 and deviation 1; unknown ones at the mean, far ones drawn in."""
    return np.asarray(np.clip(np.nan_to_num((rows - means) / deviations, nan=0.0), -_FARTHEST, _FARTHEST))


@dataclass(frozen=True)
class Expected:
    """An error that is expected: its median, and the range that holds four of five. rank: the share of the outcomes
    learned from of which less was expected. pushes: what each feature adds to its logarithm."""

    median: float
    low: float
    high: float
    rank: float
    pushes: Mapping[str, float]


class ErrorModel(Frozen):
    """Of one figure of the bar; errors are 0 at best (see ``causes.error_of``)."""

    linear: LinearModel
    forest: Forest
    residues: Floats = Field(description="evenly spaced quantiles of log error less expected, on groups not seen")
    usual: Floats = Field(description="evenly spaced quantiles, 0 to 1, of what was expected of those")

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """The residues."""
        return np.array(self.residues)

    @cached_property
    def range(self) -> NDArray[np.float64]:
        """What of the residues holds four of five, and their middle: low, middle, high."""
        return np.asarray(np.quantile(self.spread, (0.1, 0.5, 0.9)))

    def centre(self, features: Mapping[str, float], row: NDArray[np.float64]) -> float:
        """The expected logarithm of the error. ``row``: the features by the judge's own names."""
        linear = self.linear.level + float(self.linear.pushes(features).sum())
        return (linear + self.forest.answer(row)) / 2

    def beyond(self, centre: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
        """How likely errors are larger than ``limit``, by what is expected of each (n,)."""
        away = np.asarray(centre)[:, None] + self.spread - np.log(max(limit, 1e-6))
        width = max(_SMOOTH * float(self.spread.std()), 1e-3)
        return np.asarray((1 / (1 + np.exp(-np.clip(away / width, -30, 30)))).mean(1))

    def expected(self, features: Mapping[str, float], centre: float) -> Expected:
        """In the error's own units."""
        low, median, high = np.exp(centre + self.range)
        rank = float(np.interp(centre, self.usual, np.linspace(0, 1, len(self.usual))))
        pushes = dict(zip(self.linear.features, self.linear.pushes(features).tolist(), strict=True))
        return Expected(float(median), float(low), float(high), rank, pushes)
