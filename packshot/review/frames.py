"""Frames: which part of the finished picture is asked for, at how many pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.recipe import Recipe
from packshot.render import RenderPlan
from packshot.sampling import Pixels

Image = NDArray[np.uint8]
MOST_PIXELS = 4096
"""The most pixels on a side that are made for one view of the page."""
OUTSIDE = (160, 160, 160)
"""Neutral grey where the frame reaches beyond the photo."""


@dataclass(frozen=True)
class Frame:
    """A part of the finished picture (left, top, right, bottom in 0..1 of it; it may reach beyond) at ``size`` pixels.

    ``size``: (width, height), at most 4096 a side. Raises ValueError when it is empty or too large.
    """

    size: tuple[int, int]
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        if not all(1 <= side <= MOST_PIXELS for side in self.size):
            raise ValueError(f"a view is 1 to {MOST_PIXELS} pixels a side, not {self.size}")
        if not (-3 <= self.left < self.right <= 4 and -3 <= self.top < self.bottom <= 4):
            raise ValueError("a view's region is left, top, right, bottom, near 0..1 and not empty")

    @property
    def whole(self) -> bool:
        """Whether it is exactly the finished picture."""
        return (self.left, self.top, self.right, self.bottom) == (0, 0, 1, 1)

    def of(self, output: tuple[int, int]) -> Affine:
        """From the pixel centres of the finished picture of (width, height) ``output`` to this view's."""
        across = self.size[0] / ((self.right - self.left) * output[0])
        down = self.size[1] / ((self.bottom - self.top) * output[1])
        x = (0.5 - self.left * output[0]) * across - 0.5
        y = (0.5 - self.top * output[1]) * down - 0.5
        return np.array([[across, 0.0, x], [0.0, down, y]])


def framed(plan: RenderPlan, frame: Frame) -> RenderPlan:
    """The plan for one view of its picture."""
    move = frame.of(plan.output())
    radius = plan.radius * geometry.scale_of(move)
    return replace(plan, affine=geometry.compose(plan.affine, move), size=frame.size, radius=radius)


def finished(photo: Pixels, plan: RenderPlan, frame: Frame) -> Image:
    """One view of the finished picture, (H, W, 3) sRGB uint8.

    A soft shadow is made from the whole product, so such a picture is made whole and then cut.
    """
    if frame.whole or plan.backdrop is None or plan.backdrop.shadow != "soft":
        return framed(plan, frame).execute(photo)
    width, height = plan.output()
    across = frame.size[0] / ((frame.right - frame.left) * width)
    share = min(1.0, across, MOST_PIXELS / max(width, height))
    picture = plan.resized(max(1, round(max(width, height) * share))).execute(photo)
    assert plan.backdrop is not None
    return cut(picture, frame, plan.backdrop.color)


def untouched(photo: Pixels, recipe: Recipe, frame: Frame) -> Image:
    """The same view of the photo as it came: turned and cropped, nothing else; grey beyond it."""
    derived = recipe.geometry
    plan = framed(RenderPlan(recipe.source.size, affine=derived.affine(), size=derived.size), frame)
    picture = plan.execute(photo)
    width, height = recipe.source.size
    corners = geometry.apply(plan.affine, geometry.box_corners((-0.5, -0.5, width - 0.5, height - 0.5)))
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_8, 4)
    picture[inside == 0] = OUTSIDE
    return picture


def cut(picture: Image, frame: Frame, beyond: tuple[int, int, int] = OUTSIDE) -> Image:
    """One view of a picture that is there already, (H, W, 3) uint8; ``beyond`` is the colour outside it."""
    size = (picture.shape[1], picture.shape[0])
    move = frame.of(size)
    if geometry.scale_of(move) < 0.5:
        factor = int(1 / geometry.scale_of(move))
        size = (max(1, size[0] // factor), max(1, size[1] // factor))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        move = frame.of(size)
    linear, constant = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
    moved = cv2.warpAffine(picture, move, frame.size, flags=linear, borderMode=constant, borderValue=beyond)
    return np.asarray(moved, np.uint8)
