"""A low sneaker: moulded sole, panelled upper, laces in a bow.

The upper is one skin from the sole's edge to the collar: at every turn around the foot a Bezier curve climbs from
the one to the other. Panels, seams and mesh are drawn on that skin by the place that each texel has on the shoe.
"""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

from functools import cache
from itertools import pairwise

import bpy
import cv2
import numpy as np
from geometry import Finish, Points, ellipse, loft, sheet, spline, sweep
from materials import Surface, encoded, fabric, rubber
from numpy.typing import NDArray

LENGTH = 0.285
SOLE = 0.028
TEXELS = (768, 1536)


def _half_width(x: Points) -> Points:
    """Half the foot's width along it, 0 heel to 1 toe, before the ends are rounded."""
    return np.interp(
        x,
        np.linspace(0, 1, 101),
        spline([(0.036,), (0.0375,), (0.036,), (0.040,), (0.048,), (0.050,), (0.046,)], 101)[:, 0],
    )


def _foot(turn: Points, grow: float = 0.0) -> Points:
    """The outline at a turn (0 is the toe), in x and y; `grow` pushes it outwards, in metres."""
    c, s = np.cos(turn), np.sin(turn)
    along = 0.5 + 0.5 * np.sign(c) * abs(c) ** 0.82
    side = np.sign(s) * abs(s) ** 0.80
    width = _half_width(along) + grow
    bend = 0.006 * np.sin(np.pi * along)
    return np.stack([along * (LENGTH + 2 * grow) - grow, side * width + bend], -1)


def _spring(x: Points) -> Points:
    """How far the sole rises at toe and heel."""
    return (
        0.013 * np.clip((x / LENGTH - 0.68) / 0.32, 0, 1) ** 2 + 0.003 * np.clip((0.12 - x / LENGTH) / 0.12, 0, 1) ** 2
    )


def skin(turn: Points, level: Points) -> Points:
    """A place on the upper: turn around the foot, level 0 at the sole to 1 at the collar."""
    turn, level = np.broadcast_arrays(turn, level)
    c, s = np.cos(turn), np.sin(turn)
    toe, heel = np.clip(c, 0, 1) ** 1.5, np.clip(-c, 0, 1) ** 2
    edge = _foot(turn, -0.0035)
    base = np.stack([edge[..., 0], edge[..., 1], SOLE - 0.006 + _spring(edge[..., 0])], -1)
    collar = np.stack(
        [0.072 + 0.060 * c, 0.031 * np.sign(s) * abs(s) ** 0.85 + 0.003, 0.076 + 0.022 * toe + 0.024 * heel], -1
    )
    out = np.stack([c, np.sign(s) * abs(s), 0 * c], -1)
    rise = np.zeros_like(base)
    rise[..., 2] = 0.030 + 0.014 * toe + 0.004 * heel
    first = base + rise + out * (0.003 * (1 - toe) - 0.004 * heel)[..., None]
    second = collar + out * (0.072 * toe + 0.004 * (1 - toe))[..., None]
    second[..., 2] -= 0.020 + 0.008 * toe
    t = level[..., None]
    return (1 - t) ** 3 * base + 3 * t * (1 - t) ** 2 * first + 3 * t**2 * (1 - t) * second + t**3 * collar


def _drawing() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour (h, w, 4) and relief (h, w) of the upper's panels; rows are levels from the top, columns turns."""
    rows, columns = TEXELS
    level = np.linspace(1, 0, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, columns)[None]
    place = skin(turn, level)
    x, y, z = place[..., 0], place[..., 1] - 0.003, place[..., 2]
    tongue = (abs(y) < 0.0125 + 0.05 * np.clip(0.135 - x, 0, 1)) & (x > 0.12) & (x < 0.193)
    stay = (abs(y) < 0.030 + 0.12 * np.clip(0.15 - x, 0, 1)) & (x > 0.105) & (x < 0.203) & (z > 0.058) & ~tongue
    cap = (x + 0.35 * (z - 0.03) > 0.232 + 6 * y**2) & ~stay & ~tongue
    heel = x - 0.25 * (z - 0.09) < 0.052 + 0.012 * np.sin(40 * z)
    slant = x - 0.125 + 0.55 * (z - 0.055)
    stripe = ((abs(slant) < 0.010) | (abs(slant - 0.019) < 0.003)) & (abs(y) > 0.02)
    foxing = z < SOLE + 0.010 + _spring(x)
    panels = [
        (stripe, "#f5f2ea"),
        (tongue, "#23395d"),
        (foxing, "#23395d"),
        (heel, "#d8643a"),
        (cap, "#23395d"),
        (stay, "#23395d"),
    ]
    colour = np.ones((rows, columns, 4), np.float32)
    colour[..., :3] = [0xB9 / 255, 0xC3 / 255, 0xCC / 255]
    relief = np.full((rows, columns), 0.35, np.float32)
    weave = np.sin(place[..., 0] * 2600) * np.sin((place[..., 2] + abs(place[..., 1])) * 2600)
    relief += np.where(weave > 0.35, -0.16, 0.0)
    for mask, shade in panels:
        colour[mask, :3] = encoded(shade)
        relief[mask] = 0.05 if mask is tongue else 0.75
        _stitch(colour, relief, mask & ~tongue)
    return colour, cv2.GaussianBlur(relief, (0, 0), 1.2)


def _stitch(colour: NDArray[np.float32], relief: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
    """A dashed pale line a little inside a panel's edge."""
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.indices(mask.shape)
    dash = (row + column) % 14 < 9
    line = (inside > 7) & (inside < 9) & dash
    relief[line] = 0.55
    colour[line, :3] = colour[line, :3] * 0.5 + 0.4


def _upper() -> bpy.types.Object:
    surface = Surface("upper", "#b9c3cc", 0.62, Specular_IOR_Level=0.3)
    colour, relief = _drawing()
    surface.colour(surface.image(colour, "panels").outputs["Color"])
    surface.relief(relief, 0.0016)
    surface.bump(surface.noise(800), 0.0002)
    turn, level = np.linspace(0, 2 * np.pi, 181), np.linspace(0, 1, 60)
    return sheet("upper", skin(turn[None], level[:, None]), surface.material)


def _lining() -> list[bpy.types.Object]:
    """A padded roll around the collar and the dark inside."""
    cloth = fabric("lining", "#d8643a", 0.0012).material
    turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    collar = skin(turn, np.ones(120))
    centre = np.array([0.072, 0.003, 0])
    inward = collar + (centre - collar) * [0.07, 0.12, 0]
    roll = sweep("roll", inward - [0, 0, 0.001], ellipse(0.0075, 0.009, 16), cloth, closed=True)
    rings = []
    for depth, shrink in ((0.0, 0.9), (0.012, 0.86), (0.04, 0.95), (0.058, 0.95), (0.060, 0.02)):
        ring = centre + (collar - centre) * [shrink, shrink, 1]
        ring[:, 2] = collar[:, 2] * (1 - depth / 0.06) + 0.035 * depth / 0.06
        rings.append(ring)
    return [roll, loft("inside", np.array(rings), cloth)]


def _sole() -> list[bpy.types.Object]:
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    plan = [
        (0.0, -0.004),
        (0.0012, -0.001),
        (0.0022, 0.0),
        (0.006, 0.0010),
        (0.0068, -0.0002),
        (0.0076, 0.0014),
        (0.017, 0.0022),
        (0.024, 0.0010),
        (0.0268, 0.0),
        (SOLE, -0.002),
        (SOLE, -0.008),
    ]
    rings = []
    for height, grow in plan:
        edge = _foot(turn, grow)
        thin = 1 - 0.22 * np.clip(edge[:, 0] / LENGTH - 0.3, 0, 1)
        rings.append(np.column_stack([edge, height * thin + _spring(edge[:, 0])]))
    white = rubber("midsole", "#efece3").material
    midsole = loft("midsole", np.array(rings), white, Finish(subdivision=1), caps=True)
    tread = []
    for height, grow in ((-0.0015, -0.006), (-0.0015, -0.0015), (0.0, 0.0012), (0.0045, 0.0018), (0.005, 0.0)):
        edge = _foot(turn, grow)
        tread.append(np.column_stack([edge, height + 0.0015 + _spring(edge[:, 0])]))
    outsole = loft("outsole", np.array(tread), rubber("outsole", "#c9864a").material, Finish(subdivision=1), caps=True)
    return [midsole, outsole]


@cache
def _vamp() -> Points:
    turn, level = np.meshgrid(np.linspace(-1.5, 1.5, 241), np.linspace(0.2, 1, 161))
    return skin(turn, level)


def _on_vamp(x: float, y: float, lift: float) -> Points:
    """A place on the front of the upper by x and y, lifted off it."""
    place = _vamp()
    nearest = np.argmin((place[..., 0] - x) ** 2 + (place[..., 1] - 0.003 - y) ** 2 - 1e-3 * place[..., 2])
    spot: Points = place.reshape(-1, 3)[nearest]
    return spot + [0.35 * lift, 0, lift]


def _laces() -> list[bpy.types.Object]:
    cord = fabric("lace", "#f3f0e6", 0.0008).material
    band = ellipse(0.0020, 0.0062, 12, 3)[:, ::-1]
    stations = np.linspace(0.186, 0.126, 6)
    things = []
    for x in stations:
        path = [
            _on_vamp(x - 0.002, -0.021, -0.001),
            _on_vamp(x, -0.017, 0.0022),
            _on_vamp(x, 0.0, 0.0045),
            _on_vamp(x, 0.017, 0.0022),
            _on_vamp(x - 0.002, 0.021, -0.001),
        ]
        things.append(sweep("bar", spline(path, 40), band, cord, up=(1, 0, 0.8)))
    for x, after in pairwise(stations):
        for side in (-1, 1):
            path = [
                _on_vamp(x, side * 0.017, 0.0015),
                _on_vamp((x + after) / 2, side * 0.002, 0.0035),
                _on_vamp(after, -side * 0.017, 0.0015),
            ]
            things.append(sweep("cross", spline(path, 30), band, cord, up=(1, 0, 0.8)))
    knot = _on_vamp(0.126, 0.0, 0.006)
    things.append(
        sweep(
            "knot",
            spline([knot + [0, -0.006, 0], knot + [0, 0, 0.003], knot + [0, 0.006, 0]], 16),
            ellipse(0.007, 0.009, 12),
            cord,
            up=(1, 0, 1),
        )
    )
    for side in (-1, 1):
        loop = [
            (0, 0, 0.002),
            (-0.004, 0.014, 0.008),
            (0.004, 0.034, 0.002),
            (0.014, 0.036, -0.006),
            (0.014, 0.018, 0.0),
            (0.002, 0.002, 0.003),
        ]
        tail = [(0, 0, 0.002), (0.012, 0.010, 0.004), (0.024, 0.024, -0.010), (0.026, 0.034, -0.026)]
        for shape in (loop, tail):
            path = spline(knot + np.array(shape) * [1, side, 1], 60)
            things.append(sweep("bow", path, band, cord, up=(0.3, 0, 1)))
    return things


def _tongue() -> bpy.types.Object:
    cloth = fabric("tongue", "#23395d", 0.0012).material
    root, mouth = _on_vamp(0.150, 0.0, -0.003), skin(np.array(0.0), np.array(1.0))
    path = spline([root, mouth + [0.006, 0, 0.001], mouth + [0.001, 0, 0.008], mouth + [-0.008, 0, 0.018]], 40)
    narrow = np.linspace(0.034, 0.050, 40)
    section = np.stack([ellipse(width, 0.006, 32, 2.6) for width in narrow])
    section[..., 1] -= 5.0 * section[..., 0] ** 2
    return sweep("tongue", path, section, cloth, up=(1, 0, 0.6), finish=Finish(subdivision=1))


def build() -> list[bpy.types.Object]:
    """A left shoe, its toe towards +x."""
    return [*_sole(), _upper(), *_lining(), _tongue(), *_laces()]
