"""Pictures for the page: views of before, after and matte at screen size, and any part of them at full size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from packshot import geometry
from packshot.compositing import frame_matte
from packshot.pack import Pack
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import plan
from packshot.recipe import Recipe
from packshot.review.frames import Frame, Image, cut, finished, framed, untouched
from packshot.review.levels import Levels
from packshot.stages.background import decode_matte, encode_matte, shadow_light
from packshot.style import Style
from packshot.view import View

_QUALITY = 90
_PHOTOS = 24
_LARGE = 2
_LARGE_PIXELS = 9_000_000
_BACKDROP_TINTS = ((0, 114, 178), (230, 159, 0))
"""Blue and orange of the Okabe-Ito palette, which colour-blind eyes tell apart: blue, save for a bluish product."""
_TINT_SHARE = 0.65
_BLUISH = 12


@dataclass
class _Kept:
    """An opened photo; one thread at a time works on it."""

    photo: Photo
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.levels = Levels(self.photo)


class Darkroom:
    """Keeps the last photos decoded, so that a changed recipe is seen at once. For use by many threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, _Kept] = OrderedDict()
        self._guard = threading.Lock()

    def finished(self, source: Path, recipe: Recipe, frame: Frame) -> bytes:
        """A view of the photo under a recipe, as JPEG. Raises PhotoError."""
        with self._kept_open(source) as kept:
            return _jpeg(finished(kept.levels, plan(recipe), frame))

    def untouched(self, source: Path, recipe: Recipe, frame: Frame) -> bytes:
        """The same view of the photo as it came, as JPEG. Raises PhotoError."""
        with self._kept_open(source) as kept:
            return _jpeg(untouched(kept.levels, recipe, frame))

    def matte(self, source: Path, recipe: Recipe, frame: Frame) -> bytes:
        """The same view of the photo as it came, its backdrop tinted, as JPEG. Raises PhotoError."""
        with self._kept_open(source) as kept:
            return _jpeg(_tinted(untouched(kept.levels, recipe, frame), recipe, frame))

    def make_ready(self, source: Path, recipe: Recipe, frame: Frame) -> None:
        """Decodes what a view will need, so that the first change of the recipe is seen as soon as the next. Raises
        PhotoError.
        """
        with self._kept_open(source) as kept:
            kept.levels.pixels(min(1.0, geometry.scale_of(framed(plan(recipe), frame).affine)))

    def shadow_map(self, source: Path, pack: Pack) -> tuple[bytes, tuple[int, int]]:
        """The light that the photo's own shadow leaves, as PNG, and its (width, height). Raises PhotoError."""
        with self.photo(source) as photo:
            view = View.of(photo, pack, Style())
            light = shadow_light(view)
        return encode_matte(light, quick=False), (light.shape[1], light.shape[0])

    @contextmanager
    def photo(self, source: Path) -> Iterator[Photo]:
        """The photo, for one thread at a time. Raises PhotoError."""
        with self._kept_open(source) as kept:
            yield kept.photo

    @contextmanager
    def _kept_open(self, source: Path) -> Iterator[_Kept]:
        with self._guard:
            kept = self._kept.get(source)
        if kept is None:
            opened = _Kept(Photo.open(source))
            with self._guard:
                kept = self._kept.setdefault(source, opened)
        with kept.lock:
            yield kept
        self._tidy(source)

    def _tidy(self, used: Path) -> None:
        """Forgets the photos used longest ago; of full decodes, tens of megabytes each, only the last are kept."""
        with self._guard:
            if used in self._kept:
                self._kept.move_to_end(used)
            while len(self._kept) > _PHOTOS:
                self._kept.popitem(last=False)
            large = [kept for kept in self._kept.values() if _is_large(kept.photo)]
        for kept in large[:-_LARGE]:
            if kept.lock.acquire(blocking=False):
                kept.levels.release(_LARGE_PIXELS)
                kept.lock.release()


def _is_large(photo: Photo) -> bool:
    return photo.decoded_scale**2 * photo.size[0] * photo.size[1] > _LARGE_PIXELS


def _jpeg(picture: Image) -> bytes:
    return encode_jpeg(picture, _QUALITY)


def cut_file(path: Path, frame: Frame) -> bytes:
    """A view of a finished picture's file, as JPEG. Raises PhotoError."""
    photo = Photo.open(path)
    width = (frame.right - frame.left) * photo.size[0]
    pixels = photo.pixels(min(1.0, frame.size[0] / width))
    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    return _jpeg(cut(np.asarray(eight, np.uint8), frame))


def _tinted(picture: Image, recipe: Recipe, frame: Frame) -> Image:
    """A view of the photo, what the matte takes for backdrop covered with a see-through colour."""
    if recipe.background.matte is None:
        return picture
    matte = decode_matte(recipe.asset(recipe.background.matte))
    affine = geometry.compose(recipe.geometry.affine(), frame.of(recipe.geometry.size))
    product = frame_matte(matte, recipe.source.size, affine, frame.size)
    tint = np.array(_tint_beside(picture, product), np.float32)
    share = ((255 - product.astype(np.float32)) * (_TINT_SHARE / 255))[..., None]
    return np.round(picture + share * (tint - picture)).astype(np.uint8)


def _tint_beside(picture: Image, product: Image) -> tuple[int, int, int]:
    """The tint that the product does not have itself."""
    red, _, blue, _ = cv2.mean(picture, (product > 128).astype(np.uint8))
    return _BACKDROP_TINTS[int(blue > red + _BLUISH)]
