"""Guesses mattes for the photos that have none, where several looks and the photo's colours agree (self-training).

python training/guess_mattes.py --shared DATA --pack PACK --out WORK/guesses

The network of an earlier pack looks at the photo, at its mirror image and at the product from near. Each two answers
must overlap by 0.94, as must their mean and the cut by the photo's colours; the product is neither tiny nor the whole
frame. The matte is the mean of the answers and the cut. ``--without`` names photos whose guess was seen to be wrong.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.graphcut import recut
from packshot.pack import Pack
from packshot.second_look import around, from_near
from training.data import plain_photos, read

AGREEMENT = 0.94


def overlap(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Intersection over union of two mattes, (H, W) in 0..1."""
    return float(np.minimum(first, second).sum() / max(1.0, float(np.maximum(first, second).sum())))


def guess(path: Path, pack: Path, out: Path) -> bool:
    """Writes a photo's matte if all looks agree on it."""
    cv2.setNumThreads(1)
    image, asked = read(path), Pack(pack)
    matte = asked.ask(image).matte
    mirrored = asked.ask(np.ascontiguousarray(image[:, ::-1])).matte[:, ::-1]
    looks = (matte, mirrored, from_near(image, around(matte), asked))
    mean = np.asarray(np.mean(looks, 0), np.float32)
    cut = recut(image, mean)[0]
    agreement = min(overlap(mean, cut), *(overlap(*two) for two in combinations(looks, 2)))
    if agreement < AGREEMENT or not 0.05 < float((mean > 0.5).mean()) < 0.8:
        return False
    return bool(cv2.imwrite(str(out / f"{path.stem}.png"), np.round((mean + cut) * 127.5).astype(np.uint8)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", type=Path, help="names of photos, one a line, that are left out")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wrong = set(options.without.read_text().split()) if options.without else set()
    paths = [path for path, _, _ in plain_photos(options.shared) if path.stem not in wrong]
    with ProcessPoolExecutor(options.workers) as pool:
        kept = sum(pool.map(partial(guess, pack=options.pack, out=options.out), paths, chunksize=8))
    print(kept, "of", len(paths), "photos have a matte now")


if __name__ == "__main__":
    main()
