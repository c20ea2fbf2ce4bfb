"""Pictures that tests draw: a product of known form on a backdrop of known light."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry


def paper(
    size: tuple[int, int], colour: tuple[float, float, float] = (170, 170, 170), stops: float = 0.0
) -> NDArray[np.uint8]:
    """An even sheet, brighter to the right by ``stops`` from edge to edge (linear light)."""
    ramp = 2 ** (stops * (np.arange(size[0]) / size[0] - 0.5) / 2.2)
    picture = np.array(colour)[None, None] * np.broadcast_to(ramp[None, :, None], (size[1], size[0], 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def shirt_outline(size: tuple[int, int], angle: float = 0.0, fill: float = 0.6) -> NDArray[np.float64]:
    """A T-shirt's outline, mirror-symmetric about an upright axis, leaning so that ``angle`` sets it right."""
    half = np.array([[0, -0.42], [0.12, -0.46], [0.42, -0.3], [0.34, -0.12], [0.24, -0.18], [0.25, 0.48]])
    shape = np.concatenate([half, (half * [-1, 1])[::-1]]) * fill * min(size) * 1.1
    return geometry.apply(geometry.frame_affine(-angle, 1, (0, 0), (size[0], size[1])), shape)


def product_photo(
    size: tuple[int, int] = (480, 600),
    angle: float = 0.0,
    colour: tuple[int, int, int] = (40, 80, 150),
    backdrop: tuple[float, float, float] = (190, 190, 190),
    stops: float = 0.0,
    seed: int = 1,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A shirt on paper, with weave and noise: (H, W, 3) sRGB uint8 and its matte (H, W) in 0..1."""
    photo, matte = _drawn(size, angle, colour, backdrop, stops, seed)
    return photo.copy(), matte.copy()


@lru_cache(maxsize=8)  # drawing takes longer than what is tested on it, and most tests ask for the same pictures
def _drawn(
    size: tuple[int, int],
    angle: float,
    colour: tuple[int, int, int],
    backdrop: tuple[float, float, float],
    stops: float,
    seed: int,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    generator = np.random.default_rng(seed)
    outline = shirt_outline(size, angle)
    matte = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(matte, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    share = cv2.GaussianBlur(matte.astype(np.float32) / 255, (0, 0), 0.7)
    light = 2 ** (stops * (np.arange(size[0]) / size[0] - 0.5) / 2.2)[None, :, None]
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    weave = 5 * np.sin(columns * 0.9) * np.sin(rows * 0.9)
    cloth = (np.array(colour) + weave[..., None]) * light
    picture = share[..., None] * cloth + (1 - share[..., None]) * paper(size, backdrop, stops)
    picture = picture + generator.normal(0, 1.5, picture.shape)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8), share.astype(np.float32)
