"""A wrist watch on its closed leather strap, dial to the front."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from geometry import Finish, Points, ellipse, mesh_object, revolve, rounded_box, spline, sweep
from materials import Surface, leather, metal
from mathutils import Euler

TILT = np.deg2rad(70)
CENTRE = np.array([0.0, -0.024, 0.034])


def _case(steel: bpy.types.Material) -> list[bpy.types.Object]:
    """Case, bezel and crown, the dial's normal along z."""
    wall = spline([(0.0, -0.0055), (0.0165, -0.0055), (0.0188, -0.004), (0.0196, 0.0), (0.0192, 0.0028)], 40)
    rim = spline([(0.0192, 0.0028), (0.0186, 0.0042), (0.0174, 0.0046), (0.0166, 0.0038), (0.0164, 0.0020)], 24)[1:]
    case = revolve("case", np.vstack([wall, rim]), steel, segments=160)
    knob = revolve(
        "crown",
        spline(
            [(0.0, 0.0045), (0.0024, 0.0044), (0.0030, 0.0036), (0.0030, 0.0006), (0.0018, 0.0), (0.0016, -0.003)], 30
        ),
        steel,
        segments=48,
    )
    knob.location, knob.rotation_euler = (0.0198, 0, -0.0008), (0, np.pi / 2, 0)
    lugs = []
    for x in (-0.0105, 0.0105):
        for y in (-1, 1):
            path = spline(
                [(x, y * 0.014, 0.0), (x, y * 0.0200, -0.0004), (x, y * 0.0238, -0.0040), (x, y * 0.0245, -0.0062)], 24
            )
            lugs.append(
                sweep(
                    "lug", path, ellipse(0.0032, 0.0046, 20, 3.5), steel, up=(0, 0.02, 1), finish=Finish(subdivision=1)
                )
            )
    return [case, knob, *lugs]


def _dial(steel: bpy.types.Material) -> list[bpy.types.Object]:
    """A deep blue dial, twelve markers, sixty ticks, three hands."""
    face = Surface("dial", "#1d3557", 0.35, Coat_Weight=0.4).material
    white, red = Surface("hand", "#f1f0ea", 0.4).material, Surface("second", "#d1493f", 0.4).material
    things = [revolve("dial", np.array([(0.0, 0.0012), (0.0150, 0.0012), (0.0166, 0.0030)]), face, segments=128)]
    for tick in range(60):
        big = tick % 5 == 0
        size = (0.0011, 0.0030, 0.0005) if big else (0.0003, 0.0012, 0.0002)
        mark = rounded_box("tick", size, (0, 0.0130 if big else 0.0141, 0.0014), steel if big else white, 0.0001)
        mark.rotation_euler.z = -tick * np.pi / 30
        things.append(mark)
    hands = (
        ("hour", 0.0011, 0.0082, 304, steel),
        ("minute", 0.0008, 0.0122, 54, steel),
        ("second", 0.0003, 0.0142, 210, red),
    )
    for number, (name, width, length, degrees, material) in enumerate(hands):
        height = 0.0019 + 0.0005 * number
        shape = np.array(
            [
                (-width, -0.0025, 0),
                (width, -0.0025, 0),
                (width * 0.8, length * 0.9, 0),
                (0, length, 0),
                (-width * 0.8, length * 0.9, 0),
            ]
        )
        hand = mesh_object(
            name, shape + [0, 0, height], [[0, 1, 2, 3, 4]], material, Finish(thickness=0.0003, smooth=False)
        )
        hand.rotation_euler.z = -np.deg2rad(degrees)
        things.append(hand)
    things.append(
        revolve(
            "pin", spline([(0, 0.0036), (0.0008, 0.0035), (0.0011, 0.0030), (0.0011, 0.0015)], 12), steel, segments=32
        )
    )
    return things


def _loop() -> Points:
    """The strap's middle line, from the upper lugs over the back to the lower lugs."""
    up = np.array([0, np.cos(TILT), np.sin(TILT)])
    out = np.array([0, -np.sin(TILT), np.cos(TILT)])
    top, low = CENTRE + 0.0235 * up - 0.0062 * out, CENTRE - 0.0235 * up - 0.0062 * out
    knots = [
        top - 0.001 * up,
        top + 0.004 * up - 0.006 * out,
        (0, 0.016, 0.058),
        (0, 0.032, 0.047),
        (0, 0.038, 0.030),
        (0, 0.031, 0.012),
        (0, 0.014, 0.0025),
        (0, -0.006, 0.0022),
        low - 0.004 * up - 0.004 * out,
        low + 0.001 * up,
    ]
    return spline(np.array([np.array(k) for k in knots]), 160)


def _strap() -> list[bpy.types.Object]:
    hide = leather("strap", "#7a4a2b", 1800).material
    thread = Surface("strap thread", "#e6d3b1", 0.7).material
    path = _loop()
    width = 0.0185 - 0.0025 * np.sin(np.linspace(0, np.pi, 160))
    section = np.stack([ellipse(w, 0.0030, 28, 5) for w in width])
    things = [sweep("strap", path, section, hide, up=_away(path))]
    for side in (-1, 1):
        for run in (slice(6, 60), slice(100, 154)):
            line = path[run] + np.array([side, 0, 0]) * (width[run, None] / 2 - 0.0017) + _away(path)[run] * 0.0014
            for start in range(0, len(line) - 2, 3):
                stitch = spline(line[start : start + 3], 6)
                things.append(sweep("stitch", stitch, ellipse(0.0005, 0.0005, 8), thread, up=(1, 0, 0)))
    return things


def _away(path: Points) -> Points:
    """Outward direction of the loop at each of its points."""
    out = path - [0, 0.006, 0.030]
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def build() -> list[bpy.types.Object]:
    """A 39 mm watch."""
    steel = metal("steel", "#c9cccf", 0.2).material
    turn = Euler((TILT, 0, 0)).to_matrix().to_4x4()
    head = [*_case(steel), *_dial(steel)]
    bpy.context.view_layer.update()
    for thing in head:
        place = turn @ thing.matrix_local
        place.translation += type(place.translation)(CENTRE)
        thing.matrix_world = place
    bpy.context.view_layer.update()
    return [*head, *_strap()]
