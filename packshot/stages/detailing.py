"""Detailing: dust and lint found and healed, and sharpening for the output.

A speck is a small blob or thread that stands out from an otherwise even place: band-passed luminance (difference of
Gaussians; Lowe, 2004) measured in units of the local texture, so that weave, print and seams are left alone.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.recipe import Detailing, Recipe, Spot
from packshot.render import RenderPlan
from packshot.view import View

_EDGE_SHARE = 0.012
_LARGEST_SHARE = 0.035  # of the view's long side: what is longer is no speck
_LEAST_LEVELS = 5.0


class DetailingStage:
    """Specks and sharpening."""

    name = "detailing"

    def predict(self, view: View, draft: Recipe) -> Detailing:
        """The specks to heal, strongest first, and the house's sharpening."""
        del draft
        house, thresholds = view.house, view.pack.file.thresholds
        spots = find_spots(view, thresholds.spot_contrast)[: thresholds.spots_at_most] if house.heal else []
        return Detailing(spots=tuple(spots), sharpening=house.sharpening)

    def lower(self, parameters: Detailing, plan: RenderPlan) -> None:
        """Spots and sharpening, after the geometry."""
        detail = parameters.effective()
        plan.spots = detail.spots
        plan.sharpening = detail.sharpening
        plan.radius = detail.radius


def find_spots(view: View, contrast: float) -> list[Spot]:
    """Specks on the product, in source pixels, strongest first."""
    image, matte = view.image, view.answer.matte
    edge = max(2, round(_EDGE_SHARE * max(view.size)))
    inside = cv2.erode((matte > 0.95).astype(np.uint8), np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    if not inside.any():
        return []
    score = speck_score(image)
    marks = ((score > contrast) & (inside > 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    longest = _LARGEST_SHARE * max(view.size)
    found: list[tuple[float, list[Spot]]] = []
    for label in range(1, count):
        left, top, width, height, _area = stats[label]
        if max(width, height) > longest:
            continue
        here = (slice(top, top + height), slice(left, left + width))
        own = labels[here] == label
        found.append((float(score[here][own].max()), cover(own, (left, top), view)))
    found.sort(key=lambda item: -item[0])
    return [spot for _, spots in found for spot in spots]


def speck_score(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far each pixel stands out from its surround, in units of the surround's own texture, (H, W)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.GaussianBlur(grey, (0, 0), 0.7)
    ring = cv2.GaussianBlur(grey, (0, 0), 3.0)
    band = np.abs(fine - ring)
    texture = np.sqrt(cv2.blur(np.minimum(band, 12) ** 2, (41, 41)))
    edges = cv2.blur(np.abs(cv2.Laplacian(ring, cv2.CV_32F)), (9, 9))
    return np.asarray(np.where(band > _LEAST_LEVELS, band / (texture + 1.0 + 2 * edges), 0), np.float32)


def cover(mask: NDArray[np.bool_], corner: tuple[int, int], view: View) -> list[Spot]:
    """A speck as discs along it: one for dust, a chain for a thread."""
    unit = geometry.scale_of(view.to_source)
    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    thickness = float(distance.max())
    left = mask.copy()
    kind = "dust" if max(mask.shape) <= 3.2 * max(1.0, thickness) else "lint"
    spots = []
    while left.any() and len(spots) < 12:
        row, column = np.unravel_index(int(np.where(left, distance, -1).argmax()), mask.shape)
        radius = float(distance[row, column]) + 1.0
        x, y = geometry.apply(view.to_source, np.array([[column + corner[0], row + corner[1]]], np.float64))[0]
        spots.append(Spot(x=round(float(x), 2), y=round(float(y), 2), radius=round(radius * unit, 2), kind=kind))
        rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
        left &= np.hypot(rows - row, columns - column) > radius
    return spots
