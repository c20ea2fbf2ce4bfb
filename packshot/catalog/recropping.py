"""What follows from a corrected category: the crop that the other house rules ask for, and another light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from packshot import geometry
from packshot.recipe import Cropping, Recipe
from packshot.stages.background import decode_matte
from packshot.stages.cropping import framed, turned_box
from packshot.style import House


def recropped(recipe: Recipe, house: House) -> Cropping:
    """The crop that the cropping stage decides on under other house rules, for the recipe's own matte and angle."""
    part, size = recipe.background.matte, recipe.source.size
    if part is None:
        return framed(None, 0.0, size, house)
    matte = np.asarray(decode_matte(recipe.asset(part)) / 255, np.float32)
    angle = recipe.alignment.effective().angle
    box = turned_box(matte, angle, geometry.resize_affine((matte.shape[1], matte.shape[0]), size))
    return framed(box, angle, size, house)


@dataclass(frozen=True)
class Following:
    """The house rules for a corrected category, and the parts of colour, light and detail that are decided for it."""

    house: House
    light: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def noted(cls, changes: Mapping[str, Any]) -> Following | None:
        """As a decision's changes have it; None where there is no other category, or its rules are not known."""
        told = changes.get("category", {})
        return cls(House.model_validate(told["house"]), told.get("light", {})) if told.get("house") else None

    def parts(self, recipe: Recipe) -> dict[str, Any]:
        """The parts of a recipe that the category alone changes."""
        light = {stage: type(getattr(recipe, stage)).model_validate(part) for stage, part in self.light.items()}
        return {"cropping": recropped(recipe, self.house), **light}
