"""How well scores tell bad from good, and what makes probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def platt(probabilities: NDArray[np.float64], bad: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset that make log odds calibrated (Platt, 1999), drawn a little towards leaving them alone."""
    clipped = np.clip(probabilities, 1e-3, 1 - 1e-3)
    odds = np.log(clipped / (1 - clipped))
    middle = float(odds.mean())
    inputs, weights = np.stack([odds - middle, np.ones_like(odds)], 1), np.array([1.0, 0.0])
    for _ in range(100):
        share = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (share - bad) + np.array([weights[0] - 1.0, 0.0])
        curvature = (inputs * (share * (1 - share))[:, None]).T @ inputs + np.diag([1.0, 1e-3])
        step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    slope = max(float(weights[0]), 0.05)
    return round(slope, 5), round(float(weights[1]) - slope * middle, 5)


def auc(scores: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """How often a bad shot scores above a good one, ties counted half (Mann and Whitney); 0.5 without both."""
    above, below = np.asarray(scores)[bad], np.asarray(scores)[~bad]
    if not len(above) or not len(below):
        return 0.5
    difference = above[:, None] - below[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())
