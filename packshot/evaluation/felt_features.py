"""What an error of light would do to this very shot, as the bar of good counts it.

How far the light was missed cannot be told from the photo; how much a usual miss changes the product's colours can: a
black shoe hardly shows a fifth of a stop, a beige shirt does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, encode_srgb, saturation_matrix
from packshot.evaluation.metrics import delta_e
from packshot.recipe import Recipe
from packshot.view import View

_STEPS = (0.2, 0.1, 0.1)  # stops of exposure, red and blue: what light is usually missed by
_PIXELS = 96  # of the product; more do not move the mean
_LEAST = 30

Floats = NDArray[np.float64]


def felt(view: View, recipe: Recipe) -> dict[str, float]:
    """Mean CIEDE2000 on the product of a usual miss of exposure, red, and blue, and of the light model's own doubt."""
    pixels = view.small_linear[view.sure_product].astype(np.float64)
    if len(pixels) < _LEAST:
        return {}
    pixels = pixels[:: 1 + len(pixels) // _PIXELS] @ np.diag(recipe.color.white_gain)
    pixels = 2**recipe.lighting.exposure * pixels @ saturation_matrix(recipe.color.saturation).T
    here = _picture(pixels)
    missed = [
        float(np.mean([delta_e(_picture(pixels * _gain(place, side * stops)), here).mean() for side in (-1, 1)]))
        for place, stops in enumerate(_STEPS)
    ]
    features = dict(zip(("felt_exposure", "felt_red", "felt_blue"), missed, strict=True))
    features["felt_all"] = float(np.linalg.norm(missed))
    if view.advice is not None:
        per_stop = np.array(missed) / np.array(_STEPS)
        features["felt_unsure"] = float(np.linalg.norm(per_stop * view.advice.spread[:3]))
    return features


def _gain(place: int, stops: float) -> Floats:
    """Linear gains of red, green, blue: of all alike, or of red or blue at a grey's luminance."""
    if place == 0:
        return np.full(3, 2**stops)
    gain = np.ones(3)
    gain[2 * (place - 1)] = 2**stops
    return np.asarray(gain / float(LUMINANCE @ gain), np.float64)


def _picture(linear: Floats) -> NDArray[np.uint8]:
    """Pixels (n, 3) as a picture of one line."""
    return np.asarray(np.round(255 * np.clip(encode_srgb(np.maximum(linear, 0)), 0, 1)), np.uint8)[None]
