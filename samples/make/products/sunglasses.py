"""Acetate sunglasses, temples open."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, Points, ellipse, mesh_object, rounded_box, spline, sweep
from materials import Surface, metal

HEIGHT = 0.026


def _bow(points: Points) -> Points:
    """Bends a flat front (x, z) around the face: y from x."""
    x, z = points[:, 0], points[:, 1]
    return np.stack([x, 3.0 * x**2 + 0.06 * (z - 0.0), z + HEIGHT], -1)


def _lens_outline(side: float, grow: float = 0.0) -> Points:
    """A rounded, slightly winged lens; (120, 2) in x and z."""
    knots = [
        (0.0105, 0.004),
        (0.0135, 0.0175),
        (0.030, 0.0215),
        (0.052, 0.0215),
        (0.0625, 0.0165),
        (0.0605, 0.0),
        (0.052, -0.0165),
        (0.034, -0.0212),
        (0.018, -0.0160),
    ]
    line = spline(knots, 120, closed=True)
    centre = line.mean(0)
    away = line - centre
    line = centre + away * (1 + grow / np.linalg.norm(away, axis=1, keepdims=True))
    return line * [side, 1]


def _tortoise() -> bpy.types.Material:
    surface = Surface("tortoise", "#3a1f10", 0.12, Coat_Weight=0.6, Coat_Roughness=0.03)
    return surface.colour(
        surface.ramp(surface.noise(55, detail=4), [(0.38, "#160b06"), (0.52, "#4a2511"), (0.66, "#b06a2a")])
    ).material


def _lens(side: float, material: bpy.types.Material) -> bpy.types.Object:
    outline = _lens_outline(side)
    centre = outline.mean(0)
    rings = np.array([centre + (outline - centre) * s for s in np.linspace(1, 0.02, 24)])
    cloud = np.array([_bow(ring) for ring in rings])
    cloud[..., 1] += 0.0005
    faces = [
        [r * 120 + c, r * 120 + (c + 1) % 120, (r + 1) * 120 + (c + 1) % 120, (r + 1) * 120 + c]
        for r in range(23)
        for c in range(120)
    ]
    faces.append([23 * 120 + c for c in range(120)])
    return mesh_object("lens", cloud.reshape(-1, 3), faces, material)


def _rim(side: float, acetate: bpy.types.Material) -> bpy.types.Object:
    path = _bow(_lens_outline(side, 0.0017))
    turn = np.arctan2(*(_lens_outline(side) - _lens_outline(side).mean(0)).T[::-1])
    heavy = np.clip(np.sin(turn), 0, 1)
    section = np.stack([ellipse(0.0042, 0.0048 + 0.0026 * h, 20, 3) for h in heavy])
    return sweep(
        "rim", path, section[:, :, ::-1] * [1, 1], acetate, up=(0, 1, 0), closed=True, finish=Finish(subdivision=1)
    )


def _temple(side: float, acetate: bpy.types.Material) -> bpy.types.Object:
    hinge = _bow(np.array([[side * 0.0675, 0.0145]]))[0]
    knots = [
        hinge,
        hinge + [side * 0.001, 0.012, 0.0],
        (side * 0.069, 0.06, HEIGHT + 0.0125),
        (side * 0.066, 0.105, HEIGHT + 0.0085),
        (side * 0.063, 0.128, HEIGHT - 0.003),
        (side * 0.060, 0.145, HEIGHT - 0.020),
        (side * 0.059, 0.150, HEIGHT - 0.0255),
    ]
    path = spline(np.array([np.array(k) for k in knots]), 90)
    tall = np.interp(np.linspace(0, 1, 90), [0, 0.1, 0.7, 1], [0.0130, 0.0105, 0.0070, 0.0085])
    section = np.stack([ellipse(0.0040, t, 20, 3) for t in tall])
    return sweep("temple", path, section, acetate, up=(0, 0.3, 1), finish=Finish(subdivision=1))


def build() -> list[bpy.types.Object]:
    """Sunglasses that stand on their rims and temple tips."""
    acetate, steel = _tortoise(), metal("rivet", "#d5c9a6", 0.25).material
    dark = Surface("tint", "#0c0f0d", 0.03, Coat_Weight=1.0, Coat_Roughness=0.02, Specular_IOR_Level=0.8).material
    bridge = spline(np.array([(-0.0125, 0.010), (-0.006, 0.0145), (0.0, 0.0155), (0.006, 0.0145), (0.0125, 0.010)]), 40)
    things = [
        sweep(
            "bridge",
            _bow(bridge),
            ellipse(0.0046, 0.0062, 20, 2.6)[:, ::-1],
            acetate,
            up=(0, 1, 0),
            finish=Finish(subdivision=1),
        )
    ]
    for side in (-1.0, 1.0):
        things += [_rim(side, acetate), _lens(side, dark), _temple(side, acetate)]
        corner = _bow(np.array([[side * 0.0655, 0.0150]]))[0]
        things.append(rounded_box("end piece", (0.009, 0.0052, 0.0125), corner + [0, 0.0006, 0], acetate, 0.0016))
        for lift in (-0.002, 0.002):
            things.append(
                rounded_box("rivet", (0.0018, 0.001, 0.0018), corner + [side * -0.001, -0.0026, lift], steel, 0.0004)
            )
    return things
