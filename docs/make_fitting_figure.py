"""Draws docs/pictures/fitting.jpg from a sample pair: python docs/make_fitting_figure.py [ID]."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from packshot.learning.fitting.ledger import PARTS, STAGES
from packshot.learning.fitting.pair_set import fit_pair
from packshot.learning.pairs import read_pairs
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import render

ROOT = Path(__file__).parents[1]
SIDE, GAP, LABEL = 300, 8, 26


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "sneaker-0"
    pair = next(one for one in read_pairs(ROOT / "samples").pairs if one.id == wanted)
    fit = fit_pair(pair)
    assert fit.recipe is not None, fit.reason
    photo, after = Photo.open(pair.before), np.asarray(Photo.open(pair.after).pixels(), np.uint8)
    steps = [render(photo, fit.recipe.model_copy(update=dict(parts)), 2 * SIDE) for parts in PARTS]
    titles = ["before", *(f"{name} {fit.explained[name]:.0%}" for name in STAGES), "after"]
    pictures = [np.asarray(photo.pixels(), np.uint8), *steps, after]
    tiles = [tile(picture, title) for picture, title in zip(pictures, titles, strict=True)]
    sheet = np.concatenate(tiles, 1)
    (ROOT / "docs" / "pictures" / "fitting.jpg").write_bytes(encode_jpeg(sheet, quality=88))


def tile(picture: np.ndarray, title: str) -> np.ndarray:
    scale = SIDE / picture.shape[0]
    size = (round(picture.shape[1] * scale), SIDE)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, LABEL, GAP, GAP, GAP, cv2.BORDER_CONSTANT, value=(238, 238, 238))
    cv2.putText(framed, title, (GAP, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 30), 1, cv2.LINE_AA)
    return framed


if __name__ == "__main__":
    main()
