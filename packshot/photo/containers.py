"""Headers of PNG, TIFF, WebP, AVIF and HEIC."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.photo import vips
from packshot.photo.header import Header, PhotoFormat, require_size
from packshot.photo.icc import (
    D65_WHITE,
    DISPLAY_P3_PRIMARIES,
    REC_2020_PRIMARIES,
    build_rgb_profile,
    colorants,
)
from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem

_SPACES = {
    "b-w": "GRAY",
    "grey16": "GRAY",
    "srgb": "RGB ",
    "rgb": "RGB ",
    "rgb16": "RGB ",
    "cmyk": "CMYK",
    "lab": "Lab ",
    "labs": "Lab ",
    "labq": "Lab ",
}


def read_png_header(data: bytes, limits: PhotoLimits) -> Header:
    """As `read_container_header`, after walking the chunks to refuse cut-off, animated and giant files."""
    chunks = _png_chunks(data)
    if len(chunks.get("IHDR", b"")) == 13:
        require_size(struct.unpack_from(">II", chunks["IHDR"]), limits)
    if "acTL" in chunks:
        raise animated(PhotoFormat.PNG)
    header = read_container_header(data, PhotoFormat.PNG)
    if header.icc is None and "iCCP" in chunks:
        return header.warned("the colour profile was ignored: it is damaged or not for such pixels.")
    if header.icc is None and len(chunks.get("cICP", b"")) == 4:
        primaries, transfer = chunks["cICP"][0], chunks["cICP"][1]
        return replace(header, icc=profile_of_code_points(primaries, transfer))
    return header


def _png_chunks(data: bytes) -> dict[str, bytes]:
    """The begin of the first chunk of each type (PNG third edition, 5.3), up to IEND."""
    chunks: dict[str, bytes] = {}
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if place + 12 + length > len(data):
            break
        chunks.setdefault(name.decode("latin-1"), data[place + 8 : place + 8 + min(length, 64)])
        if name == b"IEND":
            return chunks
        place += 12 + length
    raise _cut_off(PhotoFormat.PNG)


def _cut_off(kind: PhotoFormat) -> PhotoError:
    return PhotoError(PhotoProblem.TRUNCATED, f"the {kind} ends too early; copy or export it again.")


def require_whole(data: bytes, kind: PhotoFormat) -> None:
    """Refuse a WebP, AVIF, HEIC or TIFF whose own structure reaches beyond the end of the file: TRUNCATED."""
    if kind == PhotoFormat.WEBP:
        whole = 8 + struct.unpack_from("<I", data, 4)[0] <= len(data)
    elif kind == PhotoFormat.TIFF:
        order = "<" if data[:2] == b"II" else ">"
        big = data[2:4] in (b"+\0", b"\0+")
        whole = len(data) >= 16 and struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0] < len(
            data
        )
    else:
        whole = _last_box_end(data) <= len(data)
    if not whole:
        raise _cut_off(kind)


def _last_box_end(data: bytes) -> int:
    """Where the last top-level box of an ISO base media file ends (ISO/IEC 14496-12, 4.2)."""
    place = 0
    while place + 8 <= len(data):
        size = struct.unpack_from(">I", data, place)[0]
        if size == 1 and place + 16 <= len(data):
            size = struct.unpack_from(">Q", data, place + 8)[0]
        if size == 0:
            return len(data)
        place += max(size, 8)
    return place


def animated(kind: PhotoFormat) -> PhotoError:
    return PhotoError(PhotoProblem.ANIMATED, f"this {kind} is animated; export one still picture.")


def read_container_header(data: bytes, kind: PhotoFormat) -> Header:
    """Header of a PNG, TIFF, WebP or AVIF by libvips. Raises PhotoError."""
    if kind != PhotoFormat.PNG:
        require_whole(data, kind)
    image = vips.load(data, kind)
    pages = _field(image, "n-pages", 1)
    if pages > 1 and kind != PhotoFormat.TIFF:
        raise animated(kind)
    header = Header(
        kind,
        (image.width, image.height),
        bits=_bits(image, kind),
        space=_space(image, kind),
        has_alpha=bool(image.hasalpha()),
        orientation=_field(image, "orientation", 1) if kind != PhotoFormat.AVIF else 1,
        icc=_blob(image, "icc-profile-data"),
        exif=data if kind == PhotoFormat.TIFF else _blob(image, "exif-data"),
    )
    if pages > 1:
        header = header.warned(f"the TIFF has {pages} pages; the first was read.")
    if kind == PhotoFormat.AVIF and header.icc is None:
        header = replace(header, icc=_avif_profile(data))
    return header


def _field(image: Any, name: str, default: int) -> int:
    return int(image.get(name)) if image.get_typeof(name) else default


def _blob(image: Any, name: str) -> bytes | None:
    return bytes(image.get(name)) if image.get_typeof(name) else None


def _bits(image: Any, kind: PhotoFormat) -> int:
    if image.format not in ("uchar", "ushort") and image.interpretation not in ("lab", "labs"):
        text = f"its pixels are {image.format} numbers, which is not read; save it with 8 or 16 bits a channel."
        raise PhotoError(PhotoProblem.UNSUPPORTED, text)
    if kind == PhotoFormat.AVIF:
        return _field(image, "heif-bitdepth", 8 if image.format == "uchar" else 16)
    if image.interpretation == "labs":
        return 16
    return 16 if image.format == "ushort" else 8


def _space(image: Any, kind: PhotoFormat) -> str:
    space = _SPACES.get(image.interpretation)
    colors = image.bands - (1 if image.hasalpha() else 0)
    expected = {"GRAY": 1, "RGB ": 3, "CMYK": 4, "Lab ": 3}
    if space is None or colors != expected[space]:
        found = f"{image.bands} channels ({image.interpretation})"
        text = f"this {kind} has {found}, which is not read; save it as RGB."
        raise PhotoError(PhotoProblem.UNSUPPORTED, text)
    return space


def profile_of_code_points(primaries: int, transfer: int) -> bytes | None:
    """The profile that CICP code points (ITU-T H.273) name; None for sRGB. Refuses HDR transfer curves."""
    if transfer in (16, 18):
        text = "this is an HDR picture (PQ or HLG); export it in standard range as JPEG, TIFF or HEIC."
        raise PhotoError(PhotoProblem.UNSUPPORTED, text)
    if primaries == 12:
        return build_rgb_profile("Display P3", colorants(DISPLAY_P3_PRIMARIES, D65_WHITE))
    if primaries == 9:
        return build_rgb_profile("Rec. 2020 primaries", colorants(REC_2020_PRIMARIES, D65_WHITE))
    return None


def _avif_profile(data: bytes) -> bytes | None:
    """The colour information box ("colr" of type "nclx") lies in the boxes before the picture data."""
    place = data.find(b"colrnclx", 0, 65536)
    if place < 0 or place + 12 > len(data):
        return None
    primaries, transfer = struct.unpack_from(">HH", data, place + 8)
    return profile_of_code_points(primaries, transfer)


def decode(data: bytes, header: Header) -> NDArray[Any]:
    """Stored pixels (H, W, C) of a PNG, TIFF, WebP or AVIF, alpha last; uint16 above 8 bits.

    Lab comes as sRGB: its conversion needs no profile. Raises PhotoError TRUNCATED or CORRUPT.
    """
    image = vips.load(data, header.format)
    if header.space == "Lab ":
        depth = 16 if header.bits > 8 else 8
        with vips.engine_errors():
            image = image.colourspace("lab").icc_export(output_profile="srgb", intent="relative", depth=depth)
    return full_range(vips.pixels_of(image, header.format), header.bits)


def full_range(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """Values of 9 to 15 bits, which decoders put in the high bits of uint16, stretched so that white is 65535."""
    if pixels.dtype != np.uint16 or bits >= 16:
        return pixels
    levels = np.rint(np.arange(1 << bits) * (65535 / ((1 << bits) - 1))).astype(np.uint16)
    stretched: NDArray[np.uint16] = levels[pixels >> (16 - bits)]
    return stretched
