"""Garments laid flat: a front panel draped over a flat back panel, wrinkled by a cloth simulation.

A garment is cut from a flat pattern: outlines in metres, x to the right, y up, within a square of `SQUARE` metres
around (0, SQUARE / 2). Stitching, ribs and prints are drawn on that square and carried by UV.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
import cv2
import numpy as np
from geometry import (
    Finish,
    Points,
    finish_mesh,
    mesh_object,
    outline_distance,
    set_uv,
    smooth_noise,
    triangulate,
)
from materials import encoded, fabric, linear
from numpy.typing import NDArray

SQUARE = 1.2
PIXELS = 2400

FloatArray = NDArray[np.float64]
Shift = Callable[[Points], Points]


@dataclass(frozen=True)
class Drape:
    """How a panel falls. `squeeze` moves the seams in-plane (metres at (n, 2) points): slack makes folds."""

    squeeze: Shift
    spacing: float = 0.008
    loft: float = 0.012
    grow: float = 0.01
    frames: int = 45
    stiffness: float = 0.4
    seed: int = 1


class Pattern:
    """A drawing on the pattern's square: relief (0..1, 0.5 is plain cloth) and colour with coverage."""

    def __init__(self) -> None:
        self.relief = np.full((PIXELS, PIXELS), 0.5, np.float32)
        self.colour = np.zeros((PIXELS, PIXELS, 4), np.float32)

    def pixels(self, points: Points) -> NDArray[np.int32]:
        """Pixel places of points in metres, in 1/16 pixel for OpenCV's drawing."""
        places = np.stack([points[:, 0] / SQUARE + 0.5, 1 - points[:, 1] / SQUARE], -1) * PIXELS
        return np.round(places * 16).astype(np.int32)

    def line(self, points: Points, width: float, relief: float) -> None:
        """A raised (above 0.5) or sunken line, width in metres."""
        thick = max(1, round(width / SQUARE * PIXELS))
        cv2.polylines(self.relief, [self.pixels(points)], False, relief, thick, cv2.LINE_AA, 4)

    def stitches(self, points: Points, relief: float = 0.15, thread: str | None = None) -> None:
        """A stitched line: a shallow furrow with a dash every 3 mm, of the cloth's colour or another."""
        self.line(points, 0.0016, 0.42)
        places = resample(points, 0.0015)
        for start in range(0, len(places) - 1, 2):
            self.line(places[start : start + 2], 0.0008, relief)
            if thread:
                self.stroke(places[start : start + 2], 0.0009, thread)

    def stroke(self, points: Points, width: float, colour: str) -> None:
        """A coloured line, width in metres."""
        thick = max(1, round(width / SQUARE * PIXELS))
        cv2.polylines(self.colour, [self.pixels(points)], False, shade(colour), thick, cv2.LINE_AA, 4)

    def fill(self, points: Points, colour: str) -> None:
        """A filled area of a '#rrggbb' colour."""
        cv2.fillPoly(self.colour, [self.pixels(points)], shade(colour), cv2.LINE_AA, 4)

    def cloth(self, name: str, colour: str, thread: float = 0.001) -> bpy.types.Material:
        """Fabric that carries this drawing."""
        surface = fabric(name, colour, thread)
        surface.relief(np.asarray(cv2.GaussianBlur(self.relief, (0, 0), 0.8)), 0.0022)
        if self.colour[..., 3].any():
            drawing = surface.image(self.colour, f"{name} print")
            plain = surface.node("ShaderNodeRGB")
            plain.outputs[0].default_value = linear(colour)
            surface.colour(surface.mix(drawing.outputs["Alpha"], plain.outputs[0], drawing.outputs["Color"]))
        return surface.material


def shade(colour: str) -> tuple[float, ...]:
    """Opaque RGBA 0..1 of a '#rrggbb' colour, still sRGB-encoded."""
    return (*encoded(colour), 1.0)


def resample(line: Points, spacing: float) -> Points:
    """Evenly spaced points along a line, its ends kept."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.linspace(0, length[-1], max(2, round(length[-1] / spacing) + 1))
    return np.stack([np.interp(places, length, line[:, axis]) for axis in range(line.shape[1])], -1)


def mirrored(line: Points) -> Points:
    """The line on the other side of the garment, run the other way."""
    return (line * [-1, 1])[::-1]


def outline_of(edges: Sequence[Points], spacing: float) -> Points:
    """A closed outline from edges that follow each other."""
    return np.vstack([resample(edge, spacing)[:-1] for edge in edges])


def drape_panel(
    name: str, edges: Sequence[Points], free: Sequence[int], material: bpy.types.Material, drape: Drape
) -> bpy.types.Object:
    """Simulates a panel cut along `edges`, with its seams held to the table; edges numbered in `free` lie loose."""
    outline = outline_of(edges, drape.spacing)
    flat, faces = triangulate(outline, drape.spacing)
    held = [edges[i] for i in range(len(edges)) if i not in free]
    seam = np.min([outline_distance(flat, resample(e, drape.spacing), closed=False) for e in held], 0)
    height = 0.003 + drape.loft * (1 - np.exp(-seam / 0.02))
    height += 0.002 * smooth_noise(flat, 0.12, drape.seed)
    thing = mesh_object(name, np.column_stack([flat, np.maximum(height, 0.003)]), faces, material)
    set_uv(thing, pattern_uv(flat))
    _simulate(thing, flat, seam, drape)
    _freeze(thing)
    finish_mesh(thing, Finish(thickness=0.0012, subdivision=1))
    return thing


def flat_panel(
    name: str, edges: Sequence[Points], material: bpy.types.Material, squeeze: Shift, spacing: float
) -> bpy.types.Object:
    """The panel underneath: flat, its seams where those of the draped panel end up."""
    flat, faces = triangulate(outline_of(edges, spacing), spacing)
    moved = flat + squeeze(flat)
    thing = mesh_object(name, np.column_stack([moved, np.full(len(moved), 0.0008)]), faces, material)
    set_uv(thing, pattern_uv(flat))
    return thing


def pattern_uv(flat: Points) -> Points:
    """UV of pattern points in metres."""
    return np.stack([flat[:, 0] / SQUARE + 0.5, flat[:, 1] / SQUARE], -1)


def _simulate(thing: bpy.types.Object, flat: Points, seam: FloatArray, drape: Drape) -> None:
    held = thing.vertex_groups.new(name="held")
    held.add([int(i) for i in np.nonzero(seam < drape.spacing * 0.3)[0]], 1.0, "ADD")
    _slide_seams(thing, flat, drape)
    cloth = thing.modifiers.new("cloth", "CLOTH")
    settings = cloth.settings
    settings.quality, settings.mass = 8, 0.15
    settings.tension_stiffness = settings.compression_stiffness = settings.shear_stiffness = 25
    settings.bending_stiffness = drape.stiffness
    settings.air_damping = 2
    settings.vertex_group_mass = "held"
    settings.shrink_min = -drape.grow
    cloth.collision_settings.distance_min = 0.0015
    cloth.collision_settings.collision_quality = 3
    table = _table()
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, drape.frames
    cloth.point_cache.frame_start, cloth.point_cache.frame_end = 1, drape.frames
    for frame in range(1, drape.frames + 1):
        scene.frame_set(frame)
    thing["table"] = table.name


def _slide_seams(thing: bpy.types.Object, flat: Points, drape: Drape) -> None:
    """A shape key that moves the held seams to where the garment is dropped."""
    thing.shape_key_add(name="laid")
    key = thing.shape_key_add(name="squeezed")
    moved = flat + drape.squeeze(flat)
    for point, target in zip(key.data, moved, strict=True):
        point.co = (*map(float, target), point.co[2])
    for frame, value in ((1, 0.0), (int(drape.frames * 0.6), 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)


def _table() -> bpy.types.Object:
    size = 3.0
    corners = np.array([[-size, -size, 0], [size, -size, 0], [size, size, 0], [-size, size, 0]])
    table = mesh_object("table", corners, [[0, 1, 2, 3]], bpy.data.materials.new("table"))
    table.modifiers.new("collision", "COLLISION")
    table.collision.thickness_outer = 0.002
    table.collision.cloth_friction = 20
    return table


def _freeze(thing: bpy.types.Object) -> None:
    """Replaces the mesh by the simulation's last frame and takes the table away."""
    graph = bpy.context.evaluated_depsgraph_get()
    still = bpy.data.meshes.new_from_object(thing.evaluated_get(graph))
    table = bpy.data.objects[thing["table"]]
    thing.modifiers.clear()
    thing.shape_key_clear()
    thing.data = still
    bpy.data.objects.remove(table)


def wander(strength: float, wavelength: float, seed: int) -> Shift:
    """A smooth random in-plane drift of seams, in metres."""

    def move(points: Points) -> Points:
        drift = [smooth_noise(points, wavelength, seed + axis) for axis in (0, 1)]
        return strength * np.stack(drift, -1)

    return move
