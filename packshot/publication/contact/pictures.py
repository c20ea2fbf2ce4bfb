"""The small pictures a contact page shows: a preview of the photo in the output's own frame, and pair thumbnails.

Browsers show neither RAW nor HEIC, and before and after differ in framing. The preview is the untouched photo, warped
by the recipe's geometry and nothing else, so that a slider between it and the output lines up pixel for pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, invert, resize_affine, scale_of
from packshot.photo import encode_jpeg
from packshot.publication.sinks import FolderSink
from packshot.sampling import scaled
from packshot.shrinking import averaged

Pixels = NDArray[np.uint8]
AnyDepth = NDArray[np.uint8] | NDArray[np.uint16]

PREVIEW_SIDE = 1280
THUMB_SIDE = 320
OUTSIDE = (192, 192, 192)
"""Neutral grey where the output's frame reaches beyond the photo."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """A photo and where the output's frame lies on it.

    before: (H, W, 3) upright sRGB, 8 or 16 bits; a smaller version will do when before_to_after fits it.
    before_to_after: (2, 3) affine between pixel centres. size: (width, height) of the output.
    """

    before: AnyDepth
    before_to_after: Affine
    size: tuple[int, int]

    def at(self, longest: int) -> Pixels:
        """The photo in the output's frame, (H, W, 3) uint8 sRGB, its longest side at most ``longest`` pixels."""
        target = _fitted(self.size, longest)
        matrix = compose(self.before_to_after, resize_affine(self.size, target))
        photo = _eight_bit(self.before)
        # Linear warping reads four pixels: stronger shrinking must average first, or fine cloth turns to moire.
        factor = int(1 / max(scale_of(matrix), 1e-6))
        if 1 < factor <= min(photo.shape[:2]):
            photo = _averaged(photo, factor)
            matrix = compose(invert(resize_affine((factor, factor), (1, 1))), matrix)
        level = scaled(photo, invert(matrix), target, cv2.INTER_LINEAR)
        if level is None:  # four channels take OpenCV half the time of three
            padded = cv2.cvtColor(photo, cv2.COLOR_RGB2RGBA)
            moved = cv2.warpAffine(padded, matrix, target, flags=cv2.INTER_LINEAR, borderValue=(*OUTSIDE, 0))
            level = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)
        return cast(Pixels, level)


def make_thumb(before: AnyDepth | None, after: Pixels | None) -> bytes:
    """A JPEG of both side by side, each within THUMB_SIDE; of one alone when the other is None.

    Both are (H, W, 3) sRGB. A before of another shape is placed whole on grey. Raises ValueError without any picture.
    """
    halves = [_eight_bit(each) for each in (before, after) if each is not None]
    if not halves:
        raise ValueError("a thumbnail needs a picture: give the photo, the output or both")
    size = _fitted((halves[-1].shape[1], halves[-1].shape[0]), THUMB_SIDE)
    return encode_jpeg(np.hstack([_placed(half, size) for half in halves]), quality=80)


def write_pictures(out: Path, name: PurePosixPath, photo: Aligned, after: Pixels) -> dict[str, str]:
    """Writes ``previews/<name>.jpg`` and ``thumbs/<name>.jpg``; returns the run line's keys ``preview`` and ``thumb``.

    name: the output's name without extension. after: the finished (H, W, 3) uint8 sRGB.
    """
    preview = photo.at(PREVIEW_SIDE)
    files = {"preview": ("previews", encode_jpeg(preview, quality=85)), "thumb": ("thumbs", make_thumb(preview, after))}
    places = {}
    for key, (folder, data) in files.items():
        relative = PurePosixPath(folder) / f"{name}.jpg"
        FolderSink(out, durable=False).write(relative, data)
        places[key] = relative.as_posix()
    return places


def _fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    share = min(longest / max(size), 1.0)
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def _eight_bit(image: AnyDepth) -> Pixels:
    return cast(Pixels, image) if image.dtype == np.uint8 else (image >> 8).astype(np.uint8)


def _averaged(image: Pixels, factor: int) -> Pixels:
    """``image`` at one ``factor``-th of its size, each pixel the mean of a whole block; what is left over is cut off.

    Whole factors take OpenCV's quick path: on a 24-megapixel photo a tenth of the time of any other.
    """
    height, width = (side // factor for side in image.shape[:2])
    whole = image[: height * factor, : width * factor]
    return cast(Pixels, cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def _placed(image: Pixels, size: tuple[int, int]) -> Pixels:
    """``image``, whole, in the middle of a frame of ``size``."""
    height, width = image.shape[:2]
    share = min(size[0] / width, size[1] / height)
    inner = (min(max(round(width * share), 1), size[0]), min(max(round(height * share), 1), size[1]))
    small = averaged(image, inner)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    frame = np.full((size[1], size[0], 3), OUTSIDE, np.uint8)
    frame[top : top + inner[1], left : left + inner[0]] = small
    return frame
