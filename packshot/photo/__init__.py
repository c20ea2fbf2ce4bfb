"""Loading and saving photos: formats, orientation, colour profiles, bit depth, metadata, hostile files.

`Photo.open(path)` reads the header, `photo.pixels(scale)` the upright sRGB pixels; `encode_jpeg` and
`write_atomic` put a finished image out. Every refusal is a `PhotoError` with a `PhotoProblem` code.
"""

from packshot.photo.exif import Metadata
from packshot.photo.files import write_atomic
from packshot.photo.header import PhotoFormat
from packshot.photo.jpeg import encode_jpeg
from packshot.photo.photograph import Photo
from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem
from packshot.photo.sniff import PHOTO_SUFFIXES

__all__ = [
    "PHOTO_SUFFIXES",
    "Metadata",
    "Photo",
    "PhotoError",
    "PhotoFormat",
    "PhotoLimits",
    "PhotoProblem",
    "encode_jpeg",
    "write_atomic",
]
