"""Guesses mattes for the photos that have none, where two ways of finding the product agree (self-training).

python training/guess_mattes.py --shared DATA --pack PACK --out WORK/guesses

The network of an earlier pack and the cut by the photo's colours must overlap by 0.975, as must the network's answers
for the photo and its mirror image, and the product must stay clear of the frame's corners.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.graphcut import recut
from packshot.pack import Pack
from training.data import plain_photos, read

AGREEMENT = 0.975


def overlap(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Intersection over union of two mattes, (H, W) in 0..1."""
    return float(np.minimum(first, second).sum() / max(1.0, float(np.maximum(first, second).sum())))


def guess(path: Path, pack: Path, out: Path) -> bool:
    """Writes a photo's matte if both ways agree on it."""
    cv2.setNumThreads(1)
    image, asked = read(path), Pack(pack)
    matte = asked.ask(image).matte
    mirrored = asked.ask(np.ascontiguousarray(image[:, ::-1])).matte[:, ::-1]
    cut = recut(image, matte)[0]
    share = float((cut > 0.5).mean())
    if min(overlap(matte, cut), overlap(matte, mirrored)) < AGREEMENT or not 0.05 < share < 0.8:
        return False
    return bool(cv2.imwrite(str(out / f"{path.stem}.png"), np.round(cut * 255).astype(np.uint8)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    paths = [path for path, _, _ in plain_photos(options.shared)]
    with ProcessPoolExecutor(options.workers) as pool:
        kept = sum(pool.map(partial(guess, pack=options.pack, out=options.out), paths, chunksize=8))
    print(kept, "of", len(paths), "photos have a matte now")


if __name__ == "__main__":
    main()
