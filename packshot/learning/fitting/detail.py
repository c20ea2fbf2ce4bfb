"""Detail read from a pair: the noise the retoucher smoothed, how much they sharpened, which specks are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.denoising import smooth_noise
from packshot.evaluation.metrics import delta_e_lab, lab
from packshot.geometry import Affine
from packshot.healing import heal
from packshot.recipe import Detailing, Spot
from packshot.render import sharpen
from packshot.stages.detailing import cover

Pixels = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

NOISE_LEVELS = (0.0, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0)
NOISE_REACH = 2.0
RADII = (0.6, 0.8, 1.0, 1.4, 2.0)
_WINDOW = 420  # pixels of the canvas in which noise and sharpening are measured
_MOST_PLACES = 20000  # of it that are compared
_WORTH = 0.02  # share of what is left that smoothing must explain
_MOST_SHARPENING = 2.0
_LEAST_SHARPENING = 0.03
_CLEAR_DETAIL = 2.0  # sRGB levels
_NEARLY_WHITE = 250
_EDGE_SHARE = 0.006  # of the long side: as near the outline nothing is healed
_LONGEST_SHARE = 0.07
_LEAST_CONTRAST = 10.0  # sRGB levels between a speck and its surroundings
_CLEARER = 4.0  # times what usually differs around it
_OWN_DRAWING = 1.0  # what stands out in the after as well is the product's own
_REACH = 0.45  # of a speck's clearness, as far as it goes
_EXPLAINED = 0.35  # share of the difference that healing a speck must take away
_MOST_MARKS = 30


@dataclass(frozen=True)
class Finished:
    """The human's after and ours without detail, alike in size; ``matte`` (H, W) 0..1 in that frame, ``affine`` from
    the full source to it."""

    made: Pixels
    after: Pixels
    matte: FloatImage
    affine: Affine


def fit_detail(finished: Finished) -> Detailing:
    """Noise and sharpening together, each changing what the other is worth; then specks."""
    inside = well_inside(finished.matte)
    if inside.sum() < 400:
        return Detailing()
    noise, amount, radius = fit_finish(finished, inside)
    spots = [spot for mark in fit_spots(finished, inside) for spot in mark]
    return Detailing(spots=tuple(spots), sharpening=amount, radius=radius, noise=noise)


def fit_finish(finished: Finished, inside: Mask) -> tuple[float, float, float]:
    """Levels of smoothing, and amount and radius of the sharpening after it, that bring ours nearest the after.

    Nearest by mean CIEDE2000 in the middle of the product; smoothing must be worth its while.
    """
    here = _middle(inside)
    inner, after = inside[here], finished.after[here]
    rows, columns = np.nonzero(inner)
    if not len(rows):
        return 0.0, 0.0, 0.8
    every = slice(None, None, max(1, len(rows) // _MOST_PLACES))
    rows, columns = rows[every], columns[every]
    theirs, found = lab(after[rows, columns][None]), []
    for levels in NOISE_LEVELS:
        made = finished.made[here].copy()
        smooth_noise(made, levels, NOISE_REACH)
        amount, radius = fit_sharpening(made, after, inner)
        if amount > 0:
            sharpen(made, amount, radius)
        left = float(delta_e_lab(lab(made[rows, columns][None]), theirs).mean())
        found.append((left, levels, amount, radius))
    best = min(found)
    return (best if best[0] < (1 - _WORTH) * found[0][0] else found[0])[1:]


def _middle(inside: Mask) -> tuple[slice, slice]:
    left, top, width, height = cv2.boundingRect(inside.astype(np.uint8))
    across, down = min(width, _WINDOW), min(height, _WINDOW)
    x, y = left + (width - across) // 2, top + (height - down) // 2
    return slice(y, y + down), slice(x, x + across)


def well_inside(matte: FloatImage) -> Mask:
    """The product without its rim, (H, W)."""
    reach = max(2, round(_EDGE_SHARE * max(matte.shape)))
    solid = (matte > 0.95).astype(np.uint8)
    return np.asarray(cv2.erode(solid, np.ones((2 * reach + 1,) * 2, np.uint8), borderValue=0) > 0)


def fit_sharpening(ours: Pixels, theirs: Pixels, inside: Mask) -> tuple[float, float]:
    """Amount and radius (pixels of the canvas) of the unsharp mask that brings ours nearest the after.

    Least squares on luma, on what changes within a few pixels. Detail below two levels is lost to rounding in one photo
    or the other and says nothing; what the mask explains worst (specks) is left out.
    """
    made, after = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (ours, theirs))
    missing = _fine(after - made)[inside]
    clear = np.abs(_fine(made - cv2.GaussianBlur(made, (0, 0), 1.0)))[inside] >= _CLEAR_DETAIL
    # What reached white or black in the after could not be sharpened further.
    open_ended = (theirs.max(2) < _NEARLY_WHITE) & (theirs.min(2) > 255 - _NEARLY_WHITE)
    clear &= open_ended[inside]
    if clear.sum() < 200:
        return 0.0, 0.8
    missing = missing[clear]
    best = (float(np.abs(missing).mean()), 0.0, 0.8)
    for radius in RADII:
        added = _fine(made - cv2.GaussianBlur(made, (0, 0), radius))[inside][clear]
        amount = _amount(added, missing)
        best = min(best, (float(np.abs(missing - amount * added).mean()), round(amount, 3), radius))
    return (best[1], best[2]) if best[1] >= _LEAST_SHARPENING else (0.0, 0.8)


def _fine(values: FloatImage) -> FloatImage:
    return values - cv2.GaussianBlur(values, (0, 0), 4)


def _amount(added: FloatImage, missing: FloatImage) -> float:
    amount = 0.0
    for _ in range(2):
        residue = np.abs(missing - amount * added)
        near = residue <= np.quantile(residue, 0.98)
        amount = float((added[near] * missing[near]).sum() / max(float((added[near] ** 2).sum()), 1e-6))
    return float(np.clip(amount, 0, _MOST_SHARPENING))


def fit_spots(finished: Finished, inside: Mask) -> list[list[Spot]]:
    """Specks as chains of discs in source pixels, clearest first: what stands out in ours and not in the after, and
    comes nearer to the after when it is healed."""
    marks = []
    for mask, corner in _specks(finished, inside):
        discs, kind = cover(mask, corner)
        mark = [_spot(disc, kind, finished.affine) for disc in discs]
        if _explains(mark, mask, corner, finished):
            marks.append(mark)
        if len(marks) == _MOST_MARKS:
            break
    return marks


def _specks(finished: Finished, inside: Mask) -> Iterator[tuple[Mask, tuple[int, int]]]:
    """The pixels of each candidate and where they begin, clearest first."""
    gone, level = removed_contrast(finished, inside)
    # A speck is seeded where it is clear, and goes on as far as it is nearly half as clear.
    reach = ((gone > np.maximum(_REACH * level, 3.5)) & inside).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(reach, connectivity=8)
    peaks = np.zeros(count)
    seeds = (gone > level) & inside
    np.maximum.at(peaks, labels[seeds], (gone / level)[seeds])
    longest = _LONGEST_SHARE * max(gone.shape)
    for label in sorted(np.flatnonzero(peaks[1:] > 0) + 1, key=lambda one: -peaks[one]):
        left, top, width, height, area = (int(value) for value in stats[label])
        if area >= 3 and max(width, height) <= longest:
            yield labels[top : top + height, left : left + width] == label, (left, top)


def removed_contrast(finished: Finished, inside: Mask) -> tuple[FloatImage, FloatImage]:
    """By how much each place stands out of its surroundings in ours and does not in the after, and how much is clear.

    Both (H, W), sRGB levels. On rough cloth, where much differs a little, more is needed.
    """
    size = max(5, round(0.03 * max(inside.shape)) | 1)
    ours, theirs = (_standing_out(picture, size) for picture in (finished.made, finished.after))
    differs = np.abs(ours - theirs).max(2)
    gone = np.where(inside, np.maximum(differs - _OWN_DRAWING * np.abs(theirs).max(2), 0), 0)
    window = max(9, round(0.06 * max(inside.shape)) | 1)
    weight = inside.astype(np.float32)
    usual = np.minimum(differs, 3 * float(np.median(differs[inside]))) * weight
    mean = cv2.blur(usual, (window, window)) / np.maximum(cv2.blur(weight, (window, window)), 1e-3)
    return gone.astype(np.float32), np.maximum(_LEAST_CONTRAST, _CLEARER * mean).astype(np.float32)


def _standing_out(picture: Pixels, size: int) -> FloatImage:
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.8)
    return np.asarray(smooth.astype(np.float32) - cv2.medianBlur(smooth, size).astype(np.float32), np.float32)


def _spot(disc: tuple[float, float, float], kind: Literal["dust", "lint"], affine: Affine) -> Spot:
    x, y = geometry.apply(geometry.invert(affine), np.array([disc[:2]]))[0]
    radius = max(0.5, disc[2] / geometry.scale_of(affine))
    return Spot(x=round(float(x), 2), y=round(float(y), 2), radius=round(radius, 2), kind=kind)


def _explains(mark: list[Spot], mask: Mask, corner: tuple[int, int], finished: Finished) -> bool:
    """Whether healing takes most of the difference away: else it was no speck, but drawing that changed."""
    reach = 24 + 3 * max(mask.shape)
    left, top = max(0, corner[0] - reach), max(0, corner[1] - reach)
    right, bottom = corner[0] + mask.shape[1] + reach, corner[1] + mask.shape[0] + reach
    patch = finished.made[top:bottom, left:right].copy()
    own = (
        slice(corner[1] - top, corner[1] - top + mask.shape[0]),
        slice(corner[0] - left, corner[0] - left + mask.shape[1]),
    )
    there = finished.after[top:bottom, left:right][own].astype(np.float32)
    before = float(np.abs(patch[own].astype(np.float32) - there)[mask].mean())
    heal(patch, mark, finished.affine - np.array([[0, 0, left], [0, 0, top]]))
    return float(np.abs(patch[own].astype(np.float32) - there)[mask].mean()) < (1 - _EXPLAINED) * before
