"""Figures of a finished shot against the retoucher's own after, each about one thing only.

Colours are compared at the same points of the product, wherever either crop has put them, so a shifted crop is no
colour error; frames are compared by where they put the product, so a wrong colour is no crop error. What a person
sees, all together, is told by the two figures of the whole frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.evaluation.metrics import corner_error, delta_e, intersection_over_union, structural_similarity
from packshot.evaluation.perception import perceptual_difference
from packshot.geometry import Affine
from packshot.learning.proof.reference import FloatImage, Pixels, Reference, box_of
from packshot.recipe import Recipe, Spot
from packshot.stages.background import decode_matte

Figures = dict[str, float | None]

FIGURES = (
    "delta_e", "delta_e_p95", "iou", "edge", "corner", "margin", "angle", "canvas", "size", "ssim", "perceptual",
    "specks", "healed", "false_spots",
)  # fmt: skip
_ASPECT_TOLERANCE = 0.005
_EDGE_SIDE = 800
_PIXELS = 80_000  # of the product that are compared; more do not move the mean
_NEAR = 2.0  # pixels of the before between a spot and a speck it may be meant for


@dataclass(frozen=True)
class Shot:
    """A finished shot to score.

    picture: (h, w, 3) sRGB, at any scale. size: (width, height) it is meant for. before_to_shot: pixel centres of the
    full before to those of ``size``. matte: (h, w) 0..1 over the before in any size; None: nothing was cut out.
    """

    picture: Pixels
    size: tuple[int, int]
    before_to_shot: Affine
    matte: FloatImage | None
    spots: tuple[Spot, ...] = ()

    @classmethod
    def of(cls, recipe: Recipe, picture: Pixels) -> Shot:
        """A recipe's render."""
        asset = recipe.background.matte
        matte = None if asset is None else np.asarray(decode_matte(recipe.asset(asset)) / np.float32(255), np.float32)
        frame = recipe.geometry
        return cls(picture, frame.size, frame.affine(), matte, recipe.detailing.effective().spots)


def score(shot: Shot, reference: Reference, specks: Sequence[Spot] | None = None) -> Figures:
    """Every figure of ``FIGURES``; None where the pair cannot tell.

    delta_e, delta_e_p95: CIEDE2000 over the product's core. iou, edge (mean distance of the outlines, percent of the
    photo's long side): the matte. corner, margin (percent of the long side and of the canvas), angle (degrees): the
    frame, at the after's scale. canvas, size: 1 where aspect (within 0.5 %) and pixels are the after's. ssim,
    perceptual (MDSI): the whole frame. specks: how many the retoucher healed, ``specks`` by the fitted recipe; healed:
    how many of these the shot heals; false_spots: how many of its spots are none.
    """
    figures: Figures = dict.fromkeys(FIGURES)
    figures |= _colour(shot, reference) | _matte(shot, reference) | _frame(shot, reference) | _whole(shot, reference)
    if specks is not None:
        figures |= _spots(shot.spots, specks)
    return {name: None if value is None else round(float(value), 5) for name, value in figures.items()}


def _colour(shot: Shot, reference: Reference) -> Figures:
    laid, seen = laid_on(shot, reference)
    rows, columns = np.nonzero(reference.core & seen)
    if len(rows) < 20:
        return {}
    every = slice(None, None, 1 + len(rows) // _PIXELS)
    rows, columns = rows[every], columns[every]
    difference = delta_e(laid[rows, columns][None], reference.after[rows, columns][None])
    return {"delta_e": float(difference.mean()), "delta_e_p95": float(np.quantile(difference, 0.95))}


def laid_on(shot: Shot, reference: Reference) -> tuple[Pixels, NDArray[np.bool_]]:
    """The shot moved so that each product point lies where it lies in ``reference.after``, and where it has pixels."""
    picture = shot.picture
    matrix = geometry.compose(geometry.invert(_to_picture(shot)), reference.to_after)
    factor = int(1 / geometry.scale_of(matrix) + 0.25)
    if factor >= 2:
        size = (max(1, picture.shape[1] // factor), max(1, picture.shape[0] // factor))
        matrix = geometry.compose(geometry.resize_affine(size, (picture.shape[1], picture.shape[0])), matrix)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    laid = cv2.warpAffine(picture, matrix, reference.size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    everywhere = np.ones(picture.shape[:2], np.uint8)
    seen = cv2.warpAffine(everywhere, matrix, reference.size, flags=cv2.INTER_NEAREST) > 0
    return np.asarray(laid, np.uint8), np.asarray(seen)


def _to_picture(shot: Shot) -> Affine:
    size = (shot.picture.shape[1], shot.picture.shape[0])
    return geometry.compose(shot.before_to_shot, geometry.resize_affine(shot.size, size))


def _matte(shot: Shot, reference: Reference) -> Figures:
    if reference.matte is None:
        return {}
    theirs = reference.matte
    ours = np.ones_like(theirs) if shot.matte is None else shot.matte
    scale = min(1.0, _EDGE_SIDE / max(theirs.shape))
    size = (max(1, round(theirs.shape[1] * scale)), max(1, round(theirs.shape[0] * scale)))
    one, two = (
        np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32) for matte in (ours, theirs)
    )
    return {"iou": intersection_over_union(one, two), "edge": outline_distance(one, two)}


def outline_distance(first: FloatImage, second: FloatImage) -> float:
    """Mean distance between two mattes' outlines, there and back, in percent of the long side; 100 if one has none."""
    outlines = [_outline(matte) for matte in (first, second)]
    if not outlines[0].any() or not outlines[1].any():
        return 0.0 if outlines[0].any() == outlines[1].any() else 100.0
    to_first, to_second = (cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, 5) for line in outlines)
    distance = (to_second[outlines[0]].mean() + to_first[outlines[1]].mean()) / 2
    return float(distance / max(first.shape) * 100)


def _outline(matte: FloatImage) -> NDArray[np.bool_]:
    mask = (matte > 0.5).astype(np.uint8)
    # Beyond the frame all is backdrop: what the frame cuts has its outline there.
    return np.asarray((mask > 0) & (cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=0) == 0))


def _frame(shot: Shot, reference: Reference) -> Figures:
    width, height = reference.canvas
    at_canvas = geometry.compose(shot.before_to_shot, onto_canvas(shot.size, reference.canvas))
    figures: Figures = {
        "corner": corner_error(at_canvas, reference.before_to_after, reference.corners, max(width, height)),
        "angle": abs(geometry.angle_of(shot.before_to_shot) - geometry.angle_of(reference.before_to_after)),
        "canvas": float(abs(shot.size[0] / shot.size[1] / (width / height) - 1) <= _ASPECT_TOLERANCE),
        "size": float(shot.size == reference.canvas),
    }
    boxes = _box_in_frame(shot, reference), box_of(reference.matte_there)
    if reference.matte is not None and boxes[0] is not None and boxes[1] is not None:
        figures["margin"] = 100 * max(abs(one - two) for one, two in zip(boxes[0], boxes[1], strict=True))
    return figures


def onto_canvas(size: tuple[int, int], canvas: tuple[int, int]) -> Affine:
    """The map of a frame's pixel centres to the canvas's: scaled to its long side and laid on its middle."""
    scale = max(canvas) / max(size)
    shift = [(whole - part * scale) / 2 + 0.5 * scale - 0.5 for whole, part in zip(canvas, size, strict=True)]
    return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])


def _box_in_frame(shot: Shot, reference: Reference) -> tuple[float, float, float, float] | None:
    matte = reference.matte if shot.matte is None else shot.matte
    if matte is None:
        return None
    scale = min(1.0, max(reference.size) / max(shot.size))
    size = (max(1, round(shot.size[0] * scale)), max(1, round(shot.size[1] * scale)))
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), reference.photo.size)
    matrix = geometry.compose(cells, shot.before_to_shot, geometry.resize_affine(shot.size, size))
    return box_of(np.asarray(cv2.warpAffine(matte, matrix, size, flags=cv2.INTER_LINEAR), np.float32))


def _whole(shot: Shot, reference: Reference) -> Figures:
    framed = on_canvas(shot, reference)
    return {
        "ssim": structural_similarity(framed, reference.after),
        "perceptual": perceptual_difference(framed, reference.after),
    }


def on_canvas(shot: Shot, reference: Reference) -> Pixels:
    """The shot at the size of ``reference.after``; another aspect is laid on its middle over the backdrop's colour."""
    width, height = reference.size
    scale = max(width, height) / max(shot.size)
    size = (max(1, round(shot.size[0] * scale)), max(1, round(shot.size[1] * scale)))
    smaller = size[0] < shot.picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(shot.picture, size, interpolation=how), np.uint8)
    framed = np.full((height, width, 3), reference.backdrop, np.uint8)
    across, down = min(width, size[0]), min(height, size[1])
    there = (slice((height - down) // 2, (height + down) // 2), slice((width - across) // 2, (width + across) // 2))
    here = (
        slice((size[1] - down) // 2, (size[1] + down) // 2),
        slice((size[0] - across) // 2, (size[0] + across) // 2),
    )
    framed[there] = picture[here]
    return framed


def _spots(ours: Sequence[Spot], theirs: Sequence[Spot]) -> Figures:
    marks, specks = grouped(ours), grouped(theirs)
    healed, false = healed_and_false(marks, specks)
    return {"specks": float(len(specks)), "healed": float(healed), "false_spots": float(false)}


def healed_and_false(marks: Sequence[Sequence[Spot]], specks: Sequence[Sequence[Spot]]) -> tuple[int, int]:
    """How many specks a mark touches, and how many marks are near no speck; in pixels of the before."""
    healed = sum(any(_touch(speck, mark, 0.0) for mark in marks) for speck in specks)
    return healed, sum(not any(_touch(mark, speck, _NEAR) for speck in specks) for mark in marks)


def grouped(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Discs that touch are one speck: a thread is a chain of them."""
    groups: list[list[Spot]] = []
    for spot in spots:
        touched = [group for group in groups if _touch(group, [spot], 0.0)]
        groups = [group for group in groups if group not in touched]
        groups.append([*(one for group in touched for one in group), spot])
    return groups


def _touch(first: Sequence[Spot], second: Sequence[Spot], room: float) -> bool:
    return any(
        np.hypot(one.x - two.x, one.y - two.y) < one.radius + two.radius + room for one in first for two in second
    )
