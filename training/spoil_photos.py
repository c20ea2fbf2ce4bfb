"""Sellers' photos spoilt by lights that fitted pairs tell of, and measured: rows for `packshot learn --spoilt`.

python -m training.spoil_photos --shared DATA --fits WORK/fits/real --pack PACK --out WORK/spoilt.npz

Photos without a checked matte only: the others are in the pairs. Held-out sellers stay out, as do fits of held-out
groups. The rows hold for packs with this pack's product network.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from packshot.commands.steps import Steps
from packshot.learning.fitting.pair_set import read_fits
from packshot.learning.light.learning import changes_of
from packshot.learning.light.model import Rows
from packshot.learning.light.spoilt import Spoiler, as_photo, at_product, keep_spoilt, spoil
from packshot.learning.splits import held_out
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.style import Style
from packshot.view import View
from training.data import plain_photos, read


def spoiler_of(folders: list[Path]) -> Spoiler:
    """The lights that retouchers undid in pairs that may be learned from."""
    fits = [fit for folder in folders for fit in read_fits(folder) if fit.recipe is not None and fit.accepted]
    return Spoiler(np.array([changes_of(fit.recipe) for fit in fits if fit.recipe and not held_out(fit.group)]))


def spoilt(photos: list[tuple[Path, str, str]], spoiler: Spoiler, pack: Pack, times: int) -> Rows:
    """A row for each photo in each of so many lights."""
    draw, measured, changes, names = np.random.default_rng(1), [], [], []
    with TemporaryDirectory() as folder, Steps() as steps:
        for done, (path, category, seller) in enumerate(photos):
            steps("spoiling photos", done, len(photos))
            picture = read(path, None)
            for _ in range(times):
                change = spoiler.draw(draw)
                as_photo(spoil(picture, change, draw), Path(folder) / "spoilt.jpg", draw)
                view = View.of(Photo.open(Path(folder) / "spoilt.jpg"), pack, Style(), category)
                measured.append(view.measured)
                changes.append(at_product(change, view.answer.matte))
                names.append((category, seller))
    categories, groups = zip(*names, strict=True)
    return Rows(np.array(measured, np.float64), np.array(changes), categories, groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--fits", type=Path, nargs="+", required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    photos = plain_photos(given.shared)[: given.limit]
    pack = Pack(given.pack)
    rows = spoilt(photos, spoiler_of(given.fits), pack, given.times)
    keep_spoilt(rows, given.out, pack.file.models["product"].sha256)
    print(f"{len(rows)} rows of {len(photos)} photos and {len(set(rows.groups))} sellers")


if __name__ == "__main__":
    main()
