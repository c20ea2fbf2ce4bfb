"""Cues of uprightness: for every angle the product might be turned by, what speaks for it.

Mirror symmetry of outline and drawing (after Loy and Eklundh, ECCV 2006), the directions of edges on the outline,
inside and on the backdrop, the size of the upright box, and the main axis. A small network weighs them; it sees
curves over the angle, not pixels, so that turning a photo is shifting a curve and a few hundred photos are enough to
train it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry

LIMIT, STEP = 10.0, 0.5
CUES = 11
_SIDE = 160
_EDGE_LONG_SIDE = 128  # JPEG blocks of an earlier, straighter save must not show: they would tell the turn
_FAINT = 12.0

Curves = NDArray[np.float32]


def angles(limit: float = LIMIT) -> NDArray[np.float64]:
    """The candidate angles in degrees, -limit to limit."""
    return np.linspace(-limit, limit, round(2 * limit / STEP) + 1)


def cues(image: NDArray[np.uint8], matte: NDArray[np.float32], limit: float = LIMIT) -> Curves:
    """(11, angles) float32 from a picture (H, W, 3) sRGB uint8 and its matte (H, W) 0..1; zeros without product."""
    candidates = angles(limit)
    grey, mask = _centred(image, matte)
    if mask.sum() < 50:
        return np.zeros((CUES, len(candidates)), np.float32)
    symmetry = _symmetry(grey, mask, candidates)
    edges = _edge_directions(image, matte, candidates)
    return np.concatenate([symmetry, edges, _main_axis(mask, candidates)[None]]).astype(np.float32)


def decide(share: NDArray[np.floating], risk: float = 0.5) -> tuple[float, float]:
    """How far to turn by the probability of each candidate, and how much of it lies within 1.25 degrees of its median.

    The turn goes towards the median, but only so far that the chance of ending up more crooked than before, which is
    that of the truth lying on the near side of half the turn, stays at ``risk``. A risk of one half is the median.
    """
    known = np.asarray(share, np.float64)
    middle, near, far = (_quantile(known, level) for level in (0.5, risk, 1 - risk))
    angle = min(middle, max(0.0, 2 * near)) if middle > 0 else max(middle, min(0.0, 2 * far))
    return float(angle), float(known[np.abs(angles() - middle) <= 1.25].sum())


def mean_turn(share: NDArray[np.floating]) -> float:
    """The mean of the candidate angles by their probability, in degrees."""
    known = np.asarray(share, np.float64)
    return float(known @ angles() / known.sum())


def _quantile(share: NDArray[np.float64], level: float) -> float:
    return float(np.interp(level, np.cumsum(share) - share / 2, angles()))


def _centred(image: NDArray[np.uint8], matte: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Luma (mean zero on the product, zero elsewhere) and matte in a square with the product in its middle."""
    rows, columns = np.nonzero(matte > 0.5)
    if len(rows) < 50:
        return np.zeros((_SIDE, _SIDE), np.float32), np.zeros((_SIDE, _SIDE), np.float32)
    reach = max(np.ptp(rows), np.ptp(columns)) + 1
    middle = ((rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2)
    shrink = max(1, int(reach / _SIDE))
    matrix = geometry.frame_affine(0, 0.7 * _SIDE / reach, (middle[1], middle[0]), (_SIDE, _SIDE))
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey, mask = (
        cv2.warpAffine(cv2.blur(plane, (shrink, shrink)), matrix, (_SIDE, _SIDE)).astype(np.float32)
        for plane in (luma, matte)
    )
    weight = float(mask.sum()) + 1e-6
    return np.asarray((grey - float((grey * mask).sum()) / weight) * mask, np.float32), mask


def _symmetry(grey: NDArray[np.float32], mask: NDArray[np.float32], candidates: NDArray[np.float64]) -> Curves:
    """Mirror symmetry of outline and drawing, and width and height of the box, at each angle: (4, angles)."""
    coarse = candidates[:: round(1 / STEP)]
    rows = []
    centre = ((_SIDE - 1) / 2, (_SIDE - 1) / 2)
    for angle in coarse:
        matrix = geometry.frame_affine(angle, 1, centre, (_SIDE, _SIDE))
        outline, drawing = (cv2.warpAffine(p, matrix, (_SIDE, _SIDE)).astype(np.float32) for p in (mask, grey))
        across, down = outline.sum(0), outline.sum(1)
        rows.append((_mirror(outline), _mirror(drawing), float((across > 0.5).sum()), float((down > 0.5).sum())))
    table = np.array(rows).T
    table[:2] = (table[:2] - table[:2].max(1, keepdims=True)) * 20
    table[2:] = (table[2:] / table[2:].min(1, keepdims=True) - 1) * 10
    return np.stack([np.interp(candidates, coarse, row) for row in table]).astype(np.float32)


def _mirror(plane: NDArray[np.float32]) -> float:
    """How well a plane matches its mirror image about the best upright axis, 1 for perfectly."""
    columns = plane.T @ plane  # how alike each two are: those about one axis lie on one diagonal
    width = len(columns)
    skewed = np.pad(columns, ((0, 0), (0, width))).ravel()[: width * (2 * width - 1)]
    overlap = skewed.reshape(width, 2 * width - 1).sum(0)
    return float(overlap.max() / max(1e-6, float(np.trace(columns))))


def _edge_directions(image: NDArray[np.uint8], matte: NDArray[np.float32], candidates: NDArray[np.float64]) -> Curves:
    """How much edge becomes level or plumb at each angle: outline, inside and backdrop, (6, angles)."""
    scale = min(1.0, _EDGE_LONG_SIDE / max(image.shape[:2]))
    size = (max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale)))
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    mask = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    inside = cv2.erode((mask > 0.9).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    outside = cv2.dilate((mask > 0.1).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    rows = []
    for plane, region in ((mask * 255, np.ones_like(inside)), (grey, inside), (grey, outside)):
        smooth = cv2.GaussianBlur(plane, (0, 0), 0.9)
        right, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        # Faint edges are left out: JPEG blocks and the pixel grid are always level, however the camera was held.
        strength = np.asarray(np.maximum(np.hypot(right, down) - _FAINT, 0) * region, np.float32)
        direction = np.asarray(np.rad2deg(np.arctan2(right, -down)), np.float32)  # of the edge, not its gradient
        rows += [_density((direction - axis + 90) % 180 - 90, strength, candidates) for axis in (0.0, 90.0)]
    return np.stack(rows)


def _density(lean: NDArray[np.float32], strength: NDArray[np.float32], candidates: NDArray[np.float64]) -> Curves:
    """Square root of the share of edge at each lean, smoothed by a degree."""
    reach = candidates[-1] + 3
    bins = round(2 * reach / STEP) + 1
    counts, _ = np.histogram(lean, bins, (-reach - STEP / 2, reach + STEP / 2), weights=strength)
    total = float(strength.sum()) + 50.0 * lean.shape[0]
    smooth = cv2.GaussianBlur(counts.astype(np.float32)[None], (0, 0), 1.0 / STEP)[0]
    return np.asarray(np.sqrt(np.maximum(smooth[6:-6], 0) / total * 20), np.float32)


def _main_axis(mask: NDArray[np.float32], candidates: NDArray[np.float64]) -> Curves:
    """A bump at the angle that sets the longest axis upright or level, as high as the product is long, (angles,)."""
    moments = cv2.moments(mask)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / moments["m00"]
    values, vectors = np.linalg.eigh(spread)
    lean = (np.rad2deg(np.arctan2(vectors[1, 1], vectors[0, 1])) + 45) % 90 - 45
    length = 1 - np.sqrt(max(values[0], 0) / max(values[1], 1e-6))
    return np.asarray(2 * length * np.exp(-((candidates - lean) ** 2) / 4), np.float32)
