"""libvips, imported on first use and kept to one thread and no operation cache.

Photos are processed one to a process core by core; libvips' own threads and cache would only fight that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.photo.header import PhotoFormat
from packshot.photo.problems import PhotoError, PhotoProblem

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_LOADERS = {
    PhotoFormat.JPEG: "jpegload_buffer",
    PhotoFormat.PNG: "pngload_buffer",
    PhotoFormat.TIFF: "tiffload_buffer",
    PhotoFormat.WEBP: "webpload_buffer",
    PhotoFormat.AVIF: "heifload_buffer",
}
_CUT_OFF = ("truncated", "end of file", "end of data", "eof", "premature", "not enough", "bytes, expected")
_NOT_READ = ("not supported", "unsupported", "not implemented", "not configured", "samples out of range")
_LONGEST_REASON = 120


@lru_cache(maxsize=1)
def engine() -> Any:
    """The pyvips module, set up for this process."""
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    # Its warnings quote the file's bytes to standard error; what matters comes back as an error.
    os.environ.setdefault("VIPS_WARNING", "0")
    import pyvips

    pyvips.cache_set_max(0)
    return pyvips


class EngineError(Exception):
    """A libvips call failed; the text is libvips' own."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn failures of libvips into EngineError, and leave its error buffer empty.

    libvips gathers complaints in one buffer that outlives the call. Complaints quote a file's bytes, which
    need not be text, and pyvips fails on those: left there, they would fail the next photo instead.
    """
    vips = engine()
    vips.vips_lib.vips_error_clear()
    try:
        yield
    except vips.Error as error:
        raise EngineError(str(error.detail)) from error
    except UnicodeDecodeError as error:
        raise EngineError(error.object.decode("utf-8", "replace")) from error
    finally:
        vips.vips_lib.vips_error_clear()


def load(data: bytes, kind: PhotoFormat, **options: int | str) -> Any:
    """A lazy libvips image of the first page; only the header is read. Raises PhotoError."""
    settings = {"access": "sequential", "fail_on": "error", **options}
    try:
        with engine_errors():
            return getattr(engine().Image, _LOADERS[kind])(data, **settings)
    except EngineError as error:
        raise damaged(kind, str(error)) from error


def pixels_of(image: Any, kind: PhotoFormat) -> Pixels:
    """Decode into (H, W, C). Raises PhotoError TRUNCATED or CORRUPT."""
    vips = engine()
    try:
        with engine_errors():
            array = array_of(image)
            complaints = vips.ffi.string(vips.vips_lib.vips_error_buffer()).decode("utf-8", "replace")
    except EngineError as error:
        raise damaged(kind, str(error)) from error
    # The TIFF reader leaves damaged strips black and only notes them, whatever `fail_on` says. Other
    # readers note harmless things too, such as a look beyond the end of the file.
    if kind == PhotoFormat.TIFF and complaints.strip():
        raise damaged(kind, complaints)
    return array if array.ndim == 3 else array[:, :, None]


def array_of(image: Any) -> Pixels:
    """Run the pipeline into (H, W) or (H, W, C). Within `engine_errors`."""
    array: Pixels = image.numpy()
    return array


def from_pixels(pixels: NDArray[Any], interpretation: str, profile: bytes | None = None) -> Any:
    """Wrap (H, W, C) uint8 or uint16 pixels, without copying, with an ICC profile attached."""
    vips = engine()
    height, width, channels = pixels.shape
    kind = "uchar" if pixels.dtype == np.uint8 else "ushort"
    buffer = np.ascontiguousarray(pixels)
    image = vips.Image.new_from_memory(buffer.data, width, height, channels, kind)
    image = image.copy(interpretation=interpretation)
    if profile is not None:
        image.set_type(vips.GValue.blob_type, "icc-profile-data", profile)
    return image


def damaged(kind: PhotoFormat, complaint: str, whole: bool = False) -> PhotoError:
    """The PhotoError for a decoder's complaint, of which the first line is quoted.

    whole: the file has its end, so that running out of data means damage within.
    """
    # A look beyond the end of the file is noted before every real reason.
    lines = [line.strip() for line in complaint.splitlines() if line.strip() and "bad seek" not in line]
    reason = f" ({lines[0][:_LONGEST_REASON]})" if lines else ""
    if any(word in complaint.lower() for word in _NOT_READ):
        text = f"this {kind} uses something that is not read; export it plainly{reason}."
        return PhotoError(PhotoProblem.UNSUPPORTED, text)
    if not whole and any(word in complaint.lower() for word in _CUT_OFF):
        text = f"the {kind} data ends too early; copy or export the file again{reason}."
        return PhotoError(PhotoProblem.TRUNCATED, text)
    return PhotoError(PhotoProblem.CORRUPT, f"the {kind} data is damaged; export the file again{reason}.")
