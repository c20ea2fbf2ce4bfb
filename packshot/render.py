"""The render plan: stages add what they decided, the plan folds it and moves the pixels once.

Colour folds into one 3x3 matrix in linear light and one curve, evenness into one small grid, geometry into one
affine; each output pixel is sampled once from the source. Then specks are healed, the product is sharpened, and its
backdrop replaced. Work goes in strips, so memory does not grow with the photo.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import decode_srgb, encode_srgb
from packshot.compositing import Backdrop, composite, frame_matte, plain, product_box
from packshot.denoising import smooth_noise
from packshot.geometry import Affine
from packshot.healing import heal
from packshot.recipe import Spot, Triple
from packshot.sampling import Part, Pixels, sampled, strips, warp

Image = NDArray[np.uint8]
Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
STRIP_ROWS = 128
_REACH = 24  # pixels beside the product that edges, healing and smoothing may look at
_GAIN_CELL = 16  # pixels
_ONE = 32767  # linear 1.0 in 16 bits: one stop of headroom above white
_BURNING, _BURNT_OUT = 248, 254  # sRGB bytes between which a channel is ever surer at its end
_BURNT = np.clip((np.arange(256) - _BURNING) / (_BURNT_OUT - _BURNING) * 255, 0, 255).astype(np.uint16)
_ALIKE = 0.002  # gains that differ by less are one
_BYTES_AS_LINEAR = np.round(decode_srgb(np.arange(256) / 255) * _ONE).astype(np.uint16)
_ENCODED = encode_srgb(np.arange(65536) / _ONE)


@dataclass
class RenderPlan:
    """Operations gathered from the stages, neutral until one adds to it. ``source`` is (width, height)."""

    source: tuple[int, int]
    matrix: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    white_gain: Triple = (1.0, 1.0, 1.0)
    stops: NDArray[np.float32] | None = None
    curves: list[tuple[Curve, bool]] = field(default_factory=list)
    affine: Affine = field(default_factory=geometry.identity)
    size: tuple[int, int] | None = None
    backdrop: Backdrop | None = None
    spots: tuple[Spot, ...] = ()
    sharpening: float = 0.0
    radius: float = 0.8
    noise: float = 0.0
    noise_reach: float = 2.0

    def balance(self, white_gain: Triple) -> None:
        """Adds linear gains of red, green and blue, before any matrix; what is burnt out stays white under them."""
        red, green, blue = (mine * more for mine, more in zip(self.white_gain, white_gain, strict=True))
        self.white_gain = red, green, blue
        self.matrix = self.matrix @ np.diag(white_gain)

    def mix(self, matrix: NDArray[np.float64]) -> None:
        """Adds a 3x3 matrix in linear light, after those already there."""
        self.matrix = matrix @ self.matrix

    def curve(self, function: Curve, alike: bool = False) -> None:
        """Adds a tone curve: (N, 3) sRGB-encoded values, which may pass 1, to the like.

        ``alike``: the same for each channel whatever the others are, so that (N, 1) will do too.
        """
        self.curves.append((function, alike))

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
        width, height = self.output()
        if self.backdrop is None or self.backdrop.shadow != "none":
            picture = np.empty((height, width, 3), np.uint8)
            self._draw(photo, picture)
            return picture
        picture = plain((width, height), self.backdrop.color)
        box = product_box(self.backdrop.matte, self.source, self.affine, (width, height))
        if box is not None:
            left, top, right, bottom = box
            affine = self.affine.copy()
            affine[:, 2] -= (left, top)
            changes = {"affine": affine, "size": (right - left, bottom - top)}
            RenderPlan(**{**self.__dict__, **changes})._draw(photo, picture[top:bottom, left:right])
        return picture

    def _draw(self, photo: Pixels, picture: Image) -> None:
        """Everything, into a picture of the output's size, which may be a part of a larger one."""
        seen = None
        if self.backdrop is not None:
            seen = frame_matte(self.backdrop.matte, self.source, self.affine, self.output())
        self.develop(photo, picture, seen)
        heal(picture, self.spots, self.affine)
        smooth_noise(picture, self.noise, self.noise_reach)
        if self.sharpening > 0 and self.radius >= 0.25:
            sharpen(picture, self.sharpening, self.radius)
        if self.backdrop is not None:
            composite(picture, self.backdrop, self.source, self.affine, seen)

    def develop(self, photo: Pixels, picture: Image, seen: Image | None = None) -> None:
        """Geometry and colour: the photo in its new frame, strip by strip, into ``picture`` (H, W, 3).

        ``seen``: (H, W), zero where a new backdrop will hide the photo: far from the rest no pixel is moved there.
        """
        source, to_output = sampled(photo, self.source, self.affine)
        width, height = self.output()
        colour = self.colour()
        exact = to_output.shape == (2, 3) and np.array_equal(to_output, geometry.identity())
        exact = exact and (source.shape[1], source.shape[0]) == (width, height)
        back = geometry.invert(to_output)
        for part in strips((width, height), STRIP_ROWS, seen, self.reach()):
            moved = colour(source[part.slices] if exact else warp(source, back, part), part)
            # What is hidden goes on in the colour of its edge: the local backdrop that matting compares with.
            beside = (0, 0, part.left, width - part.right)
            cv2.copyMakeBorder(moved, *beside, cv2.BORDER_REPLICATE, dst=picture[part.top : part.bottom])

    def reach(self) -> int:
        """Pixels beside the product that what follows may look at."""
        largest = max((spot.radius for spot in self.spots), default=0.0) * geometry.scale_of(self.affine)
        return _REACH + math.ceil(2 * largest + 3 * self.radius + 2 * self.noise_reach)

    def colour(self) -> Callable[[NDArray[np.uint8] | NDArray[np.uint16], Part], Image]:
        """The folded colour, as a function of the pixels of a part of the output and that part."""
        if np.allclose(self.matrix, np.eye(3), atol=1e-9) and self.stops is None and not self.curves:
            return lambda pixels, _: to_bytes(pixels)
        table = self.table()
        matrix = self.matrix.astype(np.float32)
        gains, to_cells = None if self.stops is None else self.gains(), geometry.invert(_from_gain_cells())

        def apply(pixels: NDArray[np.uint8] | NDArray[np.uint16], part: Part) -> Image:
            linear: NDArray[Any] = keep_white(linear_light(pixels), pixels, np.array(self.white_gain))
            if gains is not None:
                gain = warp(gains, to_cells, part, cv2.INTER_LINEAR)
                linear = cv2.multiply(linear, cv2.merge([gain, gain, gain]), dtype=cv2.CV_16U)
            linear = cv2.transform(linear, matrix)
            return np.asarray(cv2.LUT(linear, table), np.uint8)

        return apply

    def table(self) -> NDArray[np.uint8]:
        """Curves and encoding as one table: (1, 65536, 3) bytes by 16-bit linear light."""
        values = _ENCODED[:, None]
        for function, alike in self.curves:
            values = function(values if alike else np.broadcast_to(values, (len(values), 3)))
        levels = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(levels, (len(levels), 3)))[None]

    def gains(self) -> NDArray[np.float32]:
        """The evening light as linear gains, on a grid of cells of 16 pixels of the output."""
        assert self.stops is not None
        cells = geometry.resize_affine((self.stops.shape[1], self.stops.shape[0]), self.source)
        matrix = geometry.compose(cells, self.affine, geometry.invert(_from_gain_cells()))
        width, height = (side // _GAIN_CELL + 3 for side in self.output())
        stops = warp(self.stops, geometry.invert(matrix), Part(0, 0, width, height), cv2.INTER_LINEAR)
        return np.asarray(np.exp2(stops), np.float32)


def _from_gain_cells() -> Affine:
    """From the centres of the gains' cells to the output's pixels; the first cell lies before the first pixel."""
    return np.array([[_GAIN_CELL, 0.0, -_GAIN_CELL / 2], [0.0, _GAIN_CELL, -_GAIN_CELL / 2]])


def linear_light(strip: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Working sRGB to 16-bit linear light, 32767 at white."""
    if strip.dtype == np.uint8:
        return np.asarray(cv2.LUT(strip, _BYTES_AS_LINEAR), np.uint16)
    return np.asarray(np.take(_words_as_linear(), strip), np.uint16)


def keep_white(
    linear: NDArray[np.uint16], pixels: NDArray[np.uint8] | NDArray[np.uint16], white_gain: NDArray[np.float64]
) -> NDArray[np.uint16]:
    """Burnt-out channels lifted so that ``white_gain`` (3,), still to come, turns no white pink or yellow.

    ``linear`` and ``pixels``: (H, W, 3), the same strip. A channel at its end was at least as bright as it says, so
    there the gain may leave it no darker than the brightest of the three. What is not burnt out is left as it is.
    """
    weak = white_gain < white_gain.max() * (1 - _ALIKE)
    if not weak.any() or pixels.max() < (_BURNING if pixels.dtype == np.uint8 else _BURNING << 8):
        return linear
    channels = list(cv2.split(linear))
    share = (white_gain / white_gain.max()).tolist()
    gained = [channel if one == 1 else cv2.multiply(channel, one) for channel, one in zip(channels, share, strict=True)]
    brightest = cv2.max(cv2.max(gained[0], gained[1]), gained[2])
    for index in np.flatnonzero(weak):
        level = cv2.extractChannel(pixels, int(index))
        burnt = cv2.LUT(level if level.dtype == np.uint8 else cv2.convertScaleAbs(level, alpha=1 / 257), _BURNT)
        lift = cv2.multiply(cv2.subtract(brightest, gained[index]), burnt, scale=1 / 255 / share[index])
        channels[index] = cv2.add(channels[index], lift)
    return np.asarray(cv2.merge(channels), np.uint16)


@lru_cache(maxsize=1)
def _words_as_linear() -> NDArray[np.uint16]:
    return np.round(decode_srgb(np.arange(65536) / 65535) * _ONE).astype(np.uint16)


def to_bytes(strip: NDArray[np.uint8] | NDArray[np.uint16]) -> Image:
    """Working sRGB as bytes."""
    if strip.dtype == np.uint8:
        return np.asarray(strip, np.uint8)
    return np.asarray((strip.astype(np.uint32) + 128) // 257, np.uint8)


def sharpen(picture: Image, amount: float, radius: float) -> None:
    """An unsharp mask on luma in place, (H, W, 3) sRGB uint8, ``radius`` in pixels. Colour noise is left as it is."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(luma, (0, 0), radius)
    # In strips that stay in the cache, and in bytes: what is added and what is taken away, one after the other.
    for top in range(0, len(luma), STRIP_ROWS // 2):
        rows = slice(top, top + STRIP_ROWS // 2)
        for first, second, change in ((luma[rows], soft[rows], cv2.add), (soft[rows], luma[rows], cv2.subtract)):
            detail = cv2.addWeighted(first, amount, second, -amount, 0)
            change(picture[rows], cv2.cvtColor(detail, cv2.COLOR_GRAY2RGB), dst=picture[rows])
