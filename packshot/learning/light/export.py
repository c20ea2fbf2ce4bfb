"""The light model as ONNX, written node by node so that its rows can be read back, and checked against NumPy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import numpy as np

from packshot.learning.light.graph import KEPT, light_graph
from packshot.learning.light.model import Kernel, LightModel, Scaling, Way
from packshot.learning.light.rules import RULED, Rules
from packshot.learning.light.shares import Shares
from packshot.learning.light.trees import Trees
from packshot.learning.light.witness import SEEN, Witnesses
from packshot.learning.networks.export import check_size
from packshot.learning.networks.loading import ForeignNetworkError
from packshot.lightmeter import CHANGES, NAMES

_AGREEMENT = 2e-3  # stops


def export_light_model(model: LightModel, path: Path) -> str:
    """Writes the model; returns the file's sha256.

    Takes ``measured`` (1, numbers) and ``category`` (1, categories), gives ``change`` and ``spread`` (1, 8) in stops.
    Raises ValueError when ONNX Runtime's answer differs from NumPy's, or the file is larger than 16 MB.
    """
    import onnx

    path.write_bytes(light_graph(model).SerializeToString())
    onnx.checker.check_model(str(path))
    check_size(path)
    _check_agreement(model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_light_model(path: Path) -> LightModel:
    """The model of a pack with the rows it learned from. Raises ForeignNetworkError when the file holds another."""
    import onnx
    from onnx import numpy_helper

    loaded = onnx.load(str(path))
    told = {item.key: item.value for item in loaded.metadata_props}
    values = {item.name: np.array(numpy_helper.to_array(item)) for item in loaded.graph.initializer}
    if "way" not in told or values.get("mean", np.zeros(0)).size < len(NAMES):
        raise ForeignNetworkError(f"{path.name} is not packshot's own light model; it cannot be learned further")
    way = json.loads(told["way"])
    stored = {name: value.astype(np.float64) for name, value in values.items()}
    cameras, rows = stored["cameras"][: way["cameras"]], slice(-1 - way["cameras"], None)
    trees = Trees(**{one.name: values[f"tree_{one.name}"] for one in fields(Trees)})
    seen, told_apart = 1 + len(SEEN), 1 + way["cameras"]
    witnesses = Witnesses(
        stored["likely"][rows].reshape(told_apart, -1, seen, seen),
        stored["answers"][rows].reshape(told_apart, -1, 2, seen),
    )
    axes = stored.get("axes", np.zeros((0, 0)))
    scaling = Scaling(stored["mean"], stored["spread_of_numbers"], axes, cameras, witnesses)
    shares = Shares(np.array(way["share_cameras"]), np.array(way["member_shares"]))
    return LightModel(
        tuple(told["categories"].split("\n")),
        scaling,
        Way(Kernel(**way["kernel"]), shares, way["alone"]),
        **{name: stored[name] for name in KEPT},
        rules=Rules(cameras, stored["slopes"][rows].reshape(-1, 1 + len(RULED), len(CHANGES))),
        shares=stored["shares"][rows],
        trees=trees,
    )


def _check_agreement(model: LightModel, path: Path) -> None:
    """Raises ValueError unless NumPy and ONNX Runtime answer alike."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    draw = np.random.default_rng(1)
    for category in (*model.categories[:3], "none of them"):
        measured = model.scaling.mean + draw.normal(0, 1, model.scaling.mean.shape)
        told = np.array([[name == category for name in model.categories]], np.float32)
        answers = session.run(None, {"measured": measured[None].astype(np.float32), "category": told})
        for one, two in zip(model.predict(measured[None], (category,)), answers, strict=True):
            if float(np.abs(one - two).max()) > _AGREEMENT:
                raise ValueError("NumPy and ONNX Runtime differ in the light model: the export is not usable")
