"""The rules: what can be said, in plain sentences, against a finished shot without having seen a better one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.compositing import bare, frame_matte
from packshot.pack import Pack
from packshot.recipe import Reason, Recipe
from packshot.shrinking import averaged, shrunken
from packshot.stages.background import decode_matte
from packshot.style import House, Style

_MEASURED_LONG_SIDE = 1024


@dataclass(frozen=True)
class Finding:
    """A reason, and how much it lowers the quality: 0 a remark, 1 never to be published unseen."""

    reason: Reason
    severity: float


@dataclass(frozen=True)
class Shot:
    """A finished shot under judgement: the picture (H, W, 3) sRGB, its recipe, and the rules it is held to."""

    image: NDArray[np.uint8]
    recipe: Recipe
    pack: Pack
    house: House
    style: Style = field(default_factory=Style)

    @cached_property
    def source_matte(self) -> NDArray[np.uint8] | None:
        """The matte over the upright source, or None."""
        asset = self.recipe.background.matte
        return None if asset is None else decode_matte(self.recipe.asset(asset))

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """The picture at no more than 1024 pixels."""
        factor = math.ceil(max(self.image.shape[:2]) / _MEASURED_LONG_SIDE)
        size = (self.image.shape[1], self.image.shape[0])
        return self.image if factor == 1 else averaged(self.image, shrunken(size, factor))

    @cached_property
    def matte(self) -> NDArray[np.uint8] | None:
        """The matte in the frame of ``small``."""
        if self.source_matte is None:
            return None
        recipe = self.recipe
        size = (self.small.shape[1], self.small.shape[0])
        affine = geometry.compose(recipe.geometry.affine(), geometry.resize_affine(recipe.geometry.size, size))
        return frame_matte(self.source_matte, recipe.source.size, affine, size)


Rule = Callable[[Shot], Iterator[Finding]]


def examine(shot: Shot) -> list[Finding]:
    """Everything the rules have to say, gravest first."""
    findings = [finding for rule in RULES for finding in rule(shot)]
    return sorted(findings, key=lambda finding: -finding.severity)


def found(code: str, sentence: str, severity: float, value: float | None = None, limit: float | None = None) -> Finding:
    """A finding without a region."""
    rounded = None if value is None else round(value, 4)
    return Finding(Reason(code=code, sentence=sentence, value=rounded, limit=limit), severity)


def product_found(shot: Shot) -> Iterator[Finding]:
    """An empty matte, or one that took the whole photo, is shown as such."""
    limits = shot.pack.file.thresholds
    if shot.source_matte is None:
        yield found("no_matte", "The backdrop was not removed.", 0.9)
        return
    share = float((shot.source_matte > 127).mean())
    if share < limits.matte_empty:
        yield found("no_product", "No product was found in the photo.", 1.0, share, limits.matte_empty)
    elif share > limits.matte_full:
        yield found(
            "all_product",
            "Nearly the whole photo was taken for product: there is no backdrop to replace.",
            0.9,
            share,
            limits.matte_full,
        )


def matte_sure(shot: Shot) -> Iterator[Finding]:
    """Where the matte is doubtful over an area, an edge may be wrong."""
    doubt, limit = shot.recipe.background.doubt, shot.pack.file.thresholds.matte_doubt
    if doubt > limit and shot.source_matte is not None:
        severity = min(0.9, 0.45 + 0.5 * (doubt - limit) / limit)
        yield Finding(
            Reason(
                code="matte_doubt",
                sentence=f"It is unsure what is product and what is backdrop over {doubt:.0%} of the product.",
                value=doubt,
                limit=limit,
                region=_doubtful_region(shot),
            ),
            severity,
        )


def _doubtful_region(shot: Shot) -> tuple[float, float, float, float] | None:
    if shot.matte is None:
        return None
    unsure = cv2.erode(((shot.matte > 40) & (shot.matte < 215)).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(unsure)
    if count < 2:
        return None
    left, top, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    rows, columns = shot.matte.shape
    return left / columns, top / rows, (left + width) / columns, (top + height) / rows


def cut_by_frame(shot: Shot) -> Iterator[Finding]:
    """A product that reaches the photo's edge is probably not whole."""
    if shot.source_matte is None:
        return
    limit = shot.pack.file.thresholds.frame_contact
    matte = shot.source_matte > 127
    sides = {"top": matte[0], "right": matte[:, -1], "bottom": matte[-1], "left": matte[:, 0]}
    touched = {name: float(line.mean()) for name, line in sides.items() if line.mean() > limit}
    if touched:
        worst = max(touched.values())
        where = " and ".join(touched)
        yield found(
            "cut_by_frame",
            f"The product reaches the photo's edge ({where}): it may be cut off.",
            min(0.8, 0.4 + worst),
            worst,
            limit,
        )


def burnt_or_black(shot: Shot) -> Iterator[Finding]:
    """Product pixels without drawing left."""
    if shot.matte is None:
        return
    limit = shot.pack.file.thresholds.clipping
    product = shot.matte > 250
    area = int(product.sum())
    if area < 50:
        return
    red, green, blue = cv2.split(shot.small)
    lowest, highest = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    burnt, black = (float((part & product).sum()) / area for part in (lowest >= 254, highest <= 2))
    if burnt > limit:
        yield found(
            "burnt_out", f"{burnt:.0%} of the product is burnt out to white.", min(0.7, 0.3 + burnt), burnt, limit
        )
    if black > 3 * limit:
        yield found("blocked_up", f"{black:.0%} of the product is pure black.", min(0.6, 0.2 + black), black, 3 * limit)


def sharp_enough(shot: Shot) -> Iterator[Finding]:
    """The steepest edges of a sharp product rise within two or three pixels."""
    if shot.matte is None:
        return
    limit = shot.pack.file.thresholds.sharpness
    inside = cv2.erode((shot.matte > 250).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if inside.sum() < 2000:
        return
    grey = cv2.cvtColor(shot.small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0))[inside]
    value = float(np.quantile(fine, 0.995))
    if value < limit:
        yield found("soft", "The product looks out of focus: no fine detail was found on it.", 0.45, value, limit)


def large_enough(shot: Shot) -> Iterator[Finding]:
    """Pixels: enough of them, and real ones."""
    limit = shot.pack.file.thresholds.least_long_side
    long_side, scale = max(shot.recipe.geometry.size), geometry.scale_of(shot.recipe.geometry.affine())
    if long_side < limit:
        yield found(
            "too_small",
            f"The finished shot is only {long_side} pixels long; {limit} are wanted.",
            0.6,
            long_side,
            limit,
        )
    elif shot.house.frame == "margins" and long_side < 0.8 * max(shot.house.canvas()):
        yield found(
            "below_canvas",
            f"The photo is too small for the house's canvas: {long_side} pixels instead of {max(shot.house.canvas())}.",
            0.1,
            long_side,
        )
    if scale > 1.001:
        yield found("upscaled", f"The product was enlarged {scale:.2f} times.", min(0.5, 0.1 * scale), scale, 1.0)


def white_point_sure(shot: Shot) -> Iterator[Finding]:
    """Without an even backdrop the cast is a guess. Where colour is left alone there is nothing to guess."""
    color = shot.recipe.color
    if color.strength == 0:
        return
    if color.measured_from == "statistics":
        yield found(
            "white_point_guessed",
            "There is no even backdrop to measure the white point from: check the colour.",
            0.25,
            color.confidence,
        )
    strongest = max(abs(float(np.log2(gain / color.white_gain[1]))) for gain in color.white_gain)
    if strongest > 1.0:
        yield found(
            "strong_cast",
            f"The photo had a strong colour cast ({strongest:.1f} stops): check the colour.",
            0.5,
            strongest,
            1.0,
        )


def margins_kept(shot: Shot) -> Iterator[Finding]:
    """The product inside the canvas, with the house's margins."""
    if shot.matte is None or shot.house.frame == "photo":
        return
    rows, columns = np.nonzero((shot.matte > 127).any(1))[0], np.nonzero((shot.matte > 127).any(0))[0]
    if not len(rows):
        return
    height, width = shot.matte.shape
    house, limit = shot.house, shot.pack.file.thresholds.margin
    short = {
        "top": house.margin_top - rows[0] / height,
        "bottom": house.margin_bottom - (height - 1 - rows[-1]) / height,
        "left": house.margin_left - columns[0] / width,
        "right": house.margin_right - (width - 1 - columns[-1]) / width,
    }
    side, missing = max(short.items(), key=lambda item: item[1])
    if missing > limit:
        yield found(
            "margin",
            f"The {side} margin is {missing:.1%} of the canvas smaller than the house's.",
            min(0.7, 0.3 + 4 * missing),
            missing,
            limit,
        )


def backdrop_pure(shot: Shot) -> Iterator[Finding]:
    """Outside the matte the backdrop has exactly its colour, unless a shadow is wanted; every second row is seen."""
    if shot.source_matte is None or shot.recipe.background.shadow != "none":
        return
    recipe, rows = shot.recipe, shot.image[::2]
    size = (shot.image.shape[1], shot.image.shape[0])
    affine = geometry.compose(recipe.geometry.affine(), geometry.resize_affine(recipe.geometry.size, size))
    affine[1] /= 2
    empty = bare(shot.source_matte, recipe.source.size, affine, (rows.shape[1], rows.shape[0]))
    outside = cv2.erode(empty, np.ones((3, 3), np.uint8))  # a pixel at the edge may be rounded either way
    right = cv2.inRange(rows, recipe.background.color, recipe.background.color)
    wrong = cv2.countNonZero(cv2.bitwise_and(outside, cv2.bitwise_not(right)))
    share = wrong / max(1, cv2.countNonZero(outside))
    if share > 0:
        yield found(
            "backdrop_impure", f"{share:.2%} of the backdrop is not exactly the house's colour.", 0.9, share, 0.0
        )


def category_sure(shot: Shot) -> Iterator[Finding]:
    """The rules of the wrong category are the wrong rules."""
    limit, confidence = shot.pack.file.thresholds.category_confidence, shot.recipe.category_confidence
    if confidence < limit:
        yield found(
            "category_unsure",
            f"The category is a guess: {shot.recipe.category}, {confidence:.0%} sure.",
            0.3,
            confidence,
            limit,
        )


RULES: tuple[Rule, ...] = (
    product_found,
    matte_sure,
    cut_by_frame,
    burnt_or_black,
    sharp_enough,
    large_enough,
    white_point_sure,
    margins_kept,
    backdrop_pure,
    category_sure,
)
