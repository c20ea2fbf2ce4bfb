"""What is left when turn, scale and stretch are undone: was the product bent, and does a change of perspective tell it?

Read off the patches that were found again: where they lie after the best affine map is where the bend shows. Patches
on reflections and plain surfaces are shifted, too; so a bend is believed only if half of them foretell the others'.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, identity, invert
from packshot.learning.registration.evidence import PATCH, Evidence

_LEAST = 24  # patches
_TRUSTED = 0.7  # correlation
_FORETOLD = 0.35  # of the typical shift
_BLOCK = 32  # pixels: neighbouring patches overlap, so whole blocks of them foretell others
_PERSPECTIVE_GAIN = 0.5  # of the bend that a homography has to explain
_STEPS = 10

Homography = NDArray[np.float64]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Bend:
    """How far the product was bent, and by what.

    ``share``: root mean square of the smooth part of the patches' shifts, of the long side of the target's frame.
    ``homography``: (3, 3) from the target's frame to where its points are seen, where a change of perspective explains
    most of the bend; None where it does not. ``similarity``: (2, 3), the turn, scale and shift nearest to it; not the
    identity where the map missed its optimum.
    """

    share: float = 0.0
    homography: Homography | None = None
    similarity: Affine = field(default_factory=identity)


def measure_bend(evidence: Evidence) -> Bend:
    """The bend in what the affine map left over; none when too few patches have structure in two directions."""
    trusted = evidence.clear & evidence.firm & (evidence.best > _TRUSTED)
    if trusted.sum() < _LEAST:
        return Bend()
    reach = max(evidence.size) / 2
    middle = (np.array(evidence.size) - 1) / 2
    places = (evidence.corners[trusted] + (PATCH - 1) / 2 - middle) / reach
    shifts = evidence.shifts[trusted] / reach
    blocks = (evidence.corners[trusted] // _BLOCK).sum(1) % 2 == 0
    if not _foretold(places, shifts, blocks, 1 / reach):
        return Bend()
    smooth = _basis(places) @ _smooth_field(places, shifts, 1 / reach)
    share = float(np.sqrt((smooth**2).sum(1).mean()))
    to_unit = np.array([[1 / reach, 0, -middle[0] / reach], [0, 1 / reach, -middle[1] / reach]])
    similarity = compose(to_unit, _fit_similarity(places, smooth), invert(to_unit))
    homography = _fit_homography(places, smooth)
    left = float(np.sqrt(((_project(homography, places) - places - smooth) ** 2).sum(1).mean()))
    if left > (1 - _PERSPECTIVE_GAIN) * share:
        return Bend(share / 2, None, similarity)
    lifted = np.vstack([to_unit, [0.0, 0.0, 1.0]])
    return Bend(share / 2, np.linalg.inv(lifted) @ homography @ lifted, similarity)


def _foretold(places: Points, shifts: Points, first: NDArray[np.bool_], pixel: float) -> bool:
    """Whether the field through each half of the patches brings the other half closer."""
    left = np.empty_like(shifts)
    for half in (first, ~first):
        if half.sum() < _LEAST // 4:
            return False
        smooth = _smooth_field(places[half], shifts[half], pixel)
        left[~half] = shifts[~half] - _basis(places[~half]) @ smooth
    return bool(np.median(np.hypot(*left.T)) < (1 - _FORETOLD) * np.median(np.hypot(*shifts.T)))


def _smooth_field(places: Points, shifts: Points, pixel: float) -> Points:
    """Coefficients (6, 2) of a polynomial of second order; patches found in a wrong place are left out by weight."""
    basis = _basis(places)
    ridge = 1e-3 * len(places) * np.diag([0.0, 1, 1, 1, 1, 1])
    smooth, weights = np.zeros((6, 2)), np.ones(len(places))
    for _ in range(_STEPS):
        weighted = basis * weights[:, None]
        smooth = np.asarray(np.linalg.solve(weighted.T @ basis + ridge, weighted.T @ shifts), np.float64)
        weights = 1 / (1 + ((shifts - basis @ smooth) ** 2).sum(1) / pixel**2) ** 2
    return smooth


def _basis(places: Points) -> Points:
    x, y = places.T
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1)


def _fit_similarity(places: Points, shifts: Points) -> Affine:
    """Least squares over complex numbers: z -> turn * z + shift."""
    source, target = places @ [1, 1j], (places + shifts) @ [1, 1j]
    middle, landing = source.mean(), target.mean()
    turn = np.vdot(source - middle, target - landing) / np.vdot(source - middle, source - middle).real
    shift = landing - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


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
