"""A T-shirt laid flat, with a printed chest motif."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from garment import Drape, Pattern, Points, drape_panel, flat_panel, mirrored, wander
from geometry import spline

SHOULDER, NECK = (0.092, 0.715), 0.615
SPACING = 0.0085


def _edges(neck: float) -> list[Points]:
    """Hem, right side, under the sleeve, cuff, shoulder, neck and mirrored back to the hem."""
    hem = spline([(-0.276, 0.004), (-0.12, 0.0), (0.12, 0.0), (0.276, 0.004)], 40)
    side = spline([(0.276, 0.004), (0.266, 0.2), (0.264, 0.36), (0.268, 0.452)], 40)
    under = spline([(0.268, 0.452), (0.285, 0.44), (0.372, 0.392)], 16)
    cuff = np.array([(0.372, 0.392), (0.44, 0.508)])
    shoulder = spline([(0.44, 0.508), (0.33, 0.60), (0.225, 0.672), SHOULDER], 40)
    collar = spline(
        [
            SHOULDER,
            (0.07, neck + 0.3 * (SHOULDER[1] - neck)),
            (0.0, neck),
            (-0.07, neck + 0.3 * (SHOULDER[1] - neck)),
            (-SHOULDER[0], SHOULDER[1]),
        ],
        40,
    )
    right = [side, under, cuff, shoulder]
    return [hem, *right, collar, *(mirrored(edge) for edge in right[::-1])]


def _sewing(neck: float) -> Pattern:
    """Double-stitched hem and cuffs, armhole seams and a ribbed collar."""
    pattern = Pattern()
    hem, _, _, cuff, _, collar, *_ = _edges(neck)
    armhole = spline([(0.215, 0.676), (0.196, 0.60), (0.205, 0.52), (0.268, 0.452)], 40)
    for rise in (0.019, 0.025):
        pattern.stitches(hem + [0, rise])
        for line in (cuff, mirrored(cuff)):
            pattern.stitches(line + np.array([-0.865, 0.5]) * rise * [np.sign(line[0, 0]), 1])
    for line in (armhole, mirrored(armhole)):
        pattern.line(line, 0.004, 0.62)
        pattern.line(line, 0.0016, 0.2)
    for depth, width, relief in ((0.0, 0.036, 0.66), (0.0185, 0.0018, 0.2), (0.0225, 0.001, 0.3)):
        pattern.line(_below(collar, depth), width, relief)
    for depth in np.arange(0.002, 0.017, 0.003):
        pattern.line(_below(collar, depth), 0.0012, 0.5)
    return pattern


def _below(collar: Points, depth: float) -> Points:
    """The collar's line moved outwards from the neck opening."""
    tangent = np.gradient(collar, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return collar + depth * np.stack([-tangent[:, 1], tangent[:, 0]], -1)


def _motif(pattern: Pattern) -> None:
    """A sun over three waves."""
    turn = np.linspace(0, 2 * np.pi, 90)
    pattern.fill(np.stack([0.062 * np.cos(turn), 0.47 + 0.062 * np.sin(turn)], -1), "#f2b441")
    x = np.linspace(-0.115, 0.115, 120)
    for number, colour in enumerate(("#f4efe2", "#e2725b", "#f4efe2")):
        crest = 0.445 - 0.03 * number + 0.011 * np.sin(x * 82 + number * 1.3)
        band = np.vstack([np.stack([x, crest], -1), np.stack([x, crest - 0.017], -1)[::-1]])
        pattern.fill(band, colour)


def _squeeze(points: Points) -> Points:
    """Seams drift, armpits are pushed in and the hem is pulled a little together."""
    shift = wander(0.006, 0.30, 11)(points)
    x, y = points[:, 0], points[:, 1]
    near = np.exp(-(((abs(x) - 0.268) / 0.10) ** 2) - ((y - 0.452) / 0.12) ** 2)
    shift[:, 0] -= np.sign(x) * 0.026 * near + 0.045 * x
    shift[:, 1] += 0.012 * near - 0.012 * (y - 0.35)
    return shift


def build() -> list[bpy.types.Object]:
    """A teal T-shirt, 70 cm long."""
    front, back = _sewing(NECK), _sewing(0.692)
    _motif(front)
    tag = np.array([(-0.022, 0.640), (0.022, 0.640), (0.022, 0.668), (-0.022, 0.668)])
    back.fill(tag, "#efe9dc")
    drape = Drape(_squeeze, spacing=SPACING, grow=0.02, stiffness=0.25, seed=5)
    cloth, inside = front.cloth("jersey", "#2c6e73"), back.cloth("jersey inside", "#235a5f")
    panel = drape_panel("front", _edges(NECK), (0, 3, 5, 7), cloth, drape)
    return [panel, flat_panel("back", _edges(0.692), inside, _squeeze, 0.02)]
