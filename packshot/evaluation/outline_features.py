"""Form of the product in the photo, and where models that look at it differently disagree about its outline."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.metrics import Mask, overlap
from packshot.graphcut import FloatImage
from packshot.segmentation import border_likelihood, off_surface
from packshot.view import View

_LEVELS = (0.25, 0.5, 0.75)


def outline(view: View) -> dict[str, float]:
    """Form, softness and doubt of the matte, and its agreement with the cut by colours and the backdrop models."""
    matte = view.small_matte
    mask = matte > 0.5
    area = float(mask.mean())
    if area < 1e-4:
        return {"area": area}
    cut = _at(view.cut[0], view.small)
    apart = _at(view.cut[1], view.small)
    edge = _perimeter(mask)
    soft = (matte > 0.1) & (matte < 0.9)
    features = {
        "area": area,
        "edge_width": float(soft.sum()) / max(edge, 1.0),
        "unsure": float((1 - np.abs(2 * matte - 1)).sum()) / float(mask.sum()),
        "raggedness": edge / float(np.sqrt(mask.sum())),
        "cut_overlap": overlap(cut > 0.5, mask),
        "cut_apart": float((apart > 0.5).sum()) / float(mask.sum()),
        "cut_box": box_distance(cut > 0.5, mask),
        "level_box": box_distance(matte > _LEVELS[0], matte > _LEVELS[2]),
        "level_overlap": overlap(matte > _LEVELS[0], matte > _LEVELS[2]),
        "frame_contact": _contact(mask),
    }
    return features | _pieces(mask) | _backdrop_models(view, mask) | _where(apart)


def variation(view: View) -> dict[str, float]:
    """How the network's answer changes when the photo is mirrored and smaller, as it should not."""
    matte = view.small_matte
    mask = matte > 0.5
    if mask.mean() < 1e-4:
        return {}
    varied = view.mirrored
    other = _at(varied.matte, view.small)[:, ::-1]
    features = {
        "varied_overlap": overlap(other > 0.5, mask),
        "varied_apart": float(np.abs(other - matte).sum()) / float(mask.sum()),
        "varied_box": box_distance(other > 0.5, mask),
        "varied_area": abs(float(np.log2(max(float(other.sum()), 1) / float(matte.sum())))),
    }
    if varied.categories is not None and view.answer.categories is not None:
        pairs = zip(varied.categories, view.answer.categories, strict=True)
        features["varied_category"] = 0.5 * sum(abs(one - two) for one, two in pairs)
    return features


def box_distance(first: Mask, second: Mask) -> float:
    """Largest distance between the sides of two masks' boxes, in percent of the picture's long side."""
    if not first.any() or not second.any():
        return 100.0
    difference = max(abs(one - two) for one, two in zip(_box(first), _box(second), strict=True))
    return float(100 * difference / max(first.shape))


def _box(mask: Mask) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def _at(plane: FloatImage, like: NDArray[np.uint8]) -> FloatImage:
    return np.asarray(cv2.resize(plane, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def _perimeter(mask: Mask) -> float:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return float(sum(len(contour) for contour in contours))


def _contact(mask: Mask) -> float:
    """The largest share of a side of the frame that the product covers."""
    return max(float(line.mean()) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _pieces(mask: Mask) -> dict[str, float]:
    """Form: filled or open, in one piece or several, upright or lying."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    areas = sorted((cv2.contourArea(contour) for contour in contours), reverse=True)
    hull = cv2.convexHull(np.concatenate(contours))
    (_, _), (width, height), angle = cv2.minAreaRect(hull)
    left, top, right, bottom = _box(mask)
    rows, columns = mask.shape
    return {
        "solidity": float(mask.sum()) / max(cv2.contourArea(hull), 1.0),
        "hollow": 1 - float(mask.sum()) / max(sum(areas), 1.0),
        "second_piece": areas[1] / max(areas[0], 1.0) if len(areas) > 1 else 0.0,
        "pieces": float(np.log2(1 + len(areas))),
        "box_aspect": float(np.log2((right - left) / max(bottom - top, 1))),
        "box_share": max((right - left) / columns, (bottom - top) / rows),
        "least_margin": min(left / columns, top / rows, 1 - right / columns, 1 - bottom / rows),
        "lean": abs((angle + 45) % 90 - 45),
        "slender": float(np.log2(max(width, height, 1.0) / max(min(width, height), 1.0))),
    }


def _where(apart: FloatImage) -> dict[str, float]:
    """The box of the largest place where network and cut by colours disagree, in shares of the photo."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((apart > 0.5).astype(np.uint8))
    if count < 2:
        return {}
    left, top, width, height, _ = (float(value) for value in stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())])
    rows, columns = apart.shape
    box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)
    return dict(zip(("apart_left", "apart_top", "apart_right", "apart_bottom"), box, strict=True))


def _backdrop_models(view: View, mask: Mask) -> dict[str, float]:
    """What the backdrop alone says is product, against the network: glass and white goods tell them apart."""
    distance = np.abs(off_surface(view.small)).max(0)
    typical = border_likelihood(view.small)
    outside = ~cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    features = {
        "off_surface_overlap": overlap(distance > 0.5, mask),
        "off_surface_inside": float(distance[mask].mean()),
        "like_backdrop_inside": float((distance[mask] < 0.25).mean()),
        "border_overlap": overlap(typical < 0, mask),
        "border_inside": float(typical[mask].mean()),
    }
    if outside.any():
        features |= {
            "off_surface_outside": float(distance[outside].mean()),
            "backdrop_busy": float(np.quantile(distance[outside], 0.7)),
            "border_outside": float(typical[outside].mean()),
        }
    return features
