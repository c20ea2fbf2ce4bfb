"""The photo: opened by its header, decoded on demand into upright working sRGB."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.photo import camera, containers, jpeg, vips
from packshot.photo.color import SourceColor, flatten, source_color, to_srgb
from packshot.photo.exif import ExifError, Metadata, metadata_of, orientation_of, read_tags
from packshot.photo.files import read_limited
from packshot.photo.header import Header, PhotoFormat, require_size
from packshot.photo.orientation import decoded_from_source, turn_upright
from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem
from packshot.photo.sniff import sniff, suffix_warning
from packshot.photo.vips import Pixels

DEFAULT_LIMITS = PhotoLimits()


class Photo:
    """One source photo. Opening reads the file once and parses its header; pixels are decoded on demand.

    Not for use by several threads at once: the last decode is kept.
    """

    def __init__(self, name: str, data: bytes, header: Header, color: SourceColor) -> None:
        """Use `Photo.open` or `Photo.from_pixels`."""
        self.name = name
        self._data = data
        self._header = header
        self._color = color
        self._decoded: Pixels | None = None
        self._divisor = 1

    @classmethod
    def open(cls, source: Path | str | bytes, limits: PhotoLimits = DEFAULT_LIMITS, name: str | None = None) -> Photo:
        """Open a file, or the bytes of one, whatever its name says. Raises PhotoError."""
        label = name or ("photo" if isinstance(source, bytes) else Path(source).name or str(source))
        try:
            data = source if isinstance(source, bytes) else read_limited(Path(source), limits)
            header = _read_header(data, limits)
            require_size(header.stored_size, limits)
            color, header = source_color(header, limits)
        except PhotoError as error:
            raise PhotoError(error.code, f"{label}: {error.message}") from error
        warning = suffix_warning(label, header.format)
        return cls(label, data, header.warned(warning) if warning else header, color)

    @classmethod
    def from_pixels(cls, pixels: NDArray[Any], name: str = "pixels") -> Photo:
        """A photo of upright sRGB pixels, (H, W, 3) uint8 or uint16, that has no file."""
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"a photo takes (H, W, 3) uint8 or uint16 pixels, not {pixels.shape} {pixels.dtype}")
        height, width = pixels.shape[:2]
        header = Header(PhotoFormat.PIXELS, (width, height), bits=8 * pixels.dtype.itemsize)
        data = repr((pixels.shape, pixels.dtype.str)).encode() + np.ascontiguousarray(pixels).tobytes()
        photo = cls(name, data, header, SourceColor("sRGB"))
        photo._keep(pixels.copy(), 1)
        return photo

    @cached_property
    def sha256(self) -> str:
        """Of the file's bytes, in hexadecimal."""
        return hashlib.sha256(self._data).hexdigest()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the full, upright photo."""
        return self._header.upright_size

    @property
    def bits(self) -> int:
        """Bits a channel in the source. Above 8, `pixels` gives uint16 over the full range."""
        return self._header.bits

    @property
    def format(self) -> str:
        """The format by content: JPEG, PNG, TIFF, WebP, AVIF, HEIC, RAW or pixels."""
        return str(self._header.format)

    @property
    def profile(self) -> str:
        """The description of the source's colour profile, or what was assumed."""
        return self._color.description

    @property
    def orientation(self) -> int:
        """EXIF orientation of the source, 1 to 8; `size` and `pixels` have it applied."""
        return self._header.orientation

    @property
    def metadata(self) -> Metadata:
        """The harmless part: artist, copyright, capture time, camera make and model."""
        return self._header.metadata

    def complete_metadata(self) -> Metadata:
        """Everything the EXIF block holds, place and serial numbers included, for those who must keep it."""
        exif = None if self._header.format in (PhotoFormat.TIFF, PhotoFormat.RAW) else self._header.exif
        return replace(self.metadata, complete=exif)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what was put right or ignored on opening."""
        return self._header.warnings

    @property
    def decoded_scale(self) -> float:
        """Scale of the pixels at hand, 1, 1/2, 1/4 or 1/8; 0 when nothing is decoded."""
        return 0.0 if self._decoded is None else 1 / self._divisor

    def pixels(self, scale: float = 1.0) -> Pixels:
        """Upright sRGB (H, W, 3), uint8 or (above 8 bits) uint16, read-only, at `scale` or more of full size.

        JPEG decodes at 1/1, 1/2, 1/4 or 1/8, RAW at 1/1 or 1/2, others at 1/1. The last decode is kept, and
        given again while it is large enough. Raises PhotoError TRUNCATED or CORRUPT.
        """
        divisor = self._cheapest_divisor(scale)
        if self._decoded is None or self._divisor > divisor:
            self.release()
            try:
                pixels = self._decode(divisor)
                self._keep(pixels, self._divisor_of(pixels, divisor))
            except PhotoError as error:
                raise PhotoError(error.code, f"{self.name}: {error.message}") from error
        assert self._decoded is not None
        return self._decoded

    def decoded_from_source(self) -> NDArray[np.float64]:
        """(2, 3) affine from pixel centres of the upright full photo to those of the pixels at hand.

        Exact also where the sides are no multiples of the divisor, when x' = (x + .5) * w'/w - .5 is off
        by up to a decoded pixel at the far edge.
        """
        if self._decoded is None:
            raise ValueError("nothing is decoded; call pixels() first")
        height, width = self._decoded.shape[:2]
        return decoded_from_source(self._header.stored_size, (width, height), self._divisor, self.orientation)

    def release(self) -> None:
        """Drop the kept decode; `pixels` decodes again when asked."""
        if self._header.format != PhotoFormat.PIXELS:
            self._decoded = None

    def _keep(self, pixels: Pixels, divisor: int) -> None:
        pixels.flags.writeable = False
        self._decoded, self._divisor = pixels, divisor

    def _divisor_of(self, pixels: Pixels, asked: int) -> int:
        """The divisor really met: RAW from sensors without a colour mosaic comes at full size always."""
        found, full = pixels.shape[1::-1], self.size
        for divisor in (asked, 1):
            if all(have in (side // divisor, -(-side // divisor)) for have, side in zip(found, full, strict=True)):
                return divisor
        text = (
            f"the decoder gave {found[0]} x {found[1]} pixels, the header says {full[0]} x {full[1]}; export it again."
        )
        raise PhotoError(PhotoProblem.CORRUPT, text)

    def _cheapest_divisor(self, scale: float) -> int:
        if not scale > 0:
            raise ValueError(f"scale must be above 0, not {scale}")
        offered = {PhotoFormat.JPEG: (8, 4, 2), PhotoFormat.RAW: (2,)}.get(self._header.format, ())
        return next((divisor for divisor in offered if 1 / divisor >= scale), 1)

    def _decode(self, divisor: int) -> Pixels:
        stored = self._stored_pixels(divisor)
        alpha = stored[:, :, -1] if self._header.has_alpha else None
        colors = stored[:, :, :-1] if alpha is not None else stored
        try:
            pixels = to_srgb(colors, self._color)
        except vips.EngineError as error:
            text = f"its colours cannot be converted ({error}); export it in sRGB."
            raise PhotoError(PhotoProblem.UNSUPPORTED, text) from error
        if alpha is not None:
            pixels = flatten(pixels, alpha)
        return turn_upright(pixels, self.orientation)

    def _stored_pixels(self, divisor: int) -> NDArray[Any]:
        kind = self._header.format
        if kind == PhotoFormat.JPEG:
            return jpeg.decode(self._data, self._header, divisor)
        if kind == PhotoFormat.HEIC:
            return camera.decode_heic(self._data, self.bits)
        if kind == PhotoFormat.RAW:
            return camera.develop_raw(self._data, half=divisor == 2)
        return containers.decode(self._data, self._header)


def _read_header(data: bytes, limits: PhotoLimits) -> Header:
    if not data:
        raise PhotoError(PhotoProblem.EMPTY, "the file is empty (0 bytes); copy or export it again.")
    kind = sniff(data)
    if kind == PhotoFormat.JPEG:
        header = jpeg.read_header(data, limits)
    elif kind == PhotoFormat.PNG:
        header = containers.read_png_header(data, limits)
    elif kind == PhotoFormat.HEIC:
        header = camera.read_heic_header(data)
    elif kind == PhotoFormat.RAW:
        header = camera.read_raw_header(data)
    else:
        header = containers.read_container_header(data, kind)
    if header.has_alpha:
        header = header.warned("the photo has transparency; it was laid on white.")
    return _with_exif(header)


def _with_exif(header: Header) -> Header:
    if header.exif is None:
        return header
    try:
        tags = read_tags(header.exif)
    except ExifError as error:
        if header.format == PhotoFormat.TIFF:
            return header
        return header.warned(f"the EXIF data was ignored: {error}; check that the photo is upright.")
    # libheif, libvips' AVIF reader and LibRaw turn the picture themselves.
    turned = header.format in (PhotoFormat.HEIC, PhotoFormat.AVIF, PhotoFormat.RAW)
    orientation = 1 if turned else orientation_of(tags)
    return replace(header, tags=tags, orientation=orientation, metadata=metadata_of(tags))
