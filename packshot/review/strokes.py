"""The matte brush: strokes in the photo's own pixels, drawn onto the matte."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.recipe import Asset, Frozen
from packshot.stages.background import decode_matte, encode_matte

Coordinate = Annotated[float, Field(ge=-100_000, le=100_000)]
Point = tuple[Coordinate, Coordinate]
_SEEN = 20  # of 255: from where a piece is seen at all
_LOOSE_SHARE = 0.05  # of the largest piece: the second shoe of a pair stays
_SUBPIXEL = 4  # bits of a pixel's fraction that drawing keeps


class Stroke(Frozen):
    """One drag of the brush. Points and radius are in pixels of the upright photo."""

    mode: Literal["add", "remove"]
    radius: float = Field(gt=0, le=20_000)
    points: tuple[Point, ...] = Field(min_length=1, max_length=4000)


def brushed(matte: Asset | None, content: bytes | None, strokes: Sequence[Stroke], source: tuple[int, int]) -> bytes:
    """The matte as PNG after some strokes. Without a matte the first stroke starts from all product or from nothing.

    ``source``: (width, height) of the upright photo.
    """
    if content is None:
        size = matte.size if matte is not None else _working_size(source)
        start = np.full((size[1], size[0]), 0 if strokes[0].mode == "add" else 255, np.uint8)
        content = encode_matte((start / 255).astype(np.float32))
    return _brushed(content, tuple(strokes), source)


@lru_cache(maxsize=16)
def _brushed(content: bytes, strokes: tuple[Stroke, ...], source: tuple[int, int]) -> bytes:
    pixels = decode_matte(content).copy()
    for stroke in strokes:
        _draw(pixels, stroke, source)
    return encode_matte((pixels / 255).astype(np.float32))


@lru_cache(maxsize=16)
def without_loose_pieces(content: bytes) -> bytes:
    """The matte's PNG without what lies apart from the product and is far smaller: a crumb, a line of the floor."""
    pixels = decode_matte(content).copy()
    count, labels, stats, _ = cv2.connectedComponentsWithStats((pixels > _SEEN).astype(np.uint8))
    if count <= 2:
        return content
    areas = stats[:, cv2.CC_STAT_AREA]
    loose = (areas < _LOOSE_SHARE * areas[1:].max()) & (np.arange(count) > 0)
    kept = cv2.dilate((~loose[labels] & (labels > 0)).astype(np.uint8), np.ones((5, 5), np.uint8))
    pixels[kept == 0] = 0
    return encode_matte((pixels / 255).astype(np.float32))


def _working_size(source: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, 1600 / max(source))
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _draw(pixels: NDArray[np.uint8], stroke: Stroke, source: tuple[int, int]) -> None:
    """Draws one stroke in place, its rim one pixel soft, over the part of the matte it reaches."""
    scale = pixels.shape[1] / source[0]
    radius = max(0.5, stroke.radius * scale)
    points = (np.array(stroke.points, np.float64) + 0.5) * scale - 0.5
    low = np.maximum(np.floor(points.min(0) - radius - 3).astype(int), 0)
    high = np.minimum(np.ceil(points.max(0) + radius + 4).astype(int), (pixels.shape[1], pixels.shape[0]))
    if (high <= low).any():
        return
    layer = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    shifted = np.round((points - low) * (1 << _SUBPIXEL)).astype(np.int32)
    drawn_radius = round(max(0.0, radius - 0.5) * (1 << _SUBPIXEL))  # the rim's own softness adds half a pixel
    cv2.circle(layer, shifted[0].tolist(), drawn_radius, 255, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL)
    cv2.polylines(layer, [shifted], False, 255, max(1, round(2 * radius)), cv2.LINE_AA, _SUBPIXEL)
    window = pixels[low[1] : high[1], low[0] : high[0]]
    if stroke.mode == "add":
        np.maximum(window, layer, out=window)
    else:
        np.minimum(window, 255 - layer, out=window)
