"""Which camera a photo is from, by its size: what is found for one studio's camera does not hold for another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from packshot.lightmeter import NAMES

Floats = NDArray[np.float64]
SIDE = NAMES.index("short side")
SAME_CAMERA = float(np.log2(1.2))
_LEAST_PHOTOS, _LEAST_GROUPS = 24, 8


def find_cameras(sides: Floats, groups: Sequence[str]) -> Floats:
    """(c,) sizes that many photos have, as log2 of the short side, the most frequent first; each stands for those
    within a fifth of it. ``sides`` (n,): of the photos."""
    left = np.ones(len(sides), np.bool_)
    found: list[float] = []
    names = np.array(groups)
    while left.any():
        values, counts = np.unique(sides[left], return_counts=True)
        centre = float(values[counts.argmax()])
        near = left & (np.abs(sides - centre) <= SAME_CAMERA)
        if near.sum() >= _LEAST_PHOTOS and len(set(names[near])) >= _LEAST_GROUPS:
            found.append(centre)
        left &= ~near
    return np.array(found)


def camera_of(cameras: Floats, measured: Floats) -> NDArray[np.intp]:
    """(n,) the camera of measured rows (n, numbers), the number of cameras where it is none of them."""
    sides = measured[:, SIDE]
    if not len(cameras):
        return np.zeros(len(sides), np.intp)
    distance = np.abs(sides[:, None] - cameras)
    return np.where(distance.min(1) <= SAME_CAMERA, distance.argmin(1), len(cameras))
