"""Photos with what their retouchers took away, read anew from fitted pairs: what speck networks learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.fitting.specks import read_specks
from packshot.learning.specks.labels import speck_code, stamps_of
from packshot.learning.specks.pool import Speckled
from packshot.photo import Photo
from packshot.recipe import Recipe, Spot
from packshot.render import to_bytes
from packshot.stages.background import decode_matte
from packshot.stages.detailing import at_speck_size

_LARGEST = 1250  # larger photos are looked at smaller


@dataclass(frozen=True)
class SpeckExample:
    """One before to learn from or to check on. ``spots``: what was healed on it, in its pixels."""

    learned: Speckled
    spots: tuple[Spot, ...]


def speck_example(fit: PairFit) -> SpeckExample | None:
    """A fitted pair's before at the size specks are looked for at, small ones as they are; None where nothing was cut
    out, which tells no product.

    Raises PhotoError when a photo cannot be read.
    """
    recipe = fit.recipe
    if recipe is None or recipe.background.matte is None:
        return None
    whole = to_bytes(Photo.open(fit.before).pixels())
    image = at_speck_size(whole) if max(whole.shape[:2]) > _LARGEST else whole
    size = (image.shape[1], image.shape[0])
    to_photo = geometry.resize_affine(size, (whole.shape[1], whole.shape[0]))
    matte = _matte(recipe, size)
    after = to_bytes(Photo.open(fit.after).pixels())
    reading = read_specks(image, after, geometry.compose(to_photo, recipe.geometry.affine()), matte)
    code = speck_code(reading, matte, recipe.detailing.spots, to_photo)
    learned = Speckled(image, code, tuple(stamps_of(image, code, reading)), True, fit.group)
    return SpeckExample(learned, tuple(moved(spot, geometry.invert(to_photo)) for spot in recipe.detailing.spots))


def _matte(recipe: Recipe, size: tuple[int, int]) -> NDArray[np.float32]:
    assert recipe.background.matte is not None
    levels = decode_matte(recipe.asset(recipe.background.matte))
    return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA) / np.float32(255), np.float32)


def moved(spot: Spot, affine: Affine) -> Spot:
    """A spot in other pixels."""
    x, y = geometry.apply(affine, np.array([[spot.x, spot.y]]))[0]
    return spot.model_copy(update={"x": float(x), "y": float(y), "radius": spot.radius * geometry.scale_of(affine)})


def cropped(example: Speckled, room: int = 16) -> Speckled:
    """The product and a little around it, for less to hold in memory."""
    left, top, width, height = cv2.boundingRect((example.code > 0).astype(np.uint8))
    here = (
        slice(max(0, top - room), top + height + room),
        slice(max(0, left - room), left + width + room),
    )
    return Speckled(example.image[here], example.code[here], example.stamps, example.told, example.group)


def every(fits: Sequence[PairFit], most: int) -> list[PairFit]:
    """At most so many, spread evenly."""
    usable = [fit for fit in fits if fit.recipe is not None]
    return usable[:: -(-len(usable) // max(1, most)) or 1]
