"""What the retoucher made of a photo, as far as the pair itself tells it: the ground all figures are measured on.

Where each point went comes from registration, the matte from the after's known backdrop. Nothing else is needed, so a
studio's own pairs can be scored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.geometry import Affine
from packshot.learning.fitting.matte import read_matte
from packshot.learning.fitting.pair import file_stem
from packshot.learning.fitting.pair_set import stamp
from packshot.learning.fitting.reading import UNREADABLE, load_reading
from packshot.learning.pairs import Pair
from packshot.learning.registration.register import as_bytes, register_files
from packshot.learning.registration.views import find_backdrop, shrink
from packshot.photo import Photo, write_atomic
from packshot.stages.background import decode_matte

FloatImage = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

AFTER_SIDE = 1000  # pixels of the long side at which colours are compared
MATTE_SIDE = 1600
_VERSION = 1  # of what is kept; raise it when registration or matte reading give other answers
_CORE_EDGE = 0.004  # of the long side: so near the product's edge pixels are mixed with the backdrop
_SURE = 0.95


class RefusedPairError(ValueError):
    """The pair cannot be measured: before and after do not show the same product. The message says why."""


@dataclass(frozen=True)
class Reference:
    """One pair in hand.

    after: (h, w, 3) sRGB, at most 1000 pixels. to_after: pixel centres of the full upright before to those of
    ``after``. canvas: (width, height) of the full after. matte: (h, w) 0..1 over the before, None when the after's
    backdrop is of many colours. backdrop: its colour.
    """

    pair: Pair
    photo: Photo
    after: Pixels
    to_after: Affine
    canvas: tuple[int, int]
    matte: FloatImage | None
    backdrop: tuple[int, int, int]

    @cached_property
    def before_to_after(self) -> Affine:
        """From pixel centres of the full before to those of the full after."""
        return geometry.compose(self.to_after, geometry.resize_affine(self.size, self.canvas))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of ``after``."""
        return self.after.shape[1], self.after.shape[0]

    @cached_property
    def matte_there(self) -> FloatImage:
        """The matte in the frame of ``after``, (h, w) 0..1; where there is none, all that the before shows."""
        matte = np.ones((64, 64), np.float32) if self.matte is None else self.matte
        cells = geometry.resize_affine((matte.shape[1], matte.shape[0]), self.photo.size)
        matrix = geometry.compose(cells, self.to_after)
        if geometry.scale_of(matrix) < 0.7:
            matte = np.asarray(cv2.GaussianBlur(matte, (0, 0), 0.4 / geometry.scale_of(matrix)), np.float32)
        return np.asarray(cv2.warpAffine(matte, matrix, self.size, flags=cv2.INTER_LINEAR), np.float32)

    @cached_property
    def core(self) -> NDArray[np.bool_]:
        """Where ``after`` is product and well inside it, (h, w)."""
        reach = max(1, round(_CORE_EDGE * max(self.size)))
        sure = cv2.copyMakeBorder((self.matte_there > _SURE).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        return np.asarray(cv2.erode(sure, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))[1:-1, 1:-1] > 0)

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """Of the product's upright box in the after, carried back: (4, 2) full pixels of the before.

        Of the after's frame where no matte could be read.
        """
        width, height = self.canvas
        left, top, right, bottom = (self.matte is not None and box_of(self.matte_there)) or (0.0, 0.0, 1.0, 1.0)
        edges = geometry.box_corners((left * width, top * height, right * width, bottom * height))
        return geometry.apply(geometry.invert(self.before_to_after), edges - 0.5)


def box_of(matte: FloatImage) -> Box | None:
    """Left, top, right and bottom edge of a matte's product as shares of its frame; None when there is none."""
    rows, columns = np.flatnonzero((matte > 0.5).any(1)), np.flatnonzero((matte > 0.5).any(0))
    if not len(rows):
        return None
    height, width = matte.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def read_reference(pair: Pair, kept: Path | None = None, fits: Path | None = None) -> Reference:
    """Registers a pair and reads its matte, unless that was done before.

    It is looked up in ``fits``, a folder of ``packshot fit``, and in ``kept``, where it is left for the next time.
    Raises RefusedPairError when registration refuses the pair, PhotoError or ValueError when a file cannot be read.
    """
    photo, retouched = Photo.open(pair.before), Photo.open(pair.after)
    path = None if kept is None else kept / f"{_key(photo, retouched)}.json"
    found = _fitted(fits, pair) or _recall(path) or _remember(_find(pair, photo, retouched), path)
    if not found["accepted"]:
        raise RefusedPairError(str(found["reason"]))
    after, to_small = _pixels(retouched, AFTER_SIDE)
    to_after = geometry.compose(np.array(found["before_to_after"], np.float64), to_small)
    matte = None if found["matte"] is None else np.asarray(found["matte"] / np.float32(255), np.float32)
    red, green, blue = (round(value) for value in found["backdrop"])
    return Reference(pair, photo, after, to_after, retouched.size, matte, (red, green, blue))


def _find(pair: Pair, photo: Photo, retouched: Photo) -> dict[str, Any]:
    registration = register_files(pair.before, pair.after)
    found = {**registration.as_json(), "matte": None, "backdrop": (255.0, 255.0, 255.0)}
    if not registration.accepted:
        return found
    (before, from_before), (after, to_small) = _pixels(photo, MATTE_SIDE), _pixels(retouched, MATTE_SIDE)
    backdrop = find_backdrop(after)
    if backdrop.even:
        small = geometry.compose(geometry.invert(from_before), registration.before_to_after, to_small)
        found["backdrop"] = tuple(float(value) for value in backdrop.color)
        found["matte"] = np.round(read_matte(before, after, replace(registration, before_to_after=small)) * 255)
    return found


def _pixels(photo: Photo, side: int) -> tuple[Pixels, Affine]:
    """A photo's pixels with a long side of at most ``side``, and the map to them from those of the full photo."""
    decoded = as_bytes(photo.pixels(min(1.0, side / max(photo.size))))
    small, to_decoded = shrink(decoded, side)
    return small, geometry.compose(photo.decoded_from_source(), geometry.invert(to_decoded))


def _fitted(fits: Path | None, pair: Pair) -> dict[str, Any] | None:
    """What fitting has read from the pair already."""
    path = None if fits is None else fits / "readings" / f"{file_stem(pair.id)}.{stamp(pair)}.npz"
    if path is None or not path.is_file():
        return None
    reading = load_reading(path, pair)
    if reading.fault == UNREADABLE:
        raise ValueError(reading.reason)
    return {
        "accepted": not reading.fault,
        "reason": reading.reason,
        "before_to_after": reading.before_to_after,
        "matte": None if reading.matte is None else decode_matte(reading.matte),
        "backdrop": reading.backdrop or (255, 255, 255),
    }


def _key(photo: Photo, retouched: Photo) -> str:
    return hashlib.sha256(f"{_VERSION} {photo.sha256} {retouched.sha256}".encode()).hexdigest()[:32]


def _recall(path: Path | None) -> dict[str, Any] | None:
    if path is None or not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if found["matte"] is not None:
        matte = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        if matte is None:
            return None
        found["matte"] = matte
    return found


def _remember(found: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        has_matte = found["matte"] is not None
        if has_matte:
            write_atomic(path.with_suffix(".png"), bytes(cv2.imencode(".png", found["matte"].astype(np.uint8))[1]))
        text = json.dumps({**found, "matte": path.with_suffix(".png").name if has_matte else None})
        write_atomic(path, text.encode())
    return dict(found)
