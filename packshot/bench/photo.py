"""A photo to measure on: a product on a grey paper backdrop as a studio camera sees it, made from nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_ASPECT = 2 / 3
_QUALITY = 94
_STRIP_ROWS = 256
_CAST = np.array([1.05, 1.0, 0.90], np.float32)
_CLOTH = np.array([0.16, 0.22, 0.42], np.float32)
_SHOT_NOISE, _READ_NOISE = 0.04, 0.008


@dataclass(frozen=True)
class Scene:
    """The place of each pixel of some rows: ``x`` and ``y`` in heights of the frame, from its middle, (rows, width)."""

    x: Floats
    y: Floats


def make_photo(path: Path, megapixels: float, seed: int = 1) -> None:
    """Writes an upright JPEG, 2:3, of about the size a camera's has (0.3 byte per pixel)."""
    height = round((megapixels * 1e6 / _ASPECT) ** 0.5)
    width = round(height * _ASPECT)
    picture = np.empty((height, width, 3), np.uint8)
    noise = np.random.default_rng(seed)
    for top in range(0, height, _STRIP_ROWS):
        rows = min(_STRIP_ROWS, height - top)
        picture[top : top + rows] = _developed(_exposed(_scene(top, rows, width, height)), noise)
    path.write_bytes(simplejpeg.encode_jpeg(picture, _QUALITY, colorsubsampling="420"))


def _scene(top: int, rows: int, width: int, height: int) -> Scene:
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / height
    y = (np.arange(top, top + rows, dtype=np.float32) + 0.5 - height / 2) / height
    return Scene(*np.broadcast_arrays(x[None], y[:, None]))


def _exposed(scene: Scene) -> Floats:
    """Linear light (rows, width, 3): a tilted garment with folds and weave over lit paper, with its shadow."""
    x, y = _tilted(scene)
    share = _smooth(_outline(x, y) * 900)[..., None]
    shade = 1 - 0.35 * _smooth(_outline(x - 0.012, y - 0.014) * 45)
    paper = (0.42 * _light(scene) * shade)[..., None] * np.ones(3, np.float32)
    folds = 1 + 0.28 * np.sin(9 * x + 4 * np.sin(5 * y)) * np.cos(3.1 * y) + 0.1 * np.sin(60 * x + 9 * y)
    weave = 1 + 0.10 * np.sin(2400 * x) * np.sin(2400 * y)
    cloth = (_light(scene) * folds * weave)[..., None] * _CLOTH
    cloth *= np.where(np.abs(y + 0.06) < 0.035, np.float32(2.2), np.float32(1))[..., None]
    return np.asarray((share * cloth + (1 - share) * paper) * _CAST, np.float32)


def _tilted(scene: Scene, degrees: float = 2.4) -> tuple[Floats, Floats]:
    turn = np.deg2rad(np.float32(degrees))
    return scene.x * np.cos(turn) + scene.y * np.sin(turn), scene.y * np.cos(turn) - scene.x * np.sin(turn)


def _outline(x: Floats, y: Floats) -> Floats:
    """Positive inside the product, about its distance from the edge: a body with two sleeves."""
    half = 0.165 + 0.018 * np.cos(7 * y)
    body = np.minimum(half - np.abs(x), 0.36 - np.abs(y))
    across, down = np.abs(x) - 0.17, y + 0.24
    sleeve = np.minimum(0.055 - np.abs(down - 0.9 * across), 0.085 - np.abs(across))
    neck = np.hypot(x, y + 0.375) - 0.075
    return np.asarray(np.minimum(np.maximum(body, sleeve), neck), np.float32)


def _light(scene: Scene) -> Floats:
    """Uneven light: brighter from the left, falling off to the corners."""
    return np.asarray(np.exp2(-0.35 * scene.x - 0.9 * (scene.x**2 + scene.y**2)), np.float32)


def _smooth(value: Floats) -> Floats:
    return np.asarray(np.clip(value + 0.5, 0, 1), np.float32)


def _developed(linear: Floats, noise: np.random.Generator) -> NDArray[np.uint8]:
    """Sensor noise (shot and read), blurred as demosaicing blurs it, then sRGB-encoded."""
    grain = noise.standard_normal(linear.shape, np.float32)
    blurred = cv2.GaussianBlur(grain, (0, 0), 0.5)
    linear = np.clip(linear + blurred * (_SHOT_NOISE * np.sqrt(linear) + _READ_NOISE), 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    return np.asarray(encoded * 255 + 0.5, np.uint8)
