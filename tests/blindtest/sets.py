"""A small blind test made of numbers, and pairs to make one from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from packshot.blindtest.making import laid_on
from packshot.blindtest.trials import PICTURES, BlindTestFile, BlindTestFolder, Trial, write_test
from packshot.photo import encode_jpeg, write_atomic
from tests.pictures import product_photo


def small_test(
    folder: Path, ai: int = 6, human: int = 1, check: int = 2, size: tuple[int, int] = (64, 80)
) -> BlindTestFolder:
    """A test whose pictures are plain greys; the studio's is the lighter one."""
    (folder / PICTURES).mkdir(parents=True)
    trials = []
    for number, kind in enumerate(["ai"] * ai + ["human"] * human + ["check"] * check):
        names = [f"{number:02d}{letter}.jpg" for letter in "ab"]
        for name, level in zip(names, (200, 120), strict=True):
            picture = laid_on(np.full((60, 40, 3), level, np.uint8), size)
            write_atomic(folder / PICTURES / name, encode_jpeg(picture))
        trials.append(
            Trial(
                id=f"t{number}", kind=kind, category="ab"[number % 2], product=f"p{number // 2}",
                studio=names[0], other=names[1],
            )
        )  # fmt: skip
    test = BlindTestFile(
        made="now", pack="base", margin=0.1, doubt=0.05, trials_planned=281, secret="s", trials=tuple(trials)
    )
    write_test(folder, test)
    return BlindTestFolder(folder)


def pair_set(folder: Path, count: int = 3) -> Path:
    """Photos of products and what a retoucher made of them: two of each product, alike but not the same."""
    lines = []
    for number in range(count):
        photo, matte = product_photo((240, 300), seed=number // 2)
        after = np.where(matte[..., None] > 0.5, np.clip(photo * (1.05 + 0.03 * (number % 2)), 0, 255), 255)
        for side, picture in (("before", photo), ("after", after.astype(np.uint8))):
            path = folder / side / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, encode_jpeg(np.asarray(picture, np.uint8), 95))
        line = {"id": str(number), "category": "tops", "group": str(number // 2)}
        lines.append({**line, "before": f"before/{number}.jpg", "after": f"after/{number}.jpg"})
    (folder / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
