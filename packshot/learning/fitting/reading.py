"""What is read from a pair once, whatever the set around it: geometry, matte, and samples of its colour."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.learning.fitting.matte import read_matte
from packshot.learning.fitting.samples import Floats, LaidPair, Samples, lay, take_samples
from packshot.learning.pairs import Pair
from packshot.learning.registration.register import Fault, Registration, as_bytes, register_files
from packshot.learning.registration.views import find_backdrop
from packshot.photo import Photo, PhotoError
from packshot.stages.background import decode_matte, encode_matte

Pixels = NDArray[np.uint8]

SIDE = 2000  # what larger photos are decoded near to
UNREADABLE, NO_PRODUCT = "unreadable", "no-product"
_LEAST_PRODUCT = 0.002  # of the after


@dataclass(frozen=True)
class Reading:
    """A pair, read. ``fault`` and ``reason`` say why it cannot be fitted; the rest is then as far as it was read.

    before_to_after: full pixel centres. canvas: (width, height) of the after. backdrop: its colour, None where it keeps
    one of many colours. matte: PNG bytes over the upright before, None without backdrop. middle: (2,) the product's
    mean place, and ``shapes``: (5,) the mean of the field's terms over it, which fix what is exposure and what is
    unevenness.
    """

    pair: Pair
    registration: Registration
    fault: str = ""
    reason: str = ""
    canvas: tuple[int, int] = (0, 0)
    backdrop: tuple[int, int, int] | None = None
    matte: bytes | None = None
    matte_size: tuple[int, int] = (0, 0)
    margins: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    shapes: Floats = field(default_factory=lambda: np.zeros(5))
    samples: Samples = field(default_factory=Samples.none)

    @property
    def before_to_after(self) -> Affine:
        """(2, 3), full pixel centres."""
        return self.registration.before_to_after


@dataclass(frozen=True)
class Opened:
    """Both photos decoded, at reduced scale where they are large; ``to_after`` between these pixels."""

    before: Pixels
    after: Pixels
    to_after: Affine


def read_pair(pair: Pair) -> Reading:
    """Registers a pair and reads its matte and samples. What cannot be read is told, never raised."""
    try:
        registration = register_files(pair.before, pair.after)
        if not registration.accepted:
            return Reading(pair, registration, str(registration.fault), registration.reason)
        return _read(pair, registration)
    except PhotoError as error:
        return Reading(pair, _nothing(error.message), UNREADABLE, error.message)


def _nothing(reason: str) -> Registration:
    return Registration(geometry.identity(), 0, 0.0, False, reason)


def _read(pair: Pair, registration: Registration) -> Reading:
    before, after = Photo.open(pair.before), Photo.open(pair.after)
    opened = open_pair(before, after, registration.before_to_after)
    backdrop = find_backdrop(opened.after)
    reading = Reading(pair, registration, canvas=after.size)
    if backdrop.even:
        seen = replace(registration, before_to_after=opened.to_after)
        matte = read_matte(opened.before, opened.after, seen)
    else:
        matte = np.ones(opened.before.shape[:2], np.float32)
    laid = lay(opened.before, opened.after, matte, opened.to_after)
    if float((laid.matte > 0.5).mean()) < _LEAST_PRODUCT:
        return replace(reading, fault=NO_PRODUCT, reason="the after shows hardly any product")
    red, green, blue = (round(float(channel)) for channel in backdrop.color)
    return replace(
        reading,
        backdrop=(red, green, blue) if backdrop.even else None,
        matte=encode_matte(matte, quick=False) if backdrop.even else None,
        matte_size=(matte.shape[1], matte.shape[0]),
        margins=margins(laid),
        shapes=mean_shapes(laid),
        samples=take_samples(laid),
    )


def open_pair(before: Photo, after: Photo, before_to_after: Affine) -> Opened:
    """Decodes both and carries the full-size map over to the decoded pixels."""
    first, second = (as_bytes(photo.pixels(min(1.0, SIDE / max(photo.size)))) for photo in (before, after))
    to_before, to_after = before.decoded_from_source(), after.decoded_from_source()
    return Opened(first, second, geometry.compose(geometry.invert(to_before), before_to_after, to_after))


def laid_pair(reading: Reading, before: Photo, after: Photo) -> LaidPair:
    """The pair in the after's frame, from its reading."""
    opened = open_pair(before, after, reading.before_to_after)
    whole = np.full(opened.before.shape[:2], 255, np.uint8)
    levels = whole if reading.matte is None else decode_matte(reading.matte)
    return lay(opened.before, opened.after, np.asarray(levels / 255, np.float32), opened.to_after)


def margins(laid: LaidPair) -> tuple[float, float, float, float]:
    """Left, top, right and bottom room about the product, as shares of the canvas's width and height."""
    left, top, width, height = cv2.boundingRect((laid.matte > 0.5).astype(np.uint8))
    rows, columns = laid.matte.shape
    sides = (left / columns, top / rows, 1 - (left + width) / columns, 1 - (top + height) / rows)
    first, second, third, fourth = (round(float(side), 5) for side in sides)
    return first, second, third, fourth


def mean_shapes(laid: LaidPair) -> Floats:
    """(5,) mean over the product of the shapes that light takes."""
    from packshot.surface import terms

    rows, columns = np.nonzero(laid.matte > 0.5)
    every = slice(None, None, max(1, len(rows) // 4000))
    return np.asarray(terms(*laid.places(columns[every], rows[every]).T)[:, 1:].mean(0), np.float64)


def save_reading(reading: Reading) -> bytes:
    """A reading as the bytes of an .npz file."""
    found, samples = reading.registration, reading.samples
    told = {
        "registration": {**found.as_json(), "residual_px": found.residual_px, "score": found.score},
        **{key: getattr(reading, key) for key in ("fault", "reason", "canvas", "backdrop", "matte_size", "margins")},
        "shapes": reading.shapes.tolist(),
    }
    store = io.BytesIO()
    np.savez_compressed(
        store,
        told=np.frombuffer(json.dumps(told).encode(), np.uint8),
        matte=np.frombuffer(reading.matte or b"", np.uint8),
        linear=samples.linear.astype(np.float32),
        encoded=samples.encoded.astype(np.float32),
        where=samples.where.astype(np.float32),
        weight=samples.weight.astype(np.float32),
    )
    return store.getvalue()


def load_reading(path: Path, pair: Pair) -> Reading:
    """The reading of ``pair`` that was saved at ``path``. Raises ValueError when the file is none."""
    try:
        with np.load(path, allow_pickle=False) as store:
            told: dict[str, Any] = json.loads(store["told"].tobytes())
            matte = store["matte"].tobytes()
            parts = [store[name].astype(np.float64) for name in ("linear", "encoded", "where", "weight")]
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is not the reading of a pair ({error}): delete it and fit again") from error
    found = told["registration"]
    bent = None if found["homography"] is None else np.array(found["homography"])
    told_map = {"before_to_after": np.array(found["before_to_after"]), "homography": bent}
    registration = Registration(**{**found, **told_map, "fault": Fault(found["fault"])})
    backdrop = told["backdrop"]
    return Reading(
        pair,
        registration,
        told["fault"],
        told["reason"],
        tuple(told["canvas"]),
        None if backdrop is None else tuple(backdrop),
        matte or None,
        tuple(told["matte_size"]),
        tuple(told["margins"]),
        np.array(told["shapes"]),
        Samples(*parts),
    )
