"""Finding the product with a network: what it sees, how it is run, what it answers.

The network is an ONNX file of the pack; its preprocessing is data in ``pack.json``, so that a user's own model
(BiRefNet, IS-Net and the like) takes its place without code.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
BORDER_SHARE = 0.05
_LIGHTNESS_BINS = 16
_CHROMA_BINS = 16


def network_planes(image: NDArray[np.uint8]) -> FloatImage:
    """The six planes packshot's own network sees.

    ``image``: (H, W, 3) sRGB uint8. Returns (6, H, W) float32: red, green, blue in -1..1, how typical the colour is of
    the frame's border (log likelihood ratio in -1..1), and the place, x and y, in -1..1. The border plane is the
    backdrop model: it tells a small network at once what a large one must learn from millions of photos.
    """
    height, width = image.shape[:2]
    planes = np.empty((6, height, width), np.float32)
    planes[:3] = image.transpose(2, 0, 1)
    planes[:3] *= np.float32(1 / 127.5)
    planes[:3] -= 1
    planes[3] = border_likelihood(image)
    planes[4] = np.linspace(-1, 1, width, dtype=np.float32)
    planes[5] = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return planes


def border_likelihood(image: NDArray[np.uint8]) -> FloatImage:
    """How much likelier each pixel's colour is in the frame's border than anywhere, (H, W) in -1..1."""
    cells = _colour_cells(image)
    bins = _LIGHTNESS_BINS * _CHROMA_BINS * _CHROMA_BINS
    margin = max(2, round(BORDER_SHARE * min(image.shape[:2])))
    border = np.ones(cells.shape, bool)
    border[margin:-margin, margin:-margin] = False
    everywhere = _smooth(np.bincount(cells.ravel(), minlength=bins))
    at_border = _smooth(np.bincount(cells[border], minlength=bins))
    ratio = np.log((at_border + 1e-4) / (everywhere + 1e-4)).astype(np.float32)
    table = np.clip(ratio / 4, -1, 1)
    return np.asarray(table[cells], np.float32)


def _colour_cells(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The index of each pixel's cell in a coarse CIELAB histogram; chroma is cut finer near grey."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.int32)
    lightness = lab[..., 0] // (256 // _LIGHTNESS_BINS)
    chroma = np.clip((lab[..., 1:] - 80) // 6, 0, _CHROMA_BINS - 1)
    return np.asarray((lightness * _CHROMA_BINS + chroma[..., 0]) * _CHROMA_BINS + chroma[..., 1], np.int32)


def _smooth(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """A histogram as a density, smoothed by one cell along each axis."""
    density = counts.reshape(_LIGHTNESS_BINS, _CHROMA_BINS, _CHROMA_BINS) / max(1, counts.sum())
    for axis in range(3):
        padding = [(1, 1) if index == axis else (0, 0) for index in range(3)]
        padded = np.pad(density, padding, mode="edge")
        size = density.shape[axis]
        below, here, above = (np.take(padded, np.arange(start, start + size), axis) for start in range(3))
        density = 0.25 * below + 0.5 * here + 0.25 * above
    return density.ravel()


def network_size(size: tuple[int, int], long_side: int, multiple: int) -> tuple[int, int]:
    """The (width, height) a photo of ``size`` is shrunk to for the network: its aspect to the nearest multiple."""
    scale = long_side / max(size)
    width, height = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return width, height
