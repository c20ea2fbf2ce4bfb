"""A house's habits, read out of its finished shots: canvas, margins, anchor, sharpening, smoothing, per category.

A retoucher scales the product until it fills the canvas less its margins one way or the other, then sets it on an
anchor. So of all shots of a category either the width or the height of the product's box is the same; the margins are
those that explain every box best.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte
from packshot.stages.cropping import Box, turned_box
from packshot.stages.detailing import AVERAGED_OUT

Anchor = Literal["centre", "base", "top"]
Habits = dict[str, Any]
Floats = NDArray[np.float64]

FEW = 8  # shots from which on a category's own margins are believed alone
_AGREE = 0.9  # share of shots that must have a canvas's size for it to be the house's
_SAME_ASPECT = 0.005
_NEAR_CENTRE = 0.8  # the centre is left for base or top only if they scatter this much less
_MOST_MARGIN = 0.49
_MOST_BOXES = 1000  # that margins are read from; more of them do not move these
_EQUAL = 1e-6  # misfits that differ by less are one: what never touched explains nothing


@dataclass(frozen=True)
class Placing:
    """One finished shot. box: left, top, right, bottom of the product as shares of the canvas; canvas: (width, height);
    photo: short side of the before in pixels; scale: canvas pixels to one of the photo's."""

    category: str
    box: tuple[float, float, float, float]
    canvas: tuple[int, int]
    photo: int
    scale: float
    sharpening: float
    radius: float
    noise: float = 0.0


def placing_of(recipe: Recipe) -> Placing | None:
    """Where a fitted recipe set its product; None where no product was read from the pair."""
    box = product_box(recipe)
    return None if box is None else placing_at(recipe, box)


def product_box(recipe: Recipe) -> Box | None:
    """The product's upright box once turned by the recipe's angle, in source-sized pixels; None where none was read."""
    found = product_matte_of(recipe)
    return None if found is None else turned_box(found[0], recipe.alignment.effective().angle, found[1])


def product_matte_of(recipe: Recipe) -> tuple[NDArray[np.float32], geometry.Affine] | None:
    """A recipe's matte, (h, w) 0..1, and the map from its pixel centres to the source's; None where it has none."""
    if recipe.background.matte is None:
        return None
    matte = decode_matte(recipe.asset(recipe.background.matte))
    to_source = geometry.resize_affine((matte.shape[1], matte.shape[0]), recipe.source.size)
    return np.asarray(matte / np.float32(255), np.float32), to_source


def placing_at(recipe: Recipe, box: Box) -> Placing:
    """Where a fitted recipe set the product of this ``product_box``."""
    turn = geometry.frame_affine(recipe.alignment.effective().angle, 1, (0, 0), (1, 1))
    to_canvas = geometry.compose(geometry.invert(turn), recipe.geometry.affine())
    corners = geometry.apply(to_canvas, np.array([box[:2], box[2:]]))
    size = np.array(recipe.geometry.size, np.float64)
    (left, top), (right, bottom) = (corners + 0.5) / size
    scale = geometry.scale_of(recipe.geometry.affine())
    detail = recipe.detailing.effective()
    shares = (float(left), float(top), float(right), float(bottom))
    canvas, photo = recipe.geometry.size, min(recipe.source.size)
    return Placing(recipe.category, shares, canvas, photo, scale, detail.sharpening, detail.radius, detail.noise)


def habits_of(placings: Sequence[Placing]) -> dict[str, Habits]:
    """The house rules by category, and ``default`` for categories never seen, from finished shots.

    Raises ValueError without any.
    """
    if not placings:
        raise ValueError("habits need at least one finished shot whose product could be read")
    default = {**_canvas(placings), **_finish(placings), **_default_margins(placings)}
    habits = {"default": default}
    for category in sorted({placing.category for placing in placings}):
        own = [placing for placing in placings if placing.category == category]
        rules = rules_of(own)
        if "long_sides" in rules:  # a camera that took few of this category did as it does elsewhere
            known = {**dict(default.get("long_sides", [])), **dict(rules["long_sides"])}
            rules["long_sides"] = [[photo, known[photo]] for photo in sorted(known)]
        habits[category] = {key: value for key, value in rules.items() if default.get(key) != value}
    return habits


def rules_of(placings: Sequence[Placing]) -> Habits:
    """The one set of rules that suits these shots best: of a category, or one for all."""
    return {**_canvas(placings), **_finish(placings), **margins(placings)}


def margins(placings: Sequence[Placing]) -> Habits:
    """Margins and anchor of one category's shots."""
    boxes = np.array([placing.box for placing in placings])
    room = _room(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    across = float(np.median((boxes[:, 0] + boxes[:, 2]) / 2)) - 0.5
    if abs(across) < 0.004:
        across = 0.0
    anchor = _anchor(boxes)
    if anchor == "base":
        bottom = 1 - float(np.median(boxes[:, 3]))
        top = 1 - room[1] - bottom
    elif anchor == "top":
        top = float(np.median(boxes[:, 1]))
        bottom = 1 - room[1] - top
    else:
        down = float(np.median((boxes[:, 1] + boxes[:, 3]) / 2)) - 0.5
        top, bottom = (1 - room[1]) / 2 + down, (1 - room[1]) / 2 - down
    sides = (1 - room[0]) / 2
    found = {"top": top, "right": sides - across, "bottom": bottom, "left": sides + across}
    kept = {f"margin_{side}": round(float(np.clip(value, 0, _MOST_MARGIN)), 4) for side, value in found.items()}
    return {**kept, "anchor": anchor}


def _room(widths: Floats, heights: Floats) -> tuple[float, float]:
    """The share of the canvas, across and down, that products fill: each box touches one of the two.

    Chosen from the boxes themselves by the least mean relative misfit; of equals the roomier, for what never touched.
    """
    every = -(-len(widths) // _MOST_BOXES)
    widths, heights = widths[::every], heights[::every]
    across, down = (np.unique(np.quantile(side, np.linspace(0.02, 1, 60))) for side in (widths, heights))
    fill = np.maximum(widths[:, None, None] / across[:, None], heights[:, None, None] / down[None])
    misfit = np.minimum(np.abs(np.log(fill)), 0.1).mean(0)
    best = misfit.min()
    rows, columns = np.nonzero(misfit <= best + _EQUAL)
    largest = int(np.argmax(across[rows] + down[columns]))
    return float(across[rows[largest]]), float(down[columns[largest]])


def _anchor(boxes: Floats) -> Anchor:
    """What of the product is always at the same height: its middle, unless base or top scatter clearly less."""
    spreads: dict[Anchor, float] = {
        "centre": _scatter((boxes[:, 1] + boxes[:, 3]) / 2),
        "base": _scatter(boxes[:, 3]),
        "top": _scatter(boxes[:, 1]),
    }
    best: Anchor = "base" if spreads["base"] <= spreads["top"] else "top"
    return best if spreads[best] < _NEAR_CENTRE * spreads["centre"] and len(boxes) >= FEW else "centre"


def _scatter(values: Floats) -> float:
    """The standard deviation by the quartiles, no less than a thousandth."""
    low, high = np.quantile(values, (0.25, 0.75))
    return max(1e-3, float(high - low) / 1.349)


def _canvas(placings: Sequence[Placing]) -> Habits:
    """Aspect, size, whether photos are enlarged; where the size follows what the camera delivered, a table of both."""
    sizes = Counter(placing.canvas for placing in placings)
    aspects = np.array([width / height for width, height in sizes.elements()])
    centre = max(aspects, key=lambda aspect: int((np.abs(aspects / aspect - 1) < _SAME_ASPECT).sum()))
    aspect = float(np.median(aspects[np.abs(aspects / centre - 1) < _SAME_ASPECT]))
    enlarged = float(np.mean([placing.scale > 1.02 for placing in placings]))
    usual = max(sizes, key=lambda size: sizes[size])
    table = _by_camera(placings)
    habits: Habits = {"aspect": round(aspect, 5), "upscale": "allow" if enlarged > 0.1 else "never"}
    habits["long_side"] = max(usual)
    if len({canvas for _, canvas in table}) > 1:
        habits["long_sides"] = table
    return habits


def _by_camera(placings: Sequence[Placing]) -> list[list[int]]:
    """Short sides of photos and the long side of the canvas each mostly became, where it did so nearly always."""
    table = []
    for photo in sorted({placing.photo for placing in placings}):
        longest = Counter(max(placing.canvas) for placing in placings if placing.photo == photo)
        canvas, count = longest.most_common(1)[0]
        if count >= _AGREE * sum(longest.values()) and count >= 3:
            table.append([photo, canvas])
    return table


def _finish(placings: Sequence[Placing]) -> Habits:
    """How much shots are sharpened for output, and smoothed where the photo was not much reduced."""
    noise = [placing.noise for placing in placings if placing.scale >= AVERAGED_OUT]
    return {
        "sharpening": round(float(np.median([placing.sharpening for placing in placings])), 3),
        "noise": round(float(np.median(noise)), 1) if noise else 0.0,
    }


def _default_margins(placings: Sequence[Placing]) -> Habits:
    """For a category never seen: the middle of the categories' margins, on the centre."""
    found = [margins([p for p in placings if p.category == name]) for name in sorted({p.category for p in placings})]
    sides = ("margin_top", "margin_right", "margin_bottom", "margin_left")
    return {side: round(float(np.median([one[side] for one in found])), 4) for side in sides}
