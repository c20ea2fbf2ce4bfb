"""First guesses without features: the product's edges looked for in the before at every place, over scales and turns.

For what SIFT cannot hold: glass, plain garments, smooth plastic. Edges are compared by direction modulo 180 degrees
(the doubled-angle field), which a backdrop lighter or darker than the product does not change, and by strength relative
to their surroundings, so that a patterned floor does not outshout a faint outline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, apply, compose, frame_affine
from packshot.learning.registration.features import Guess
from packshot.learning.registration.views import FloatImage, Pixels, Product, shrink

_SIDE = 112  # of the before, in pixels
_SMALLEST, _LARGEST = 0.22, 1.15  # the product's long side against the before's
_SCALE_STEP = 1.07
_TURNS = (-12.5, -7.5, -2.5, 2.5, 7.5, 12.5)
_PAD = 5
_PER_FIT = 2


@dataclass(frozen=True)
class EdgeField:
    """Edge direction, doubled, times relative strength: real and imaginary part, (H, W) each."""

    real: FloatImage
    imaginary: FloatImage

    @property
    def energy(self) -> FloatImage:
        """Squared strength."""
        return np.asarray(self.real**2 + self.imaginary**2, np.float32)


@dataclass(frozen=True)
class _Hit:
    score: float
    guess: Affine
    centre: NDArray[np.float64]
    scale: float


def shape_guesses(product: Product, before: Pixels, count: int) -> list[Guess]:
    """Up to ``count`` similarities from the after to ``before`` (working pixels), best first; ``support`` in -1..1."""
    small, to_before = shrink(before, _SIDE)
    field = edge_field(small)
    hits = [hit for template in _templates(product, small.shape[:2]) for hit in _look(field, template)]
    hits.sort(key=lambda hit: -hit.score)
    kept: list[_Hit] = []
    for hit in hits:
        if not any(_near(hit, other) for other in kept):
            kept.append(hit)
        if len(kept) == count:
            break
    return [Guess(compose(hit.guess, to_before), hit.score, "shape") for hit in kept]


def edge_field(pixels: Pixels) -> EdgeField:
    """The field of an sRGB picture (H, W, 3); of each pixel's three channels the steepest counts."""
    smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 1.0)
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    steepest = (across * across + down * down).argmax(2)[..., None]
    across, down = (np.take_along_axis(part, steepest, 2)[..., 0] for part in (across, down))
    square = across * across + down * down
    strength = np.sqrt(square)
    around = np.sqrt(cv2.GaussianBlur(square, (0, 0), 8))
    relative = strength / (strength + 0.7 * around + 1.5) / np.maximum(square, 1e-6)
    real, imaginary = (across * across - down * down) * relative, 2 * across * down * relative
    return EdgeField(np.asarray(real, np.float32), np.asarray(imaginary, np.float32))


@dataclass(frozen=True)
class _Template:
    field: EdgeField
    from_after: Affine
    centre: NDArray[np.float64]
    scale: float


def _templates(product: Product, frame: tuple[int, int]) -> Iterator[_Template]:
    left, top, right, bottom = product.box
    middle = (left + right - 1) / 2, (top + bottom - 1) / 2
    longest, smallest = _LARGEST * max(frame), _SMALLEST * max(frame)
    steps = int(np.ceil(np.log(longest / smallest) / np.log(_SCALE_STEP))) + 1
    for length in np.geomspace(smallest, longest, steps):
        scale = float(length / product.long_side)
        source, to_after = _shrunk_twice_as_fine(product.pixels, scale)
        for turn in _TURNS:
            size = _turned_size((right - left) * scale, (bottom - top) * scale, turn)
            to_template = frame_affine(turn, scale, middle, size)
            matrix = compose(to_after, to_template)
            pixels = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            field = edge_field(np.asarray(pixels, np.uint8))
            yield _Template(field, to_template, np.array([middle]), scale)


def _shrunk_twice_as_fine(pixels: Pixels, scale: float) -> tuple[Pixels, Affine]:
    """The picture at most twice as fine as ``scale`` asks, and the map back: warping it does not alias."""
    return shrink(pixels, max(16, round(2 * scale * max(pixels.shape[:2]))))


def _turned_size(width: float, height: float, turn: float) -> tuple[int, int]:
    cosine, sine = abs(np.cos(np.deg2rad(turn))), abs(np.sin(np.deg2rad(turn)))
    across, down = width * cosine + height * sine, height * cosine + width * sine
    return int(np.ceil(across)) + 2 * _PAD, int(np.ceil(down)) + 2 * _PAD


def _look(field: EdgeField, template: _Template) -> Iterator[_Hit]:
    """The best places of one template; the product may reach beyond the frame by two fifths of its size."""
    height, width = template.field.real.shape
    pad_x, pad_y = (2 * width) // 5, (2 * height) // 5
    if width > field.real.shape[1] + 2 * pad_x or height > field.real.shape[0] + 2 * pad_y:
        return
    score = _correlate(field, template.field, (pad_x, pad_y))
    for _ in range(_PER_FIT):
        _, best, _, (x, y) = cv2.minMaxLoc(score)
        guess = template.from_after + np.array([[0.0, 0.0, x - pad_x], [0.0, 0.0, y - pad_y]])
        yield _Hit(float(best), guess, apply(guess, template.centre)[0], template.scale)
        score[max(0, y - 5) : y + 6, max(0, x - 5) : x + 6] = -1


def _correlate(field: EdgeField, template: EdgeField, pad: tuple[int, int]) -> FloatImage:
    def over(values: FloatImage, wanted: FloatImage) -> FloatImage:
        wide = cv2.copyMakeBorder(values, pad[1], pad[1], pad[0], pad[0], cv2.BORDER_CONSTANT, value=0.0)
        return np.asarray(cv2.matchTemplate(wide, wanted, cv2.TM_CCORR), np.float32)

    energy = template.energy
    strength = np.sqrt(energy)
    alike = over(field.real, template.real) + over(field.imaginary, template.imaginary)
    seen = over(field.energy, strength)
    return np.asarray(
        alike / np.sqrt((energy.sum() + 1e-6) * np.maximum(seen, 0.15 * strength.sum() + 1e-6)), np.float32
    )


def _near(hit: _Hit, other: _Hit) -> bool:
    apart = float(np.hypot(*(hit.centre - other.centre)))
    return apart < 0.06 * _SIDE and abs(np.log(hit.scale / other.scale)) < 0.1
