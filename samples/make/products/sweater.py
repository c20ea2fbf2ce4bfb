"""A striped long-sleeved top laid flat."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import numpy as np
from garment import Drape, Pattern, Points, drape_panel, flat_panel, mirrored, wander
from geometry import spline

SHOULDER, NECK = (0.098, 0.705), 0.632
SPACING = 0.009


def _edges(neck: float) -> list[Points]:
    """Hem, right side, under the sleeve, cuff, shoulder, neck and mirrored back to the hem."""
    hem = spline([(-0.250, 0.062), (0.0, 0.058), (0.250, 0.062)], 40)
    side = spline([(0.250, 0.062), (0.262, 0.2), (0.262, 0.36), (0.262, 0.452)], 40)
    under = spline([(0.262, 0.452), (0.300, 0.40), (0.375, 0.20), (0.408, 0.062)], 40)
    cuff = np.array([(0.408, 0.062), (0.492, 0.076)])
    shoulder = spline([(0.492, 0.076), (0.462, 0.26), (0.398, 0.48), (0.310, 0.615), (0.215, 0.668), SHOULDER], 60)
    dip = neck + 0.3 * (SHOULDER[1] - neck)
    collar = spline([SHOULDER, (0.07, dip), (0.0, neck), (-0.07, dip), (-SHOULDER[0], SHOULDER[1])], 40)
    right = [side, under, cuff, shoulder]
    return [hem, *right, collar, *(mirrored(edge) for edge in right[::-1])]


def _stripes(pattern: Pattern) -> None:
    """Navy stripes across the body; the sleeves' run across them."""
    for y in np.arange(0.125, 0.60, 0.052):
        band = [(-0.27, y), (0.27, y), (0.27, y + 0.022), (-0.27, y + 0.022)]
        pattern.fill(np.array(band), "#27344f")
    along = spline([(0.45, 0.07), (0.418, 0.23), (0.35, 0.43), (0.29, 0.53)], 200)
    tangent = np.gradient(along, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = np.stack([-tangent[:, 1], tangent[:, 0]], -1) * 0.09
    sleeve = np.vstack([along - across, (along + across)[::-1]])
    for clear in (sleeve, mirrored(sleeve)):
        pattern.fill(clear, "#e9e4d8")
    for start in range(24, 186, 20):
        part = slice(start, start + 9)
        band = np.vstack([(along - across)[part], (along + across)[part][::-1]])
        pattern.fill(band, "#27344f")
        pattern.fill(mirrored(band), "#27344f")


def _sewing(neck: float) -> Pattern:
    """Ribbed hem, cuffs and collar, and the armhole seams."""
    pattern = Pattern()
    hem, _, _, cuff, _, collar, *_ = _edges(neck)
    _stripes(pattern)
    for rise in np.arange(0.003, 0.05, 0.0015):
        pattern.stroke(hem + [0, rise], 0.003, "#27344f")
        for line in (cuff, mirrored(cuff)):
            pattern.stroke(line + np.array([-0.17 * np.sign(line[0, 0]), 0.985]) * rise, 0.003, "#27344f")
    for x in np.arange(-0.26, 0.26, 0.0045):
        pattern.line(np.array([(x, 0.058), (x, 0.11)]), 0.0016, 0.3)
    for x in np.arange(0.395, 0.5, 0.0045):
        rib = np.array([(x + 0.009, 0.055), (x, 0.118)])
        for line in (rib, mirrored(rib)):
            pattern.line(line, 0.0016, 0.3)
    armhole = spline([(0.222, 0.668), (0.202, 0.60), (0.212, 0.52), (0.262, 0.452)], 40)
    for line in (armhole, mirrored(armhole)):
        pattern.line(line, 0.004, 0.62)
        pattern.line(line, 0.0016, 0.2)
    pattern.stroke(collar, 0.036, "#27344f")
    pattern.line(collar, 0.036, 0.62)
    return pattern


def _squeeze(points: Points) -> Points:
    """Seams drift, armpits are pushed in, the sleeves slide towards the body."""
    shift = wander(0.008, 0.26, 31)(points)
    x, y = points[:, 0], points[:, 1]
    near = np.exp(-(((abs(x) - 0.262) / 0.10) ** 2) - ((y - 0.452) / 0.12) ** 2)
    shift[:, 0] -= np.sign(x) * 0.022 * near + 0.035 * x
    shift[:, 1] += 0.012 * near - 0.022 * (y - 0.35)
    return shift


def build() -> list[bpy.types.Object]:
    """A cream and navy top, 65 cm long."""
    front, back = _sewing(NECK), _sewing(0.688)
    drape = Drape(_squeeze, spacing=SPACING, grow=0.015, stiffness=0.5, seed=15)
    cloth, inside = front.cloth("knit", "#e9e4d8", 0.0017), back.cloth("knit inside", "#c9c4b8", 0.0017)
    panel = drape_panel("front", _edges(NECK), (0, 3, 5, 7), cloth, drape)
    return [panel, flat_panel("back", _edges(0.688), inside, _squeeze, 0.02)]
