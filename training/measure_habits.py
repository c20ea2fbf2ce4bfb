"""Reads the house's habits out of the afters: canvas, margins, anchor, and how bright products end up.

python training/measure_habits.py --shared DATA > habits.json
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, linear_of_byte
from packshot.learning.networks.synthesis import Example
from training.data import CATEGORIES, finished

Habit = dict[str, Any]


def margins(matte: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Top, right, bottom, left as shares of the canvas."""
    rows, columns = np.nonzero((matte > 0.5).any(1))[0], np.nonzero((matte > 0.5).any(0))[0]
    height, width = matte.shape
    return rows[0] / height, 1 - (columns[-1] + 1) / width, 1 - (rows[-1] + 1) / height, columns[0] / width


def log_luminance(example: Example) -> float:
    """Mean log2 luminance of the product."""
    assert example.matte is not None
    values = linear_of_byte()[example.image[example.matte > 0.95]] @ LUMINANCE
    return float(np.log2(np.maximum(values, 0.002)).mean())


def habit(examples: list[Example]) -> Habit:
    """A category's margins where the product fills the canvas, its anchor, and its usual brightness."""
    table = np.array([margins(example.matte) for example in examples if example.matte is not None])
    top, right, bottom, left = table.T
    aspect = float(np.median([example.image.shape[1] / example.image.shape[0] for example in examples]))
    side, end = float(np.median(np.minimum(left, right))), float(np.median(np.minimum(top, bottom)))
    # The side that binds: margins of a product that touches its limits are the smaller half of what is seen.
    binding_side = float(np.quantile(np.minimum(left, right), 0.2))
    binding_end = float(np.quantile(np.minimum(top, bottom), 0.2))
    spread = {"centre": float(np.std(top - bottom)), "base": float(np.std(bottom)), "top": float(np.std(top))}
    return {
        "n": len(examples),
        "aspect": round(aspect, 4),
        "margins_median": [round(float(value), 4) for value in np.median(table, 0)],
        "margins_low": [round(float(value), 4) for value in np.quantile(table, 0.1, axis=0)],
        "side": round(side, 4),
        "end": round(end, 4),
        "binding": [round(binding_side, 4), round(binding_end, 4)],
        "spread": {name: round(value, 4) for name, value in spread.items()},
        "brightness": round(float(np.median([log_luminance(example) for example in examples])), 3),
        "brightness_spread": round(float(np.std([log_luminance(example) for example in examples])), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["real", "rendered", "studio"])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    groups: dict[str, list[Example]] = defaultdict(list)
    for name in options.sets:
        for example in finished(options.shared, name):
            groups[CATEGORIES[example.category]].append(example)
    print(json.dumps({name: habit(examples) for name, examples in sorted(groups.items())}, indent=1))


if __name__ == "__main__":
    main()
