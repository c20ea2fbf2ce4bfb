"""The matte a retoucher cut, read back from the after: its backdrop is one known colour, so what differs is product.

In the band along the edge the share of product is the pixel's place on the line from the backdrop's colour to the local
colour of the product (the compositing equation). What is backdrop-coloured is backdrop, holes included, unless the
before shows that it cannot be: a blown highlight or a white product is brighter there than the floor it stood on. Where
white meets white, the before's own contrast places the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import compose, invert, scale_of
from packshot.learning.registration.register import Registration
from packshot.learning.registration.views import FloatImage, Mask, Pixels, find_backdrop, luminance, shrink

SIDE = 2000
_PAINT = 4  # sRGB levels within which a pixel has the backdrop's colour
_EDGE = 3.5  # pixels from sure backdrop to sure product
_NEAR, _FAR = 9, 49  # windows, pixels, in which the product's local colour is taken
_SMALLEST_HOLE = 2e-4  # of the picture
_BRIGHTER = 12.0  # sRGB levels above the floor that make a highlight
_BLOWN = 235.0  # sRGB level from which a backdrop is what blown pixels look like
_BRIGHT_PRODUCT = 205.0, 120.0  # luma beside white that is open to the border, and beside white that is enclosed
_NOISE = 12.0  # levels, over three channels: what JPEG and sensor leave on an even surface


@dataclass(frozen=True)
class _Photos:
    """Both photos in the after's frame: ``seen`` is the before as it lies there, ``there`` where it has pixels."""

    after: Pixels
    color: NDArray[np.float64]
    seen: Pixels
    there: Mask


def read_matte(before: Pixels, after: Pixels, registration: Registration) -> FloatImage:
    """The share of product in each pixel of ``before``, (H, W) float32 0..1, as the retoucher of ``after`` cut it.

    Both are upright sRGB (H, W, 3) uint8 at full size, as ``registration.before_to_after`` has them. Raises ValueError
    when the after has no even backdrop to read from.
    """
    backdrop = find_backdrop(after)
    if not backdrop.even:
        raise ValueError("the after keeps a backdrop of many colours; no matte can be read from it")
    small, from_small = shrink(after, SIDE)
    to_small = compose(registration.before_to_after, invert(from_small))
    matte = _matte_of_after(_lay(before, small, backdrop.color, to_small))
    return _carry(matte, to_small, (before.shape[1], before.shape[0]))


def _lay(before: Pixels, after: Pixels, color: NDArray[np.float64], to_after: NDArray[np.float64]) -> _Photos:
    size = after.shape[1], after.shape[0]
    finer = 1 / scale_of(to_after)
    source = cv2.GaussianBlur(before, (0, 0), 0.5 * finer) if finer > 1.3 else before
    seen = cv2.warpAffine(source, to_after, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    everywhere = np.ones(before.shape[:2], np.uint8)
    there = cv2.warpAffine(everywhere, to_after, size, flags=cv2.INTER_NEAREST) > 0
    return _Photos(after, color, np.asarray(seen, np.uint8), there)


def _carry(matte: FloatImage, to_after: NDArray[np.float64], size: tuple[int, int]) -> FloatImage:
    coarser = scale_of(to_after)
    if coarser > 1.15:
        matte = np.asarray(cv2.GaussianBlur(matte, (0, 0), 0.4 * np.sqrt(coarser**2 - 1)), np.float32)
    carried = cv2.warpAffine(matte, to_after, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(np.clip(carried, 0, 1), np.float32)


def _matte_of_after(photos: _Photos) -> FloatImage:
    backdrop = _sure_backdrop(photos)
    depth = cv2.distanceTransform((~backdrop).astype(np.uint8), cv2.DIST_L2, 5)
    core = (depth > _EDGE + 0.5).astype(np.float32)
    share = _share(photos, core, backdrop.astype(np.float32))
    return np.where(backdrop, np.float32(0), np.where(depth > _EDGE, np.float32(1), share))


def _sure_backdrop(photos: _Photos) -> Mask:
    """Backdrop-coloured, joined to the border or large enough for a hole, and not a highlight by the before's word."""
    color = tuple(float(channel) for channel in photos.color)
    painted = cv2.absdiff(photos.after, np.full_like(photos.after, color)).max(2) <= _PAINT
    painted &= ~_highlights(photos, painted)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(painted.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= max(9, _SMALLEST_HOLE * painted.size)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        keep[edge] = True
    keep[0] = False
    return np.asarray(keep[labels], np.bool_)


def _highlights(photos: _Photos, painted: Mask) -> Mask:
    """Backdrop-coloured places where the before is clearly brighter than the floor around, beside bright product."""
    seen = luminance(photos.seen).astype(np.float32)
    reach = 2 * round(0.06 * max(painted.shape)) + 1
    apart = cv2.erode(painted.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    apart &= photos.there & _joined(apart, photos.there)
    if not apart.any() or photos.color.min() < _BLOWN:
        return np.zeros_like(painted)
    level = float(np.median(seen[apart]))
    usual = level + max(_BRIGHTER, 4 * float(np.median(np.abs(seen[apart] - level))))
    floor, spread = _local_level(seen, apart & (seen < usual), reach)
    brighter = painted & photos.there & (cv2.blur(seen, (3, 3)) > floor + np.maximum(_BRIGHTER, 2.5 * spread))
    opened = cv2.morphologyEx(brighter.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    # A floor that is bright somewhere is so up to the frame; a product seldom leaves it through white.
    _, labels = cv2.connectedComponents((opened & ~_joined(opened, photos.there)).astype(np.uint8), connectivity=4)
    return _beside_bright_product(np.asarray(labels, np.int32), luminance(photos.after), painted)


def _joined(where: Mask, there: Mask) -> Mask:
    """The places that are connected to the picture's border or to where the before ends."""
    _, labels = cv2.connectedComponents(where.astype(np.uint8), connectivity=4)
    edge = cv2.erode(there.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    touched = np.zeros(int(labels.max()) + 1, np.bool_)
    touched[labels[edge == 0]] = True
    touched[0] = False
    return np.asarray(touched[labels], np.bool_)


def _local_level(values: FloatImage, where: Mask, reach: int) -> tuple[FloatImage, FloatImage]:
    """Mean and standard deviation of ``values`` in a window over the places ``where``; overall ones out of reach."""
    weight = where.astype(np.float32)
    share = cv2.blur(weight, (reach, reach))
    mean = cv2.blur(values * weight, (reach, reach)) / np.maximum(share, 1e-4)
    square = cv2.blur(values * values * weight, (reach, reach)) / np.maximum(share, 1e-4)
    inside = values[where] if where.any() else np.full(1, 255.0, np.float32)
    near = share > 5e-3
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    return (
        np.where(near, mean, np.float32(np.median(inside))),
        np.where(near, spread, np.float32(inside.std())),
    )


def _beside_bright_product(labels: NDArray[np.int32], after: NDArray[np.uint8], painted: Mask) -> Mask:
    """The labelled places whose surroundings on the product are bright enough to have been blown out.

    Where the white is open to the border the product must be nearly white; a highlight within it may stand on grey.
    """
    count = int(labels.max()) + 1
    depth = cv2.distanceTransform((~painted).astype(np.uint8), cv2.DIST_L2, 3)
    grown = cv2.dilate(labels.astype(np.float32), np.ones((15, 15), np.uint8)).astype(np.int32)
    rim = (grown > 0) & (depth > 2.5)  # nearer, the backdrop is mixed in
    level = np.bincount(grown[rim], after[rim], count) / np.maximum(np.bincount(grown[rim], None, count), 1)
    is_open = np.zeros(count, np.bool_)
    is_open[labels[_joined(painted, np.ones_like(painted))]] = True
    bright = level > np.where(is_open, *_BRIGHT_PRODUCT)
    bright[0] = False
    return np.asarray(bright[labels], np.bool_)


def _share(photos: _Photos, core: FloatImage, backdrop: FloatImage) -> FloatImage:
    """Share of product by the compositing equation, from the photo that tells product and backdrop apart better."""
    after = photos.after.astype(np.float32)
    color = np.broadcast_to(photos.color.astype(np.float32), after.shape)
    by_after, contrast = _project(after, _local_color(after, core), color)
    seen = photos.seen.astype(np.float32)
    by_before, other = _project(seen, _local_color(seen, core), _local_color(seen, backdrop))
    sure = contrast / (contrast + 3 * _NOISE**2)
    trust = (1 - sure) * other / (other + 3 * (3 * _NOISE) ** 2) * photos.there
    return np.asarray((sure * by_after + trust * by_before) / np.maximum(sure + trust, 1e-3), np.float32)


def _project(values: FloatImage, product: FloatImage, backdrop: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Place of ``values`` on the line from ``backdrop`` (0) to ``product`` (1), and the line's squared length."""
    line = product - backdrop
    contrast = (line * line).sum(2)
    share = ((values - backdrop) * line).sum(2) / np.maximum(contrast, 1)
    return np.asarray(np.clip(share, 0, 1), np.float32), np.asarray(contrast, np.float32)


def _local_color(values: FloatImage, where: FloatImage) -> FloatImage:
    """Mean colour (H, W, 3) over the places ``where`` (0 or 1) in a near window, or a far one out of its reach."""
    near, share = _mean(values, where, _NEAR)
    far, _ = _mean(values, where, _FAR)
    return np.asarray(np.where((share > 0.02)[..., None], near, far), np.float32)


def _mean(values: FloatImage, where: FloatImage, window: int) -> tuple[FloatImage, FloatImage]:
    share = np.asarray(cv2.blur(where, (window, window)), np.float32)
    total = cv2.blur(values * where[..., None], (window, window))
    return np.asarray(total / np.maximum(share, 1e-4)[..., None], np.float32), share
