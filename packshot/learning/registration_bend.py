"""What is left when turn, scale and stretch are undone: was the product bent, and does a change of perspective tell it?

Read off the patches that were found again: where they lie after the best affine map is where the bend shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.learning.registration_evidence import PATCH, Evidence

_LEAST = 24  # patches
_TRUSTED = 0.7  # correlation
_PERSPECTIVE_GAIN = 0.5  # of the bend that a homography has to explain
_STEPS = 10

Homography = NDArray[np.float64]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Bend:
    """How far the product was bent, and by what.

    ``share``: root mean square of the smooth part of the patches' shifts, of the long side of the target's frame.
    ``homography``: (3, 3) from the target's frame to where its points are seen, where a change of perspective explains
    most of the bend; None where it does not.
    """

    share: float
    homography: Homography | None


def measure_bend(evidence: Evidence) -> Bend:
    """The bend in what the affine map left over; none when too few patches have structure in two directions."""
    trusted = evidence.clear & evidence.firm & (evidence.best > _TRUSTED)
    if trusted.sum() < _LEAST:
        return Bend(0.0, None)
    reach = max(evidence.size) / 2
    middle = (np.array(evidence.size) - 1) / 2
    places = (evidence.corners[trusted] + (PATCH - 1) / 2 - middle) / reach
    shifts = evidence.shifts[trusted] / reach
    smooth = _smooth_field(places, shifts, 1 / reach)
    share = float(np.sqrt((smooth**2).sum(1).mean()))
    homography = _fit_homography(places, smooth)
    left = float(np.sqrt(((_project(homography, places) - places - smooth) ** 2).sum(1).mean()))
    if left > (1 - _PERSPECTIVE_GAIN) * share:
        return Bend(share / 2, None)
    to_unit = np.array([[1 / reach, 0, -middle[0] / reach], [0, 1 / reach, -middle[1] / reach], [0, 0, 1]])
    return Bend(share / 2, np.linalg.inv(to_unit) @ homography @ to_unit)


def _smooth_field(places: Points, shifts: Points, pixel: float) -> Points:
    """The shifts as a polynomial of second order has them, patches found in a wrong place left out by their weight."""
    x, y = places.T
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1)
    ridge = 1e-3 * len(x) * np.diag([0.0, 1, 1, 1, 1, 1])
    field, weights = np.zeros_like(shifts), np.ones(len(x))
    for _ in range(_STEPS):
        weighted = basis * weights[:, None]
        field = basis @ np.linalg.solve(weighted.T @ basis + ridge, weighted.T @ shifts)
        weights = 1 / (1 + ((shifts - field) ** 2).sum(1) / pixel**2) ** 2
    return np.asarray(field, np.float64)


def _fit_homography(places: Points, shifts: Points) -> Homography:
    """Least squares by the direct linear transform, the last entry being 1: bends are far from a vanishing point."""
    x, y = places.T
    u, v = (places + shifts).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    across = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 1)
    down = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 1)
    solution, *_ = np.linalg.lstsq(np.concatenate([across, down]), np.concatenate([u, v]), rcond=None)
    return np.append(solution, 1.0).reshape(3, 3)


def _project(homography: Homography, points: Points) -> Points:
    lifted = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], np.float64)
