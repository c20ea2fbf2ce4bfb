"""A gold ring with one brilliant-cut stone, standing."""

from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, Points, ellipse, mesh_object, spline, sweep
from materials import glass, metal

RADIUS = 0.0094
GIRDLE, GIRDLE_HEIGHT = 0.0041, 0.0041


def _band(gold: bpy.types.Material) -> bpy.types.Object:
    turn = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    path = np.stack([RADIUS * np.cos(turn), 0 * turn, RADIUS * np.sin(turn) + RADIUS + 0.0009], -1)
    near_stone = np.exp(-(((turn - np.pi / 2) / 0.5) ** 2))
    section = np.stack([ellipse(0.0018 + 0.0003 * n, 0.0029 - 0.0010 * n, 24, 2.5) for n in near_stone])
    return sweep("band", path, section, gold, up=(0, 1, 0), closed=True, finish=Finish(subdivision=1))


def _brilliant() -> tuple[Points, list[list[int]]]:
    """Table, crown, girdle and pavilion of a round cut: flat facets around eight turns."""
    rings = [
        (0.56, 0.30, 8, 0.5),
        (0.80, 0.19, 8, 0.0),
        (1.0, 0.025, 16, 0.0),
        (1.0, -0.025, 16, 0.0),
        (0.52, -0.40, 8, 0.5),
    ]
    vertices, starts = [], []
    for radius, height, count, offset in rings:
        starts.append(len(vertices))
        turn = (np.arange(count) + offset) * 2 * np.pi / count
        vertices += list(np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(count, height)], -1))
    tip = len(vertices)
    vertices.append(np.array([0, 0, -0.86]))
    table, crown, upper, lower, belly = starts
    faces: list[list[int]] = [[table + i for i in range(8)]]
    for i in range(8):
        j = (i + 1) % 8
        faces.append([table + i, table + (i - 1) % 8, crown + i])
        faces += [[table + i, crown + i, upper + 2 * i + 1, crown + j], [crown + i, upper + 2 * i, upper + 2 * i + 1]]
        faces.append([crown + j, upper + 2 * i + 1, upper + (2 * i + 2) % 16])
        faces += [
            [lower + 2 * i, lower + 2 * i + 1, belly + i],
            [lower + 2 * i + 1, lower + (2 * i + 2) % 16, belly + i],
        ]
        faces += [[belly + i, lower + 2 * i, belly + (i - 1) % 8], [belly + i, belly + (i - 1) % 8, tip]]
    for i in range(16):
        j = (i + 1) % 16
        faces.append([upper + i, upper + j, lower + j, lower + i])
    return np.array(vertices), faces


def _setting(gold: bpy.types.Material, top: float) -> list[bpy.types.Object]:
    """Six prongs and a small basket ring under the stone."""
    things = []
    for turn in np.arange(6) * np.pi / 3 + 0.3:
        out = np.array([np.cos(turn), np.sin(turn), 0])
        knots = [
            out * 0.0009 + [0, 0, top - 0.0006],
            out * 0.0028 + [0, 0, top + 0.0021],
            out * 0.0042 + [0, 0, top + GIRDLE_HEIGHT],
            out * 0.0040 + [0, 0, top + GIRDLE_HEIGHT + 0.0005],
        ]
        things.append(sweep("prong", spline(knots, 30), ellipse(0.0007, 0.0007, 16), gold, up=(-out[1], out[0], 0.01)))
        cap = spline([knots[-1] - out * 0.0001, knots[-1] - out * 0.0007 + [0, 0, 0.00012]], 6)
        things.append(sweep("claw", cap, ellipse(0.0007, 0.0007, 16), gold, up=(0, 0, 1)))
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    basket = np.stack([0.0024 * np.cos(turn), 0.0024 * np.sin(turn), np.full(64, top + 0.0023)], -1)
    things.append(sweep("basket", basket, ellipse(0.0006, 0.0008, 12), gold, closed=True))
    return things


def build() -> list[bpy.types.Object]:
    """A ring of size 17 with a 7 mm stone."""
    gold = metal("gold", "#ecc27a", 0.16).material
    top = 2 * RADIUS + 0.0009
    vertices, faces = _brilliant()
    stone = mesh_object(
        "stone", vertices * GIRDLE, faces, glass("diamond", "#ffffff", 2.2).material, Finish(smooth=False)
    )
    stone.location.z = top + GIRDLE_HEIGHT
    bpy.context.view_layer.update()
    return [_band(gold), stone, *_setting(gold, top)]
