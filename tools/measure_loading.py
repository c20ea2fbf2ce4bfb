"""Measures loading and encoding beside the bare codec: CPU milliseconds on one thread, median of several runs.

Run: VIPS_CONCURRENCY=1 python tools/measure_loading.py [--megapixels 24] [--runs 7]
"""

from __future__ import annotations

import argparse
import statistics
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from packshot.photo import Metadata, Photo, encode_jpeg
from packshot.photo.icc import (
    ADOBE_RGB_PRIMARIES,
    D50_WHITE,
    D65_WHITE,
    PROPHOTO_PRIMARIES,
    build_rgb_profile,
    colorants,
    srgb_profile,
)


def scene(megapixels: float) -> NDArray[np.uint8]:
    """Soft waves with grain, 3:2, sides a multiple of eight; packs about as a camera's photo does."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5 / 8) * 8
    width = round(height * 1.5 / 8) * 8
    down, across = np.mgrid[:height, :width].astype(np.float32)
    bands = [127 + 80 * np.sin(across / 37) + 30 * np.sin(down / 11), 127 + 90 * np.cos(down / 53), 20 + across / 30]
    grain = np.random.default_rng(0).normal(0, 11, (height // 2, width // 2, 3)).astype(np.float32)
    return np.clip(np.dstack(bands) + cv2.resize(grain, (width, height)), 0, 255).astype(np.uint8)


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def turned(jpeg: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHHIHH", 1, 0x0112, 3, 1, orientation, 0)
    return with_segment(jpeg, 0xE1, b"Exif\0\0II*\0\x08\0\0\0" + entry + bytes(4))


def profiled(jpeg: bytes, icc: bytes) -> bytes:
    return with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01" + icc)


def bare_decode(jpeg: bytes, size: tuple[int, int], divisor: int) -> None:
    simplejpeg.decode_jpeg(jpeg, "RGB", min_height=-(-size[1] // divisor), min_width=-(-size[0] // divisor))


def load(data: bytes, scale: float) -> None:
    Photo.open(data).pixels(scale)


def deep_tiff(pixels: NDArray[np.uint8], icc: bytes | None) -> bytes:
    height, width = pixels.shape[:2]
    image = pyvips.Image.new_from_memory((pixels.astype(np.uint16) * 257).tobytes(), width, height, 3, "ushort")
    image = image.copy(interpretation="rgb16")
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return bytes(image.tiffsave_buffer())


def other_formats(pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    height, width = pixels.shape[:2]
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, 3, "uchar").copy(interpretation="srgb")
    prophoto = build_rgb_profile("ProPhoto", colorants(PROPHOTO_PRIMARIES, D50_WHITE), 1.8)
    return {
        "PNG": bytes(image.pngsave_buffer(compression=1)),
        "TIFF, 16 bit": deep_tiff(pixels, None),
        "TIFF, 16 bit, ProPhoto": deep_tiff(pixels, prophoto),
    }


def measure(name: str, action: Callable[[], Any], runs: int) -> None:
    """Print the median CPU time of `action`."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        action()
        times.append((time.process_time() - start) * 1000)
    print(f"{name:44s} {statistics.median(times):8.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pixels = scene(options.megapixels)
    jpeg = simplejpeg.encode_jpeg(pixels, 92, colorsubsampling="420")
    size = (pixels.shape[1], pixels.shape[0])
    adobe = build_rgb_profile("Adobe", colorants(ADOBE_RGB_PRIMARIES, D65_WHITE), 563 / 256)
    for divisor in (1, 2, 4, 8):
        measure(f"simplejpeg 1/{divisor}", partial(bare_decode, jpeg, size, divisor), options.runs)
        for name, data in {
            "no profile": jpeg,
            "sRGB profile": profiled(jpeg, srgb_profile()),
            "turned by a quarter": turned(jpeg, 6),
            "Adobe RGB profile": profiled(jpeg, adobe),
        }.items():
            measure(f"Photo 1/{divisor}, {name}", partial(load, data, 1 / divisor), options.runs)
    measure("simplejpeg encode", lambda: simplejpeg.encode_jpeg(pixels, 92, colorsubsampling="420"), options.runs)
    measure("encode_jpeg", lambda: encode_jpeg(pixels, metadata=Metadata(artist="Ann")), options.runs)
    measure("Photo.open", lambda: Photo.open(jpeg), options.runs)
    for name, data in other_formats(pixels).items():
        measure(f"Photo 1/1, {name}", partial(load, data, 1.0), options.runs)


if __name__ == "__main__":
    main()
