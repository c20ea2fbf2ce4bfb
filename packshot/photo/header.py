"""What a photo file says about itself before its pixels are decoded, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from packshot.photo.exif import Metadata, Tags
from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem


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
    """stored_size: (width, height) before orientation. space: "RGB ", "GRAY", "CMYK" or "Lab ".

    inverted_inks: CMYK stored as 255 for no ink, as Adobe writes JPEG.
    """

    format: PhotoFormat
    stored_size: tuple[int, int]
    bits: int = 8
    space: str = "RGB "
    has_alpha: bool = False
    inverted_inks: bool = False
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


def require_size(size: tuple[int, int], limits: PhotoLimits) -> None:
    """Refuse a (width, height) outside the limits: PhotoError TOO_MANY_PIXELS or TOO_SMALL."""
    width, height = size
    if width * height > limits.max_megapixels * 1e6:
        raise PhotoError(
            PhotoProblem.TOO_MANY_PIXELS,
            f"the photo has {width} x {height} pixels, over the limit of {limits.max_megapixels:g} "
            "megapixels; export it smaller or raise PhotoLimits.max_megapixels.",
        )
    if min(width, height) < limits.min_side:
        text = f"the photo has only {width} x {height} pixels; give one of at least {limits.min_side} a side."
        raise PhotoError(PhotoProblem.TOO_SMALL, text)
