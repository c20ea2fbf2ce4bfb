"""Sub-pixel refinement on the product: efficient second-order minimisation (Benhimane and Malis, IROS 2004).

Two pictures of the after's product are compared with the warped before. Inside, luminance with its local mean and local
contrast divided out: exposure, colour, curves and uneven light all but vanish. Along the outline, gradient magnitude:
it survives a replaced backdrop, and holds products that have no texture. Weights fall off with the residual, so healed
dust, reflections and foreign backdrop do not pull.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, invert, resize_affine, scale_of
from packshot.learning.registration.views import FloatImage, Product, luminance

_SMOOTH = 1.0  # pixels; the retoucher sharpened, the camera did not
_NOISE = 2.0  # sRGB levels below which local contrast is noise
_OUTLINE_WEIGHT = 0.5
_EDGE_REACH = 5.0  # pixels
_STEPS = 14
_STILL = 0.01  # pixels


@dataclass(frozen=True)
class Layer:
    """One picture of the product: ``values`` to compare where ``region`` (0 or 1, float) holds."""

    values: FloatImage
    region: FloatImage
    weight: float


class Target:
    """The after's product, cropped and brought to a long side of at most ``side`` pixels, ready to be aligned to."""

    def __init__(self, product: Product, side: int) -> None:
        left, top, right, bottom = self._padded_box(product)
        pixels, mask = product.pixels[top:bottom, left:right], product.mask[top:bottom, left:right]
        height, width = mask.shape
        factor = min(1.0, side / max(height, width))
        self.size = max(12, round(width * factor)), max(12, round(height * factor))
        crop = np.array([[1.0, 0.0, left], [0.0, 1.0, top]])
        self.to_after = compose(resize_affine(self.size, (width, height)), crop)
        small = cv2.resize(luminance(np.ascontiguousarray(pixels)), self.size, interpolation=cv2.INTER_AREA)
        self.mask = cv2.resize(mask.astype(np.float32), self.size, interpolation=cv2.INTER_AREA) > 0.5
        self.smooth = np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), _SMOOTH), np.float32)
        self._regions()
        self.layers = self.layers_of(self.smooth)

    @staticmethod
    def _padded_box(product: Product) -> tuple[int, int, int, int]:
        left, top, right, bottom = product.box
        pad = max(8, round(0.05 * product.long_side))
        height, width = product.mask.shape
        return max(0, left - pad), max(0, top - pad), min(width, right + pad), min(height, bottom + pad)

    def _regions(self) -> None:
        padded = np.pad(self.mask, 1).astype(np.uint8)  # the frame's edge is an edge of the product, too
        self.depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        outside = cv2.distanceTransform((~self.mask).astype(np.uint8), cv2.DIST_L2, 3)
        rim = min(3.5, 0.25 * float(self.depth.max()))
        self.inner = (self.depth > rim).astype(np.float32)
        self.outline = ((self.depth <= 4) & (outside <= 4)).astype(np.float32)
        self.near = (outside <= 6).astype(np.float32)
        reach = 2 * round(max(7.0, 0.05 * max(self.size))) + 1
        self._window = reach, reach
        self._inner_share = cv2.blur(self.inner, self._window) + 1e-4
        self._near_share = cv2.GaussianBlur(self.near, (0, 0), _EDGE_REACH) + 1e-4

    def layers_of(self, smooth: FloatImage) -> tuple[Layer, Layer]:
        """Texture and outline of a luminance picture in this frame."""
        return (
            Layer(self._even_contrast(smooth), self.inner, 1.0),
            Layer(self._even_gradient(smooth), self.outline, _OUTLINE_WEIGHT),
        )

    def _even_contrast(self, values: FloatImage) -> FloatImage:
        """Values with local mean 0 and local contrast 1 inside the product; what is outside has no say."""
        mean = cv2.blur(values * self.inner, self._window) / self._inner_share
        centred = (values - mean) * self.inner
        variance = cv2.blur(centred * centred, self._window) / self._inner_share
        return np.asarray(centred / np.sqrt(variance + _NOISE**2), np.float32)

    def _even_gradient(self, values: FloatImage) -> FloatImage:
        """Gradient magnitude divided by its local strength: an edge counts alike on light and on dark backdrop."""
        across = cv2.Scharr(values, cv2.CV_32F, 1, 0, scale=1 / 32)
        down = cv2.Scharr(values, cv2.CV_32F, 0, 1, scale=1 / 32)
        square = (across * across + down * down) * self.near
        strength = cv2.GaussianBlur(square, (0, 0), _EDGE_REACH) / self._near_share
        return np.asarray(np.sqrt(square / (strength + 0.5)), np.float32)

    def see(self, source: Source, to_source: Affine) -> tuple[FloatImage, NDArray[np.bool_]]:
        """The before in this frame, smoothed, and where it has pixels. ``to_source``: from this frame."""
        flags = cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(
            source.values, to_source, self.size, flags=flags | cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        there = cv2.warpAffine(source.everywhere, to_source, self.size, flags=flags | cv2.INTER_NEAREST) > 0
        return np.asarray(cv2.GaussianBlur(seen, (0, 0), _SMOOTH), np.float32), there


@dataclass(frozen=True)
class Source:
    """The before's luminance near a target's resolution; ``to_before`` leads to the working before."""

    values: FloatImage
    to_before: Affine

    @property
    def everywhere(self) -> NDArray[np.uint8]:
        """Ones of its size."""
        return np.ones(self.values.shape, np.uint8)


def source_for(before: NDArray[np.uint8], scale: float) -> Source:
    """``before`` (H, W) luminance of ``scale`` pixels per target pixel, shrunk to about one: nothing aliases."""
    height, width = before.shape
    if scale <= 1.25:
        return Source(before.astype(np.float32), resize_affine((width, height), (width, height)))
    size = max(8, round(width / scale)), max(8, round(height / scale))
    small = cv2.resize(before, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return Source(small, resize_affine(size, (width, height)))


@dataclass(frozen=True)
class Aligned:
    """A refined map between working pixels, and what it takes to look closer."""

    after_to_before: Affine
    target: Target
    source: Source
    to_source: Affine
    cost: float


def refine(target: Target, before: NDArray[np.uint8], after_to_before: Affine, affine: bool = False) -> Aligned | None:
    """The map moved to the nearest optimum; None when it runs away or the product has nothing to hold on to."""
    start = compose(target.to_after, after_to_before)
    source = source_for(before, scale_of(start))
    to_source = compose(start, invert(source.to_before))
    first, cost = scale_of(to_source), np.inf
    for _ in range(_STEPS):
        step = _Step(target, source, to_source, affine)
        if step.update is None:
            return None
        to_source, cost = compose(step.update, to_source), step.cost
        if not 0.7 < scale_of(to_source) / first < 1.4:
            return None
        if step.length < _STILL:
            break
    found = compose(invert(target.to_after), to_source, source.to_before)
    return Aligned(found, target, source, to_source, cost)


class _Step:
    """One Gauss-Newton step: ``update`` (target to target), its ``length`` in pixels, the robust ``cost`` before it."""

    def __init__(self, target: Target, source: Source, to_source: Affine, affine: bool) -> None:
        smooth, there = target.see(source, to_source)
        self.radius = max(target.size) / 2
        self.middle = (np.array(target.size) - 1) / 2
        self.update: Affine | None = None
        self.cost, self.length = np.inf, 0.0
        terms = [
            self._normal_equations(wanted, seen, (wanted.region > 0) & there, affine)
            for wanted, seen in zip(target.layers, target.layers_of(smooth), strict=True)
        ]
        matrix, vector = sum(term[0] for term in terms), sum(term[1] for term in terms)
        size = 6 if affine else 4
        trace = float(np.trace(matrix)) if np.ndim(matrix) else 0.0
        if trace <= 1e-6:
            return
        self.cost = sum(term[2] for term in terms) / max(1, sum(term[3] for term in terms))
        move = np.linalg.solve(matrix + 1e-5 * trace / size * np.eye(size), vector)
        self.length = float(np.abs(move).max())
        self.update = self._as_affine(move * min(1.0, 0.08 * self.radius / max(self.length, 1e-9)), affine)

    def _normal_equations(
        self, wanted: Layer, seen: Layer, region: NDArray[np.bool_], affine: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float, int]:
        size = 6 if affine else 4
        rows, columns = np.nonzero(region)
        if len(rows) < 50:
            return np.zeros((size, size)), np.zeros(size), 0.0, 0
        mean = 0.5 * (wanted.values + seen.values)
        across = cv2.Sobel(mean, cv2.CV_32F, 1, 0, scale=1 / 8)[rows, columns]
        down = cv2.Sobel(mean, cv2.CV_32F, 0, 1, scale=1 / 8)[rows, columns]
        x = ((columns - self.middle[0]) / self.radius).astype(np.float32)
        y = ((rows - self.middle[1]) / self.radius).astype(np.float32)
        similarity = (across * x + down * y, down * x - across * y)
        linear = (across * x, across * y, down * x, down * y) if affine else similarity
        slopes = np.stack([*linear, across, down])
        residual = (wanted.values - seen.values)[rows, columns]
        spread = 1.48 * float(np.median(np.abs(residual))) + 0.05
        robust = 1 / (1 + (residual / (1.5 * spread)) ** 2)
        weighted = slopes * (wanted.weight * robust**2)
        matrix, vector = weighted @ slopes.T, weighted @ residual
        cost = float((residual**2 * robust).sum())
        return matrix.astype(np.float64), vector.astype(np.float64), wanted.weight * cost, len(rows)

    def _as_affine(self, move: NDArray[np.float64], affine: bool) -> Affine:
        if affine:
            linear = np.array([[move[0], move[1]], [move[2], move[3]]])
        else:
            linear = np.array([[move[0], -move[1]], [move[1], move[0]]])
        turn = np.eye(2) + linear / self.radius
        return np.column_stack([turn, self.middle + move[-2:] - turn @ self.middle])
