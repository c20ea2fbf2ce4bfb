"""Smooth surfaces over the frame: the shapes that light takes, fitted in spite of shadows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ENOUGH = 5000  # samples: six weights need no more


def terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The light's shapes at places in -1..1: level, plane, bowl; (N, 6)."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def over(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """The surface of six ``weights`` over a frame of columns ``x`` and rows ``y`` in -1..1, (len(y), len(x))."""
    level, across, down, bowl, skew, sag = (float(weight) for weight in weights)
    columns = (across * x + bowl * x * x).astype(np.float32)
    rows = (level + down * y + sag * y * y).astype(np.float32)
    surface = np.add.outer(rows, columns)
    if skew:
        surface += np.multiply.outer((skew * y).astype(np.float32), x.astype(np.float32))
    return surface


def robust_fit(shapes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with outliers (shadows) weighed down, Huber's weights, and a little ridge on the bowl.

    ``shapes``: (N, K); ``values``: (N,). Of very many samples every second, third and so on is used.
    """
    step = -(-len(values) // _ENOUGH)
    if step > 1:
        shapes, values = shapes[::step], values[::step]
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
