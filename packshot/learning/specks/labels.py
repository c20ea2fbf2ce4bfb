"""What a pair tells of specks, pixel by pixel: where the retoucher took one away, and what it looked like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.learning.fitting.specks import SpeckReading
from packshot.recipe import Spot

OFF, CLEAN, DOUBTFUL, TAKEN = 0, 1, 2, 3  # from TAKEN on: and the logarithm of the speck's pixels to base two
STAMP = 40  # pixels
_SURE, _SURE_IN_SPOT, _SEEN = 2.0, 1.2, 0.9  # of the evidence
_LARGEST = 6
_STAMPED = (3, STAMP - 8)  # at least so many pixels, at most so far across

Code = NDArray[np.uint8]


@dataclass(frozen=True)
class Stamp:
    """A speck that was taken away: what it added to the cloth (STAMP, STAMP, 3) sRGB levels, its pixels (STAMP, STAMP)
    and the cloth's colour (3,)."""

    added: NDArray[np.float32]
    pixels: NDArray[np.bool_]
    ground: NDArray[np.float32]


def speck_code(reading: SpeckReading, matte: NDArray[np.float32], spots: Sequence[Spot], to_photo: Affine) -> Code:
    """What each pixel of the before is, (H, W): off the product, clean, doubtful, or of a speck taken away.

    ``spots``: of the fitted recipe, in pixels of the photo that ``to_photo`` leads to. A speck is what the fit healed
    and the evidence shows; what only one of them says is doubtful and teaches neither way.
    """
    fitted = _covered(spots, to_photo, matte.shape)
    evidence = reading.evidence
    inside = matte > 0.9
    sure = ((evidence > _SURE) | (fitted & (evidence > _SURE_IN_SPOT))) & inside
    code = inside.astype(np.uint8)
    code[((evidence > _SEEN) | fitted) & inside] = DOUBTFUL
    count, labels, stats, _ = cv2.connectedComponentsWithStats(sure.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        area, own = int(stats[label, cv2.CC_STAT_AREA]), labels == label
        if area >= _STAMPED[0] and fitted[own].any():
            code[own] = TAKEN + min(_LARGEST, area.bit_length() - 1)
    return code


def _covered(spots: Sequence[Spot], to_photo: Affine, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    covered = np.zeros(shape, np.uint8)
    back, unit = geometry.invert(to_photo), geometry.scale_of(to_photo)
    for spot in spots:
        x, y = geometry.apply(back, np.array([[spot.x, spot.y]]))[0]
        radius = max(8, round(8 * spot.radius / unit))
        cv2.circle(covered, (round(8 * x), round(8 * y)), radius, 1, -1, cv2.LINE_8, 3)
    return covered > 0


def stamps_of(image: NDArray[np.uint8], code: Code, reading: SpeckReading) -> list[Stamp]:
    """The specks that were taken away, each cut out with what it added to its ground."""
    count, labels = cv2.connectedComponents((code >= TAKEN).astype(np.uint8), connectivity=8)
    found = (_stamp(image, labels == label, reading.rest) for label in range(1, count))
    return [stamp for stamp in found if stamp is not None]


def _stamp(image: NDArray[np.uint8], own: NDArray[np.bool_], rest: NDArray[np.float32]) -> Stamp | None:
    rows, columns = np.nonzero(own)
    row, column, half = round(float(rows.mean())), round(float(columns.mean())), STAMP // 2
    top, left = row - half, column - half
    if max(np.ptp(rows), np.ptp(columns)) > _STAMPED[1] or min(top, left) < 0:
        return None
    here = (slice(top, top + STAMP), slice(left, left + STAMP))
    pixels = own[here]
    if pixels.shape != (STAMP, STAMP):
        return None
    wider = cv2.dilate(pixels.astype(np.float32), np.ones((3, 3), np.uint8))
    soft = np.maximum(wider, cv2.GaussianBlur(wider, (0, 0), 0.7))
    added = (rest[here] * soft[..., None]).clip(-127, 127)
    ground = (image[here] - added)[wider > 0].mean(0)
    return Stamp(added.astype(np.float32), pixels, ground.astype(np.float32))
