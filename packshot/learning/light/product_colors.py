"""How far off a prediction of light is to the eye: the product's colours through the render, beside the human's.

Stops are not what people see: half a stop too dark shows on a white shirt and hardly on black shoes. So predicted
changes are carried out on some hundred places of each fitted product, and the colours compared with the after's there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, decode_srgb, encode_srgb, tone_shapes
from packshot.evaluation.metrics import delta_e
from packshot.learning.fitting.reading import Reading
from packshot.surface import terms

Floats = NDArray[np.float64]
PLACES = 64
_LEAST = 20  # places of a product that can be seen
# Ottosson, "A perceptual color space for image processing", 2020: linear sRGB to cones, cones to L, a, b.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENT = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class ProductColors:
    """Places on the products of n photos. linear: (n, p, 3) of the befores. shapes: (n, p, 5) the field's terms less
    their mean over the product. encoded: (n, p, 3) of the afters, sRGB 0..1. looks: (n, 4), of ``learning.fitting``.
    known: (n,) whether a photo has enough of them."""

    linear: Floats
    shapes: Floats
    encoded: Floats
    looks: Floats
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, readings: Sequence[Reading], looks: Sequence[Floats], places: int = PLACES) -> ProductColors:
        """From what fitting has read, the surest places of each product, spread over dark and bright."""
        parts: list[list[Floats]] = [[], [], []]
        for reading in readings:
            samples = reading.samples
            enough = len(samples) >= _LEAST
            sure = np.flatnonzero(samples.weight >= np.median(samples.weight)) if enough else np.zeros(0, np.intp)
            chosen = sure[np.linspace(0, len(sure) - 1, places).astype(int)] if enough else sure
            shapes = terms(*samples.where[chosen].T)[:, 1:] - reading.shapes
            for part, values in zip(parts, (samples.linear[chosen], shapes, samples.encoded[chosen]), strict=True):
                part.append(values if enough else np.zeros((places, values.shape[1])))
        known = np.array([len(reading.samples) >= _LEAST for reading in readings], np.bool_)
        linear, terms_less_mean, encoded = (np.array(part, np.float64) for part in parts)
        return cls(linear, terms_less_mean, encoded, np.array(looks, np.float64), known)

    def only(self, chosen: NDArray[np.bool_]) -> ProductColors:
        """Some of the photos."""
        return ProductColors(
            self.linear[chosen], self.shapes[chosen], self.encoded[chosen], self.looks[chosen], self.known[chosen]
        )

    def with_looks(self, looks: Floats) -> ProductColors:
        """The same places under other looks, (n, 4)."""
        return replace(self, looks=looks)

    def made(self, changes: Floats) -> Floats:
        """(n, p, 3) sRGB 0..1: the colours that ``changes`` (n, 8) by ``lightmeter.CHANGES`` and the look make."""
        gains = np.exp2(np.stack([changes[:, 1], np.zeros(len(changes)), changes[:, 2]], 1))
        gains *= (np.exp2(changes[:, 0]) / (gains @ LUMINANCE))[:, None]
        field = np.exp2(np.einsum("npk,nk->np", self.shapes, changes[:, 3:]))
        lit = self.linear * gains[:, None] * field[..., None]
        saturation, *tone = (column[:, None, None] for column in self.looks.T)
        grey = (lit @ LUMINANCE)[..., None]
        values = encode_srgb(np.maximum(grey + (1 + saturation) * (lit - grey), 0))
        added = sum(weight * shape for weight, shape in zip(tone, tone_shapes(values), strict=True))
        return np.asarray(np.clip(values + added, 0, 1), np.float64)

    def ciede2000(self, changes: Floats) -> Floats:
        """(n,) mean CIEDE2000 from what ``changes`` make of each photo's product to the after; NaN where unknown."""
        made, wanted = (np.round(values * 255).astype(np.uint8) for values in (self.made(changes), self.encoded))
        return np.where(self.known, delta_e(made, wanted).astype(np.float64).mean(1), np.nan)

    def oklab(self, changes: Floats) -> Floats:
        """(n,) mean distance in OKLab, times 100; NaN where unknown."""
        distance = np.linalg.norm(as_oklab(self.made(changes)) - as_oklab(self.encoded), axis=-1)
        return np.where(self.known, 100 * distance.mean(1), np.nan)


def as_oklab(encoded: Floats) -> Floats:
    """sRGB-encoded (..., 3) 0..1 to OKLab, L in 0..1 (Ottosson, 2020)."""
    return np.asarray(np.cbrt(decode_srgb(encoded) @ _CONES.T) @ _OPPONENT.T, np.float64)
