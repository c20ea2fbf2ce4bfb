"""A tiny pack and small product photos, so that whole runs are tested in seconds.

The pack's network is real, if simple: what is colourful is product, and the colour is the category.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnx
import simplejpeg
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.certificates import certified as give_certificate

CATEGORIES = ("reds", "greens", "blues")


def make_pack(folder: Path, certified: bool = False) -> Path:
    """Writes a pack whose network takes (1, 3, H, W) red, green, blue in 0..1; it may publish if ``certified``."""
    folder.mkdir(parents=True, exist_ok=True)
    content = network().SerializeToString()
    (folder / "product.onnx").write_bytes(content)
    model = {
        "file": "product.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "preprocessing": {"planes": "rgb", "long_side": 256, "mean": [0, 0, 0], "deviation": [1, 1, 1]},
        "category_output": 1,
    }
    pack = {
        "name": "tiny",
        "version": "1",
        "categories": list(CATEGORIES),
        "models": {"product": model},
        "thresholds": {"least_long_side": 200},
        "habits": {"default": {"long_side": 320, "upright": "never"}},
        "hard": [],
    }
    (folder / "pack.json").write_text(json.dumps(pack))
    if certified:
        give_certificate(folder)
    return folder


def network() -> onnx.ModelProto:
    """Matte logits from the distance between the strongest and the weakest channel, category from the mean colour."""
    constants = {"gain": [60.0], "limit": [-9.0], "sure": [80.0], "across": np.array([2, 3]), "channel": np.array([1])}
    nodes = [
        helper.make_node("ReduceMax", ["planes", "channel"], ["most"], keepdims=1),
        helper.make_node("ReduceMin", ["planes", "channel"], ["least"], keepdims=1),
        helper.make_node("Sub", ["most", "least"], ["colourful"]),
        helper.make_node("Mul", ["colourful", "gain"], ["steep"]),
        helper.make_node("Add", ["steep", "limit"], ["matte"]),
        helper.make_node("ReduceMean", ["planes", "across"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "sure"], ["category"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [
            helper.make_tensor_value_info("matte", TensorProto.FLOAT, [1, 1, "h", "w"]),
            helper.make_tensor_value_info("category", TensorProto.FLOAT, [1, 3]),
        ],
        [
            numpy_helper.from_array(
                np.asarray(value, np.int64 if np.asarray(value).dtype.kind == "i" else np.float32), name
            )
            for name, value in constants.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    return model


def product_picture(seed: int, size: tuple[int, int] = (300, 400)) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB: a coloured, shaded block of its own shape and place on light grey paper, with a little grain."""
    draw = np.random.default_rng(seed)
    width, height = size
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, (np.arange(height) + 0.5) / height * 2 - 1)
    middle, reach = draw.uniform(-0.15, 0.15, 2), draw.uniform(0.3, 0.55, 2)
    inside = (np.abs((x - middle[0]) / reach[0]) ** 4 + np.abs((y - middle[1]) / reach[1]) ** 4) < 1
    colour = np.full(3, 60.0)
    colour[seed % 3] = 190
    shading = 1 + 0.25 * np.sin(7 * x + draw.uniform(0, 6)) * np.cos(5 * y)
    paper = (205 + 12 * x - 8 * y)[..., None] * np.ones(3)
    picture = np.where(inside[..., None], colour * shading[..., None], paper)
    return np.clip(picture + draw.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def make_photos(
    folder: Path, count: int, size: tuple[int, int] = (300, 400), first: int = 0, step: int = 1
) -> list[Path]:
    """Writes ``count`` JPEGs, no two alike; in ``step`` 3 all are of one category."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(first, first + count * step, step)
    paths = [folder / f"photo-{number:03}.jpg" for number in numbers]
    for number, path in zip(numbers, paths, strict=True):
        path.write_bytes(_photo(number, size))
    return paths


@lru_cache(maxsize=256)
def _photo(number: int, size: tuple[int, int]) -> bytes:
    return simplejpeg.encode_jpeg(product_picture(number, size), 92)
