"""Finding the product with a network: what it sees, how it is run, what it answers.

The network is an ONNX file of the pack; its preprocessing is data in ``pack.json``, so that a user's own model
(BiRefNet, IS-Net and the like) takes its place without code.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.surface import over, robust_fit, terms

FloatImage = NDArray[np.float32]
BORDER_SHARE = 0.05
PLANES = 8
_BORDER_SAMPLES = 1500
_LIGHTNESS_BINS = 16
_CHROMA_BINS = 16


def network_planes(image: NDArray[np.uint8]) -> FloatImage:
    """The eight planes packshot's own network sees.

    ``image``: (H, W, 3) sRGB uint8. Returns (8, H, W) float32, each about -1..1: red, green, blue; how typical the
    colour is of the frame's border (log likelihood ratio); the place, x and y; and how far lightness and chroma are
    from a smooth surface through the border. The last ones are the backdrop model: they tell a small network at once
    what a large one must learn from millions of photos.
    """
    height, width = image.shape[:2]
    planes = np.empty((PLANES, height, width), np.float32)
    planes[:3] = image.transpose(2, 0, 1)
    planes[:3] *= np.float32(1 / 127.5)
    planes[:3] -= 1
    planes[3] = border_likelihood(image)
    planes[4] = np.linspace(-1, 1, width, dtype=np.float32)
    planes[5] = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    planes[6:] = off_surface(image)
    return planes


def off_surface(image: NDArray[np.uint8]) -> FloatImage:
    """Distance from a smooth backdrop, (2, H, W): lightness (signed, 25 levels to one) and chroma (20 to one), CIELAB.

    The backdrop is a paraboloid in each channel through the frame's border, fitted robustly: paper under falling light.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    height, width = image.shape[:2]
    margin = max(2, round(BORDER_SHARE * min(height, width)))
    border = np.ones((height, width), bool)
    border[margin:-margin, margin:-margin] = False
    rows, columns = np.nonzero(border)
    step = max(1, len(rows) // _BORDER_SAMPLES)
    rows, columns = rows[::step], columns[::step]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    shapes = terms(x[columns], y[rows])
    rest = [plane - over(x, y, robust_fit(shapes, plane[rows, columns].astype(np.float64))) for plane in cv2.split(lab)]
    chroma = cv2.magnitude(rest[1], rest[2])
    return np.stack([np.clip(rest[0] / 25, -1.5, 1.5), np.clip(chroma / 20, 0, 1.5)])


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
    return np.asarray(density.ravel(), np.float64)


def network_size(size: tuple[int, int], long_side: int, multiple: int) -> tuple[int, int]:
    """The (width, height) a photo of ``size`` is shrunk to for the network: its aspect to the nearest multiple."""
    scale = long_side / max(size)
    width, height = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return width, height
