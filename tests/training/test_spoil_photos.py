from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from packshot.learning.light.spoilt import Spoiler
from packshot.learning.splits import held_out
from packshot.lightmeter import NUMBERS
from packshot.pack import BASE_PACK, Pack
from training.data import plain_photos
from training.spoil_photos import spoilt

BEFORE = sorted((Path(__file__).parents[2] / "samples" / "before").iterdir())[0]


def test_only_photos_without_a_matte_of_sellers_not_held_out(tmp_path: Path) -> None:
    known, scored = (next(str(n) for n in range(99) if held_out(str(n)) == held) for held in (False, True))
    (tmp_path / "photos").mkdir()
    rows = [("a.jpg", "", "Shoes", known), ("b.jpg", "b.png", "Shoes", known), ("c.jpg", "", "Hat", scored)]
    with (tmp_path / "photos" / "photos.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([("photo", "matte", "label", "seller"), *rows])
    assert plain_photos(tmp_path) == [(tmp_path / "photos" / "a.jpg", "shoes", known)]


def test_a_darkened_photo_reads_darker_by_what_undoes_it(tmp_path: Path) -> None:
    image = cv2.imread(str(BEFORE))
    small = cv2.resize(image, None, fx=400 / image.shape[1], fy=400 / image.shape[1], interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "photo.png"), small)
    spoiler = Spoiler(np.array([[1.0, 0, 0, 0, 0, 0, 0, 0]]))
    rows = spoilt([(tmp_path / "photo.png", "shoes", "seller")], spoiler, Pack(BASE_PACK), 2)
    assert rows.groups == ("seller", "seller")
    level = NUMBERS.index("frame luminance at 50%")
    undone = rows.measured[:, level] + rows.changes[:, 0]
    assert np.ptp(rows.changes[:, 0]) > 0.01
    assert np.ptp(undone) < 0.05, "both spoilt alike but for the exposure"
