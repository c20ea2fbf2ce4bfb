"""Reads mattes out of finished shots on white, for befores and afters:

python training/peel.py --shared DATA --out FOLDER

A hole in the after's matte is a real hole only if the before shows its backdrop there; a white label does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.learning.splits import held_out
from packshot.segmentation import off_surface
from training.data import matte_on_white, pairs, read

LONG_SIDE = 720
LEAST_INLIERS = 10
BACKDROP = 0.45  # mean distance from the backdrop's surface under which a hole shows backdrop


def register(
    before: NDArray[np.uint8], after: NDArray[np.uint8], product: NDArray[np.float32]
) -> NDArray[np.float64] | None:
    """The similarity from before to after by SIFT on the product, or None."""
    sift = cv2.SIFT.create(3000, contrastThreshold=0.01)
    equalise = cv2.createCLAHE(4, (8, 8))
    first, second = (equalise.apply(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in (before, after))
    near = cv2.dilate((product > 0.5).astype(np.uint8), np.ones((9, 9), np.uint8))
    points1, features1 = sift.detectAndCompute(first, None)
    points2, features2 = sift.detectAndCompute(second, near)
    if features1 is None or features2 is None or min(len(points1), len(points2)) < LEAST_INLIERS:
        return None
    matches = [
        one for one, two in cv2.BFMatcher().knnMatch(features2, features1, k=2) if one.distance < 0.85 * two.distance
    ]
    if len(matches) < LEAST_INLIERS:
        return None
    source = np.array([points1[match.trainIdx].pt for match in matches], np.float32)
    target = np.array([points2[match.queryIdx].pt for match in matches], np.float32)
    found, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=2.5, maxIters=20000, confidence=0.9999
    )
    if found is None or int(inliers.sum()) < LEAST_INLIERS:
        return None
    matrix = np.asarray(found, np.float64)
    return None if abs(geometry.angle_of(matrix)) > 12 else matrix


def false_holes(matte: NDArray[np.float32], distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Holes inside the product where the before, ``distance`` from its backdrop's surface, shows no backdrop."""
    count, labels, _, _ = cv2.connectedComponentsWithStats((matte < 0.5).astype(np.uint8), connectivity=4)
    border = set(np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])))
    holes = [label for label in range(1, count) if label not in border]
    filled = [label for label in holes if float(distance[labels == label].mean()) > BACKDROP]
    return np.isin(labels, filled)


def peel(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Mattes of before and after, or None where the pair could not be registered."""
    product = matte_on_white(after)
    matrix = register(before, after, product)
    if matrix is None:
        return None
    back = geometry.invert(matrix)
    size = (before.shape[1], before.shape[0])
    carried = np.asarray(cv2.warpAffine(product, back, size, flags=cv2.INTER_LINEAR), np.float32)
    distance = np.abs(off_surface(before)).max(0)
    filled = cv2.dilate(false_holes(carried, distance).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    there = cv2.warpAffine(filled, matrix, after.shape[1::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(carried, filled), np.float32), np.asarray(np.maximum(product, there), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in ("studio", "rendered"):
        folder = options.shared / "pairs" / name
        chosen = [pair for pair in pairs(folder) if not held_out(pair["group"])]
        done = 0
        for pair in chosen:
            mattes = peel(read(folder / pair["before"], LONG_SIDE), read(folder / pair["after"], LONG_SIDE))
            if mattes is None:
                continue
            done += 1
            for matte, kind in zip(mattes, ("", ".after"), strict=True):
                cv2.imwrite(str(options.out / f"{pair['id']}{kind}.png"), np.round(matte * 255).astype(np.uint8))
        print(name, done, "of", len(chosen), "pairs registered", flush=True)


if __name__ == "__main__":
    main()
