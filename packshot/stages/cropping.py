"""Cropping: the product on the house's canvas, with the house's margins and anchor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.recipe import Cropping, Recipe
from packshot.render import RenderPlan
from packshot.style import House
from packshot.view import View

Box = tuple[float, float, float, float]
_LEAST_PIECE = 0.02  # of the largest: smaller ones are crumbs of backdrop, and would move the whole frame


class CroppingStage:
    """Where to cut."""

    name = "cropping"

    def predict(self, view: View, draft: Recipe) -> Cropping:
        """Fits the turned product's box into the canvas less its margins; the whole photo if no product was found."""
        angle, house = draft.alignment.effective().angle, view.house
        if float(view.small_matte.mean()) < view.pack.file.thresholds.matte_empty:
            return framed(None, angle, view.source, house)
        return framed(turned_box(view.matte, angle, view.to_source), angle, view.source, house)

    def lower(self, parameters: Cropping, plan: RenderPlan) -> None:
        """The plan's affine comes whole from the recipe's geometry."""
        del parameters, plan


def framed(box: Box | None, angle: float, source: tuple[int, int], house: House) -> Cropping:
    """The frame for a turned product's box, or for a photo without product; the photo's own if the house keeps it."""
    if house.frame == "photo":
        return Cropping()
    return whole_photo(source, house) if box is None else crop(box, angle, house)


def crop(box: Box, angle: float, house: House) -> Cropping:
    """The crop that sets a turned product's box on the house's canvas, without enlarging it unless the house allows."""
    scale, centre = place(box, house)
    canvas = house.canvas()
    if scale > 1 and house.upscale != "allow":
        canvas = (max(1, round(canvas[0] / scale)), max(1, round(canvas[1] / scale)))
        scale = 1.0
    unturn = geometry.invert(geometry.frame_affine(angle, 1, (0, 0), (1, 1)))
    x, y = geometry.apply(unturn, np.array([centre]))[0]
    return Cropping(centre=(round(float(x), 3), round(float(y), 3)), scale=scale, canvas=canvas)


def turned_box(matte: NDArray[np.float32], angle: float, to_source: Affine) -> Box | None:
    """The product's upright box after a turn about the origin: left, top, right, bottom in source-sized pixels.

    Pieces far smaller than the largest do not count; a pair of shoes is two of a size.
    """
    contours, _ = cv2.findContours((matte > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    areas = [cv2.contourArea(contour) for contour in contours]
    worth = [contour for contour, area in zip(contours, areas, strict=True) if area >= _LEAST_PIECE * max(areas)]
    points = np.concatenate([contour[:, 0] for contour in worth]).astype(np.float64)
    turn = geometry.compose(to_source, geometry.frame_affine(angle, 1, (0, 0), (1, 1)))
    low, high = geometry.apply(turn, points).min(0), geometry.apply(turn, points).max(0)
    half = geometry.scale_of(to_source) / 2
    return low[0] - half, low[1] - half, high[0] + half, high[1] + half


def place(box: Box, house: House) -> tuple[float, tuple[float, float]]:
    """Scale onto the full canvas, and the turned point that lands in its middle."""
    width, height = house.canvas()
    left, top, right, bottom = box
    room = (width * (1 - house.margin_left - house.margin_right), height * (1 - house.margin_top - house.margin_bottom))
    scale = min(room[0] / (right - left), room[1] / (bottom - top))
    middle_x = width * (house.margin_left + 1 - house.margin_right) / 2
    x = (left + right) / 2 + (width / 2 - middle_x) / scale
    if house.anchor == "base":
        y = bottom - (height * (1 - house.margin_bottom) - height / 2) / scale
    elif house.anchor == "top":
        y = top + (height / 2 - height * house.margin_top) / scale
    else:
        middle_y = height * (house.margin_top + 1 - house.margin_bottom) / 2
        y = (top + bottom) / 2 + (height / 2 - middle_y) / scale
    return scale, (x, y)


def whole_photo(source: tuple[int, int], house: House) -> Cropping:
    """The photo whole on a canvas of the house's aspect, at no more than its own size."""
    canvas = house.canvas()
    scale = min(1.0, canvas[0] / source[0], canvas[1] / source[1])
    fit = max(source[0] * scale / canvas[0], source[1] * scale / canvas[1])
    canvas = (max(1, round(canvas[0] * fit)), max(1, round(canvas[1] * fit)))
    return Cropping(centre=((source[0] - 1) / 2, (source[1] - 1) / 2), scale=scale, canvas=canvas)
