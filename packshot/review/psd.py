"""Layered PSD files, 8-bit sRGB: "Adobe Photoshop File Formats Specification" (2019), raw channels."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from packshot.photo.icc import srgb_profile

Image = NDArray[np.uint8]
_ICC_RESOURCE = 1039
_MASK_CHANNEL = -2
_HIDDEN = 2


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer over the whole canvas: (H, W, 3) sRGB, perhaps with a mask (H, W), 255 where it is seen."""

    name: str
    pixels: Image
    mask: Image | None = None
    hidden: bool = False


def encode_psd(layers: Sequence[Layer], merged: Image) -> bytes:
    """A file of layers, the lowest first, and what they amount to for programs that read no layers.

    Raises ValueError when they differ in size, or the canvas is larger than the format allows (30000 pixels).
    """
    height, width = merged.shape[:2]
    if max(height, width) > 30_000:
        raise ValueError(f"a PSD has at most 30000 pixels a side, not {width} x {height}")
    if any(layer.pixels.shape != merged.shape for layer in layers):
        raise ValueError("all layers must be as large as the canvas")
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3)
    parts = (_sized(b""), _sized(_resource(_ICC_RESOURCE, srgb_profile())), _sized(_sized(_layers(layers), 2)))
    return header + b"".join(parts) + struct.pack(">H", 0) + _planes(merged)


def _sized(content: bytes, multiple: int = 1) -> bytes:
    padded = content + bytes(-len(content) % multiple)
    return struct.pack(">I", len(padded)) + padded


def _resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HH", number, 0) + struct.pack(">I", len(content)) + content + bytes(len(content) % 2)


def _layers(layers: Sequence[Layer]) -> bytes:
    records = b"".join(_record(layer) for layer in layers)
    return struct.pack(">h", len(layers)) + records + b"".join(_channels(layer) for layer in layers)


def _record(layer: Layer) -> bytes:
    height, width = layer.pixels.shape[:2]
    numbers = [0, 1, 2] + ([] if layer.mask is None else [_MASK_CHANNEL])
    frame = struct.pack(">IIII", 0, 0, height, width)
    channels = b"".join(struct.pack(">hI", number, 2 + height * width) for number in numbers)
    flags = struct.pack(">4s4sBBBB", b"8BIM", b"norm", 255, 0, _HIDDEN if layer.hidden else 0, 0)
    mask = b"" if layer.mask is None else frame + struct.pack(">BBH", 0, 0, 0)
    extra = _sized(mask) + _sized(b"") + _short_name(layer.name) + _long_name(layer.name)
    return frame + struct.pack(">H", len(numbers)) + channels + flags + _sized(extra)


def _short_name(name: str) -> bytes:
    text = name.encode("ascii", "replace")[:255]
    content = bytes([len(text)]) + text
    return content + bytes(-len(content) % 4)


def _long_name(name: str) -> bytes:
    text = name.encode("utf-16-be")
    return b"8BIMluni" + _sized(struct.pack(">I", len(text) // 2) + text, 4)


def _channels(layer: Layer) -> bytes:
    planes = [layer.pixels[..., 0], layer.pixels[..., 1], layer.pixels[..., 2]]
    if layer.mask is not None:
        planes.append(layer.mask)
    return b"".join(struct.pack(">H", 0) + np.ascontiguousarray(plane).tobytes() for plane in planes)


def _planes(picture: Image) -> bytes:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)).tobytes()
