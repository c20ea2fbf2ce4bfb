"""What a finished output is, measured once: its file, the product's place in the frame, and the background."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from packshot.photo.icc import ProfileError, read_profile

Pixels = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Color = tuple[int, int, int]

OUTLINE_SIDE = 600
"""Least longest side, in pixels, at which the product's outline is worked out: finer costs time and tells no more."""

HALO = {"jpeg": 20, "webp": 12}
"""Pixels around the product that lossy compression colours: a JPEG block with halved chroma is 16 px wide."""

CLEAR = 12
"""Levels by which a pixel differs from the backdrop when, without a matte, it counts as product."""

SPECK = 2e-4
"""Share of the frame under which, without a matte, a separate patch is a speck and not product."""


@dataclass(frozen=True)
class Facts:
    """What pixels cannot tell. None: not known.

    upscaled: whether the product was enlarged beyond the photo's own pixels.
    shadow: the recipe's shadow policy, "none" or another word for one that is visible.
    """

    upscaled: bool | None = None
    shadow: str | None = None


@dataclass(frozen=True)
class FileHeader:
    """What the file says of itself. size: (width, height), upright. density: dots per inch."""

    format: str
    size: tuple[int, int]
    mode: str
    bits: int
    density: float | None
    profile: str


@dataclass(frozen=True)
class Stray:
    """Background pixels of another color. worst: levels off; where: (x, y) of their middle, 0..1 of the frame."""

    share: float
    worst: int
    where: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Output:
    """A finished output to check. Everything else is measured from these on first use, and then kept.

    data: the encoded file. name: its file name, for its extension. pixels: its decoded (H, W, 3 or 4) uint8 sRGB,
    decoded from data when None. matte: (H, W) uint8 of the product alone, without its shadow; when None the product is
    whatever differs clearly from the color along the frame.
    """

    data: bytes
    name: str = ""
    facts: Facts = Facts()
    pixels: Pixels | None = None
    matte: Mask | None = None

    @classmethod
    def read(cls, path: Path, facts: Facts = Facts(), matte: Mask | None = None) -> Output:
        """From a file. Raises OSError as open does."""
        return cls(path.read_bytes(), path.name, facts, None, matte)

    @cached_property
    def header(self) -> FileHeader:
        """Raises ValueError when the bytes are no image."""
        try:
            with Image.open(io.BytesIO(self.data)) as image:
                return _header(image)
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{self.name or 'the output'} cannot be read as an image: {error}") from error

    @cached_property
    def image(self) -> Pixels:
        """(H, W, 3) uint8 RGB, or (H, W, 4) with opacity. Raises ValueError when it cannot be decoded."""
        if self.pixels is not None:
            return self.pixels
        # Only the JPEG reader turns the picture upright and brings CMYK to RGB; only the plain one keeps opacity.
        jpeg = self.header.format == "jpeg"
        flag = cv2.IMREAD_COLOR_RGB if jpeg else cv2.IMREAD_UNCHANGED
        decoded = cv2.imdecode(np.frombuffer(self.data, np.uint8), flag)
        if decoded is None:
            raise ValueError(f"{self.name or 'the output'} cannot be decoded: write it again")
        return cast(Pixels, decoded) if jpeg else _as_rgb(cast(Pixels, decoded))

    @property
    def step(self) -> int:
        """Pixels of the image per pixel of the product's outline: 4 for 2,500, 1 for 1,000."""
        return max(int(max(self.image.shape[:2])) // OUTLINE_SIDE, 1)

    @cached_property
    def product(self) -> Mask:
        """The product's outline, smaller than the image by ``step``: 255 inside, 0 outside.

        From the matte, or else whatever differs clearly from the color along the frame.
        """
        height, width = self.image.shape[:2]
        if self.matte is None:
            return _without_specks(_differing(_shrunk(self.image, self.step)))
        if self.matte.shape != (height, width):
            size = f"{self.matte.shape[1]} x {self.matte.shape[0]}"
            raise ValueError(f"the matte is {size}, the output {width} x {height}: give it at the output's size")
        return np.where(_shrunk(self.matte, self.step) >= 64, 255, 0).astype(np.uint8)

    @cached_property
    def product_box(self) -> tuple[int, int, int, int] | None:
        """Left, top, width and height of the product's upright box in pixels, to ``step`` px; None without one."""
        if not self.product.any():
            return None
        across = self.image.shape[1] / self.product.shape[1]
        down = self.image.shape[0] / self.product.shape[0]
        left, top, width, height = cv2.boundingRect(self.product)
        return round(left * across), round(top * down), round(width * across), round(height * down)

    @property
    def product_share(self) -> float:
        """Share of the frame's area inside the product's outline."""
        return cv2.countNonZero(self.product) / self.product.size

    def stray(self, background: Color, tolerance: int) -> Stray | None:
        """The pixels outside the product that are not of the background's color, or None when there are none.

        A visible shadow that touches the product and stays within the frame is not background.
        """
        off = self._off_color(background, tolerance)
        halo = HALO.get(self.header.format, 4)
        keep_out = _grown(self.product, -(-halo // self.step))
        if self.facts.shadow not in (None, "none"):
            keep_out = _with_shadow(keep_out, _shrunk(off, self.step))
        height, width = off.shape
        covered = cv2.resize(keep_out, (width, height), interpolation=cv2.INTER_NEAREST)
        off = cast(Mask, cv2.subtract(off, covered))
        count = cv2.countNonZero(off)
        if not count:
            return None
        outside = max(off.size - cv2.countNonZero(covered), 1)
        return Stray(count / outside, self._worst(off, background), _middle(_shrunk(off, self.step)))

    def _off_color(self, background: Color, tolerance: int) -> Mask:
        low = [max(level - tolerance, 0) for level in background]
        high = [min(level + tolerance, 255) for level in background]
        image = self.image
        if image.shape[2] == 4:
            low, high = [*low, 255], [*high, 255]
        off = cast(Mask, cv2.bitwise_not(cv2.inRange(image, np.array(low), np.array(high))))
        return np.where(image[..., 3] == 0, 0, off).astype(np.uint8) if image.shape[2] == 4 else off

    def _worst(self, off: Mask, background: Color) -> int:
        low, high = _range_of(self.image, off)
        return int(max(max(level - low[i], high[i] - level) for i, level in enumerate(background)))

    @cached_property
    def transparent(self) -> bool:
        """Whether any pixel lets the page behind it through."""
        return self.image.shape[2] == 4 and bool((self.image[..., 3] < 255).any())


def _range_of(image: Pixels, where: Mask) -> tuple[list[int], list[int]]:
    """Lowest and highest level of each channel among the marked pixels."""
    channels = [image[..., index] for index in range(3)]
    extremes = [cv2.minMaxLoc(np.ascontiguousarray(channel), where)[:2] for channel in channels]
    return [int(low) for low, _ in extremes], [int(high) for _, high in extremes]


def _header(image: Image.Image) -> FileHeader:
    width, height = image.size
    if image.getexif().get(0x0112, 1) >= 5:
        width, height = height, width
    density = image.info.get("dpi", (None, None))[0]
    bits = 16 if image.mode.startswith(("I;16", "I")) else 8
    name = "jpeg" if image.format == "MPO" else (image.format or "").lower()
    return FileHeader(name, (width, height), image.mode, bits, density and float(density), _profile(image))


def _profile(image: Image.Image) -> str:
    """ "sRGB" for an sRGB profile or none, else what the profile calls itself."""
    data = image.info.get("icc_profile")
    if not data:
        return "sRGB"
    try:
        profile = read_profile(data)
    except ProfileError as error:
        return f"a damaged profile ({error})"
    return "sRGB" if profile.is_srgb else profile.description


def _as_rgb(decoded: Pixels) -> Pixels:
    """OpenCV's grey, BGR or BGRA of 8 or 16 bits as RGB or RGBA of 8 bits."""
    if decoded.dtype != np.uint8:
        decoded = np.asarray(decoded >> 8).astype(np.uint8)
    code = {2: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB}[decoded.ndim]
    if decoded.ndim == 3 and decoded.shape[2] == 4:
        code = cv2.COLOR_BGRA2RGBA
    return cast(Pixels, cv2.cvtColor(decoded, code))


def _shrunk(image: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = (max(width // step, 1), max(height // step, 1))
    return cast(NDArray[np.uint8], cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _grown(outline: Mask, reach: int) -> Mask:
    return cast(Mask, cv2.dilate(outline, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)))


def _differing(image: Pixels) -> Mask:
    """255 where a pixel is not transparent and clearly not of the frame's median color."""
    frame = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    backdrop = np.median(frame[:, :3], axis=0).astype(np.int16)
    distance = np.abs(image[..., :3].astype(np.int16) - backdrop).max(axis=2)
    solid = image[..., 3] > CLEAR if image.shape[2] == 4 else True
    return np.where((distance > CLEAR) & solid, 255, 0).astype(np.uint8)


def _without_specks(outline: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outline)
    large = stats[:, cv2.CC_STAT_AREA] >= max(SPECK * outline.size, 4)
    large[0] = False
    return _marked(labels, large)


def _marked(labels: NDArray[Any], wanted: NDArray[np.bool_]) -> Mask:
    """255 where a pixel's label is wanted."""
    return np.where(wanted[labels], 255, 0).astype(np.uint8)


def _with_shadow(product: Mask, off: Mask) -> Mask:
    """The product and every off-color patch that touches it, unless the patch runs out of the frame."""
    small = np.where(off > 0, 255, product).astype(np.uint8)
    count, labels = cv2.connectedComponents(small)
    keep = np.zeros(count, bool)
    keep[np.unique(labels[product > 0])] = True
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inside = np.concatenate([product[0], product[-1], product[:, 0], product[:, -1]]) > 0
    keep[np.unique(frame[~inside])] = False
    keep[0] = False
    return np.maximum(_marked(labels, keep), product)


def _middle(mask: Mask) -> tuple[float, float]:
    moments = cv2.moments(mask, binaryImage=True)
    height, width = mask.shape
    if not moments["m00"]:
        return 0.5, 0.5
    return moments["m10"] / moments["m00"] / width, moments["m01"] / moments["m00"] / height
