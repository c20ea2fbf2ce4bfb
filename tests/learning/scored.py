"""A pair made of numbers as the reference that figures are measured against, and the human's own shot of it."""

from __future__ import annotations

from pathlib import Path

from packshot.learning.pairs import Pair
from packshot.learning.proof.reference import Reference
from packshot.learning.proof.scoring import Shot
from packshot.photo import Photo
from tests.learning.pictures import Shoot, make_pair, sprite


def reference_of() -> Reference:
    shoot = Shoot()
    made = make_pair(sprite(3), shoot)
    pair = Pair("one", "things", "one", Path("before.jpg"), Path("after.jpg"))
    photo = Photo.from_pixels(made.before)
    return Reference(pair, photo, made.after, made.before_to_after, shoot.after_size, made.matte, (255, 255, 255))


def human_shot(reference: Reference) -> Shot:
    return Shot(reference.after, reference.canvas, reference.before_to_after, reference.matte)
