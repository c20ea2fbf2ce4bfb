"""The light model as ONNX, written node by node so that its rows can be read back, and checked against NumPy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from packshot.learning.export import check_size
from packshot.learning.light_model import UNITS, Kernel, LightModel, Scaling
from packshot.learning.light_rules import SAME_CAMERA, Rules
from packshot.learning.loading import ForeignNetworkError
from packshot.lightmeter import CHANGES, NAMES

_CLIP = 4.0
_AGREEMENT = 2e-3  # stops
_KEPT = ("inputs", "told", "shared", "own", "weights", "level", "levels")


def export_light_model(model: LightModel, path: Path) -> str:
    """Writes the model; returns the file's sha256.

    Takes ``measured`` (1, numbers) and ``category`` (1, categories), gives ``change`` and ``spread`` (1, 8) in stops.
    Raises ValueError when ONNX Runtime's answer differs from NumPy's, or the file is larger than 16 MB.
    """
    import onnx

    path.write_bytes(_graph(model).SerializeToString())
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
    values = {item.name: np.array(numpy_helper.to_array(item), np.float64) for item in loaded.graph.initializer}
    if "categories" not in told or values.get("mean", np.zeros(0)).size < len(NAMES):
        raise ForeignNetworkError(f"{path.name} is not packshot's own light model; it cannot be learned further")
    axes = values.get("axes", np.zeros((0, 0)))
    return LightModel(
        tuple(told["categories"].split("\n")),
        Scaling(values["mean"], values["spread_of_numbers"], axes),
        Kernel(**json.loads(told["kernel"])),
        **{name: values[name] for name in _KEPT},
        instead=values.get("instead", np.zeros((len(values["levels"]), 1 + len(CHANGES)))),
        rules=Rules(values["cameras"], values["slopes"].reshape(len(values["slopes"]), -1, len(CHANGES))),
    )


def _graph(model: LightModel) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    width, numbers, half = model.inputs.shape[1], len(model.scaling.mean), len(CHANGES)
    kernel = model.kernel
    node = helper.make_node
    embedded = model.scaling.axes.shape[1] > 0
    nodes = [
        node("Sub", ["measured", "mean"], ["centred"]),
        node("Slice", ["centred", "zero", "names", "one"], ["own_numbers"]),
        node("Div", ["own_numbers", "spread_of_numbers"], ["scaled"]),
        node("Slice", ["centred", "names", "end", "one"], ["embedding"]),
        node("MatMul", ["embedding", "axes"], ["parts"]),
        node("Concat", ["scaled", "parts"], ["wide"], axis=1),
        node("Clip", ["wide", "low", "high"], ["seen"]),
        node("Gemm", ["seen", "inputs"], ["product"], transB=1, alpha=1 / width),
        node("Mul", ["seen", "seen"], ["squared"]),
        node("ReduceMean", ["squared", "one"], ["square"], keepdims=1),
        node("Add", ["square", "row_squares"], ["squares"]),
        node("Mul", ["product", "minus_two"], ["crossed"]),
        node("Add", ["squares", "crossed"], ["apart"]),
        node("Relu", ["apart"], ["distance"]),
        node("Mul", ["distance", "gain"], ["exponent"]),
        node("Exp", ["exponent"], ["smooth"]),
        node("Mul", ["product", "straight"], ["line"]),
        node("Add", ["smooth", "line"], ["alike"]),
        node("Mul", ["alike", "shared"], ["for_all"]),
        node("Gemm", ["category", "told"], ["same"], transB=1),
        node("Mul", ["smooth", "own"], ["own_smooth"]),
        node("Mul", ["same", "own_smooth"], ["for_category"]),
        node("Add", ["for_all", "for_category"], ["likeness"]),
        node("MatMul", ["likeness", "weights"], ["sum"]),
        node("Gemm", ["category", "levels", "level"], ["mean_change"]),
        node("Add", ["sum", "mean_change"], ["found"]),
        node("Split", ["found", "halves"], ["departure", "unsure"], axis=1),
        *_nodes_of_rules(),
        node("Gemm", ["category", "instead"], ["other"]),
        node("Split", ["other", "one_and_changes"], ["is_other", "other_change"], axis=1),
        node("Sub", ["one_number", "is_other"], ["asked"]),
        node("Mul", ["changed", "asked"], ["asked_change"]),
        node("Add", ["asked_change", "other_change"], ["decided"]),
        node("Mul", ["decided", "units"], ["change"]),
        node("Clip", ["unsure", "least"], ["sure"]),
        node("Mul", ["sure", "units"], ["spread"]),
    ]
    constants: dict[str, Any] = {
        "mean": model.scaling.mean,
        "spread_of_numbers": model.scaling.spread,
        **{name: getattr(model, name) for name in _KEPT},
        "row_squares": (model.inputs**2).mean(1),
        "gain": -1 / (2 * kernel.length**2),
        "straight": kernel.straight,
        **{"units": UNITS, "least": 0.02, "low": -_CLIP, "high": _CLIP, "minus_two": -2.0},
        "axes": model.scaling.axes,
        "instead": model.instead,
    }
    constants |= _constants_of_rules(model.rules)
    whole = {
        "side": [NAMES.index("short side")],
        "beyond_side": [NAMES.index("short side") + 1],
        "shape_of_rules": [1 + model.rules.numbers, half],
        "zero": [0],
        "one": [1],
        "names": [model.rules.numbers],
        "end": [numbers],
        "halves": [half, half],
        "one_and_changes": [1, half],
    }
    if not embedded:
        nodes = [one for one in nodes if one.output[0] not in ("embedding", "parts", "wide")]
        nodes[3].input[0] = "scaled"
        constants.pop("axes")
    stored = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    stored += [numpy_helper.from_array(np.asarray(value, np.int64), name) for name, value in whole.items()]
    takes = {"measured": numbers, "category": len(model.categories)}
    graph = helper.make_graph(
        nodes,
        "light",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in takes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, half]) for name in ("change", "spread")],
        stored,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 9
    helper.set_model_props(made, {"categories": "\n".join(model.categories), "kernel": json.dumps(vars(kernel))})
    return made


def _nodes_of_rules() -> list[Any]:
    """The rules of the camera that the photo's size speaks of, applied to the scaled numbers."""
    from onnx import TensorProto, helper

    node = helper.make_node
    return [
        node("Slice", ["measured", "side", "beyond_side", "one"], ["short_side"]),
        node("Sub", ["short_side", "cameras"], ["off"]),
        node("Abs", ["off"], ["away"]),
        node("ReduceMin", ["away", "one"], ["nearest"], keepdims=1),
        node("LessOrEqual", ["nearest", "same_camera"], ["is_near"]),
        node("Cast", ["is_near"], ["near"], to=TensorProto.FLOAT),
        node("LessOrEqual", ["away", "nearest"], ["is_it"]),
        node("Cast", ["is_it"], ["it"], to=TensorProto.FLOAT),
        node("Mul", ["it", "near"], ["known_camera"]),
        node("Sub", ["one_number", "near"], ["other_camera"]),
        node("Concat", ["known_camera", "other_camera"], ["camera"], axis=1),
        node("MatMul", ["camera", "slopes"], ["flat_rules"]),
        node("Reshape", ["flat_rules", "shape_of_rules"], ["rules"]),
        node("Slice", ["seen", "zero", "names", "one"], ["seen_numbers"]),
        node("Concat", ["one_number", "seen_numbers"], ["with_level"], axis=1),
        node("MatMul", ["with_level", "rules"], ["ruled"]),
        node("Add", ["ruled", "departure"], ["changed"]),
    ]


def _constants_of_rules(rules: Rules) -> dict[str, Any]:
    # ONNX has no empty tensors to speak of: without cameras there is one that no photo is from.
    cameras = rules.cameras if len(rules.cameras) else np.array([1e6])
    slopes = rules.slopes if len(rules.cameras) else np.concatenate([rules.slopes, rules.slopes])
    flat = slopes.reshape(len(slopes), -1)
    return {"cameras": cameras, "slopes": flat, "same_camera": SAME_CAMERA, "one_number": [[1.0]]}


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
