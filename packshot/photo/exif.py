"""Reading the few EXIF tags that matter, and writing a small EXIF block (CIPA DC-008, TIFF 6.0)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
DATE_TIME, ARTIST, COPYRIGHT, EXIF_POINTER = 0x0132, 0x013B, 0x8298, 0x8769
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
COLOR_SPACE, INTEROPERABILITY_POINTER, INTEROPERABILITY_INDEX = 0xA001, 0xA005, 0x0001
PHOTOMETRIC, DNG_VERSION = 0x0106, 0xC612

_ASCII, _LONG = 2, 4
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_ENTRIES = 1000
_MAX_TEXT = 2000

Tags = dict[int, str | int]


@dataclass(frozen=True)
class Metadata:
    """What is kept of a photo's metadata. None stands for absent.

    capture_time: EXIF form "YYYY:MM:DD HH:MM:SS"; time_offset: "+HH:MM" when the camera wrote one.
    """

    artist: str | None = None
    copyright: str | None = None
    capture_time: str | None = None
    time_offset: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    complete: bytes | None = None
    """The source's whole EXIF block, place and serial numbers included; only when asked for."""


class ExifError(ValueError):
    """The block is not readable EXIF."""


def read_tags(block: bytes) -> Tags:
    """ASCII and integer tags of the main, EXIF and interoperability directories, first value of each.

    `block` is a TIFF structure, with or without the leading "Exif\\0\\0". Raises ExifError.
    """
    body = strip_prefix(block)
    order = _byte_order(body)
    tags = _read_directory(body, struct.unpack_from(order + "I", body, 4)[0], order)
    for pointer in (EXIF_POINTER, INTEROPERABILITY_POINTER):
        place = tags.get(pointer)
        if isinstance(place, int):
            found = _read_directory(body, place, order)
            tags = {**found, **tags}
    return tags


def strip_prefix(block: bytes) -> bytes:
    """The TIFF structure inside an EXIF block."""
    return block[6:] if block[:6] in (b"Exif\0\0", b"Exif\0\xff") else block


def _byte_order(body: bytes) -> str:
    orders = {b"II*\0": "<", b"MM\0*": ">"}
    if len(body) < 8 or body[:4] not in orders:
        raise ExifError("no TIFF header")
    return orders[body[:4]]


def _read_directory(body: bytes, start: int, order: str) -> Tags:
    if start < 8 or start + 2 > len(body):
        raise ExifError("a directory lies outside the block")
    count = struct.unpack_from(order + "H", body, start)[0]
    if count > _MAX_ENTRIES or start + 2 + 12 * count > len(body):
        raise ExifError("a directory is cut off")
    tags: Tags = {}
    for index in range(count):
        place = start + 2 + 12 * index
        tag, kind, amount = struct.unpack_from(order + "HHI", body, place)
        value = _read_value(body, order, (kind, amount, place + 8))
        if value is not None:
            tags.setdefault(tag, value)
    return tags


def _read_value(body: bytes, order: str, field: tuple[int, int, int]) -> str | int | None:
    kind, amount, place = field
    length = _SIZES.get(kind, 0) * amount
    if length > 4:
        place = struct.unpack_from(order + "I", body, place)[0]
    if length == 0 or place + length > len(body):
        return None
    if kind == _ASCII:
        return _text(body[place : place + min(length, 4 * _MAX_TEXT)])
    if kind in (1, 3, 4, 13):
        return int(struct.unpack_from(order + {1: "B", 3: "H", 4: "I", 13: "I"}[kind], body, place)[0])
    return None


def _text(raw: bytes) -> str:
    """EXIF promises ASCII; cameras and editors write UTF-8 or Latin-1."""
    raw = raw.split(b"\0")[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.strip()[:_MAX_TEXT]


def orientation_of(tags: Mapping[int, str | int]) -> int:
    """EXIF orientation 1 to 8; anything else counts as upright."""
    value = tags.get(ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def metadata_of(tags: Mapping[int, str | int]) -> Metadata:
    """The harmless part: who made it, whose it is, when and with which camera."""

    def text(tag: int) -> str | None:
        value = tags.get(tag)
        return value if isinstance(value, str) and value else None

    return Metadata(
        artist=text(ARTIST),
        copyright=text(COPYRIGHT),
        capture_time=text(DATE_TIME_ORIGINAL) or text(DATE_TIME),
        time_offset=text(OFFSET_TIME_ORIGINAL),
        camera_make=text(MAKE),
        camera_model=text(MODEL),
    )


def write_exif(metadata: Metadata) -> bytes:
    """An EXIF block ("Exif\\0\\0" and little-endian TIFF) of `metadata`; empty when there is nothing to say.

    The same metadata gives the same bytes. Pixels are upright, so orientation is 1 wherever it is written.
    """
    if metadata.complete is not None:
        return _upright_copy(metadata.complete)
    main = {
        MAKE: metadata.camera_make,
        MODEL: metadata.camera_model,
        ARTIST: metadata.artist,
        COPYRIGHT: metadata.copyright,
    }
    shot = {DATE_TIME_ORIGINAL: metadata.capture_time, OFFSET_TIME_ORIGINAL: metadata.time_offset}
    main_texts = {tag: value for tag, value in main.items() if value}
    shot_texts = {tag: value for tag, value in shot.items() if value}
    if not main_texts and not shot_texts:
        return b""
    return _two_directories(main_texts, shot_texts)


def _two_directories(main: Mapping[int, str], shot: Mapping[int, str]) -> bytes:
    entries = len(main) + (1 if shot else 0)
    shot_start = 8 + 2 + 12 * entries + 4
    values_start = shot_start + (2 + 12 * len(shot) + 4 if shot else 0)
    values = bytearray()

    def directory(texts: Mapping[int, str], pointer: bytes) -> bytes:
        fields = b""
        for tag, text in sorted(texts.items()):
            raw = text[:_MAX_TEXT].encode("utf-8") + b"\0"
            inline = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", values_start + len(values))
            values.extend(raw + b"\0" * (len(raw) % 2) if len(raw) > 4 else b"")
            fields += struct.pack("<HHI", tag, _ASCII, len(raw)) + inline
        count = len(texts) + (1 if pointer else 0)
        # The pointer's tag is the largest of the directory, which must be sorted.
        return struct.pack("<H", count) + fields + pointer + b"\0\0\0\0"

    pointer = struct.pack("<HHII", EXIF_POINTER, _LONG, 1, shot_start) if shot else b""
    body = b"II*\0\x08\0\0\0" + directory(main, pointer)
    if shot:
        body += directory(shot, b"")
    return b"Exif\0\0" + body + bytes(values)


def _upright_copy(block: bytes) -> bytes:
    """The block with orientation set to 1 and its thumbnail (unretouched) unlinked."""
    body = bytearray(strip_prefix(block))
    order = _byte_order(bytes(body))
    start = struct.unpack_from(order + "I", body, 4)[0]
    count = struct.unpack_from(order + "H", body, start)[0]
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from(order + "H", body, place)[0] == ORIENTATION:
            struct.pack_into(order + "HIHH", body, place + 2, 3, 1, 1, 0)
    if start + 6 + 12 * count <= len(body):
        struct.pack_into(order + "I", body, start + 2 + 12 * count, 0)
    return b"Exif\0\0" + bytes(body)
