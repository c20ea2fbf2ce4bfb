"""The product as it would stand at each candidate angle: what the upright network looks at.

One network judges every candidate alike, so it is not told an angle to learn by heart but asked: does it stand upright
now? Each picture is set so that the best axis of mirror symmetry is its middle column; the network can then compare
left with right.

All is small and softly blurred on purpose: the grid of the photo's own JPEG, or the steps of a scaler, must not show.
They are level in every file, so in pairs that were tilted by software they would give the answer away, and with a real
camera they tell nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry

TURN_LIMIT, TURN_STEP = 10.0, 1.0
SIDE = 96
PORTRAIT = 128
LONG = 80.0  # of the product in the portrait, in pixels
TURNED_LONG = 68.0
_BLUR = 0.0045  # of the photo's long side
_LEAST = 50  # pixels of product

Planes = NDArray[np.uint8]


def turns() -> NDArray[np.float64]:
    """The candidate angles in degrees, -10 to 10."""
    return np.linspace(-TURN_LIMIT, TURN_LIMIT, round(2 * TURN_LIMIT / TURN_STEP) + 1)


def portrait(image: NDArray[np.uint8], matte: NDArray[np.float32]) -> Planes:
    """Luma and matte, (2, 128, 128) uint8, of a picture (H, W, 3) sRGB with the product's box in the middle.

    Luma has mean 128 and a spread of 48 on the product. Zeros where there is no product.
    """
    rows, columns = np.nonzero(matte > 0.5)
    if len(rows) < _LEAST:
        return np.zeros((2, PORTRAIT, PORTRAIT), np.uint8)
    reach = float(max(np.ptp(rows), np.ptp(columns)) + 1)
    middle = ((columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2)
    matrix = geometry.frame_affine(0, LONG / reach, middle, (PORTRAIT, PORTRAIT))
    sigma = max(0.5 * reach / LONG, _BLUR * max(image.shape[:2]))
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = _placed(luma, matrix, sigma, cv2.BORDER_REPLICATE)
    mask = _placed(matte, matrix, sigma, cv2.BORDER_CONSTANT)
    inside = mask > 0.5
    mean, spread = (float(grey[inside].mean()), float(grey[inside].std())) if inside.any() else (128.0, 48.0)
    even = 128 + 48 * (grey - mean) / max(spread, 4.0)
    return np.stack([np.clip(even, 0, 255), np.clip(mask * 255, 0, 255)]).round().astype(np.uint8)


def _placed(plane: NDArray[np.float32], matrix: geometry.Affine, sigma: float, border: int) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(plane, (0, 0), sigma)
    size = (PORTRAIT, PORTRAIT)
    return np.asarray(cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border), np.float32)


def turned(planes: Planes, zoom: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.uint8]:
    """A portrait turned by every candidate, (angles, 2, 96, 96) uint8, the axis of symmetry in the middle column.

    ``zoom`` and ``shift`` (pixels) vary it for training.
    """
    half = (PORTRAIT - 1) / 2
    centre = (half + shift[0], half + shift[1])
    candidates = turns()
    scale = zoom * TURNED_LONG / LONG
    small = cv2.resize(planes[1], (PORTRAIT // 2, PORTRAIT // 2), interpolation=cv2.INTER_AREA)
    middle = (centre[0] - 0.5) / 2, (centre[1] - 0.5) / 2
    coarse = np.stack([_turn(small, angle, scale, middle, SIDE // 2) for angle in candidates])
    axes = 2 * _axes(coarse.astype(np.float32))
    result = np.empty((len(candidates), 2, SIDE, SIDE), np.uint8)
    pair = np.ascontiguousarray(planes.transpose(1, 2, 0))
    for index, angle in enumerate(candidates):
        matrix = geometry.frame_affine(float(angle), scale, centre, (SIDE, SIDE))
        matrix[0, 2] -= axes[index]
        warped = cv2.warpAffine(pair, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        result[index] = warped.transpose(2, 0, 1)
    return result


def _turn(plane: NDArray[np.uint8], angle: float, scale: float, middle: tuple[float, float], side: int) -> Planes:
    matrix = geometry.frame_affine(float(angle), scale, middle, (side, side))
    return np.asarray(cv2.warpAffine(plane, matrix, (side, side)), np.uint8)


def _axes(mattes: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far right of the middle column the best upright axis of mirror symmetry lies, pixels, per matte (N, h, w)."""
    width = mattes.shape[2]
    spectrum = np.fft.rfft(mattes, 2 * width, axis=2)
    overlap = np.fft.irfft((spectrum * spectrum).sum(1), 2 * width, axis=1)
    middle = width - 1
    reach = width // 3
    return np.asarray((overlap[:, middle - reach : middle + reach + 1].argmax(1) - reach) / 2, np.float64)
