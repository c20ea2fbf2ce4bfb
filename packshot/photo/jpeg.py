"""JPEG: a header reader, decoding at 1/1, 1/2, 1/4 or 1/8, and encoding (ITU-T T.81, JFIF, CIPA DC-008)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from packshot.photo import vips
from packshot.photo.exif import Metadata, write_exif
from packshot.photo.header import Header, PhotoFormat
from packshot.photo.icc import srgb_profile
from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem

_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_BASELINE, _EXTENDED, _PROGRESSIVE, _ARITHMETIC, _ARITHMETIC_PROGRESSIVE = 0xC0, 0xC1, 0xC2, 0xC9, 0xCA
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}
_READABLE_FRAMES = (_BASELINE, _EXTENDED, _PROGRESSIVE, _ARITHMETIC, _ARITHMETIC_PROGRESSIVE)
_START_OF_SCAN, _END_OF_IMAGE, _APP1, _APP2, _APP14 = 0xDA, 0xD9, 0xE1, 0xE2, 0xEE
_ICC_PREFIX = b"ICC_PROFILE\0"
_HARMLESS = ("Invalid SOS parameters", "unknown JFIF revision", "Unknown Adobe color transform")


class _Segments:
    """The marker segments before the first scan."""

    def __init__(self) -> None:
        self.frame: tuple[int, bytes] | None = None
        self.exif: bytes | None = None
        self.icc_parts: dict[int, bytes] = {}
        self.adobe = False

    def add(self, marker: int, body: bytes) -> None:
        if marker in _FRAMES and self.frame is None:
            self.frame = (marker, body)
        elif marker == _APP1 and body.startswith(b"Exif\0") and self.exif is None:
            self.exif = body
        elif marker == _APP2 and body.startswith(_ICC_PREFIX) and len(body) > 14:
            self.icc_parts.setdefault(body[12], body[14:])
        elif marker == _APP14 and body.startswith(b"Adobe"):
            self.adobe = True

    def icc(self) -> bytes | None:
        """The profile put together; incomplete ones come back shortened and fail validation later."""
        return b"".join(self.icc_parts[index] for index in sorted(self.icc_parts)) or None


def read_header(data: bytes, limits: PhotoLimits) -> Header:
    """Size, colour space, EXIF and ICC bytes. Raises PhotoError."""
    segments = _walk(data)
    if segments.frame is None:
        raise PhotoError(PhotoProblem.CORRUPT, "the JPEG has no picture in it; export it again.")
    marker, body = segments.frame
    if len(body) < 6:
        raise PhotoError(PhotoProblem.CORRUPT, "the JPEG header is damaged; export it again.")
    precision, height, width, components = struct.unpack_from(">BHHB", body)
    _require_readable(marker, precision, components, height)
    _require_enough_data(data, width * height)
    if marker in (_PROGRESSIVE, _ARITHMETIC_PROGRESSIVE):
        _require_few_scans(data, limits)
    space = {1: "GRAY", 3: "RGB ", 4: "CMYK"}[components]
    return Header(
        PhotoFormat.JPEG,
        (width, height),
        space=space,
        inverted_inks=segments.adobe and space == "CMYK",
        icc=segments.icc(),
        exif=segments.exif,
    )


def _walk(data: bytes) -> _Segments:
    segments, place, end = _Segments(), 2, len(data)
    while place + 2 <= end:
        if data[place] != 0xFF:
            raise PhotoError(PhotoProblem.CORRUPT, "the JPEG header is damaged; export it again.")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in _STANDALONE:
            place += 2
            continue
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return segments
        if place + 4 > end:
            break
        length = struct.unpack_from(">H", data, place + 2)[0]
        if length < 2:
            raise PhotoError(PhotoProblem.CORRUPT, "the JPEG header is damaged; export it again.")
        if place + 2 + length > end:
            break
        segments.add(marker, data[place + 4 : place + 2 + length])
        place += 2 + length
    raise PhotoError(PhotoProblem.TRUNCATED, "the JPEG ends within its header; copy or export it again.")


def _require_readable(marker: int, precision: int, components: int, height: int) -> None:
    reason = None
    if marker not in _READABLE_FRAMES:
        reason = "a lossless or hierarchical JPEG"
    elif precision != 8:
        reason = f"a JPEG of {precision} bits a channel"
    elif components not in (1, 3, 4):
        reason = f"a JPEG of {components} channels"
    elif height == 0:
        reason = "a JPEG that does not tell its height"
    if reason is not None:
        text = f"this is {reason}, which is not read; export it as an ordinary JPEG or as TIFF."
        raise PhotoError(PhotoProblem.UNSUPPORTED, text)


def _require_enough_data(data: bytes, pixels: int) -> None:
    """A block of 64 pixels takes at least a bit, so a large header over little data is a fake or a stump."""
    if len(data) * 8 * 64 < pixels:
        text = "the header promises more pixels than the file can hold; copy or export it again."
        raise PhotoError(PhotoProblem.TRUNCATED, text)


def _require_few_scans(data: bytes, limits: PhotoLimits) -> None:
    if data.count(b"\xff\xda") > limits.max_scans:
        text = f"the JPEG has more than {limits.max_scans} passes, which no camera writes; export it again."
        raise PhotoError(PhotoProblem.UNSUPPORTED, text)


def decode(data: bytes, header: Header, divisor: int) -> NDArray[np.uint8]:
    """Stored pixels (H, W, C), C = 1, 3 or 4 (CMYK, 255 = full ink), at 1/`divisor` (1, 2, 4 or 8).

    The decoded sides are the stored ones over `divisor`, rounded up (down for rare chroma layouts); pixel
    centres follow x' = (x + .5) / divisor - .5 exactly. Raises PhotoError TRUNCATED or CORRUPT.
    """
    width, height = header.stored_size
    options: dict[str, Any] = {
        "colorspace": {"GRAY": "GRAY", "RGB ": "RGB", "CMYK": "CMYK"}[header.space],
        # Sides rounded up select exactly this divisor; 5/8 to 7/8 are slower than 1/1 and never asked for.
        "min_height": -(-height // divisor),
        "min_width": -(-width // divisor),
    }
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, **options)
    except ValueError as error:
        return _decode_otherwise(data, divisor, error)
    return 255 - pixels if header.inverted_inks else pixels


def _decode_otherwise(data: bytes, divisor: int, error: ValueError) -> NDArray[np.uint8]:
    """What the fast decoder does not do: unusual chroma layouts and untidy headers, by libvips."""
    text = str(error)
    untidy = any(harmless in text for harmless in _HARMLESS)
    if not untidy and "subsampling" not in text:
        ends_properly = data.rstrip(b"\0").endswith(b"\xff\xd9")
        raise vips.damaged(PhotoFormat.JPEG, text, whole=ends_properly) from error
    image = vips.load(data, PhotoFormat.JPEG, shrink=divisor, fail_on="truncated" if untidy else "warning")
    return vips.pixels_of(image, PhotoFormat.JPEG).astype(np.uint8, copy=False)


def encode_jpeg(
    image: NDArray[np.uint8], quality: int = 92, metadata: Metadata | None = None, subsampling: str = "420"
) -> bytes:
    """A baseline JPEG of (H, W, 3) sRGB pixels with the sRGB profile and, of `metadata`, what is given.

    The same arguments give the same bytes. subsampling: "420" (usual), "422" or "444" (fine red detail).
    Raises ValueError for pixels of another shape or type.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"JPEG takes (H, W, 3) uint8 pixels, not {image.shape} {image.dtype}; convert first.")
    stream = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality, colorsubsampling=subsampling)
    segments = _segment(_APP2, _ICC_PREFIX + b"\x01\x01" + srgb_profile())
    exif = write_exif(metadata) if metadata is not None else b""
    # A segment holds at most 65,533 bytes; only a copied block with large maker notes is longer.
    if exif and len(exif) <= 65_533:
        segments = _segment(_APP1, exif) + segments
    after_jfif = 4 + struct.unpack_from(">H", stream, 4)[0]
    view = memoryview(stream)
    return b"".join((view[:after_jfif], segments, view[after_jfif:]))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
