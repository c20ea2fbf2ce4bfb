"""Telling a file's format from its content; the name is never trusted."""

from __future__ import annotations

from pathlib import PurePath

from packshot.photo.exif import DNG_VERSION, PHOTOMETRIC, ExifError, read_tags
from packshot.photo.header import PhotoFormat
from packshot.photo.problems import PhotoError, PhotoProblem

_SUFFIXES = {
    ".jpg": PhotoFormat.JPEG,
    ".jpeg": PhotoFormat.JPEG,
    ".jpe": PhotoFormat.JPEG,
    ".png": PhotoFormat.PNG,
    ".tif": PhotoFormat.TIFF,
    ".tiff": PhotoFormat.TIFF,
    ".webp": PhotoFormat.WEBP,
    ".avif": PhotoFormat.AVIF,
    ".heic": PhotoFormat.HEIC,
    ".heif": PhotoFormat.HEIC,
}
# fmt: off
_RAW_SUFFIXES = frozenset((
    ".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".fff", ".gpr", ".iiq",
    ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf",
    ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
))
# fmt: on
PHOTO_SUFFIXES = frozenset(_SUFFIXES) | _RAW_SUFFIXES
"""Lower-case suffixes of files worth opening, for walking folders."""

_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM")
_OTHER_STARTS = {
    b"GIF8": "a GIF (256 colours)",
    b"BM": "a BMP",
    b"8BPS": "a Photoshop document",
    b"%PDF": "a PDF",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"v/1\x01": "an OpenEXR (floating-point) image",
    b"#?RADIANCE": "a Radiance (floating-point) image",
    b"\0\0\x01\0": "an icon",
    b"gimp xcf": "a GIMP document",
}
_VIDEO_BRANDS = (b"qt  ", b"isom", b"mp41", b"mp42", b"M4V ", b"3gp", b"avc1", b"iso")
_CFA, _LINEAR_RAW = 32803, 34892


def sniff(data: bytes) -> PhotoFormat:
    """The format by content. Raises PhotoError: NOT_A_PHOTO, UNSUPPORTED or ANIMATED."""
    if data.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PhotoFormat.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    if data.startswith(_RAW_STARTS):
        return PhotoFormat.RAW
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return PhotoFormat.RAW if _is_raw_tiff(data) else PhotoFormat.TIFF
    raise _not_supported(data)


def _by_brand(data: bytes) -> PhotoFormat:
    brand = data[8:12]
    if brand == b"crx ":
        return PhotoFormat.RAW
    if brand in (b"avis", b"msf1", b"hevc", b"hevx"):
        text = "this is an image sequence; export one still picture."
        raise PhotoError(PhotoProblem.ANIMATED, text)
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[place : place + 4] for place in range(8, length, 4)]
    if b"avif" in brands:
        return PhotoFormat.AVIF
    if {b"heic", b"heix", b"heim", b"heis", b"mif1"} & set(brands):
        return PhotoFormat.HEIC
    if brand.startswith(_VIDEO_BRANDS):
        raise PhotoError(PhotoProblem.NOT_A_PHOTO, "this is a video; give a photo.")
    raise PhotoError(PhotoProblem.NOT_A_PHOTO, "the content is no image format known here; give a photo.")


def _is_raw_tiff(data: bytes) -> bool:
    """Camera RAW files are mostly TIFF; their first directory tells them from TIFF pictures."""
    if data[8:10] == b"CR":
        return True
    try:
        tags = read_tags(data)
    except ExifError:
        return False
    return DNG_VERSION in tags or tags.get(PHOTOMETRIC) in (_CFA, _LINEAR_RAW) or _has_raw_below(tags)


def _has_raw_below(tags: dict[int, str | int]) -> bool:
    """NEF, ARW and PEF begin with a reduced picture (NewSubfileType 1) and keep the sensor data below."""
    new_subfile_type, sub_directories = 0x00FE, 0x014A
    return tags.get(new_subfile_type) == 1 and sub_directories in tags


def _not_supported(data: bytes) -> PhotoError:
    advice = "export it as JPEG, PNG, TIFF, WebP, AVIF or HEIC"
    for start, name in _OTHER_STARTS.items():
        if data.startswith(start):
            return PhotoError(PhotoProblem.UNSUPPORTED, f"this is {name}, which is not read; {advice}.")
    begin = data[:512].lstrip().lower()
    if begin.startswith((b"<svg", b"<?xml")) and b"<svg" in data[:4096].lower():
        return PhotoError(PhotoProblem.UNSUPPORTED, f"this is an SVG drawing, which is not read; {advice}.")
    if not data[:512].strip(b"\0"):
        text = "the file holds only zero bytes (an unfinished copy); copy it again."
    elif begin.startswith((b"<!doctype", b"<html", b"<?xml")):
        text = "this is a web page, not a photo (a failed download?); download it again."
    elif all(byte in b"\t\n\r\f" or byte >= 32 for byte in data[:512]) and b"\x7f" not in data[:512]:
        text = "this is text, not a photo; give the photo itself."
    else:
        text = "the content is no image format known here; give a photo."
    return PhotoError(PhotoProblem.NOT_A_PHOTO, text)


def suffix_warning(name: str, kind: PhotoFormat) -> str | None:
    """A sentence when the name promises another format than the content."""
    suffix = PurePath(name).suffix.lower()
    promised = PhotoFormat.RAW if suffix in _RAW_SUFFIXES else _SUFFIXES.get(suffix)
    if promised is None or promised == kind:
        return None
    return f"the name ends in {suffix}, but the content is {kind}; it was read as {kind}."
