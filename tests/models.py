"""Tiny networks in ONNX, made by hand, that packs of tests name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from packshot.pack import Pack

Shape = list[int | str]


def network(nodes: list[NodeProto], takes: Shape, gives: Shape, **constants: Any) -> bytes:
    """A network from ``input`` to ``output`` with named constants."""
    graph = helper.make_graph(
        nodes,
        "drawn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, takes)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, gives)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def follows_symmetry(gain: float = 4.0) -> bytes:
    """An upright network that believes the outline's mirror symmetry alone: (1, 11, angles) to (1, 1, angles)."""
    nodes = [
        helper.make_node("Gather", ["input", "row"], ["symmetry"], axis=1),
        helper.make_node("Mul", ["symmetry", "gain"], ["output"]),
    ]
    constants = {"row": np.array([0], np.int64), "gain": np.float32(gain)}
    return network(nodes, [1, 11, "angles"], [1, 1, "angles"], **constants)


def finds_white(limit: float = 0.6) -> bytes:
    """A speck network that takes what is nearly white for dust: (1, 3, H, W) in -1..1 to (1, 1, H, W) logits."""
    nodes = [
        helper.make_node("ReduceMean", ["input", "channel"], ["grey"], keepdims=1),
        helper.make_node("Sub", ["grey", "limit"], ["above"]),
        helper.make_node("Mul", ["above", "gain"], ["output"]),
    ]
    constants = {"channel": np.array([1], np.int64), "limit": np.float32(limit), "gain": np.float32(40)}
    return network(nodes, [1, 3, "h", "w"], [1, 1, "h", "w"], **constants)


def pack_with(folder: Path, models: dict[str, bytes], sees: dict[str, Any] | None = None, **settings: Any) -> Pack:
    """A pack of these models by name, their preprocessing, and further settings of ``pack.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    cards = {}
    for name, content in models.items():
        (folder / f"{name}.onnx").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        cards[name] = {"file": f"{name}.onnx", "sha256": digest, "preprocessing": sees or {}}
    settings = {"name": "drawn", "version": "1", "categories": ["tops", "shoes"], "models": cards, **settings}
    (folder / "pack.json").write_text(json.dumps(settings))
    return Pack(folder)
