"""The spot meter: levels and tints of single pixels, as a row of numbers beside the light meter's.

Retouchers set exposure by a product's highlights and white by what must be white, and both are small: averaged over
a coarse picture they are gone. So pixels are read as they are, some ten thousand of them in an even grid. Everything is
in stops, as with the light meter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, linear_of_byte

Floats = NDArray[np.float64]
_DARK = 0.002
_LEAST = 50  # pixels of a region that can be measured
_MOST = 16_000  # pixels read
_CENTRES = np.array([0.5, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999])
_PLACES = (*(f"{level:.1%}" for level in _CENTRES), "bright mean", "geometric mean")
PALE_PLACES = ("90.0%", "99.0%", "99.9%", "geometric mean")
PALES = (0.3, 0.6)  # stops between channels at which a tint is as likely the thing's own colour as the light's
REGIONS = ("backdrop", "product", "frame")
_COLUMNS = ("luminance", "red", "blue")
SPOTS = (
    *(f"spot {region} {column} at {place}" for region in REGIONS for column in _COLUMNS for place in _PLACES),
    *(f"spot {region} strongest at {place}" for region in REGIONS for place in _PLACES[: len(_CENTRES)]),
    *(
        f"spot {region} pale {what} at {place}, {pale}"
        for region in REGIONS
        for pale in PALES
        for what in ("red", "blue", "share")
        for place in PALE_PLACES
    ),
)
LEVELS = tuple(name for name in SPOTS if " luminance at " in name or " strongest at " in name)


@dataclass(frozen=True)
class Spots:
    """Pixels of a photo, (N, 3) linear light, and which of them are product and backdrop for sure, (N,) each."""

    linear: NDArray[np.float32]
    product: NDArray[np.bool_]
    backdrop: NDArray[np.bool_]

    @classmethod
    def of(cls, picture: NDArray[np.uint8], matte: NDArray[np.floating]) -> Spots:
        """An even grid of a picture's pixels (h, w, 3) sRGB; ``matte`` 0..1 covers the same, at any size."""
        height, width = picture.shape[:2]
        every = max(1, round(float(np.sqrt(height * width / _MOST))))
        rows, columns = np.arange(every // 2, height, every), np.arange(every // 2, width, every)
        pixels = picture[np.ix_(rows, columns)].reshape(-1, 3)
        there = matte[
            np.ix_(
                ((rows + 0.5) * matte.shape[0] / height).astype(int),
                ((columns + 0.5) * matte.shape[1] / width).astype(int),
            )
        ].ravel()
        return cls(linear_of_byte()[pixels].astype(np.float32), there > 0.9, there < 0.1)


def read_spots(spots: Spots) -> NDArray[np.float32]:
    """The numbers that ``SPOTS`` names, (len(SPOTS),) float32. A region too small to measure reads as the frame."""
    values = spots.linear
    # A row a channel: what is sorted lies together.
    channels = np.stack([*values.T, values @ LUMINANCE.astype(np.float32), values.max(1)])
    whole = np.ones(len(values), np.bool_)
    masks = (mask if int(mask.sum()) >= _LEAST else whole for mask in (spots.backdrop, spots.product, whole))
    levels = [_levels(channels[:, mask]) for mask in masks]
    colors = [_colors(level) for level in levels]
    strongest = [level[: len(_CENTRES), 4] for level in levels]
    pale = [_pale(color) for color in colors]
    return np.concatenate([*(color.ravel() for color in colors), *strongest, *pale]).astype(np.float32)


def _levels(channels: NDArray[np.float32]) -> Floats:
    """(places, 5) in stops: red, green, blue, luminance and strongest channel (5, N) at each of ``_PLACES``.

    The bright mean is Shades of Grey's with a power of four (Finlayson and Trezzi, 2004): bright pixels decide it.
    """
    count = channels.shape[1]
    chosen = np.sort(channels, 1)[:, np.minimum((_CENTRES * count).astype(int), count - 1)]
    squared = channels * channels
    bright = np.sqrt(np.sqrt((squared * squared).mean(1, keepdims=True)))
    stops = np.log2(np.maximum(np.concatenate([chosen, bright], 1), _DARK))
    middle = np.log2(np.maximum(channels, _DARK)).mean(1, keepdims=True)
    return np.asarray(np.concatenate([stops, middle], 1).T, np.float64)


def _colors(levels: Floats) -> Floats:
    """(3, places): luminance, and red and blue against green."""
    return np.stack([levels[:, 3], levels[:, 0] - levels[:, 1], levels[:, 2] - levels[:, 1]])


def _pale(colors: Floats) -> Floats:
    """Tints as far as they are pale: a strong one is the thing's own colour, and tells nothing of the light."""
    places = [_PLACES.index(place) for place in PALE_PLACES]
    red, blue = colors[1, places], colors[2, places]
    found = []
    for pale in PALES:
        share = paleness(red, blue, pale)
        found += [share * red, share * blue, share]
    return np.concatenate(found)


def paleness(red: Floats, blue: Floats, pale: float) -> Floats:
    """How pale tints are, 0..1, in stops against green: one half where channels are ``pale`` stops apart."""
    cast = np.maximum(np.maximum(red, blue), 0) - np.minimum(np.minimum(red, blue), 0)
    return np.asarray(1 / (1 + (cast / pale) ** 4), np.float64)
