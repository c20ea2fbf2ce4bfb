"""Reads the specks the retouchers took away out of the pairs: WORK/specks/<id>.png holds 40 times the evidence.

python training/peel_specks.py --shared DATA --out WORK/specks
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from packshot import geometry
from packshot.learning.fitting.matte import read_matte
from packshot.learning.fitting.specks import speck_evidence
from packshot.learning.registration.register import register_files
from packshot.learning.splits import held_out
from training.data import pairs, read, shrink

LONG_SIDE = 1080
GAIN = 40


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in ("real", "rendered", "studio"):
        folder, kept = options.shared / "pairs" / name, 0
        for pair in pairs(folder):
            if held_out(pair["group"]):
                continue
            found = register_files(folder / pair["before"], folder / pair["after"])
            if not found.accepted:
                continue
            before, after = read(folder / pair["before"], None), read(folder / pair["after"], None)
            matte = read_matte(before, after, found)
            small = shrink(before, LONG_SIDE)
            size = (small.shape[1], small.shape[0])
            to_full = geometry.resize_affine(size, (before.shape[1], before.shape[0]))
            matrix = geometry.compose(to_full, found.before_to_after)
            small_matte = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
            evidence = speck_evidence(small, after, matrix, small_matte)
            cv2.imwrite(str(options.out / f"{pair['id']}.png"), np.clip(evidence * GAIN, 0, 255).astype(np.uint8))
            cv2.imwrite(str(options.out / f"{pair['id']}.matte.png"), (small_matte * 255).astype(np.uint8))
            kept += 1
        print(name, kept, "pairs", flush=True)


if __name__ == "__main__":
    main()
