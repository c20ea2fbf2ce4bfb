"""A six-panel cap with a curved brim and an embroidered badge."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import cv2
import numpy as np
from geometry import Finish, Points, ellipse, loft, revolve, sheet, spline, sweep
from materials import encoded, fabric
from numpy.typing import NDArray
from scene import surface_points

CROWN = "#2e4a3f"
BRIM = "#c7a66b"
# The cap rests on its back and on the corners of the brim.
REST = np.deg2rad(5)


def crown_point(turn: Points, level: Points) -> Points:
    """A place on the crown: turn 0 faces the front (-y), level 0 the band, 1 the button."""
    turn, level = np.broadcast_arrays(turn, level)
    front = np.clip(np.cos(turn), 0, 1)
    climb = level * np.pi / 2
    reach = np.cos(climb) ** 0.72
    width, depth = 0.083 * reach, 0.101 * reach
    height = 0.118 * np.sin(climb) ** 0.9
    # The two front panels are stiffened and stand up straighter.
    push = 0.011 * front**2 * np.sin(climb * 2) * (1 - 0.3 * level)
    seam = 0.0012 * abs(np.sin(3 * turn)) ** 0.5 * np.sin(climb * 1.6)
    x = (width + seam) * np.sin(turn)
    y = -(depth + push + seam) * np.cos(turn)
    return np.stack([x, y, height + 0.6 * push], -1)


def _crown_drawing() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour and relief over turn (-pi..pi, columns) and level (1 on top, rows)."""
    rows, columns = 1024, 2048
    turn = np.linspace(-np.pi, np.pi, columns)[None]
    level = np.linspace(1, 0, rows)[:, None]
    place = crown_point(turn, level)
    around = 0.09 * np.cos(level * np.pi / 2) ** 0.72 + 1e-3
    colour = np.ones((rows, columns, 4), np.float32)
    colour[..., :3] = encoded(CROWN)
    relief = np.full((rows, columns), 0.5, np.float32)
    gap = abs(turn % (np.pi / 3) - np.pi / 6)
    offset = (np.pi / 6 - gap) * around
    relief[offset < 0.0012] = 0.0
    dash = np.broadcast_to((np.arange(rows)[:, None] % 16) < 10, relief.shape)
    relief[(abs(offset - 0.0045) < 0.0006) & dash] = 0.2
    band = np.broadcast_to(abs(level - 0.075) < 0.004, relief.shape) & ((np.arange(columns)[None] % 14) < 9)
    relief[band] = 0.2
    eyelet = np.hypot((((turn + np.pi / 6) % (np.pi / 3)) - np.pi / 6) * around, (level - 0.72) * 0.15)
    relief[eyelet < 0.0042] = 0.8
    relief[eyelet < 0.0020] = 0.0
    colour[eyelet < 0.0020, :3] = 0.02
    _badge(colour, relief, place)
    return colour, cv2.GaussianBlur(relief, (0, 0), 1.0)


def _badge(colour: NDArray[np.float32], relief: NDArray[np.float32], place: Points) -> None:
    """A round embroidered badge on the front: two peaks under a sun."""
    x, z = place[..., 0], place[..., 2] - 0.060
    front = place[..., 1] < 0
    disc = front & (np.hypot(x, z) < 0.0265)
    rim = disc & (np.hypot(x, z) > 0.0235)
    sun = disc & (np.hypot(x - 0.009, z - 0.009) < 0.006)
    peaks = np.minimum(abs(x + 0.006) * 1.25 - 0.008, abs(x - 0.010) * 1.3 - 0.002)
    hills = disc & (z < -peaks) & ~rim
    snow = hills & (z > -peaks - 0.0045) & (z > -0.002)
    for mask, shade in ((disc, "#e9dcc0"), (sun, "#d9773c"), (hills, "#3f6f86"), (snow, "#f7f2e6"), (rim, BRIM)):
        colour[mask, :3] = encoded(shade)
    threads = 0.88 + 0.08 * np.sin((x + z) * 9000)
    relief[disc] = threads[disc]
    relief[rim] = 1.0


def _crown() -> bpy.types.Object:
    surface = fabric("twill", CROWN, 0.0012)
    colour, relief = _crown_drawing()
    surface.colour(surface.image(colour, "crown").outputs["Color"])
    surface.relief(relief, 0.0022)
    turn, level = np.linspace(-np.pi, np.pi, 241), np.linspace(0, 0.999, 80)
    return sheet("crown", crown_point(turn[None], level[:, None]), surface.material)


def _brim() -> list[bpy.types.Object]:
    """A crescent that leaves the band forwards and bends down at its sides, with rows of stitching."""
    cloth = fabric("brim", BRIM, 0.0014).material
    turn = np.linspace(-1.22, 1.22, 90)
    root = crown_point(turn, np.full(90, 0.02))
    reach = 0.078 * np.cos(turn / 1.22 * np.pi / 2) ** 0.62

    def ring(share: float) -> Points:
        out = np.stack([0.42 * np.sin(turn), np.full(90, -1.0), np.zeros(90)], -1)
        place = root + out * (reach * share)[:, None]
        place[:, 2] += 0.004 + 0.010 * share * np.cos(turn) - 3.6 * place[:, 0] ** 2 * (0.35 + 0.65 * share)
        return place

    cloud = np.array([ring(share) for share in np.linspace(-0.06, 1, 40)])
    board = sheet("brim", cloud, cloth, Finish(thickness=0.0042, bevel=0.001, subdivision=1))
    thread = fabric("brim thread", "#a98a54", 0.0008).material
    seams = []
    for share in (0.15, 0.30, 0.45, 0.60, 0.75, 0.90):
        line = ring(share)[4:-4] + [0, 0, 0.0021]
        seams.append(sweep("row", line, ellipse(0.0009, 0.0006, 8), thread, up=(0, 0, 1)))
    return [board, *seams]


def build() -> list[bpy.types.Object]:
    """A cap that lies on its brim, front towards the camera."""
    cloth = fabric("button cloth", CROWN, 0.0012).material
    button = revolve(
        "button", spline([(0, 0.0055), (0.005, 0.0045), (0.0078, 0.0015), (0.008, -0.002)], 20), cloth, segments=40
    )
    button.location = (0, 0.1178 * np.sin(REST), 0.1178 * np.cos(REST))
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    ring = crown_point(turn, np.full(160, 0.01)) * [0.975, 0.975, 1]
    tape = loft("sweatband", np.array([ring, ring * [0.99, 0.99, 1] + [0, 0, 0.03]]), cloth, Finish(thickness=0.001))
    things = [_crown(), *_brim(), button, tape]
    for thing in things:
        thing.rotation_euler.x = -REST
    bpy.context.view_layer.update()
    lowest = surface_points(things)[:, 2].min()
    for thing in things:
        thing.location.z -= lowest
    bpy.context.view_layer.update()
    return things
