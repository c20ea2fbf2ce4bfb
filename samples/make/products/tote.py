"""A leather tote: soft body, two arched handles that show the backdrop through, studs, stitching, a tag."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, Points, ellipse, loft, mesh_object, revolve, rounded_box, smooth_noise, spline, sweep
from materials import leather, metal, rubber

HEIGHT, WIDTH = 0.29, 0.36


def _outline(level: float) -> Points:
    """Half extents at a height 0..1: narrow and deep below, wide and flat at the mouth."""
    width = WIDTH * (0.40 + 0.10 * level**0.8)
    depth = 0.068 * (1 - 0.52 * level**1.6) + 0.006 * np.sin(np.pi * level)
    return np.array([width, depth])


def _wall_point(x: float, z: float, side: float) -> Points:
    """A point on the front (side -1) or back (+1) wall, just outside the leather."""
    half_width, half_depth = _outline(z / HEIGHT)
    bow = (1 - min(abs(x / half_width), 1.0) ** 5) ** 0.2
    place = np.array([x, side * half_depth * bow, z])
    return place + [0, _sag(place[None], z / HEIGHT)[0] + side * 0.0022, 0]


def _sag(points: Points, level: float) -> Points:
    """How far soft leather gives, in y, at points of one height."""
    strength = np.clip(level * 5, 0, 1) * (0.4 + 0.6 * np.sin(np.pi * level))
    return 0.0032 * smooth_noise(points, 0.16, 3) * strength


def _body(hide: bpy.types.Material) -> bpy.types.Object:
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    shape = np.stack([np.cos(turn), np.sin(turn)], -1)
    shape = np.sign(shape) * abs(shape) ** 0.4
    levels = np.concatenate([[0, 0, 0.004, 0.012, 0.03], np.linspace(0.06, 1, 40)])
    shrink = np.concatenate([[0.02, 0.93, 0.98, 0.995], np.ones(41)])
    rings = []
    for level, part in zip(levels, shrink, strict=True):
        flat = shape * _outline(level) * part
        ring = np.column_stack([flat, np.full(len(flat), level * HEIGHT)])
        ring[:, 1] += _sag(ring, level)
        rings.append(ring)
    cloud = np.array(rings)
    cloud[..., 2] += 0.004 * np.sin(np.pi * (cloud[..., 0] / WIDTH + 0.5)) * -levels[:, None]
    return loft("body", cloud, hide, Finish(thickness=0.0034, subdivision=1))


def _rim(hide: bpy.types.Material) -> bpy.types.Object:
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    shape = np.stack([np.cos(turn), np.sin(turn)], -1)
    flat = np.sign(shape) * abs(shape) ** 0.4 * _outline(1.0)
    drop = 0.004 * np.sin(np.pi * (flat[:, 0] / WIDTH + 0.5))
    path = np.column_stack([flat, HEIGHT - drop])
    return sweep("rim", path, ellipse(0.0052, 0.007, 12), hide, closed=True)


def _handle(hide: bpy.types.Material, side: float, lean: float) -> bpy.types.Object:
    down = (0.052, 0.035, 0.018, 0.002)
    right, left = ([_wall_point(x, HEIGHT - drop, side) for drop in down] for x in (0.083, -0.083))
    mouth = (right[-1][1] + left[-1][1]) / 2
    arch = [(0.078, 0.055), (0.052, 0.118), (0.0, 0.143), (-0.052, 0.118), (-0.078, 0.055)]
    bow = [np.array([x, mouth + lean * z, HEIGHT + z]) for x, z in arch]
    path = spline(np.array(right + bow + left[::-1]), 140)
    return sweep("handle", path, ellipse(0.0042, 0.019, 20, 3.5)[:, ::-1], hide, up=(0, -1, 0.001))


def _studs(brass: bpy.types.Material, side: float) -> list[bpy.types.Object]:
    dome = spline([(0.0, 0.0026), (0.0028, 0.0021), (0.0046, 0.0), (0.0046, -0.003)], 16)
    studs = []
    for x in (-0.083, 0.083):
        for drop in (0.022, 0.044):
            stud = revolve("stud", dome, brass, segments=32)
            stud.location = _wall_point(x, HEIGHT - drop, side) + np.array([0, side * 0.0022, 0])
            stud.rotation_euler.x = np.pi / 2 if side < 0 else -np.pi / 2
            studs.append(stud)
    return studs


def _stitches(thread: bpy.types.Material) -> list[bpy.types.Object]:
    """A row of stitches under the rim and one above the base."""
    vertices, faces = [], []
    unit = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * [0.0021, 0.0006, 0.0005]
    cube = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    for height in (HEIGHT - 0.0125, 0.062):
        for x in np.arange(-0.9, 0.901, 0.0333) * _outline(height / HEIGHT)[0]:
            dip = 0.004 * np.sin(np.pi * (x / WIDTH + 0.5)) * height / HEIGHT
            place = _wall_point(x, height, -1.0) - np.array([0, 0.0006, dip])
            faces += [[len(vertices) + corner for corner in face] for face in cube]
            vertices += list(unit + place)
    return [mesh_object("stitches", np.array(vertices), faces, thread, Finish(bevel=0.0004))]


def build() -> list[bpy.types.Object]:
    """A 36 cm cognac tote."""
    hide, dark = leather("hide", "#a4623a").material, leather("trim", "#5f3520").material
    brass = metal("brass", "#d9b46a", 0.22).material
    tag = rounded_box("tag", (0.062, 0.003, 0.026), _wall_point(0, 0.165, -1) + [0, -0.003, 0], dark, 0.0015)
    things = [_body(hide), _rim(dark), tag]
    for side, lean in ((-1.0, -0.12), (1.0, 0.25)):
        things += [_handle(dark, side, lean), *_studs(brass, side)]
    return things + _stitches(rubber("thread", "#e8dcc4").material)
