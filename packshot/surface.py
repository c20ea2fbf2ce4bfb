"""Smooth surfaces over the frame: the shapes that light takes, fitted in spite of shadows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The light's shapes at places in -1..1: level, plane, bowl; (N, 6)."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def robust_fit(shapes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with outliers (shadows) weighed down, Huber's weights, and a little ridge on the bowl."""
    ridge = np.diag([0, 0.002, 0.002, 0.02, 0.02, 0.02]) * len(values)
    weight = np.ones(len(values))
    solution = np.zeros(shapes.shape[1])
    for _ in range(4):
        weighted = shapes * weight[:, None]
        solution = np.linalg.solve(weighted.T @ shapes + ridge + 1e-9 * np.eye(len(ridge)), weighted.T @ values)
        residue = np.abs(values - shapes @ solution)
        scale = max(1e-3, 1.5 * float(np.median(residue)))
        weight = np.minimum(1, scale / np.maximum(residue, 1e-6))
    return solution
