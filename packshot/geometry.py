"""Affine maps between pixel centres (OpenCV's convention): (2, 3) float64, target = matrix @ (x, y, 1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]
Points = NDArray[np.float64]


def identity() -> Affine:
    """The map that moves nothing."""
    return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def frame_affine(angle: float, scale: float, centre: tuple[float, float], canvas: tuple[int, int]) -> Affine:
    """Turns by ``angle`` degrees and scales about ``centre`` (source pixels), which lands in the middle of
    ``canvas``."""
    radians = np.deg2rad(angle)
    turn = scale * np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    middle = (np.array(canvas) - 1) / 2
    return np.column_stack([turn, middle - turn @ np.array(centre)])


def resize_affine(source: tuple[int, int], target: tuple[int, int]) -> Affine:
    """From the pixel centres of a picture of (width, height) ``source`` to those of the same picture at ``target``."""
    across, down = target[0] / source[0], target[1] / source[1]
    return np.array([[across, 0.0, 0.5 * across - 0.5], [0.0, down, 0.5 * down - 0.5]])


def compose(*matrices: Affine) -> Affine:
    """The maps one after another: the first is applied first."""
    result = np.eye(3)
    for matrix in matrices:
        result = np.vstack([matrix, [0, 0, 1]]) @ result
    return result[:2]


def invert(matrix: Affine) -> Affine:
    """The way back."""
    return np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]


def apply(matrix: Affine, points: Points) -> Points:
    """Moves (N, 2) points."""
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def scale_of(matrix: Affine) -> float:
    """Target pixels per source pixel: the square root of the determinant."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def angle_of(matrix: Affine) -> float:
    """The turn in degrees, in the sense of ``frame_affine``."""
    return float(np.rad2deg(np.arctan2(matrix[0, 1] - matrix[1, 0], matrix[0, 0] + matrix[1, 1])))


def box_corners(box: tuple[float, float, float, float]) -> Points:
    """Left, top, right, bottom as four (x, y) points, clockwise from the top left."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
