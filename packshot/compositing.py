"""Setting the product on its new backdrop: exact colour outside, clean edges, the shadow the house wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.geometry import Affine
from packshot.matting import Band

_ROOM = 8  # pixels around the product that filters may reach into
_ENLARGED = 1.2  # output pixels per matte pixel from which the edge is placed anew
_LINEAR = decode_srgb(np.arange(256) / 255).astype(np.float32)
_ENCODED = np.round(encode_srgb(np.arange(4097) / 4096) * 255).astype(np.uint8)
_SHADOW_LONG_SIDE = 320
_STRIP_ROWS = 64  # that stay in the cache

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Backdrop:
    """``matte``: (h, w) 8-bit over the upright source, any size; ``shadow_map`` likewise, 255 where no shadow falls."""

    matte: Bytes
    color: tuple[int, int, int] = (255, 255, 255)
    shadow: Literal["none", "keep", "soft"] = "none"
    shadow_map: Bytes | None = None


def composite(
    picture: Bytes, backdrop: Backdrop, source: tuple[int, int], affine: Affine, framed: Bytes | None = None
) -> None:
    """Replaces the backdrop of ``picture`` (H, W, 3), whose frame is ``affine`` of ``source``, in place.

    ``framed``: the matte in that frame, (H, W), where it is at hand.
    """
    size = (picture.shape[1], picture.shape[0])
    matte = frame_matte(backdrop.matte, source, affine, size) if framed is None else framed
    shade = shadow_layer(backdrop, matte, source, affine)
    band = Band(picture, matte)
    if geometry.scale_of(affine) * source[0] / backdrop.matte.shape[1] > _ENLARGED:
        matte = band.place_edge()
    rows, columns = band.places
    own = band.product_colour(matte) if len(rows) else None
    fill_backdrop(picture, matte, backdrop.color, shade)
    if own is not None:
        share = matte[rows, columns].astype(np.float32)[:, None] / 255
        light = 1.0 if shade is None else shade[rows, columns][:, None]
        behind = _LINEAR[np.array(backdrop.color)] * light
        blended = share * _LINEAR[np.round(own).astype(np.uint8)] + (1 - share) * behind
        picture[rows, columns] = np.where(share == 0, picture[rows, columns], _encode(blended))


def fill_backdrop(
    picture: Bytes, matte: Bytes, colour: tuple[int, int, int], shade: NDArray[np.float32] | None
) -> None:
    """The new backdrop wherever there is no product at all, in place."""
    empty = cv2.inRange(matte, np.array(0), np.array(0))
    sheet = plain((picture.shape[1], _STRIP_ROWS), colour)
    for top in range(0, picture.shape[0], _STRIP_ROWS):
        strip = picture[top : top + _STRIP_ROWS]
        cv2.copyTo(sheet[: len(strip)], empty[top : top + _STRIP_ROWS], strip)
    if shade is None:
        return
    rows, columns = np.nonzero((empty > 0) & (shade < 1))
    picture[rows, columns] = _encode(_LINEAR[np.array(colour)] * shade[rows, columns][:, None])


def plain(size: tuple[int, int], colour: tuple[int, int, int]) -> Bytes:
    """(height, width, 3) of one colour."""
    shape = (size[1], size[0], 3)
    if len(set(colour)) == 1:  # white and greys: one byte repeated is ten times quicker
        return np.full(shape, colour[0], np.uint8)
    picture = np.empty(shape, np.uint8)
    picture[:] = colour
    return picture


def product_box(
    matte: Bytes, source: tuple[int, int], affine: Affine, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom (exclusive) in the output of all that is not bare backdrop, or None if nothing is."""
    left, top, width, height = cv2.boundingRect(cv2.inRange(matte, np.array(1), np.array(255)))
    if width == 0 or height == 0:
        return None
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), source)
    corners = geometry.box_corners((left - 1, top - 1, left + width, top + height))
    placed = geometry.apply(geometry.compose(cells, affine), corners)
    low = np.maximum(np.floor(placed.min(0)).astype(int) - _ROOM, 0)
    high = np.minimum(np.ceil(placed.max(0)).astype(int) + 1 + _ROOM, size)
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def frame_matte(matte: Bytes, source: tuple[int, int], affine: Affine, size: tuple[int, int]) -> Bytes:
    """The matte in the output's frame, (height, width) bytes; beyond the photo there is no product."""
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), source)
    matrix = geometry.compose(cells, affine)
    framed = cv2.warpAffine(matte, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(framed, np.uint8)


def bare(matte: Bytes, source: tuple[int, int], affine: Affine, size: tuple[int, int]) -> Bytes:
    """255 where nothing of the product is in the output's frame, 0 elsewhere, (height, width)."""
    empty = np.full((size[1], size[0]), 255, np.uint8)
    box = product_box(matte, source, affine, size)
    if box is not None:
        left, top, right, bottom = box
        shifted = affine.copy()
        shifted[:, 2] -= (left, top)
        framed = frame_matte(matte, source, shifted, (right - left, bottom - top))
        empty[top:bottom, left:right] = cv2.inRange(framed, np.array(0), np.array(0))
    return empty


def _encode(linear: NDArray[np.float32]) -> Bytes:
    return np.asarray(_ENCODED[np.clip(linear * 4096 + 0.5, 0, 4096).astype(np.int32)], np.uint8)


def shadow_layer(
    backdrop: Backdrop, matte: Bytes, source: tuple[int, int], affine: Affine
) -> NDArray[np.float32] | None:
    """How much light is left on the new backdrop, (H, W) linear 0..1, or None where no shadow is wanted."""
    size = (matte.shape[1], matte.shape[0])
    if backdrop.shadow == "soft":
        return soft_shadow(matte)
    if backdrop.shadow == "keep" and backdrop.shadow_map is not None:
        cells = geometry.resize_affine((backdrop.shadow_map.shape[1], backdrop.shadow_map.shape[0]), source)
        matrix = geometry.compose(cells, affine)
        # The map's edge goes on: a shadow that reaches the frame ends neither in a bright rim nor in a hard line.
        light = cv2.warpAffine(
            backdrop.shadow_map, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(light.astype(np.float32) / 255, np.float32)
    return None


def soft_shadow(matte: Bytes) -> NDArray[np.float32]:
    """A contact shadow made from the matte: darkest under the base, gone by mid-height, (H, W) linear 0..1."""
    height, width = matte.shape
    scale = _SHADOW_LONG_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(matte, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rows = np.nonzero(small.max(1) > 0.5)[0]
    if not len(rows):
        return np.ones((height, width), np.float32)
    top, base = rows[0], rows[-1]
    ramp = np.clip((np.arange(size[1]) - (top + base) / 2) / max(1.0, (base - top) / 2), 0, 1).astype(np.float32)
    low = small * (ramp**2)[:, None]
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.012 * size[1]]])
    low = cv2.warpAffine(low, matrix, size)
    wide = cv2.GaussianBlur(low, (0, 0), 0.022 * max(size))
    tight = cv2.GaussianBlur(low, (0, 0), 0.007 * max(size))
    light = 1 - 0.28 * wide - 0.22 * tight
    light[light > 0.995] = 1
    return np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
