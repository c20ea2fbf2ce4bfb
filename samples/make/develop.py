"""From the clean render to the raw shot and to the finished picture: what a hurried photographer and a retoucher do.

Pictures are RGB float32, scene-linear unless a name says `encoded` (sRGB, 0..1). Places are pixel centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Spoil:
    """What went wrong when the photo was taken."""

    wb_gain: tuple[float, float, float]
    exposure_ev: float
    direction_deg: float
    stops_across: float
    vignette_stops: float
    noise: float
    dust: int
    lint: int


@dataclass(frozen=True)
class House:
    """How a category is cut: canvas, margin as a share of its sides, margin below if it stands on the ground."""

    canvas: tuple[int, int]
    margin: tuple[float, float]
    bottom: float | None = None


HOUSES = {
    "tops": House((1280, 1600), (0.05, 0.06)),
    "bottoms": House((1280, 1600), (0.06, 0.06)),
    "dresses": House((1280, 1600), (0.06, 0.06)),
    "shoes": House((1400, 1400), (0.09, 0.09), 0.17),
    "bags": House((1280, 1600), (0.11, 0.10), 0.10),
    "hats": House((1400, 1400), (0.15, 0.15)),
    "accessories": House((1400, 1400), (0.13, 0.13)),
    "jewellery": House((1400, 1400), (0.19, 0.19)),
    "glassware": House((1280, 1600), (0.12, 0.10), 0.10),
}
EVENED = 0.8


def encode(linear: Picture) -> Picture:
    """sRGB encoding (IEC 61966-2-1), clipped to 0..1."""
    x = np.clip(linear, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055).astype(np.float32)


def light_field(shape: tuple[int, int], spoil: Spoil) -> Picture:
    """The uneven light in stops, (h, w): brighter towards direction_deg (0 right, 90 down), darker in the corners."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = (x - (width - 1) / 2) / max(shape), (y - (height - 1) / 2) / max(shape)
    turn = np.deg2rad(spoil.direction_deg)
    corner = ((width / max(shape)) ** 2 + (height / max(shape)) ** 2) / 4
    slope = spoil.stops_across * (x * np.cos(turn) + y * np.sin(turn))
    return (slope - spoil.vignette_stops * (x * x + y * y) / corner).astype(np.float32)


def draw_spoil(random: np.random.Generator) -> Spoil:
    """A photographer's bad day, a little different each time."""
    cast = np.exp(random.normal(0, [0.10, 0.03, 0.13]))
    evs = float(np.clip(random.normal(0.15, 0.4), -0.5, 0.9))
    return Spoil(
        tuple(round(float(g), 4) for g in cast / cast[1] ** 0.5),  # type: ignore[arg-type]
        round(evs, 3),
        round(float(random.uniform(0, 360)), 1),
        round(float(random.uniform(0.3, 0.9)), 3),
        round(float(random.uniform(0.1, 0.3)), 3),
        round(float(random.uniform(0.014, 0.026)), 4),
        int(random.integers(2, 6)),
        int(random.integers(1, 4)),
    )


def soil(picture: Picture, alpha: Picture, spoil: Spoil, random: np.random.Generator) -> list[dict[str, Any]]:
    """Lays dust and lint on the product, in place; returns where. Sizes follow the picture's."""
    unit = max(alpha.shape) / 2000
    inner = cv2.erode((alpha > 0.99).astype(np.uint8), np.ones((3, 3)), iterations=round(24 * unit))
    ys, xs = np.nonzero(inner)
    defects = []
    for kind in ["dust"] * spoil.dust + ["lint"] * spoil.lint:
        spot = int(random.integers(len(xs)))
        centre = np.array([xs[spot], ys[spot]], float)
        radius = unit * (random.uniform(2.2, 5.0) if kind == "dust" else random.uniform(14, 34))
        cover = (
            _speck(alpha.shape, centre, radius, random)
            if kind == "dust"
            else _hair(alpha.shape, centre, radius, random)
        )
        shade = _contrast(picture, centre, random)
        picture += (cover * (alpha > 0.5))[..., None] * (shade - picture)
        defects.append({"kind": kind, "x": int(centre[0]), "y": int(centre[1]), "r": round(float(radius), 1)})
    return defects


def _contrast(picture: Picture, centre: NDArray[np.float64], random: np.random.Generator) -> Picture:
    """Pale fluff on dark goods, dark grit on pale ones."""
    x, y = centre.astype(int)
    here = float(picture[y - 3 : y + 4, x - 3 : x + 4].mean())
    grey = here * random.uniform(0.25, 0.45) if here > 0.4 else min(0.8, here * 1.6 + random.uniform(0.15, 0.35))
    return np.float32(grey) * np.array([1.0, 0.98, 0.94], np.float32)


def _speck(shape: tuple[int, ...], centre: NDArray[np.float64], radius: float, random: np.random.Generator) -> Picture:
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    edge = radius * random.uniform(0.65, 1.0, 14)[:, None]
    points = centre + edge * np.stack([np.cos(turn), np.sin(turn)], -1)
    cover = np.zeros(shape, np.float32)
    cv2.fillPoly(cover, [np.round(points * 16).astype(np.int32)], random.uniform(0.7, 0.95), cv2.LINE_AA, 4)
    return cv2.GaussianBlur(cover, (0, 0), max(0.7, radius * 0.18))


def _hair(shape: tuple[int, ...], centre: NDArray[np.float64], radius: float, random: np.random.Generator) -> Picture:
    heading = (
        random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.13, 40)) + np.linspace(0, random.normal(0, 1.5), 40)
    )
    steps = np.stack([np.cos(heading), np.sin(heading)], -1)
    path = np.cumsum(steps, 0)
    path = (path - (path.min(0) + path.max(0)) / 2) / np.linalg.norm(np.ptp(path, axis=0)) * 2 * radius + centre
    cover = np.zeros(shape, np.float32)
    thick = max(1, round(max(shape) / 1300))
    cv2.polylines(
        cover, [np.round(path * 16).astype(np.int32)], False, random.uniform(0.7, 0.95), thick, cv2.LINE_AA, 4
    )
    return cv2.GaussianBlur(cover, (0, 0), 0.7)


def expose(clean: Picture, spoil: Spoil, random: np.random.Generator) -> NDArray[np.uint8]:
    """What the camera saved: uneven light, missed exposure and white balance, sensor noise, sRGB."""
    field = light_field(clean.shape[:2], spoil)[..., None]
    seen = clean * 2.0 ** (field - spoil.exposure_ev) / np.array(spoil.wb_gain, np.float32)
    grain = random.standard_normal(clean.shape, np.float32)
    # Demosaicing smears the grain a little; the factor restores its strength.
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.9
    seen = seen + grain * spoil.noise * np.sqrt(np.maximum(seen, 0) + 0.01)
    return np.round(encode(seen.astype(np.float32)) * 255).astype(np.uint8)


def upright_box(alpha: Picture, angle_deg: float) -> tuple[float, float, float, float]:
    """The product's box (left, top, right, bottom) after turning the picture by the angle about the origin."""
    ys, xs = np.nonzero(alpha > 0.5)
    turn = np.deg2rad(angle_deg)
    u, v = xs * np.cos(turn) + ys * np.sin(turn), ys * np.cos(turn) - xs * np.sin(turn)
    return float(u.min()), float(v.min()), float(u.max()), float(v.max())


def crop_affine(
    box: tuple[float, float, float, float], angle_deg: float, scale: float, house: House
) -> NDArray[np.float64]:
    """Before to after, 2x3: turned by the angle, at the scale, the box where the house wants it."""
    width, height = house.canvas
    turn = np.deg2rad(angle_deg)
    matrix = scale * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    x = (width - 1) / 2 - scale * (box[0] + box[2]) / 2
    y = (height - 1) / 2 - scale * (box[1] + box[3]) / 2
    if house.bottom is not None:
        y = (height - 1) - house.bottom * height - scale * box[3]
    return np.column_stack([matrix, [x, y]])


def house_scale(box: tuple[float, float, float, float], house: House) -> float:
    """Output pixels a source pixel so that the box fills the canvas up to its margins."""
    width, height = house.canvas
    foot = house.margin[1] if house.bottom is None else house.bottom
    across = width * (1 - 2 * house.margin[0]) / (box[2] - box[0])
    return min(across, height * (1 - house.margin[1] - foot) / (box[3] - box[1]))


def finish(product: Picture, matrix: NDArray[np.float64], spoil: Spoil, house: House, ev: float) -> NDArray[np.uint8]:
    """The retoucher's picture: light evened for the most part, house look, cut out on white, sharpened.

    `product` is (h, w, 4) scene-linear, multiplied by alpha: the clean render, so nothing has to be undone.
    """
    left = light_field(product.shape[:2], spoil)[..., None] * (1 - EVENED) + ev
    lit = np.concatenate([product[..., :3] * 2.0**left, product[..., 3:]], -1).astype(np.float32)
    placed = _warp(lit, matrix, house.canvas)
    alpha = np.clip(placed[..., 3:], 0, 1)
    colour = house_look(encode(placed[..., :3] / np.maximum(alpha, 1e-4)))
    soft = cv2.GaussianBlur(colour * alpha, (0, 0), 1.2) / np.maximum(_gaussian(alpha, 1.2), 1e-3)
    colour = np.clip(colour + 0.45 * (colour - soft), 0, 1)
    done = colour * alpha + (1 - alpha)
    return np.round(done * 255).astype(np.uint8)


def _gaussian(alpha: Picture, sigma: float) -> Picture:
    blurred: Picture = cv2.GaussianBlur(alpha, (0, 0), sigma)
    return blurred[..., None]


def _warp(picture: Picture, matrix: NDArray[np.float64], canvas: tuple[int, int]) -> Picture:
    """Warps with a finer canvas first where the picture shrinks, so that nothing aliases."""
    finer = max(1, int(np.ceil(1 / np.linalg.norm(matrix[0, :2]))))
    wide = matrix * finer
    wide[:, 2] += (finer - 1) / 2
    size = (canvas[0] * finer, canvas[1] * finer)
    placed = cv2.warpAffine(picture, wide, size, flags=cv2.INTER_CUBIC)
    placed = np.maximum(placed, 0)
    return placed if finer == 1 else cv2.resize(placed, canvas, interpolation=cv2.INTER_AREA)


def house_look(encoded: Picture) -> Picture:
    """Lifted shadows, gentle contrast, a little saturation."""
    lifted = encoded + 0.018 * (1 - encoded) ** 3
    curved = lifted + lifted * (1 - lifted) * (0.03 - 0.04 * np.sin(2 * np.pi * lifted))
    grey = curved @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(grey[..., None] + 1.06 * (curved - grey[..., None]), 0, 1).astype(np.float32)
