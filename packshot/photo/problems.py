"""What can be wrong with a photo file, and how large a photo may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PhotoProblem(StrEnum):
    """The kinds of refusal. The value is stable: it is written to run logs."""

    MISSING = "missing"
    NOT_A_FILE = "not-a-file"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_SMALL = "too-small"
    NOT_A_PHOTO = "not-a-photo"
    UNSUPPORTED = "unsupported"
    ANIMATED = "animated"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    NEEDS_EXTRA = "needs-extra"


class PhotoError(Exception):
    """One photo cannot be used. `code` says which kind, the message what is wrong and what to do."""

    def __init__(self, code: PhotoProblem, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[PhotoError], tuple[PhotoProblem, str]]:
        # The default would rebuild from the message alone and fail between worker processes.
        return type(self), (self.code, self.message)


@dataclass(frozen=True)
class PhotoLimits:
    """Bounds that keep a hostile file from taking the machine; raise them for larger photos.

    max_bytes: largest file read, in bytes.
    max_megapixels: most pixels decoded, in millions; with three 16-bit channels 120 is 720 MB.
    min_side: shortest side accepted, in pixels.
    max_scans: most passes of a progressive JPEG; each costs a whole decode (photos have about 10).
    max_profile_bytes: largest colour profile used; press profiles reach about 4 MB.
    """

    max_bytes: int = 200_000_000
    max_megapixels: float = 120.0
    min_side: int = 32
    max_scans: int = 100
    max_profile_bytes: int = 8_000_000
