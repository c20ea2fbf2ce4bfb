"""What a photo file says about itself before its pixels are decoded, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from packshot.photo.exif import Metadata, Tags


class PhotoFormat(StrEnum):
    """Formats by content. PIXELS stands for a photo made in memory."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    WEBP = "WebP"
    AVIF = "AVIF"
    HEIC = "HEIC"
    RAW = "RAW"
    PIXELS = "pixels"


@dataclass(frozen=True)
class Header:
    """stored_size: (width, height) before orientation. space: "RGB ", "GRAY", "CMYK" or "Lab "."""

    format: PhotoFormat
    stored_size: tuple[int, int]
    bits: int = 8
    space: str = "RGB "
    has_alpha: bool = False
    orientation: int = 1
    icc: bytes | None = None
    exif: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    tags: Tags = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after orientation."""
        width, height = self.stored_size
        return (height, width) if self.orientation >= 5 else (width, height)

    def warned(self, text: str) -> Header:
        """This header with one more warning."""
        return replace(self, warnings=(*self.warnings, text))
