"""Registration: where each pixel of the before went in the after, to a fraction of a pixel, or why the pair is none.

Features on the product give first guesses (where they fail, the edges do), minimisation on the product's texture and
outline refines them, and what is found again patch by patch decides. Then come the questions a retoucher would ask: is
it mirrored, are the two swapped, has a part been replaced, is it another colour?
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, identity, invert, scale_of
from packshot.learning.registration.bending import measure_bend
from packshot.learning.registration.best_fit import AFTER_SIDE, BEFORE_SIDE, LEAST_AGREEMENT, Fit, Views, best_fit
from packshot.learning.registration.color import ColorChange, color_change
from packshot.learning.registration.views import Pixels, find_backdrop
from packshot.photo import Photo

_PAINTED, _PHOTOGRAPHED = 0.85, 0.5  # of the border in exactly one colour
_BENT = "the product was bent: its perspective or shape was changed by more than turning, scaling and cropping can tell"
_EMPTY = "the after is empty: it shows nothing but its backdrop"


class Fault(StrEnum):
    """Why a pair was refused. The value is stable: it is written to reports."""

    NONE = ""
    EMPTY = "empty"
    OTHER_PRODUCT = "other-product"
    MIRRORED = "mirrored"
    SWAPPED = "swapped"
    PARTLY = "partly"
    BENT = "bent"
    OTHER_COLOR = "other-color"
    TOO_PLAIN = "too-plain"


@dataclass(frozen=True)
class RegistrationLimits:
    """What is accepted. Scores run from 0 (chance) to 1; see `Evidence`.

    score: least accepted; true pairs have 0.45 and more, mirrored bottles up to 0.6, other products 0.32 at most.
    sure_score: from here on nobody asks whether the mirrored before would fit better.
    contradicted: largest share of the product whose texture the other photo does not have.
    perspective: bend, as a share of the product's long side, from which a homography is looked for; true pairs that
    were only turned, scaled and cropped have 0.0004 at most. bend: the largest accepted, with or without one.
    color_stops, color_share, white_point_stops: a part of this share may be off by so many stops of chromaticity, and
    the white point may move by so many.
    """

    score: float = 0.44
    sure_score: float = 0.8
    contradicted: float = 0.2
    perspective: float = 0.001
    bend: float = 0.004
    color_stops: float = 0.8
    color_share: float = 0.06
    white_point_stops: float = 1.2


DEFAULT_LIMITS = RegistrationLimits()


@dataclass(frozen=True)
class Registration:
    """Where the before went.

    before_to_after: (2, 3) affine from pixel centres of the full upright before to those of the full after (OpenCV's
    convention); the best guess when refused. inliers: patches of the product found again in their place. residual_px:
    typical distance by which they miss it, in after pixels. score: 0 (chance) to 1. model: "similarity", "affine" where
    the product was stretched, "homography" where the perspective was changed: ``homography`` then is (3, 3) between the
    same pixels, and ``before_to_after`` the affine nearest to it. bend: what ``before_to_after`` leaves, as a share of
    the product's long side.
    """

    before_to_after: Affine
    inliers: int
    residual_px: float
    accepted: bool
    reason: str
    fault: Fault = Fault.NONE
    score: float = 0.0
    model: str = "similarity"
    bend: float = 0.0
    homography: NDArray[np.float64] | None = None

    def as_json(self) -> dict[str, Any]:
        """What `packshot register --json` prints."""
        return {
            "before_to_after": [[float(value) for value in row] for row in self.before_to_after],
            "inliers": self.inliers,
            "residual_px": round(self.residual_px, 4),
            "accepted": self.accepted,
            "reason": self.reason,
            "fault": str(self.fault),
            "score": round(self.score, 4),
            "model": self.model,
            "bend": round(self.bend, 5),
            "homography": None if self.homography is None else self.homography.tolist(),
        }


def register_files(before: Path, after: Path, limits: RegistrationLimits = DEFAULT_LIMITS) -> Registration:
    """`register` for two files, large ones decoded at reduced scale. Raises PhotoError when one cannot be read."""
    first, from_before = _decode(Path(before), BEFORE_SIDE)
    second, from_after = _decode(Path(after), AFTER_SIDE)
    found = register(first, second, limits)
    full = compose(from_before, found.before_to_after, invert(from_after))
    # The two decodes may be reduced differently; the residual is told in pixels of the full after.
    return replace(
        found,
        before_to_after=full,
        residual_px=found.residual_px / scale_of(from_after),
        homography=_between(from_before, found.homography, invert(from_after)),
    )


def register(before: Pixels, after: Pixels, limits: RegistrationLimits = DEFAULT_LIMITS) -> Registration:
    """The map from ``before`` to ``after``, both upright sRGB (H, W, 3) uint8, and whether they are a pair.

    Raises ValueError for arrays of another kind.
    """
    views = Views.of(before, after)
    if views is None:
        return Registration(identity(), 0, 0.0, False, _EMPTY, Fault.EMPTY)
    return _swapped(before, after, limits) or _judge(views, best_fit(views), limits)


def _judge(views: Views, fit: Fit | None, limits: RegistrationLimits) -> Registration:
    if _is_mirrored(views, fit, limits):
        return _told(views, fit, Fault.MIRRORED, "one photo is mirrored left to right against the other")
    if fit is None:
        return _told(views, fit, Fault.OTHER_PRODUCT, "the after's product is nowhere in the before")
    score = fit.evidence.score
    if not fit.evidence.enough:
        return _told(views, fit, Fault.TOO_PLAIN, "the product has too little texture to tell it from another")
    if score < limits.score:
        reason = f"the after shows another product, pose or shot: agreement {score:.2f} of 1, {limits.score:.2f} needed"
        return _told(views, fit, Fault.OTHER_PRODUCT, reason)
    share = fit.evidence.share_contradicted
    if share > limits.contradicted:
        reason = f"{share:.0%} of the product differs: a part was replaced, or the after is composed of several shots"
        return _told(views, fit, Fault.PARTLY, reason)
    if measure_bend(fit.evidence).share > limits.bend:
        return _told(views, fit, Fault.BENT, _BENT)
    color = color_change(views.product, views.before, fit.aligned.after_to_before)
    reason = _color_reason(color, limits)
    return _in_perspective(_told(views, fit, Fault.OTHER_COLOR if reason else Fault.NONE, reason), views, fit, limits)


def _is_mirrored(views: Views, fit: Fit | None, limits: RegistrationLimits) -> bool:
    """Whether the mirrored before fits, and better; a symmetric product fits both ways, the true one more closely."""
    score, agreement = (fit.evidence.score, fit.agreement - 0.1) if fit else (0.0, LEAST_AGREEMENT)
    if score >= limits.sure_score:
        return False
    mirrored = best_fit(views.mirrored(), max(agreement, LEAST_AGREEMENT))
    return mirrored is not None and mirrored.evidence.score > max(limits.score, score + 0.02)


def _color_reason(color: ColorChange, limits: RegistrationLimits) -> str:
    share = color.share_beyond(limits.color_stops)
    if share > limits.color_share:
        return f"{share:.0%} of the product has another colour: another variant, or recoloured"
    shift = float(np.abs(color.shift).max())
    if shift > limits.white_point_stops:
        return f"the product's colour moved by {shift:.1f} stops, more than a white balance: another colour variant"
    return ""


def _told(views: Views, fit: Fit | None, fault: Fault, reason: str) -> Registration:
    if fit is None:
        return Registration(identity(), 0, 0.0, False, reason, fault)
    before_to_after = compose(invert(views.from_before), invert(fit.aligned.after_to_before), views.from_product)
    per_target_pixel = scale_of(compose(fit.aligned.target.to_after, views.from_product))
    return Registration(
        before_to_after,
        int(fit.evidence.hits.sum()),
        fit.evidence.residual * per_target_pixel,
        fault == Fault.NONE,
        reason,
        fault,
        fit.evidence.score,
        fit.model,
    )


def _in_perspective(found: Registration, views: Views, fit: Fit, limits: RegistrationLimits) -> Registration:
    """The same, with its bend, and with the homography where one explains it."""
    bend = measure_bend(fit.evidence)
    if bend.homography is None or bend.share < limits.perspective:
        return replace(found, bend=bend.share)
    aligned = fit.aligned
    # From the target's frame: a point of the after is `homography` away from where the affine map looks for it.
    to_before = _lift(compose(aligned.to_source, aligned.source.to_before, views.from_before)) @ bend.homography
    to_after = _lift(compose(aligned.target.to_after, views.from_product))
    matrix = to_after @ np.linalg.inv(to_before)
    return replace(found, bend=bend.share, homography=matrix / matrix[2, 2], model="homography")


def _between(first: Affine, homography: NDArray[np.float64] | None, last: Affine) -> NDArray[np.float64] | None:
    if homography is None:
        return None
    matrix = _lift(last) @ homography @ _lift(first)
    return np.asarray(matrix / matrix[2, 2], np.float64)


def _lift(matrix: Affine) -> NDArray[np.float64]:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _swapped(before: Pixels, after: Pixels, limits: RegistrationLimits) -> Registration | None:
    """The refusal of a pair given the wrong way round: the before is on painted backdrop, the after is not."""
    if find_backdrop(before).exact < _PAINTED or find_backdrop(after).exact > _PHOTOGRAPHED:
        return None
    views = Views.of(after, before)
    fit = best_fit(views) if views else None
    if views is None or fit is None or not _judge(views, fit, limits).accepted:
        return None
    told = _told(views, fit, Fault.SWAPPED, "before and after are swapped: the before is the one on finished backdrop")
    back = invert(told.before_to_after)
    return replace(told, before_to_after=back, residual_px=told.residual_px * scale_of(back))


def _decode(path: Path, side: int) -> tuple[Pixels, Affine]:
    """A photo's pixels, 8-bit, ``side`` long or longer where it has them, and the map from full pixel centres."""
    photo = Photo.open(path)
    pixels = as_bytes(photo.pixels(min(1.0, side / max(photo.size))))
    return pixels, np.asarray(photo.decoded_from_source(), np.float64)


def as_bytes(pixels: NDArray[np.generic]) -> Pixels:
    """Pixels of a `Photo` as uint8, 16-bit ones rounded."""
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.asarray(pixels, np.uint8)
