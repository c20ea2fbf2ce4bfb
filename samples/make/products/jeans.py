"""Denim trousers laid flat, legs a little apart."""

# ruff: noqa: RUF005 - arrays are added here, not lists joined
from __future__ import annotations

import bpy
import cv2
import numpy as np
from garment import PIXELS, SQUARE, Drape, Pattern, Points, drape_panel, flat_panel, mirrored, wander
from geometry import revolve, spline
from materials import metal

SPACING = 0.0095
TOP, CROTCH = 1.09, 0.775
THREAD = "#c98a4b"


def _edges(dip: float) -> list[Points]:
    """Left hem, left inseam, right inseam, right hem, right outseam, waist, left outseam."""
    hem = np.array([(0.118, 0.052), (0.292, 0.058)])
    inseam = spline([(0.0, CROTCH), (0.036, 0.72), (0.075, 0.48), (0.118, 0.052)], 60)
    outseam = spline([(0.292, 0.058), (0.286, 0.35), (0.272, 0.65), (0.254, 0.86), (0.222, 1.0), (0.206, TOP)], 60)
    waist = spline([(0.206, TOP), (0.1, TOP - 0.7 * dip), (0.0, TOP - dip), (-0.1, TOP - 0.7 * dip), (-0.206, TOP)], 50)
    return [mirrored(hem), mirrored(inseam), inseam, hem, outseam, waist, mirrored(outseam)]


def _denim(pattern: Pattern) -> None:
    """Indigo with worn thighs and a salt-and-pepper twill."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[:PIXELS, :PIXELS].astype(np.float32) / PIXELS * SQUARE
    x, y = x - SQUARE / 2, SQUARE - y
    worn = 0.55 * np.exp(-(((abs(x) - 0.15) / 0.055) ** 2) - ((y - 0.66) / 0.20) ** 2)
    worn += 0.28 * np.exp(-(((abs(x) - 0.19) / 0.05) ** 2) - ((y - 0.3) / 0.16) ** 2)
    warp = cv2.GaussianBlur(random.standard_normal((PIXELS, PIXELS), np.float32), (0, 0), 0.6, sigmaY=3.0)
    slub = cv2.GaussianBlur(random.standard_normal((PIXELS, PIXELS), np.float32), (0, 0), 1.2, sigmaY=40.0)
    pale = np.clip(worn + 0.16 * warp + 0.8 * slub, 0, 1)[..., None]
    dark, light = np.array([0.155, 0.225, 0.34], np.float32), np.array([0.52, 0.61, 0.71], np.float32)
    pattern.colour[..., :3] = dark + pale * (light - dark)
    pattern.colour[..., 3] = 1


def _sewing(front: bool) -> Pattern:
    pattern = Pattern()
    _denim(pattern)
    hem_left, inseam_left, inseam, hem, _, waist, _ = _edges(0.028 if front else 0.008)
    for line in (hem, hem_left):
        pattern.stitches(line + [0, 0.014], thread=THREAD)
    for line in (waist - [0, 0.004], waist - [0, 0.036], waist - [0, 0.041]):
        pattern.stitches(line, thread=THREAD)
    pattern.line(waist - [0, 0.0385], 0.002, 0.15)
    if front:
        _front_details(pattern, inseam, inseam_left)
    return pattern


def _front_details(pattern: Pattern, inseam: Points, inseam_left: Points) -> None:
    pocket = spline([(0.098, TOP - 0.058), (0.118, TOP - 0.115), (0.160, TOP - 0.145), (0.246, TOP - 0.165)], 40)
    for line in (pocket, mirrored(pocket)):
        pattern.line(line, 0.003, 0.1)
        for rise in (0.004, 0.010):
            pattern.stitches(line - [0, rise], thread=THREAD)
    fly = np.array([(0.0, TOP - 0.066), (0.0, CROTCH)])
    pattern.line(fly, 0.003, 0.1)
    curve = spline([(0.040, TOP - 0.066), (0.040, TOP - 0.19), (0.032, TOP - 0.225), (0.004, TOP - 0.245)], 40)
    for shift in (0.0, 0.005):
        pattern.stitches(curve + [shift, -shift], thread=THREAD)
    for line in (inseam + [0.006, 0], inseam_left - [0.006, 0]):
        pattern.stitches(line, thread=THREAD)
    for x in (-0.128, 0.128):
        middle = TOP - 0.022
        loop = np.array([(x, middle + 0.022), (x, middle - 0.026)])
        pattern.line(loop, 0.012, 0.9)
        for side in (-0.004, 0.004):
            pattern.stitches(loop + [side, 0], 0.6, THREAD)


def _squeeze(points: Points) -> Points:
    """Seams drift, the crotch is pushed up and the knees are pulled in."""
    shift = wander(0.007, 0.28, 21)(points)
    x, y = points[:, 0], points[:, 1]
    shift[:, 0] -= 0.035 * x * np.exp(-(((y - 0.55) / 0.3) ** 2))
    shift[:, 1] -= 0.02 * (y - 0.5)
    shift[:, 1] += 0.012 * np.exp(-((x / 0.06) ** 2) - ((y - CROTCH) / 0.1) ** 2)
    return shift


def build() -> list[bpy.types.Object]:
    """Straight jeans, 104 cm long, with a copper button."""
    front, back = _sewing(True), _sewing(False)
    patch = np.array([(-0.035, TOP - 0.03), (0.035, TOP - 0.03), (0.035, TOP + 0.005), (-0.035, TOP + 0.005)])
    back.fill(patch, "#8a5a34")
    drape = Drape(_squeeze, spacing=SPACING, grow=0.015, stiffness=1.5, seed=9, loft=0.014)
    cloth, inside = front.cloth("denim", "#2c4262", 0.0013), back.cloth("denim inside", "#41546f", 0.0013)
    panel = drape_panel("front", _edges(0.028), (0, 3, 5), cloth, drape)
    things = [panel, flat_panel("back", _edges(0.008), inside, _squeeze, 0.02)]
    button = revolve(
        "button",
        spline([(0, 0.003), (0.005, 0.0036), (0.0078, 0.003), (0.0085, 0.0), (0.008, -0.002)], 20),
        metal("copper", "#c08a5c", 0.3).material,
        segments=40,
    )
    centre = np.array([0.0, TOP - 0.048])
    vertices = np.array([tuple(v.co) for v in panel.data.vertices])
    near = vertices[np.argmin(np.linalg.norm(vertices[:, :2] - centre - _squeeze(centre[None])[0], axis=1))]
    button.location = near + [0, 0, 0.002]
    return [*things, button]
