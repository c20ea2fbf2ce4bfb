"""Alignment: how far to turn the product so that it stands upright; nothing where it is not sure.

Garments, bottles and most bags are their own mirror image about the upright axis (after Loy and Eklundh, "Detecting Symmetry",
ECCV 2006, on the matte instead of on keypoints); shoes and bags stand on their base line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.recipe import Alignment, Recipe
from packshot.render import RenderPlan
from packshot.view import View

_SIDE = 192
_COARSE, _FINE = 1.0, 0.2


@dataclass(frozen=True)
class Upright:
    """An angle in degrees that makes the product upright, and how sure that is (0..1)."""

    angle: float
    confidence: float


class AlignmentStage:
    """The upright angle."""

    name = "alignment"

    def predict(self, view: View, draft: Recipe) -> Alignment:
        """By symmetry or by the base line, as the house says; zero below the pack's confidence."""
        del draft
        thresholds = view.pack.file.thresholds
        method = view.house.upright
        if method == "never" or float(view.small_matte.mean()) < thresholds.matte_empty:
            return Alignment()
        limit = thresholds.align_limit
        matte = centred(view.answer.matte)
        found = by_symmetry(matte, limit) if method == "symmetry" else by_base(matte, limit)
        if found.confidence < thresholds.align_confidence or abs(found.angle) >= limit - _FINE:
            return Alignment(confidence=round(found.confidence, 3))
        return Alignment(angle=round(found.angle, 3), method=method, confidence=round(found.confidence, 3))

    def lower(self, parameters: Alignment, plan: RenderPlan) -> None:
        """Cropping carries the turn: both are one affine. Here the angle is only checked."""
        del parameters, plan


def centred(matte: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product's matte alone, in the middle of a square of 192 pixels, with room to turn."""
    rows, columns = np.nonzero(matte > 0.5)
    if len(rows) < 16:
        return np.zeros((_SIDE, _SIDE), np.float32)
    middle = (float(columns.mean()), float(rows.mean()))
    reach = max(np.ptp(rows), np.ptp(columns)) + 1
    matrix = geometry.frame_affine(0, 0.72 * _SIDE / reach, middle, (_SIDE, _SIDE))
    shrink = max(1, int(reach / _SIDE))
    smooth = cv2.blur(matte, (shrink, shrink)) if shrink > 1 else matte
    return np.asarray(cv2.warpAffine(smooth, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR), np.float32)


def turned(matte: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    """The square matte turned about its middle."""
    side = matte.shape[0]
    matrix = geometry.frame_affine(angle, 1, ((side - 1) / 2, (side - 1) / 2), (side, side))
    return np.asarray(cv2.warpAffine(matte, matrix, (side, side), flags=cv2.INTER_LINEAR), np.float32)


def mirror_overlap(matte: NDArray[np.float32]) -> float:
    """Soft intersection over union of a matte and its mirror image, over the best of nearby upright axes."""
    profile = matte.sum(0)
    centre = float((profile * np.arange(len(profile))).sum() / max(1e-6, float(profile.sum())))
    best = 0.0
    for axis in centre + np.arange(-3, 3.5, 0.5):
        matrix = np.array([[-1.0, 0.0, 2 * axis], [0.0, 1.0, 0.0]])
        mirrored = cv2.warpAffine(matte, matrix, matte.shape[::-1], flags=cv2.INTER_LINEAR)
        both = float(np.minimum(matte, mirrored).sum())
        best = max(best, both / max(1e-6, float(np.maximum(matte, mirrored).sum())))
    return best


def by_symmetry(matte: NDArray[np.float32], limit: float) -> Upright:
    """The angle at which the product is most its own mirror image, coarse to fine.

    Sure when the best overlap is high and falls off clearly to both sides; a ball, or a crumpled shirt, is never sure.
    """
    coarse = np.arange(-limit, limit + 0.01, _COARSE)
    scores = np.array([mirror_overlap(turned(matte, angle)) for angle in coarse])
    best = int(scores.argmax())
    fine = np.arange(coarse[best] - _COARSE, coarse[best] + _COARSE + 0.01, _FINE)
    close = np.array([mirror_overlap(turned(matte, angle)) for angle in fine])
    peak = int(close.argmax())
    angle = float(fine[peak]) + _FINE * _parabola(close, peak)
    away = np.abs(coarse - angle)
    around = scores[(away >= 3) & (away <= 5)]
    drop = float(close[peak] - around.max()) if len(around) else 0.0
    confidence = _ramp(float(close[peak]), 0.75, 0.95) * _ramp(drop, 0.004, 0.04)
    return Upright(angle, float(np.sqrt(confidence)))


def by_base(matte: NDArray[np.float32], limit: float) -> Upright:
    """The angle of the line the product stands on: a robust line through the lowest contour."""
    solid = matte > 0.5
    columns = np.nonzero(solid.any(0))[0]
    if len(columns) < 24:
        return Upright(0.0, 0.0)
    lowest = matte.shape[0] - 1 - solid[::-1].argmax(0)[columns]
    standing = lowest >= np.quantile(lowest, 0.98) - 0.18 * np.ptp(np.nonzero(solid.any(1))[0])
    x, y = columns[standing].astype(np.float64), lowest[standing].astype(np.float64)
    if len(x) < 16:
        return Upright(0.0, 0.0)
    slope, inliers = _steadiest_line(x, y)
    span = float(np.ptp(x[inliers])) / float(np.ptp(columns))
    angle = float(np.rad2deg(np.arctan(slope)))
    if abs(angle) > limit:
        return Upright(0.0, 0.0)
    return Upright(angle, _ramp(span, 0.35, 0.75) * _ramp(float(inliers.mean()), 0.3, 0.6))


def _steadiest_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, NDArray[np.bool_]]:
    """The line most points lie on, among all pairs of a few dozen points, then fitted to its inliers."""
    chosen = np.linspace(0, len(x) - 1, min(40, len(x))).astype(int)
    best, best_count = np.zeros(len(x), bool), -1
    for first in chosen:
        for second in chosen[chosen > first]:
            if x[second] - x[first] < 12:
                continue
            slope = (y[second] - y[first]) / (x[second] - x[first])
            inliers = np.abs(y - y[first] - slope * (x - x[first])) < 0.8
            # Below the line must be nothing: a product stands on its base, it does not cross it.
            below = (y - y[first] - slope * (x - x[first]) > 1.5).sum()
            if inliers.sum() - 3 * below > best_count:
                best, best_count = inliers, int(inliers.sum() - 3 * below)
    if best.sum() < 2:
        return 0.0, best
    return float(np.polyfit(x[best], y[best], 1)[0]), best


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))


def _parabola(values: NDArray[np.float64], peak: int) -> float:
    """Where between samples a peak lies, -0.5..0.5."""
    if peak in (0, len(values) - 1):
        return 0.0
    before, here, after = values[peak - 1 : peak + 2]
    curve = before - 2 * here + after
    return 0.0 if curve >= 0 else float(np.clip(0.5 * (before - after) / curve, -0.5, 0.5))
