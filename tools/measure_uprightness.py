"""Does a pack read the upright angle from the product, or from traces of the file's own history?

    python tools/measure_uprightness.py PHOTO... [--pack PACK] [--count 60]

Each photo is turned by a known angle. On the way it is saved as a JPEG while it leans by an angle of its own, once to
the left and once to the right: its blocks then stand differently in two pictures of the same product. A pack that looks
at the product says the same of both; one that reads blocks follows them. `follows` is the share by which it does, with
its standard error: 0 for the first, 1 for the second. `error` is that of the median angle, beside doing nothing.

`--soften 3` shrinks and enlarges each photo beforehand, which wipes out the blocks it came with: they are level where
the photo is. If the error grows much, they had been read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import frame_affine
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.turning import portrait, turned
from packshot.uprightness import cues, decide

AWAY = 6.0
LONG_SIDE = 576

Image = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--pack", type=Path, default=None)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--soften", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("--quality", type=int, default=70)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pack, draw = Pack(options.pack) if options.pack else Pack.base(), np.random.default_rng(1)
    rows = []
    for path in options.photos[: options.count]:
        image = at_most(np.asarray(Photo.open(path).pixels(), np.uint8), LONG_SIDE)
        image = softened(image, options.soften) if options.soften > 1 else image
        turn = float(draw.normal(0, 2.7))
        said = [angle(pack, turned_with_blocks(image, turn, away, options.quality)) for away in (-AWAY, AWAY)]
        rows.append((turn, *said))
    turns, left, right = np.array(rows).T
    follows = (left - right) / (2 * AWAY)
    spread = follows.std() / np.sqrt(len(follows))
    error = np.abs(np.stack([left, right]) - turns)
    print(f"{len(rows)} photos: error {np.median(error):.2f} (untouched {np.median(np.abs(turns)):.2f})")
    print(f"follows the blocks by {follows.mean():.3f} +- {spread:.3f}")


def at_most(image: Image, long_side: int) -> Image:
    factor = min(1.0, long_side / max(image.shape[:2]))
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def softened(image: Image, factor: float) -> Image:
    size = image.shape[1], image.shape[0]
    small = cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def turned_with_blocks(image: Image, turn: float, away: float, quality: int) -> Image:
    """The photo leaning so that ``turn`` sets it right, with blocks that ``turn - away`` would set right."""
    margin = round(0.2 * max(image.shape[:2]))
    padded = np.asarray(cv2.copyMakeBorder(image, *4 * (margin,), cv2.BORDER_REFLECT_101), np.uint8)
    saved = cv2.imencode(".jpg", about_middle(padded, -away), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    elsewhere = np.asarray(cv2.imdecode(saved, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(about_middle(elsewhere, away - turn)[margin:-margin, margin:-margin])


def about_middle(image: Image, degrees: float) -> Image:
    height, width = image.shape[:2]
    matrix = frame_affine(degrees, 1.0, ((width - 1) / 2, (height - 1) / 2), (width, height))
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101),
        np.uint8,
    )


def angle(pack: Pack, image: Image) -> float:
    matte = pack.ask(image).matte
    share = pack.weigh(cues(image, matte), turned(portrait(image, matte)))
    if share is None:
        raise SystemExit(f"pack {pack.label} has no upright model")
    return decide(share)[0]


if __name__ == "__main__":
    main()
