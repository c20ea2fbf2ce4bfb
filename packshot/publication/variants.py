"""Variants of one finished shot: size, format and limits of each, and encoding them within those limits."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from packshot.photo import Metadata, encode_jpeg
from packshot.photo.icc import srgb_profile

Pixels = NDArray[np.uint8]
Side = Annotated[int, Field(ge=1, le=20_000)]
Level = Annotated[int, Field(ge=0, le=255)]
Part = Annotated[float, Field(ge=0, lt=0.5)]

LOWEST_QUALITY = 50
"""Below this a JPEG or WebP of a product shows blocks; a limit that needs less asks for a smaller canvas instead."""


class Margins(BaseModel):
    """Free space around the product as shares of the canvas's width (left, right) and height (top, bottom)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: Part
    top: Part
    right: Part
    bottom: Part


class Variant(BaseModel):
    """One output of a shot. ``canvas``, ``margins`` and ``background`` override the style's; None keeps them.

    canvas: (width, height) in pixels. background: sRGB, or "transparent" (png and webp only).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    canvas: tuple[Side, Side] | None = None
    format: Literal["jpeg", "png", "webp"] = "jpeg"
    quality: int = Field(92, ge=LOWEST_QUALITY, le=100)
    background: tuple[Level, Level, Level] | Literal["transparent"] | None = None
    margins: Margins | None = None
    min_bytes: int | None = Field(None, ge=1)
    max_bytes: int | None = Field(None, ge=1)
    dots_per_inch: int | None = Field(None, ge=1, le=2400)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.background == "transparent" and self.format == "jpeg":
            raise ValueError("JPEG cannot be transparent: use png or webp, or give a background colour")
        if self.min_bytes and self.max_bytes and self.min_bytes > self.max_bytes:
            raise ValueError("min_bytes is larger than max_bytes")
        return self

    @property
    def suffix(self) -> str:
        """File name extension, with its dot."""
        return {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}[self.format]


def encode_variant(image: Pixels, variant: Variant, metadata: Metadata | None = None) -> bytes:
    """The file of ``image``, an sRGB (H, W, 3) uint8 of the variant's canvas; (H, W, 4) for a transparent one.

    Quality goes down, to no less than LOWEST_QUALITY, until the file is within ``max_bytes``, and up until it reaches
    ``min_bytes``. A JPEG carries what is given of ``metadata``. Raises ValueError when the picture does not fit the
    variant or no quality meets the limits.
    """
    _require_fit(image, variant)
    if variant.format == "png":
        return _within(variant, _png(image, variant))
    if variant.format == "webp":
        return _search_quality(lambda quality: _webp(image, quality, variant), variant)
    return _search_quality(lambda quality: _jpeg(image, quality, variant, metadata), variant)


def _require_fit(image: Pixels, variant: Variant) -> None:
    channels = 4 if variant.background == "transparent" else 3
    width, height = variant.canvas or (image.shape[1], image.shape[0])
    if image.dtype != np.uint8 or image.shape != (height, width, channels):
        raise ValueError(
            f"variant {variant.name!r} needs an 8-bit picture of {width} x {height} with {channels} channels, "
            f"not {image.dtype} of shape {image.shape}: render it at the variant's canvas"
        )


def _search_quality(encode: Callable[[int], bytes], variant: Variant) -> bytes:
    data = encode(variant.quality)
    if variant.max_bytes is not None and len(data) > variant.max_bytes:
        return _largest_within(encode, variant, variant.max_bytes)
    if variant.min_bytes is not None and len(data) < variant.min_bytes:
        data = encode(100)
    return _within(variant, data)


def _largest_within(encode: Callable[[int], bytes], variant: Variant, limit: int) -> bytes:
    """Halves the range of qualities: file size grows with quality, so six or seven encodes find the best."""
    low, high = LOWEST_QUALITY, variant.quality - 1
    best = _within(variant, encode(low))
    while low < high:
        middle = (low + high + 1) // 2
        data = encode(middle)
        if len(data) <= limit:
            low, best = middle, data
        else:
            high = middle - 1
    return best


def _within(variant: Variant, data: bytes) -> bytes:
    size = len(data)
    if variant.max_bytes is not None and size > variant.max_bytes:
        raise ValueError(
            f"variant {variant.name!r} takes {size:,} bytes even at the lowest quality, over its limit of "
            f"{variant.max_bytes:,}: choose a smaller canvas or another format"
        )
    if variant.min_bytes is not None and size < variant.min_bytes:
        raise ValueError(
            f"variant {variant.name!r} takes only {size:,} bytes, under its minimum of {variant.min_bytes:,}: "
            "choose a larger canvas"
        )
    return data


def _jpeg(image: Pixels, quality: int, variant: Variant, metadata: Metadata | None) -> bytes:
    data = encode_jpeg(image, quality, metadata)
    return data if variant.dots_per_inch is None else _with_density(data, variant.dots_per_inch)


def _with_density(data: bytes, dots_per_inch: int) -> bytes:
    """Writes the density into the JFIF header, which libjpeg puts first (ITU-T T.871: units, then X and Y)."""
    if data[2:4] != b"\xff\xe0" or data[6:11] != b"JFIF\0":
        raise ValueError("the JPEG encoder wrote no JFIF header, so dots_per_inch cannot be stored")
    return data[:13] + struct.pack(">BHH", 1, dots_per_inch, dots_per_inch) + data[18:]


def _saved(image: Pixels, variant: Variant, **options: Any) -> bytes:
    density = {} if variant.dots_per_inch is None else {"dpi": (variant.dots_per_inch, variant.dots_per_inch)}
    file = io.BytesIO()
    Image.fromarray(image).save(file, variant.format, icc_profile=srgb_profile(), **density, **options)
    return file.getvalue()


def _png(image: Pixels, variant: Variant) -> bytes:
    return _saved(image, variant, compress_level=6)


def _webp(image: Pixels, quality: int, variant: Variant) -> bytes:
    return _saved(image, variant, quality=quality, method=4)
