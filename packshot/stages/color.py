"""Colour: what the camera saw as white becomes white.

A studio's backdrop is a grey card in every frame: where it is even and nearly neutral, its colour is the cast (von
Kries, in linear light). Elsewhere Shades of Grey (Finlayson and Trezzi, 2004) gives a weaker hint, and is followed
only in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, saturation_matrix
from packshot.recipe import Color, Recipe, Triple
from packshot.render import RenderPlan
from packshot.view import View

_LEAST_BACKDROP = 0.03
_CLIPPED = 0.97
_PAPER_CHROMA = 0.22  # stops between channels at which a grey paper is as likely as a coloured one
_TEXTURE = 0.05  # stops of chroma spread at which a backdrop is no longer an even sheet
_STATISTICS_SHARE = 0.15
_MINKOWSKI = 6
_EVERY = 4  # pixel of the backdrop is enough for a median


@dataclass(frozen=True)
class WhitePoint:
    """The light's colour, linear red, green, blue with luminance 1, and how far to trust it (0..1)."""

    light: NDArray[np.float64]
    confidence: float


class ColorStage:
    """White point and colour."""

    name = "color"

    def predict(self, view: View, draft: Recipe) -> Color:
        """Gains as the retouchers of the pack would choose them; else by the backdrop, else by the statistics."""
        look = view.pack.look(draft.category)
        house = {"saturation": look.saturation, "matrix": look.matrix, "curves": look.curves}
        return Color.model_validate({**self._white(view), **house, "strength": view.house.color})

    def _white(self, view: View) -> dict[str, Any]:
        if view.advice is not None:
            red, green, blue = (round(float(gain), 4) for gain in view.advice.white_gain())
            confidence = round(view.advice.white_confidence(), 3)
            return {"white_gain": (red, green, blue), "measured_from": "pairs", "confidence": confidence}
        white, share, source = backdrop_white(view), 0.0, "backdrop"
        if white is not None and white.confidence > 0.2:
            share = white.confidence
        else:
            white, share, source = statistical_white(view), _STATISTICS_SHARE, "statistics"
        return {"white_gain": gains(white.light, share), "measured_from": source, "confidence": white.confidence}

    def lower(self, parameters: Color, plan: RenderPlan) -> None:
        """Gains that keep white white, then matrix and saturation as one linear matrix; curves as they are."""
        color = parameters.effective()
        plan.balance(color.white_gain)
        plan.mix(np.array(color.matrix).reshape(3, 3))
        plan.mix(saturation_matrix(color.saturation))
        if color.curves is not None:
            knots = [np.array(curve) for curve in color.curves]
            plan.curve(lambda values: _through(knots, values))


def _through(knots: list[NDArray[np.float64]], values: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = [np.interp(values[:, i], np.linspace(0, 1, len(knot)), knot) for i, knot in enumerate(knots)]
    return np.stack(columns, 1)


def gains(light: NDArray[np.float64], share: float) -> Triple:
    """Gains that take out a share of the light's colour and keep a grey's luminance."""
    gain = np.clip(light, 1e-3, None) ** -share
    gain = gain / float(LUMINANCE @ (light ** (1 - share))) * float(LUMINANCE @ light)
    red, green, blue = (float(round(value, 4)) for value in gain)
    return red, green, blue


def normalised(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """A colour at luminance 1."""
    return np.asarray(light / max(float(LUMINANCE @ light), 1e-6), np.float64)


def backdrop_white(view: View) -> WhitePoint | None:
    """The backdrop's colour as the light's, or None where too little of it is seen, or it is burnt out."""
    mask = view.sure_backdrop & (view.small_linear.max(2) < _CLIPPED) & (view.small_linear.min(2) > 0.002)
    if mask.mean() < _LEAST_BACKDROP:
        return None
    logs = np.log2(view.small_linear[mask][::_EVERY].astype(np.float64))
    middle = np.median(logs, 0)
    chroma = logs - logs.mean(1, keepdims=True)
    texture = float(np.median(np.abs(chroma - np.median(chroma, 0))) * 2)
    cast = float(np.ptp(middle))
    confidence = 1 / (1 + (cast / (3 * _PAPER_CHROMA)) ** 4) / (1 + (texture / _TEXTURE) ** 2)
    return WhitePoint(normalised(np.exp2(middle)), confidence)


def statistical_white(view: View) -> WhitePoint:
    """Shades of Grey over what is neither burnt out nor black."""
    mask = (view.small_linear.max(2) < _CLIPPED) & (view.small_linear.min(2) > 0.002)
    if not mask.any():
        return WhitePoint(np.ones(3), 0.0)
    values = view.small_linear[mask].astype(np.float64)
    light = np.mean(values**_MINKOWSKI, 0) ** (1 / _MINKOWSKI)
    return WhitePoint(normalised(light), _STATISTICS_SHARE / 2)
