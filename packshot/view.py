"""The view: a small picture of the photo with what every stage needs to know of it, measured once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry, second_look
from packshot.colorscience import LUMINANCE, linear_of_byte
from packshot.geometry import Affine
from packshot.graphcut import LONG_SIDE as CUT_LONG_SIDE
from packshot.graphcut import recut
from packshot.lightmeter import Advice, Scene, measure
from packshot.pack import Answer, Pack
from packshot.photo import Photo
from packshot.render import to_bytes
from packshot.shrinking import averaged, shrink, shrunken
from packshot.spotmeter import Spots, read_spots
from packshot.style import House, Style
from packshot.turning import portrait, turned
from packshot.uprightness import cues

LONG_SIDE = 1600
DECODE_SCALE = 0.5  # one decode at half scale serves the analysis and most renders
_SMALL = 288
_MIRRORED = 0.4  # of the network's usual size: a fifth of its time
_MIDDLING = 576
_FINE = 800  # pixels as they are, without a large photo's noise


@dataclass(frozen=True)
class View:
    """``image``: (h, w, 3) sRGB uint8; ``source``: (width, height) of the upright photo."""

    image: NDArray[np.uint8]
    source: tuple[int, int]
    pack: Pack
    style: Style
    given_category: str | None = None

    @classmethod
    def of(cls, photo: Photo, pack: Pack, style: Style, category: str | None = None) -> View:
        """A photo's view: decoded at reduced scale, shrunk by a whole number."""
        scale = DECODE_SCALE if max(photo.size) * DECODE_SCALE >= LONG_SIDE / 2 else 1.0
        pixels = to_bytes(photo.pixels(scale))
        return cls(shrink(pixels, LONG_SIDE), photo.size, pack, style, category)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the view."""
        return self.image.shape[1], self.image.shape[0]

    @cached_property
    def to_source(self) -> Affine:
        """From the view's pixel centres to the source's."""
        return geometry.resize_affine(self.size, self.source)

    @cached_property
    def answer(self) -> Answer:
        """What the product network says."""
        return second_look.look(self.image, self.pack)

    @cached_property
    def mirrored(self) -> Answer:
        """What the product network says of the photo mirrored and smaller: a second look at it."""
        return self.pack.ask(np.ascontiguousarray(self.middling[:, ::-1]), _MIRRORED)

    @cached_property
    def cut(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The network's matte cut again by the photo's colours, and where both disagree, (h, w) in 0..1."""
        return recut(self.half if max(self.half.shape) >= CUT_LONG_SIDE else self.image, self.answer.matte)

    @property
    def matte(self) -> NDArray[np.float32]:
        """The product, before its edge is placed: (h, w) in 0..1 at the view's size."""
        return self.cut[0]

    @cached_property
    def category(self) -> tuple[str, float]:
        """The category and how sure it is; a given one is certain."""
        if self.given_category is not None:
            return self.given_category, 1.0
        shares = self.pack.recognise(self.answer)
        return max(shares.items(), key=lambda one: one[1]) if shares else ("unknown", 0.0)

    @cached_property
    def house(self) -> House:
        """The house rules for this photo."""
        name = self.category[0]
        return self.style.house(name, self.pack.habits(name)).for_photo(self.source)

    @cached_property
    def half(self) -> NDArray[np.uint8]:
        """The view at half its size, which smaller ones are made from quickly; itself where a side is odd."""
        if self.size[0] % 2 or self.size[1] % 2 or max(self.size) <= _MIDDLING:
            return self.image
        return averaged(self.image, (self.size[0] // 2, self.size[1] // 2))

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """The view at no more than 288 pixels: enough for light and colour."""
        factor = max(1, math.ceil(max(self.size) / _SMALL))
        return averaged(self.half, (max(1, self.size[0] // factor), max(1, self.size[1] // factor)))

    @cached_property
    def middling(self) -> NDArray[np.uint8]:
        """The view at no more than 576 pixels: enough for outline and drawing."""
        factor = math.ceil(max(self.size) / _MIDDLING)
        return self.image if factor == 1 else averaged(self.half, shrunken(self.size, factor))

    @cached_property
    def middling_matte(self) -> NDArray[np.float32]:
        """The network's own matte at the size of ``middling``, 0..1."""
        return averaged(self.answer.matte, (self.middling.shape[1], self.middling.shape[0]))

    @cached_property
    def small_matte(self) -> NDArray[np.float32]:
        """The network's matte at the size of ``small``, 0..1."""
        return averaged(self.answer.matte, (self.small.shape[1], self.small.shape[0]))

    @cached_property
    def small_linear(self) -> NDArray[np.float32]:
        """``small`` in linear light, (h, w, 3) 0..1."""
        return np.asarray(cv2.LUT(self.small, linear_of_byte()), np.float32)

    @cached_property
    def small_luminance(self) -> NDArray[np.float32]:
        """Relative luminance of ``small``, (h, w)."""
        return np.asarray(self.small_linear @ LUMINANCE.astype(np.float32), np.float32)

    @cached_property
    def measured(self) -> NDArray[np.float32]:
        """The light meter's row and the spots', and the network's embedding behind them where there is one."""
        coarse = measure(Scene.of(self.small_linear, self.small_matte), min(self.source))
        fine = self.image if max(self.size) <= _FINE else self.half
        row = np.concatenate([coarse, read_spots(Spots.of(fine, self.answer.matte))])
        embedding = self.answer.embedding
        return row if embedding is None else np.concatenate([row, embedding])

    @cached_property
    def advice(self) -> Advice | None:
        """What the retouchers whom the pack learned from would do to the light; None where it did not learn that."""
        advised = self.pack.advise(self.measured, self.category[0])
        return None if advised is None else Advice(*advised)

    @cached_property
    def upright_share(self) -> NDArray[np.float64] | None:
        """The probability of each upright angle (``uprightness.angles``); None where the pack does not weigh them."""
        if "upright" not in self.pack.file.models:
            return None
        curves = cues(self.middling, self.middling_matte)
        return self.pack.weigh(curves, turned(portrait(self.middling, self.middling_matte)))

    @cached_property
    def sure_backdrop(self) -> NDArray[np.bool_]:
        """Where ``small`` is backdrop and well away from the product."""
        near = cv2.dilate((self.small_matte > 0.1).astype(np.uint8), np.ones((7, 7), np.uint8))
        return np.asarray(near == 0)

    @cached_property
    def sure_product(self) -> NDArray[np.bool_]:
        """Where ``small`` is product and well inside it."""
        return np.asarray(cv2.erode((self.small_matte > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
