"""What follows from a corrected category: the crop that the other house rules ask for."""

from __future__ import annotations

import numpy as np

from packshot import geometry
from packshot.recipe import Cropping, Recipe
from packshot.stages.background import decode_matte
from packshot.stages.cropping import crop, turned_box, whole_photo
from packshot.style import House


def recropped(recipe: Recipe, house: House) -> Cropping:
    """The crop that the cropping stage decides on under other house rules, for the recipe's own matte and angle."""
    part, size = recipe.background.matte, recipe.source.size
    if part is None:
        return whole_photo(size, house)
    matte = np.asarray(decode_matte(recipe.asset(part)) / 255, np.float32)
    angle = recipe.alignment.effective().angle
    box = turned_box(matte, angle, geometry.resize_affine((matte.shape[1], matte.shape[0]), size))
    return whole_photo(size, house) if box is None else crop(box, angle, house)
