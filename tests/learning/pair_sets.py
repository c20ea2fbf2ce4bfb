"""Sets of pairs made of numbers, on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tests.learning.pictures import Shoot, make_pair, sprite


def make_set(folder: Path, count: int, categories: tuple[str, ...] = ("reds", "blues")) -> Path:
    """``count`` pairs, each a product of its own, categories in turn. Gives the folder."""
    lines = []
    for number in range(count):
        name = f"p{number}"
        made = make_pair(sprite(number), Shoot(1.0 + number, 0.36, 0.5, (312, 360), (384, 384), number))
        save(folder / "before" / f"{name}.jpg", made.before)
        save(folder / "after" / f"{name}.jpg", made.after)
        line = {"id": name, "category": categories[number % len(categories)], "group": name}
        lines.append({**line, "before": f"before/{name}.jpg", "after": f"after/{name}.jpg"})
    (folder / "pairs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


def save(path: Path, pixels: NDArray[np.uint8]) -> None:
    """A JPEG of (H, W, 3) sRGB pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(simplejpeg.encode_jpeg(pixels, 92, colorspace="RGB"))
