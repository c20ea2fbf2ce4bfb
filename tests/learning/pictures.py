"""Before/after pairs made of numbers: a product with texture, shot crooked on a floor, and cut out on white."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, frame_affine, invert

SPRITE = 640


@dataclass(frozen=True)
class Sprite:
    """A product: (H, W, 3) float32 0..255 and its matte (H, W) 0..1."""

    colour: NDArray[np.float32]
    matte: NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float32]:
    values = rng.normal(size=shape).astype(np.float32)
    blurred = np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    return blurred / blurred.std()


def sprite(seed: int, contrast: float = 22.0) -> Sprite:
    """A lopsided blob with patches, wrinkles and a print."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    waves = [rng.uniform(0.02, 0.09) * np.cos(k * angle + rng.uniform(0, 6)) for k in (1, 2, 3, 5)]
    radius = SPRITE * (0.36 + sum(waves))
    outline = np.stack([SPRITE / 2 + radius * np.cos(angle), SPRITE / 2 + radius * np.sin(angle)], 1)
    matte = np.zeros((SPRITE, SPRITE), np.uint8)
    cv2.fillPoly(matte, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    base = rng.uniform(70, 170, 3)
    shade = sum(smooth_noise(rng, (SPRITE, SPRITE), sigma) for sigma in (4, 12, 40))
    colour = base + contrast * (shade[..., None] + 0.3 * smooth_noise(rng, (SPRITE, SPRITE, 3), 30)) / 2
    colour = np.clip(colour, 15, 235).astype(np.float32)
    return Sprite(colour, matte.astype(np.float32) / 255)


@dataclass(frozen=True)
class Pair:
    """uint8 RGB pictures and the truth between their pixel centres."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    before_to_after: Affine
    matte: NDArray[np.float32]
    corners: NDArray[np.float64] = field(default_factory=lambda: np.zeros((4, 2)))


@dataclass(frozen=True)
class Shoot:
    """How a pair is made. Angles in degrees, scales in picture pixels per sprite pixel."""

    angle: float = 3.0
    before_scale: float = 0.6
    after_scale: float = 0.85
    size: tuple[int, int] = (520, 600)
    after_size: tuple[int, int] = (640, 640)
    seed: int = 0


def make_pair(product: Sprite, shoot: Shoot = Shoot(), retouched: Sprite | None = None) -> Pair:
    """The product shot and retouched: other light, colour and contrast, dust healed; ``retouched`` may be another."""
    rng = np.random.default_rng(shoot.seed)
    middle = ((SPRITE - 1) / 2, (SPRITE - 1) / 2)
    to_before = frame_affine(shoot.angle, shoot.before_scale, middle, shoot.size)
    to_after = frame_affine(0, shoot.after_scale, middle, shoot.after_size)
    width, height = shoot.size
    floor = 120 + 25 * smooth_noise(rng, (height, width), 3)[..., None] + 10 * rng.normal(size=3)
    colour, matte = _place(product, to_before, shoot.size)
    before = matte[..., None] * colour + (1 - matte[..., None]) * floor
    light = 1 + 0.25 * np.linspace(-1, 1, width)[None, :, None]
    before = before * light * np.array([1.08, 1.0, 0.88]) * 0.85 + rng.normal(size=before.shape) * 1.5
    for x, y in rng.uniform(0.35, 0.65, (12, 2)) * shoot.size:
        cv2.circle(before, (int(x), int(y)), 1, (235, 235, 235), -1)
    colour, cut = _place(retouched or product, to_after, shoot.after_size)
    tone = 255 * np.clip(colour / 255, 0, 1) ** 0.85
    after = cut[..., None] * tone + (1 - cut[..., None]) * 255
    corners = np.array([[90.0, 90], [550, 90], [550, 550], [90, 550]]) @ to_before[:, :2].T + to_before[:, 2]
    truth = compose(invert(to_before), to_after)
    return Pair(_bytes(before), _bytes(after), truth, np.asarray(matte, np.float32), corners)


def _place(product: Sprite, matrix: Affine, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sigma = max(0.3, 0.4 / np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    parts = [cv2.GaussianBlur(part, (0, 0), sigma) for part in (product.colour, product.matte)]
    flags = cv2.INTER_CUBIC
    colour = cv2.warpAffine(parts[0], matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    matte = cv2.warpAffine(parts[1], matrix, size, flags=flags)
    return np.asarray(colour, np.float32), np.clip(matte, 0, 1)


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
