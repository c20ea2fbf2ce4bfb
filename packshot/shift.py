"""A hand's change of colour and light over a prediction, in the amounts that a hand moves; zero is no change.

What is the house's own (saturation, contrast, matrix, curves) is no part of it: that is a style's, alike on all photos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from packshot.colorscience import LUMINANCE, Floats
from packshot.recipe import Color, Lighting, Part, Recipe, Triple

_DIGITS = 3
_LEAST_GAIN = 1e-4


@dataclass(frozen=True)
class Shift:
    """What is added to a recipe's colour and light.

    warmth: stops between red and blue; positive is warmer. tint: stops of green against red and blue. exposure: stops.
    shadows, highlights: as in ``Lighting``.
    """

    warmth: float = 0.0
    tint: float = 0.0
    exposure: float = 0.0
    shadows: float = 0.0
    highlights: float = 0.0

    def __bool__(self) -> bool:
        return self != Shift()

    @classmethod
    def between(cls, predicted: Recipe, corrected: Recipe) -> Shift:
        """What a person changed of ``predicted`` to come to ``corrected``, a recipe of the same photo."""
        red, green, blue = _stops(corrected) - _stops(predicted)
        before, after = predicted.lighting.effective(), corrected.lighting.effective()
        color = cls(warmth=red - blue, tint=green - (red + blue) / 2)
        amounts = {
            **asdict(color),
            "exposure": green - float(np.log2(color.turn())[1]),
            "shadows": after.shadows - before.shadows,
            "highlights": after.highlights - before.highlights,
        }
        return cls(**{name: round(float(amount), _DIGITS) + 0.0 for name, amount in amounts.items()})

    def turn(self) -> Floats:
        """(3,) linear gains of red, green, blue that warmth and tint amount to; a grey keeps its luminance."""
        stops = [self.warmth / 2 - self.tint / 3, self.tint * 2 / 3, -self.warmth / 2 - self.tint / 3]
        turn = np.exp2(np.array(stops))
        return np.asarray(turn / float(LUMINANCE @ turn), np.float64)

    def changes(self, recipe: Recipe) -> dict[str, dict[str, Any]]:
        """Of a recipe, by stage, as ``correct`` takes them; a stage that is not moved is left out."""
        changes: dict[str, dict[str, Any]] = {}
        if self.warmth or self.tint:
            changes["color"] = self.color(recipe.color)
        if self.exposure or self.shadows or self.highlights:
            changes["lighting"] = self.lighting(recipe.lighting)
        return changes

    def color(self, part: Color) -> dict[str, Any]:
        """What becomes of a recipe's colour."""
        color = part.effective()
        return {
            "strength": 1.0,
            "white_gain": self._gained(color.white_gain),
            "saturation": color.saturation,
            "matrix": color.matrix,
            "curves": color.curves,
            "measured_from": "human",
            "confidence": 1.0,
        }

    def _gained(self, white_gain: Triple) -> Triple:
        red, green, blue = (round(float(value), 4) for value in np.array(white_gain) * self.turn())
        return red, green, blue

    def lighting(self, part: Lighting) -> dict[str, Any]:
        """What becomes of a recipe's light, no further than the recipe allows."""
        light = part.effective()
        moved = {name: getattr(light, name) + getattr(self, name) for name in ("exposure", "shadows", "highlights")}
        grid = None if light.field is None else light.field.model_dump()
        return {
            "strength": 1.0,
            **{name: within(Lighting, name, amount) for name, amount in moved.items()},
            "contrast": light.contrast,
            "field": grid,
        }

    def as_json(self) -> Mapping[str, float]:
        """The amounts that are not zero."""
        return {name: amount for name, amount in asdict(self).items() if amount}


def within(part: type[Part], name: str, value: float) -> float:
    """The value no further than the recipe allows: a slider that goes on beyond it does nothing more."""
    for rule in part.model_fields[name].metadata:
        value = max(value, getattr(rule, "ge", value))
        value = min(value, getattr(rule, "le", value))
    return round(value, 4)


def _stops(recipe: Recipe) -> Floats:
    """(3,) by how many stops a recipe lifts red, green and blue."""
    gains = np.maximum(recipe.color.effective().white_gain, _LEAST_GAIN)
    return np.asarray(np.log2(gains) + recipe.lighting.effective().exposure, np.float64)
