"""Detail read from a pair: how much the retoucher sharpened, and which specks are gone from the after."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.recipe import Detailing, Spot
from packshot.stages.detailing import cover

Pixels = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

RADII = (0.6, 0.8, 1.0, 1.4, 2.0)
_MOST_SHARPENING = 2.0
_LEAST_SHARPENING = 0.03
_EDGE_SHARE = 0.006  # of the long side: as near the outline nothing is healed
_LONGEST_SHARE = 0.07
_LEAST_CONTRAST = 7.0  # sRGB levels between a speck and its surroundings
_SIGMAS = 5.0
_MOST_SPOTS = 60


@dataclass(frozen=True)
class Finished:
    """The human's after and ours without detail, alike in size; ``matte`` (H, W) 0..1 in that frame, ``affine`` from
    the full source to it."""

    made: Pixels
    after: Pixels
    matte: FloatImage
    affine: Affine


def fit_detail(finished: Finished) -> Detailing:
    """Sharpening first, for what it adds along edges must not be taken for specks."""
    inside = well_inside(finished.matte)
    if inside.sum() < 400:
        return Detailing()
    amount, radius = fit_sharpening(finished, inside)
    return Detailing(spots=tuple(fit_spots(finished, inside)), sharpening=amount, radius=radius)


def well_inside(matte: FloatImage) -> Mask:
    """The product without its rim, (H, W)."""
    reach = max(2, round(_EDGE_SHARE * max(matte.shape)))
    solid = (matte > 0.95).astype(np.uint8)
    return np.asarray(cv2.erode(solid, np.ones((2 * reach + 1,) * 2, np.uint8), borderValue=0) > 0)


def fit_sharpening(finished: Finished, inside: Mask) -> tuple[float, float]:
    """Amount and radius (pixels of the canvas) of the unsharp mask that brings ours nearest the after.

    Least squares on luma, on what changes within a few pixels; the farthest hundredth (specks) is left out.
    """
    made, after = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (finished.made, finished.after))
    missing = after - made
    missing = (missing - cv2.GaussianBlur(missing, (0, 0), 4))[inside]
    near = np.abs(missing) <= np.quantile(np.abs(missing), 0.99)
    best = (float((missing[near] ** 2).sum()), 0.0, 0.8)
    for radius in RADII:
        added = made - cv2.GaussianBlur(made, (0, 0), radius)
        added = (added - cv2.GaussianBlur(added, (0, 0), 4))[inside]
        energy = float((added[near] ** 2).sum())
        amount = float(np.clip((added[near] * missing[near]).sum() / max(energy, 1e-6), 0, _MOST_SHARPENING))
        left = float(((missing[near] - amount * added[near]) ** 2).sum())
        best = min(best, (left, round(amount, 3), radius))
    return (best[1], best[2]) if best[1] >= _LEAST_SHARPENING else (0.0, 0.8)


def fit_spots(finished: Finished, inside: Mask) -> list[Spot]:
    """Small places that stand out in ours and not in the after, clearest first, as discs in source pixels."""
    contrast = removed_contrast(finished, inside)
    level = np.maximum(_LEAST_CONTRAST, _SIGMAS * local_noise(contrast, inside))
    # A speck is seeded where it is clear, and reaches as far as it is half as clear.
    seeds, reach = (contrast > level) & inside, (contrast > np.maximum(level / 2, _LEAST_CONTRAST / 2)) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(reach.astype(np.uint8), connectivity=8)
    peaks = np.zeros(count)
    np.maximum.at(peaks, labels[seeds], (contrast / level)[seeds])
    longest = _LONGEST_SHARE * max(contrast.shape)
    back, scale = geometry.invert(finished.affine), geometry.scale_of(finished.affine)
    spots: list[Spot] = []
    for label in sorted(np.flatnonzero(peaks[1:] > 0) + 1, key=lambda one: -peaks[one]):
        left, top, width, height, area = stats[label]
        if area < 2 or max(width, height) > longest or len(spots) >= _MOST_SPOTS:
            continue
        own = labels[top : top + height, left : left + width] == label
        discs, kind = cover(own, (int(left), int(top)))
        for x, y, radius in discs:
            place = geometry.apply(back, np.array([[x, y]]))[0]
            spots.append(
                Spot(
                    x=round(float(place[0]), 2),
                    y=round(float(place[1]), 2),
                    radius=round(max(radius / scale, 0.5), 2),
                    kind=kind,
                )
            )
    return spots


def removed_contrast(finished: Finished, inside: Mask) -> FloatImage:
    """By how much each place stands out of its surroundings in ours, and does not in the after, (H, W) sRGB levels."""
    size = max(5, round(0.03 * max(inside.shape)) | 1)
    parts = []
    for picture in (finished.made, finished.after):
        smooth = cv2.GaussianBlur(picture, (0, 0), 0.7)
        parts.append(smooth.astype(np.float32) - cv2.medianBlur(smooth, size).astype(np.float32))
    ours, theirs = parts
    gone = np.abs(ours - theirs).max(2) - 0.7 * np.abs(theirs).max(2)
    return np.where(inside, np.maximum(gone, 0), 0).astype(np.float32)


def local_noise(contrast: FloatImage, inside: Mask) -> FloatImage:
    """How large the contrast usually is around each place, (H, W): on rough cloth more than on smooth."""
    size = max(9, round(0.06 * max(inside.shape)) | 1)
    weight = inside.astype(np.float32)
    capped = np.minimum(contrast, 4 * max(1.0, float(np.median(contrast[inside]))))
    mean = cv2.blur(capped * weight, (size, size)) / np.maximum(cv2.blur(weight, (size, size)), 1e-3)
    return np.asarray(np.maximum(mean, 1.0), np.float32)
