"""A summer dress as on an invisible mannequin: fitted bodice, flared skirt in folds, thin straps."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, Points, ellipse, loft, smooth_noise, spline, sweep
from materials import fabric

WAIST, LENGTH = 0.60, 0.98
AROUND = 360


def _folds(turn: Points) -> Points:
    """Rounded ridges and sharp valleys around the skirt, of uneven width."""
    drift = turn + 0.16 * np.sin(2 * turn + 0.4) + 0.08 * np.sin(5 * turn + 1.9)
    ridge = 1 - 2 * abs(np.cos(8.5 * drift + 0.7 * np.sin(3 * turn))) ** 1.3
    return -ridge * (0.75 + 0.25 * np.sin(3 * turn + 1.0))


def _seamless(values: Points) -> Points:
    """Blends the two ends of a ring of values, so that it closes."""
    step = values[0] - values[-1]
    return values + step * np.linspace(0, 1, len(values)) ** 6


def _skirt(cloth: bpy.types.Material) -> bpy.types.Object:
    turn = np.linspace(-np.pi / 2, 1.5 * np.pi, AROUND, endpoint=False) + np.pi
    folds = _seamless(_folds(turn))
    rings = []
    for down in np.linspace(0, 1, 90):
        width = 0.128 + 0.19 * down**0.85
        depth = 0.092 + 0.15 * down**0.85
        deep = 0.004 + 0.036 * down**0.8
        sway = 0.010 * down * np.sin(2 * turn + 3 * down)
        reach = 1 + (deep * folds + sway) / width
        height = WAIST * (1 - down) + 0.014 * down * np.sin(turn + 0.5) + 0.006 * down * folds
        rings.append(np.stack([width * reach * np.cos(turn), depth * reach * np.sin(turn), height], -1))
    return loft("skirt", np.array(rings), cloth, Finish(thickness=0.0015, subdivision=1))


def _bodice_ring(level: float) -> tuple[float, float]:
    """Half width and half depth of the bodice at 0 (waist) to 1 (top edge)."""
    knots = np.array([(0.128, 0.092), (0.134, 0.097), (0.150, 0.118), (0.158, 0.128), (0.156, 0.116)])
    width, depth = spline(knots, 101)[round(level * 100)]
    return float(width), float(depth)


def _top_edge(turn: Points) -> Points:
    """Height of the bodice's top: two soft cups in front, low at the back."""
    front = np.clip(-np.sin(turn), 0, 1)
    cups = np.exp(-(((abs(np.cos(turn)) - 0.55) / 0.30) ** 2))
    return 0.815 + 0.012 * front + 0.030 * cups * front


def _bodice_point(turn: Points, level: float) -> Points:
    width, depth = _bodice_ring(level)
    height = WAIST + level * (_top_edge(turn) - WAIST)
    front = np.clip(-np.sin(turn), 0, 1)
    bust = np.exp(-(((abs(np.cos(turn)) - 0.50) / 0.26) ** 2)) * np.exp(-(((level - 0.66) / 0.26) ** 2)) * front
    ring = np.stack([width * np.cos(turn), depth * np.sin(turn) - 0.020 * bust, height], -1)
    gather = smooth_noise(ring * [1, 1, 0.35], 0.05, 8) * 0.0016 * (1 - abs(level - 0.4))
    return ring + np.stack([gather * np.cos(turn), gather * np.sin(turn), 0 * turn], -1)


def _bodice(cloth: bpy.types.Material) -> bpy.types.Object:
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    rings = np.array([_bodice_point(turn, level) for level in np.linspace(0, 1, 60)])
    return loft("bodice", rings, cloth, Finish(thickness=0.002, subdivision=1))


def _strap(cloth: bpy.types.Material, side: float) -> bpy.types.Object:
    front_turn = np.array([-np.pi / 2 + side * 0.60])
    back_turn = np.array([np.pi / 2 - side * 0.50])
    front, back = _bodice_point(front_turn, 0.97)[0], _bodice_point(back_turn, 0.97)[0]
    top = np.array([side * 0.088, 0.0, LENGTH])
    chest, blade = top + [0, -0.062, -0.045], top + [0, 0.060, -0.050]
    path = spline(
        [front + [0, -0.001, -0.01], front + [0, -0.002, 0.012], chest, top, blade, back, back - [0, 0, 0.01]], 80
    )
    return sweep("strap", path, ellipse(0.017, 0.0022, 16, 4), cloth, up=(0, 0.001, 1))


def _print(name: str) -> bpy.types.Material:
    """Red cotton with scattered white five-petalled flowers."""
    surface = fabric(name, "#a8323a", 0.0011)
    cells = surface.node("ShaderNodeTexVoronoi", Scale=34.0, Randomness=0.75)
    surface.link(surface.coordinates(), cells.inputs["Vector"])
    petals = surface.node("ShaderNodeTexVoronoi", Scale=120.0, Randomness=1.0)
    surface.link(surface.coordinates(), petals.inputs["Vector"])
    ragged = surface.math("MULTIPLY_ADD", petals.outputs["Distance"], 0.22, cells.outputs["Distance"])
    flower = surface.math("LESS_THAN", ragged, 0.36)
    heart = surface.math("LESS_THAN", cells.outputs["Distance"], 0.09)
    bloom = surface.mix(flower, "#a8323a", "#f3ead9")
    surface.colour(surface.mix(heart, bloom, "#e3a53a"))
    return surface.material


def build() -> list[bpy.types.Object]:
    """A knee-length dress with a belt of the same cloth."""
    cloth = _print("cotton")
    plain = fabric("binding", "#8c2a31", 0.0011).material
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    waist = np.stack([0.1295 * np.cos(turn), 0.0935 * np.sin(turn), np.full(200, WAIST)], -1)
    belt = sweep("belt", waist, ellipse(0.005, 0.026, 16, 4), plain, closed=True)
    edge = _bodice_point(turn, 1.0)
    binding = sweep("binding", edge, ellipse(0.004, 0.007, 12), plain, closed=True)
    return [_skirt(cloth), _bodice(cloth), _strap(plain, 1.0), _strap(plain, -1.0), belt, binding]
