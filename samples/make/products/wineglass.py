"""A stemmed glass with red wine."""

from __future__ import annotations

import bpy
import numpy as np
from geometry import Points, revolve, spline
from materials import Surface, glass

OUTER = [
    (0.0052, 0.098),
    (0.017, 0.104),
    (0.033, 0.122),
    (0.0415, 0.150),
    (0.0405, 0.180),
    (0.0355, 0.207),
    (0.0330, 0.221),
]
LEVEL = 0.152


def _bowl_inside(count: int) -> Points:
    """The inner profile of the bowl from its bottom to its rim."""
    inner = [
        (0.0001, 0.1035),
        (0.012, 0.1055),
        (0.0312, 0.1232),
        (0.0400, 0.150),
        (0.0392, 0.180),
        (0.0345, 0.207),
        (0.0322, 0.221),
    ]
    return spline(inner, count)


def build() -> list[bpy.types.Object]:
    """A 22 cm glass, a third full."""
    clear = glass("crystal", "#fbfdfd", 1.47).material
    foot = spline(
        [
            (0.0001, 0.0),
            (0.020, 0.0),
            (0.0355, 0.0004),
            (0.0365, 0.0012),
            (0.0350, 0.0022),
            (0.020, 0.0045),
            (0.008, 0.0085),
            (0.0045, 0.018),
        ],
        60,
    )
    stem = spline([(0.0045, 0.018), (0.0034, 0.05), (0.0036, 0.08), (0.0052, 0.098)], 30)[1:]
    bowl = spline(OUTER, 60)[1:]
    lip = spline([(0.0330, 0.221), (0.0327, 0.2216), (0.0322, 0.221)], 6)[1:]
    inside = _bowl_inside(80)[::-1][1:]
    vessel = revolve("glass", np.vstack([foot, stem, bowl, lip, inside]), clear, segments=160)
    wall = _bowl_inside(200)
    # The wine reaches a little into the glass, so that no film of air shows between them.
    filled = wall[wall[:, 1] < LEVEL] + [0.0002, -0.0001]
    filled[0, 0] = 0.0
    edge = filled[-1, 0]
    surface = np.array([(edge - 0.0002, LEVEL + 0.0004), (edge - 0.0015, LEVEL), (0.0, LEVEL)])
    # A full glass of red lets next to no light through.
    wine = Surface("wine", "#3d0410", 0.02, Specular_IOR_Level=0.3).material
    return [vessel, revolve("wine", np.vstack([filled, surface]), wine, segments=160)]
