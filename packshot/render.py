"""The render plan: stages add what they decided, the plan folds it and moves the pixels once.

Colour folds into one 3x3 matrix in linear light and one curve, evenness into one small grid, geometry into one
affine; each output pixel is sampled once from the source. Then specks are healed, the product is sharpened, and its
backdrop replaced. Work goes in strips, so memory does not grow with the photo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.compositing import Backdrop, composite, plain, product_box
from packshot.denoising import smooth_noise
from packshot.geometry import Affine
from packshot.healing import heal
from packshot.recipe import Spot

Image = NDArray[np.uint8]
STRIP_ROWS = 256
_ONE = 32767  # linear 1.0 in 16 bits: one stop of headroom above white
_BYTES_AS_LINEAR = np.round(decode_srgb(np.arange(256) / 255) * _ONE).astype(np.uint16)
_ENCODED = encode_srgb(np.arange(65536) / _ONE)


class Pixels(Protocol):
    """What the plan needs of a photo: upright working sRGB at ``scale`` or the next cheap one above."""

    def pixels(self, scale: float = 1.0) -> NDArray[np.uint8] | NDArray[np.uint16]: ...  # noqa: D102


@dataclass
class RenderPlan:
    """Operations gathered from the stages, neutral until one adds to it. ``source`` is (width, height)."""

    source: tuple[int, int]
    matrix: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    stops: NDArray[np.float32] | None = None
    curves: list[Callable[[NDArray[np.float64]], NDArray[np.float64]]] = field(default_factory=list)
    affine: Affine = field(default_factory=geometry.identity)
    size: tuple[int, int] | None = None
    backdrop: Backdrop | None = None
    spots: tuple[Spot, ...] = ()
    sharpening: float = 0.0
    radius: float = 0.8
    noise: float = 0.0
    noise_reach: float = 2.0

    def mix(self, matrix: NDArray[np.float64]) -> None:
        """Adds a 3x3 matrix in linear light, after those already there."""
        self.matrix = matrix @ self.matrix

    def curve(self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
        """Adds a tone curve: (N, 3) sRGB-encoded values, which may pass 1, to the like."""
        self.curves.append(function)

    def output(self) -> tuple[int, int]:
        """(width, height) of the finished picture."""
        return self.size or self.source

    def resized(self, long_side: int | None) -> RenderPlan:
        """The same plan for a smaller or larger picture of the same frame."""
        width, height = self.output()
        if long_side is None or long_side == max(width, height):
            return self
        factor = long_side / max(width, height)
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        affine = geometry.compose(self.affine, geometry.resize_affine((width, height), size))
        # Averaging takes as much noise out of a smaller picture as it is smaller.
        noise = {"noise": self.noise * min(1.0, factor), "noise_reach": self.noise_reach * factor}
        changes = {"affine": affine, "size": size, "radius": self.radius * factor, **noise}
        return RenderPlan(**{**self.__dict__, **changes})

    def execute(self, photo: Pixels) -> Image:
        """The finished picture, (H, W, 3) sRGB uint8. Where only new backdrop will be, no pixel is moved."""
        if self.backdrop is None or self.backdrop.shadow != "none":
            return self._picture(photo)
        width, height = self.output()
        picture = plain((width, height), self.backdrop.color)
        box = product_box(self.backdrop.matte, self.source, self.affine, (width, height))
        if box is not None:
            left, top, right, bottom = box
            affine = self.affine.copy()
            affine[:, 2] -= (left, top)
            changes = {"affine": affine, "size": (right - left, bottom - top)}
            picture[top:bottom, left:right] = RenderPlan(**{**self.__dict__, **changes})._picture(photo)
        return picture

    def _picture(self, photo: Pixels) -> Image:
        picture = self.develop(photo)
        heal(picture, self.spots, self.affine)
        smooth_noise(picture, self.noise, self.noise_reach)
        if self.sharpening > 0 and self.radius >= 0.25:
            sharpen(picture, self.sharpening, self.radius)
        if self.backdrop is not None:
            composite(picture, self.backdrop, self.source, self.affine)
        return picture

    def develop(self, photo: Pixels) -> Image:
        """Geometry and colour: the photo in its new frame, strip by strip."""
        source, to_output = sampled(photo, self.source, self.affine)
        width, height = self.output()
        picture = np.empty((height, width, 3), np.uint8)
        colour = self.colour()
        exact = to_output.shape == (2, 3) and np.array_equal(to_output, geometry.identity())
        exact = exact and (source.shape[1], source.shape[0]) == (width, height)
        for top in range(0, height, STRIP_ROWS):
            rows = min(STRIP_ROWS, height - top)
            strip = source[top : top + rows] if exact else warp(source, to_output, (width, rows), top)
            picture[top : top + rows] = colour(strip, top)
        return picture

    def colour(self) -> Callable[[NDArray[np.uint8] | NDArray[np.uint16], int], Image]:
        """The folded colour, as a function of a strip and its first row."""
        if np.allclose(self.matrix, np.eye(3), atol=1e-9) and self.stops is None and not self.curves:
            return lambda strip, _: to_bytes(strip)
        table = self.table()
        matrix = self.matrix.astype(np.float32)

        def apply(strip: NDArray[np.uint8] | NDArray[np.uint16], top: int) -> Image:
            linear: NDArray[Any] = linear_light(strip)
            if self.stops is not None:
                gain = self.gain_rows(top, strip.shape[0], strip.shape[1])
                linear = cv2.multiply(linear, cv2.merge([gain, gain, gain]), dtype=cv2.CV_16U)
            linear = cv2.transform(linear, matrix)
            return np.asarray(cv2.LUT(linear, table), np.uint8)

        return apply

    def table(self) -> NDArray[np.uint8]:
        """Curves and encoding as one table: (1, 65536, 3) bytes by 16-bit linear light."""
        values = np.repeat(_ENCODED[:, None], 3, 1)
        for function in self.curves:
            values = function(values)
        return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)[None]

    def gain_rows(self, top: int, rows: int, width: int) -> NDArray[np.float32]:
        """The evening light for some rows of the output, (rows, width) linear gains."""
        assert self.stops is not None
        cells = geometry.resize_affine((self.stops.shape[1], self.stops.shape[0]), self.source)
        matrix = geometry.compose(cells, self.affine)
        stops = warp(self.stops, matrix, (width, rows), top, cv2.INTER_LINEAR)
        return np.asarray(np.exp2(stops), np.float32)


def sampled(photo: Pixels, source: tuple[int, int], affine: Affine) -> tuple[NDArray[np.uint8], Affine]:
    """The source's pixels at the cheapest sufficient scale, never far above the output's, and the map from there."""
    scale = geometry.scale_of(affine)
    pixels: NDArray[Any] = photo.pixels(min(1.0, scale))
    factor = int(pixels.shape[1] / source[0] / scale + 1e-6)
    if factor >= 2:  # formats without shrink-on-load: average first, else fine cloth turns to moiré
        height, width = (pixels.shape[0] // factor) * factor, (pixels.shape[1] // factor) * factor
        full = (pixels.shape[1] / factor, pixels.shape[0] / factor)
        pixels = cv2.resize(pixels[:height, :width], (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        down = np.array(
            [
                [source[0] / full[0], 0, 0.5 * source[0] / full[0] - 0.5],
                [0, source[1] / full[1], 0.5 * source[1] / full[1] - 0.5],
            ]
        )
    else:
        down = geometry.resize_affine((pixels.shape[1], pixels.shape[0]), source)
    return np.asarray(pixels), geometry.compose(down, affine)


def warp(
    pixels: NDArray[Any], matrix: Affine, size: tuple[int, int], top: int, flags: int = cv2.INTER_CUBIC
) -> NDArray[Any]:
    """Samples (width, rows) ``size`` of the output from row ``top`` on; beyond the photo its edge goes on."""
    shifted = matrix.copy()
    shifted[1, 2] -= top
    inverse = geometry.invert(shifted)
    first, last, left, right = _window(inverse, size, pixels.shape)
    inverse[:, 2] -= (left, first)
    return cv2.warpAffine(
        pixels[first:last, left:right],
        inverse,
        size,
        flags=flags | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _window(inverse: Affine, size: tuple[int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The rows and columns of the source that a strip needs, so that OpenCV sees no more than that."""
    corners = geometry.apply(inverse, geometry.box_corners((0, 0, size[0] - 1, size[1] - 1)))
    low, high = np.floor(corners.min(0)).astype(int) - 3, np.ceil(corners.max(0)).astype(int) + 4
    left = int(np.clip(low[0], 0, shape[1] - 1))
    first = int(np.clip(low[1], 0, shape[0] - 1))
    return first, int(np.clip(high[1], first + 1, shape[0])), left, int(np.clip(high[0], left + 1, shape[1]))


def linear_light(strip: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Working sRGB to 16-bit linear light, 32767 at white."""
    if strip.dtype == np.uint8:
        return np.asarray(cv2.LUT(strip, _BYTES_AS_LINEAR), np.uint16)
    return np.asarray(np.take(_words_as_linear(), strip), np.uint16)


def _words_as_linear() -> NDArray[np.uint16]:
    return np.round(decode_srgb(np.arange(65536) / 65535) * _ONE).astype(np.uint16)


def to_bytes(strip: NDArray[np.uint8] | NDArray[np.uint16]) -> Image:
    """Working sRGB as bytes."""
    if strip.dtype == np.uint8:
        return np.asarray(strip, np.uint8)
    return np.asarray((strip.astype(np.uint32) + 128) // 257, np.uint8)


def sharpen(picture: Image, amount: float, radius: float) -> None:
    """An unsharp mask in place, (H, W, 3) sRGB uint8, ``radius`` in pixels."""
    blurred = cv2.GaussianBlur(picture, (0, 0), radius)
    cv2.addWeighted(picture, 1 + amount, blurred, -amount, 0, dst=picture)
