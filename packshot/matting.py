"""Matting in the band along the edge: how much of each pixel is product, and what colour the product has there.

The local colours of product and backdrop are normalised means of their sure sides, as in Forte and Pitié,
"Approximate Fast Foreground Colour Estimation" (ICIP 2021), gathered on a grid of cells so that the cost follows the
edge's length, not the picture's size. A pixel's share is its place on the line between both colours (the compositing
equation), believed only as far as the colours differ by more than their own texture. Where they do not, the outline is
smoothed: on a carpet of the product's own colour its rags are the carpet's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.shrinking import by_area

FloatImage = NDArray[np.float32]
Bytes = NDArray[np.uint8]
_SURE = 20  # of 255: nearer than this to either end is sure
_CELLS = 240  # along the long side
_COARSE = 4  # pixels a cell
_NEAR, _FAR = 1, 5  # radius in cells
_NOISE = 9.0  # sRGB levels that JPEG and sensor leave on an even surface
_SMOOTHED = 0.004  # of the long side: how far an outline without evidence is smoothed
_EVIDENCE_POWER = 4  # sides must differ clearly for an outline to be left as it is


@dataclass(frozen=True)
class Side:
    """One side of the edge: a picture (h, w, 3) sRGB, where it is sure to be this side (h, w, 255 or 0), and how many
    of its pixels a cell has along its side."""

    image: Bytes
    sure: Bytes
    cell: int

    @cached_property
    def alone(self) -> Bytes:
        """The picture with all else black."""
        return np.asarray(cv2.bitwise_and(self.image, self.image, mask=self.sure), np.uint8)

    @cached_property
    def weight(self) -> FloatImage:
        """How much of each cell is sure, 0..1."""
        return np.asarray(_cells(self.sure, self.cell) / 255, np.float32)

    @cached_property
    def colour(self) -> FloatImage:
        """The mean colour of the sure pixels around each cell, (rows, columns, 3)."""
        total = _cells(self.alone, self.cell)
        near, reached = _ratio(total, self.weight, _NEAR)
        far, _ = _ratio(total, self.weight, _FAR)
        share = np.clip(reached / 0.02, 0, 1)[..., None]
        return np.asarray(share * near + (1 - share) * far, np.float32)

    @cached_property
    def variance(self) -> FloatImage:
        """The variance of their luma, (rows, columns)."""
        level = np.asarray(cv2.cvtColor(self.alone, cv2.COLOR_RGB2GRAY), np.uint8)
        square = cv2.multiply(level, level, dtype=cv2.CV_32F)
        mean, power = (_ratio(_cells(plane, self.cell), self.weight, _NEAR)[0] for plane in (level, square))
        return np.maximum(power - mean * mean, np.float32(0))


@dataclass(frozen=True)
class Sides:
    """What product and backdrop look like around each cell, which is ``cell`` pixels of the whole picture."""

    product: Side
    backdrop: Side
    cell: int

    def colours(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[FloatImage, FloatImage]:
        """Product's and backdrop's colours at some pixels, (N, 3) each."""
        places = self._places(rows, columns)
        return _sample(self.product.colour, *places), _sample(self.backdrop.colour, *places)

    def told_apart(self, line: FloatImage, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatImage:
        """How far the sides can be told apart at some pixels, (N,) in 0..1, where their colours lie ``line`` apart."""
        variance = self.product.variance + self.backdrop.variance
        return told_apart(line, _sample(variance, *self._places(rows, columns)))

    def evidence(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatImage:
        """How far they can be told apart by their colours there, (N,) in 0..1."""
        product, backdrop = self.colours(rows, columns)
        return self.told_apart(product - backdrop, rows, columns)

    def _places(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[FloatImage, FloatImage]:
        x = ((columns + 0.5) / self.cell - 0.5).astype(np.float32)
        return x, ((rows + 0.5) / self.cell - 0.5).astype(np.float32)


def told_apart(line: FloatImage, variance: FloatImage) -> FloatImage:
    """0..1: the contrast of two colours, ``line`` (N, 3) apart, beside the texture of both, (N,)."""
    contrast = (line * line).sum(1)
    return np.asarray(contrast / (contrast + 6 * variance + _NOISE**2), np.float32)


def _sample(plane: FloatImage, x: FloatImage, y: FloatImage) -> FloatImage:
    """Bilinear samples of a plane at N points; in slices, since OpenCV's maps have at most 32767 rows."""
    parts = [
        cv2.remap(
            plane, x[i : i + 32000, None], y[i : i + 32000, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )[:, 0]
        for i in range(0, len(x), 32000)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Band:
    """The pixels of an (H, W, 3) sRGB picture where ``matte`` (H, W) says neither all product nor all backdrop."""

    image: Bytes
    matte: Bytes

    @cached_property
    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the band's pixels."""
        found = cv2.findNonZero(_between(self.matte, 1, 254))
        if found is None:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        columns, rows = found.reshape(-1, 2).astype(np.intp).T  # OpenCV 4 answers (N, 1, 2), OpenCV 5 (N, 2)
        return rows, columns

    @cached_property
    def sides(self) -> Sides:
        """Both sides' local colours."""
        cell = max(1, round(max(self.matte.shape) / _CELLS))
        if cell >= _COARSE:  # half the pixels each way are plenty for means over cells this large
            height, width = self.matte.shape[0] // 2, self.matte.shape[1] // 2
            image, matte = (
                by_area(plane[: 2 * height, : 2 * width], (width, height)) for plane in (self.image, self.matte)
            )
            small = Band(image, matte).sides_in(max(1, round(cell / 2)))
            return Sides(small.product, small.backdrop, 2 * small.cell)
        return self.sides_in(cell)

    def sides_in(self, cell: int) -> Sides:
        """Both sides' local colours in cells of so many pixels."""
        product, backdrop = _between(self.matte, 255 - _SURE, 255), _between(self.matte, 0, _SURE)
        return Sides(Side(self.image, product, cell), Side(self.image, backdrop, cell), cell)

    def place_edge(self) -> Bytes:
        """The matte with the band's shares read from the picture, where its two sides can be told apart."""
        rows, columns = self.places
        if not len(rows):
            return self.matte
        product, backdrop = self.sides.colours(rows, columns)
        line = product - backdrop
        contrast = (line * line).sum(1)
        share = ((self.image[rows, columns] - backdrop) * line).sum(1) / np.maximum(contrast, 1)
        prior = self.matte[rows, columns].astype(np.float32) / 255
        # Away from the middle the network is sure of itself and needs strong evidence to be overruled.
        openness = 4 * prior * (1 - prior)
        belief = self.sides.told_apart(line, rows, columns) * np.minimum(1, 0.25 + openness)
        moved = prior + belief * (np.clip(share, 0, 1) - prior)
        result = self.matte.copy()
        result[rows, columns] = np.round(255 * moved).astype(np.uint8)
        return result

    def smooth_edge(self, placed: Bytes) -> Bytes:
        """``placed``, the matte with its edge placed, smoothed along the outline where the picture hardly shows it."""
        smooth = _smoothed(placed)
        found = cv2.findNonZero(cv2.bitwise_or(_between(smooth, 1, 254), cv2.absdiff(smooth, placed)))
        if found is None:
            return placed
        columns, rows = found.reshape(-1, 2).astype(np.intp).T
        keep = self.sides.evidence(rows, columns) ** _EVIDENCE_POWER
        result = placed.copy()
        result[rows, columns] = np.round(keep * placed[rows, columns] + (1 - keep) * smooth[rows, columns])
        return result

    def product_colour(self, matte: Bytes) -> FloatImage:
        """The product's own colour at the band's pixels, (N, 3), free of the backdrop; ``matte`` is the final one.

        The blur-fusion step of Forte and Pitié: the local mean, corrected by what the compositing equation leaves over.
        """
        rows, columns = self.places
        product, backdrop = self.sides.colours(rows, columns)
        share = matte[rows, columns].astype(np.float32)[:, None] / 255
        rest = self.image[rows, columns] - share * product - (1 - share) * backdrop
        return np.asarray(np.clip(product + share * rest, 0, 255), np.float32)


def _smoothed(matte: Bytes) -> Bytes:
    """A matte whose outline is blurred and made as crisp again: what is smaller than the blur is gone."""
    height, width = matte.shape
    sigma = max(1.0, _SMOOTHED * max(matte.shape))
    half = cv2.resize(matte, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(half, (0, 0), sigma / 2), (width, height), interpolation=cv2.INTER_LINEAR)
    crisp = np.clip((np.arange(256) - 127.5) * 1.6 * sigma + 127.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(blurred, crisp), np.uint8)


def _between(matte: Bytes, low: int, high: int) -> Bytes:
    return np.asarray(cv2.inRange(matte, np.array(low), np.array(high)), np.uint8)


def _cells(plane: NDArray[Any], cell: int) -> FloatImage:
    """A plane averaged over cells of so many pixels; the last row and column are padded with nothing."""
    height, width = plane.shape[:2]
    size = (max(1, -(-width // cell)), max(1, -(-height // cell)))
    bottom, right = size[1] * cell - height, size[0] * cell - width
    if bottom or right:
        plane = cv2.copyMakeBorder(plane, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(
        cv2.resize(plane.astype(np.float32) if cell == 1 else plane, size, interpolation=cv2.INTER_AREA), np.float32
    )


def _ratio(total: FloatImage, weight: FloatImage, radius: int) -> tuple[FloatImage, FloatImage]:
    """Box mean of what was summed over its weight, and the mean weight."""
    kernel = (2 * radius + 1, 2 * radius + 1)
    share = np.asarray(cv2.blur(weight, kernel), np.float32)
    divisor = np.maximum(share, 1e-5)
    return np.asarray(cv2.blur(total, kernel) / (divisor[..., None] if total.ndim == 3 else divisor), np.float32), share


def refine(image: Bytes, matte: FloatImage) -> FloatImage:
    """A matte (H, W) in 0..1 with its edge placed by the colours of the picture (H, W, 3) sRGB uint8."""
    levels = np.round(np.clip(matte, 0, 1) * 255).astype(np.uint8)
    return np.asarray(Band(image, levels).place_edge() / 255, np.float32)
