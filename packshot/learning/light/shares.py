"""How much each member of the light model counts, for each camera: by what was nearest on groups left out.

On one studio's grey paper a rule of thumb is nearly exact, in sellers' rooms trees are nearer; exposure, white point
and evenness may go by different members.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.cameras import camera_of
from packshot.lightmeter import CHANGES

Floats = NDArray[np.float64]
MEMBERS = ("rules", "regression", "trees", "trees alone")
PARTS = (slice(0, 1), slice(1, 3), slice(3, 8))  # of ``CHANGES``: exposure, white point, evenness
_STEPS = 4
_BEST = 5  # mixtures that are averaged: which one is the very best is chance


@dataclass(frozen=True)
class Shares:
    """cameras (c,): log2 of their photos' short side. of (c + 1, members, 8): shares that sum to one, for each camera
    and, last, for photos of any other."""

    cameras: Floats
    of: Floats

    def for_cameras(self, cameras: Floats) -> Floats:
        """(c + 1, members, 8) for other cameras."""
        sides = np.append(cameras, np.inf)
        return np.asarray(self.of[[self._place(side) for side in sides]], np.float64)

    def _place(self, side: float) -> int:
        same = np.flatnonzero(np.abs(self.cameras - side) < 0.01)
        return int(same[0]) if len(same) else len(self.cameras)


def fixed(*shares: float) -> Shares:
    """The same shares for all cameras and changes."""
    return Shares(np.zeros(0), np.tile(np.array(shares)[None, :, None], (1, 1, len(CHANGES))))


EVEN = fixed(0.3, 0.2, 0.3, 0.2)
REGRESSION_ALONE = fixed(0.0, 1.0, 0.0, 0.0)


def choose_shares(cameras: Floats, measured: Floats, missing: Floats) -> Shares:
    """The shares that leave the least distance. missing (members, n, 8): by how much each member missed measured rows
    (n, numbers) when their groups were not learned from, in units."""
    camera = camera_of(cameras, measured)
    found = np.zeros((len(cameras) + 1, len(MEMBERS), len(CHANGES)))
    for index in range(len(cameras) + 1):
        chosen = camera == index if index < len(cameras) else np.ones(len(camera), np.bool_)
        for part in PARTS:
            found[index, :, part] = _nearest(missing[:, chosen, part])[:, None]
    return Shares(cameras, found)


def _nearest(missing: Floats) -> Floats:
    """(members,) the mean of the mixtures that leave the least distance."""
    mixtures = _mixtures()
    left = [float(np.linalg.norm(np.tensordot(mixture, missing, 1), axis=1).mean()) for mixture in mixtures]
    return np.asarray(mixtures[np.argsort(left, kind="stable")[:_BEST]].mean(0), np.float64)


def _mixtures() -> Floats:
    """(k, members) all shares in steps of a quarter."""
    counts = [one for one in product(range(_STEPS + 1), repeat=len(MEMBERS)) if sum(one) == _STEPS]
    return np.array(counts, np.float64) / _STEPS
