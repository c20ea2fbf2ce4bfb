"""Setting the product on its new backdrop: exact colour outside, clean edges, the shadow the house wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry, matting
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.geometry import Affine

TILE = 128
_APRON = 24
_EDGE_RADIUS = 6
_LINEAR = decode_srgb(np.arange(256) / 255).astype(np.float32)
_ENCODED = np.round(encode_srgb(np.arange(4097) / 4096) * 255).astype(np.uint8)
_SHADOW_LONG_SIDE = 320

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Backdrop:
    """``matte``: (h, w) 8-bit over the upright source, any size; ``shadow_map`` likewise, 255 where no shadow falls."""

    matte: Bytes
    color: tuple[int, int, int] = (255, 255, 255)
    shadow: Literal["none", "keep", "soft"] = "none"
    shadow_map: Bytes | None = None


def composite(picture: Bytes, backdrop: Backdrop, source: tuple[int, int], affine: Affine) -> None:
    """Replaces the backdrop of ``picture`` (H, W, 3), whose frame is ``affine`` of ``source``, in place.

    Blending is in linear light; outside the matte the colour is exact.
    """
    matte = frame_matte(backdrop.matte, source, affine, (picture.shape[1], picture.shape[0]))
    shade = shadow_layer(backdrop, matte, source, affine)
    enlarged = geometry.scale_of(affine) * source[0] / backdrop.matte.shape[1] > 1.2
    untouched = picture if matte_has_band(matte) is False else picture.copy()
    colour = np.array(backdrop.color, np.uint8)
    for top, left in _tiles(matte):
        here = (slice(top, top + TILE), slice(left, left + TILE))
        part = matte[here]
        if part.min() == 255:
            continue
        behind = _behind(colour, None if shade is None else shade[here], part.shape)
        if part.max() == 0:
            picture[here] = behind
            continue
        picture[here] = _blend(untouched, matte, top, left, behind, enlarged)


def matte_has_band(matte: Bytes) -> bool:
    """Whether any pixel is neither all product nor all backdrop."""
    return bool(((matte > 0) & (matte < 255)).any())


def frame_matte(matte: Bytes, source: tuple[int, int], affine: Affine, size: tuple[int, int]) -> Bytes:
    """The matte in the output's frame, (height, width) bytes; beyond the photo there is no product."""
    cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), source)
    matrix = geometry.compose(cells, affine)
    framed = cv2.warpAffine(matte, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.bitwise_and(framed, inside_photo(source, affine, size)), np.uint8)


def inside_photo(source: tuple[int, int], affine: Affine, size: tuple[int, int]) -> Bytes:
    """255 where the output shows the photo, 0 beyond its frame."""
    corners = geometry.apply(affine, geometry.box_corners((-0.5, -0.5, source[0] - 0.5, source[1] - 0.5)))
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners * 16).astype(np.int32), 255, shift=4)
    return mask


def _tiles(matte: Bytes) -> Iterator[tuple[int, int]]:
    for top in range(0, matte.shape[0], TILE):
        for left in range(0, matte.shape[1], TILE):
            yield top, left


def _behind(colour: Bytes, shade: NDArray[np.float32] | None, shape: tuple[int, ...]) -> Bytes:
    """The backdrop's pixels of a tile."""
    if shade is None:
        return np.broadcast_to(colour, (*shape, 3))
    return _encode(_LINEAR[colour] * shade[..., None])


def _encode(linear: NDArray[np.float32]) -> Bytes:
    return np.asarray(_ENCODED[np.clip(linear * 4096 + 0.5, 0, 4096).astype(np.int32)], np.uint8)


def _blend(untouched: Bytes, matte: Bytes, top: int, left: int, behind: Bytes, enlarged: bool) -> Bytes:
    """A tile with an edge in it: product colour freed of the old backdrop, laid over the new one."""
    first, before = max(0, top - _APRON), max(0, left - _APRON)
    around = (slice(first, top + TILE + _APRON), slice(before, left + TILE + _APRON))
    inner = (slice(top - first, top - first + behind.shape[0]), slice(left - before, left - before + behind.shape[1]))
    share = matte[around].astype(np.float32) / 255
    if enlarged:
        share = matting.refine(untouched[around], share, _EDGE_RADIUS)
    product = matting.product_colour(untouched[around].astype(np.float32), share, _EDGE_RADIUS)[inner]
    share = share[inner]
    result = np.where((share == 0)[..., None], behind, untouched[top : top + TILE, left : left + TILE])
    band = (share > 0) & (share < 1)
    if band.any():
        blend = share[band][:, None]
        own = _LINEAR[np.round(product[band]).astype(np.uint8)]
        result[band] = _encode(blend * own + (1 - blend) * _LINEAR[behind[band]])
    return np.asarray(result, np.uint8)


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
        light = cv2.warpAffine(backdrop.shadow_map, matrix, size, flags=cv2.INTER_LINEAR, borderValue=255)
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
