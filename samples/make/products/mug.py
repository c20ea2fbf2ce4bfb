"""A stoneware mug: speckled glaze, raw clay foot."""

from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, ellipse, revolve, spline, sweep
from materials import Surface


def _glaze() -> bpy.types.Material:
    surface = Surface("glaze", "#d9d4c7", 0.18, Coat_Weight=0.4, Coat_Roughness=0.08)
    speckle = surface.math("GREATER_THAN", surface.noise(420, detail=1), 0.68)
    cloudy = surface.ramp(surface.noise(30), [(0.3, "#2f6f86"), (0.7, "#3d8398")])
    glazed = surface.mix(speckle, cloudy, "#1d3d4a")
    height = surface.node("ShaderNodeSeparateXYZ")
    surface.link(surface.coordinates(), height.inputs[0])
    wobble = surface.math("MULTIPLY", surface.noise(25), 0.006)
    level = surface.math("ADD", height.outputs["Z"], wobble)
    clay = surface.math("LESS_THAN", level, 0.0215)
    surface.colour(surface.mix(clay, glazed, "#b99a78"))
    rough = surface.math("MULTIPLY_ADD", clay, 0.6, 0.16)
    surface.link(rough, surface.shader.inputs["Roughness"])
    surface.bump(surface.noise(40), 0.0008, 0.5)
    return surface.material


def build() -> list[bpy.types.Object]:
    """An 11 cm mug with its handle on the right."""
    glaze = _glaze()
    outer = spline([(0.0, 0.003), (0.03, 0.003), (0.033, 0), (0.036, 0.001), (0.0385, 0.006), (0.041, 0.03)], 26)
    wall = spline([(0.041, 0.03), (0.042, 0.06), (0.0423, 0.09), (0.0432, 0.1055)], 20)[1:]
    lip = spline([(0.0432, 0.1055), (0.0422, 0.1076), (0.0406, 0.1066)], 8)[1:]
    inner = spline([(0.0406, 0.1066), (0.0394, 0.09), (0.038, 0.03), (0.033, 0.010), (0.0, 0.0075)], 40)[1:]
    body = revolve("body", np.vstack([outer, wall, lip, inner]), glaze)
    path = spline(
        [
            (0.036, 0, 0.091),
            (0.055, 0, 0.094),
            (0.073, 0, 0.083),
            (0.0755, 0, 0.062),
            (0.066, 0, 0.04),
            (0.05, 0, 0.027),
            (0.035, 0, 0.024),
        ],
        60,
    )
    along = np.linspace(-1, 1, 60)
    swell = 1 + 0.55 * np.clip(abs(along) - 0.62, 0, 1) / 0.38
    section = np.stack([ellipse(0.0085 * s, 0.0165 * s, 24, 2.4) for s in swell])
    handle = sweep("handle", path, section, glaze, up=(0, 1, 0), finish=Finish(subdivision=1))
    return [body, handle]
