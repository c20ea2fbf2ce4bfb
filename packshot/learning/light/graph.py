"""The light model's ONNX graph, written node by node: one function for each of its parts."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.cameras import SAME_CAMERA, SIDE
from packshot.learning.light.model import CLIP, LEAST_SPREAD, UNITS, LightModel
from packshot.learning.light.rules import RULED
from packshot.learning.light.trees import DEPTH, Trees
from packshot.learning.light.witness import SEEN, UNIT
from packshot.lightmeter import CHANGES, NUMBERS

KEPT = ("inputs", "told", "shared", "own", "weights", "level", "levels", "instead")  # as in ``LightModel``
_NOWHERE = 1e6  # log2 of a short side that no photo has: ONNX has no empty tensors to speak of


def light_graph(model: LightModel) -> Any:
    """Takes ``measured`` (1, numbers) and ``category`` (1, categories), gives ``change`` and ``spread`` (1, 8)."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        *_camera(),
        *_witnesses(),
        *_inputs(model.scaling.axes.shape[1] > 0),
        *_regression(model),
        *_trees(),
        *_sum(),
    ]
    stored = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in _constants(model).items()]
    stored += [numpy_helper.from_array(np.asarray(value, np.int64), name) for name, value in _whole(model).items()]
    stored.append(numpy_helper.from_array(np.ones(1, np.int32), "one_node"))
    stored += [numpy_helper.from_array(getattr(model.trees, one.name), f"tree_{one.name}") for one in fields(Trees)]
    takes = {"measured": len(model.scaling.mean), "category": len(model.categories)}
    graph = helper.make_graph(
        nodes,
        "light",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in takes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, len(CHANGES)]) for name in ("change", "spread")],
        stored,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 9
    helper.set_model_props(made, {"categories": "\n".join(model.categories), "way": json.dumps(_way(model))})
    return made


def _way(model: LightModel) -> dict[str, Any]:
    way = model.way
    return {
        "kernel": vars(way.kernel),
        "alone": way.alone,
        "cameras": len(model.scaling.cameras),
        "share_cameras": way.shares.cameras.tolist(),
        "member_shares": way.shares.of.tolist(),
    }


def _node(*given: Any, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(*given, **attributes)


def _camera() -> list[Any]:
    """``camera`` (1, cameras + 1): a one where the photo's size says it is from, the last for any other."""
    from onnx import TensorProto

    return [
        _node("Gather", ["measured", "side"], ["short_side"], axis=1),
        _node("Sub", ["short_side", "cameras"], ["off"]),
        _node("Abs", ["off"], ["away"]),
        _node("ReduceMin", ["away", "one"], ["nearest"], keepdims=1),
        _node("LessOrEqual", ["nearest", "same_camera"], ["is_near"]),
        _node("Cast", ["is_near"], ["near"], to=TensorProto.FLOAT),
        _node("LessOrEqual", ["away", "nearest"], ["is_it"]),
        _node("Cast", ["is_it"], ["it"], to=TensorProto.FLOAT),
        _node("Mul", ["it", "near"], ["known_camera"]),
        _node("Sub", ["one_number", "near"], ["other_camera"]),
        _node("Concat", ["known_camera", "other_camera"], ["camera"], axis=1),
    ]


def _witnesses() -> list[Any]:
    """``heard`` (1, 2): the tint, in units, that paper, product and highlights bear witness to."""
    return [
        _node("Gather", ["measured", "seen_tints"], ["tints"], axis=1),
        _node("Concat", ["one_number", "tints"], ["testimony"], axis=1),
        _node("Gemm", ["testimony", "testimony"], ["crossed_tints"], transA=1),
        _node("Reshape", ["crossed_tints", "as_column"], ["tint_pairs"]),
        _node("MatMul", ["camera", "likely"], ["likely_row"]),
        _node("Reshape", ["likely_row", "likely_shape"], ["likely_here"]),
        _node("MatMul", ["likely_here", "tint_pairs"], ["likely_logits"]),
        _node("Softmax", ["likely_logits"], ["likely_shares"], axis=0),
        _node("MatMul", ["camera", "answers"], ["answers_row"]),
        _node("Reshape", ["answers_row", "answers_shape"], ["answers_here"]),
        _node("Reshape", ["testimony", "as_column"], ["testimony_column"]),
        _node("MatMul", ["answers_here", "testimony_column"], ["answers_column"]),
        _node("Reshape", ["answers_column", "answers_matrix"], ["answers_found"]),
        _node("Gemm", ["likely_shares", "answers_found"], ["heard_stops"], transA=1),
        _node("Div", ["heard_stops", "tint_unit"], ["heard"]),
    ]


def _inputs(embedded: bool) -> list[Any]:
    """``seen`` (1, f): the numbers scaled, the witnesses, the embedding's principal components where it is there."""
    parts = [
        _node("Slice", ["centred", "names", "end", "one"], ["embedding"]),
        _node("MatMul", ["embedding", "axes"], ["parts"]),
    ]
    return [
        _node("Sub", ["measured", "mean"], ["centred"]),
        _node("Slice", ["centred", "zero", "names", "one"], ["own_numbers"]),
        _node("Div", ["own_numbers", "spread_of_numbers"], ["scaled"]),
        *(parts if embedded else []),
        _node("Concat", ["scaled", "heard", *(["parts"] if embedded else [])], ["wide"], axis=1),
        _node("Clip", ["wide", "low", "high"], ["seen"]),
    ]


def _regression(model: LightModel) -> list[Any]:
    """``departure``, ``unsure`` and ``added``, (1, 8) each."""
    return [
        _node("Gemm", ["seen", "inputs"], ["product"], transB=1, alpha=1 / model.inputs.shape[1]),
        _node("Mul", ["seen", "seen"], ["squared"]),
        _node("ReduceMean", ["squared", "one"], ["square"], keepdims=1),
        _node("Add", ["square", "row_squares"], ["squares"]),
        _node("Mul", ["product", "minus_two"], ["crossed"]),
        _node("Add", ["squares", "crossed"], ["apart"]),
        _node("Relu", ["apart"], ["distance"]),
        _node("Mul", ["distance", "gain"], ["exponent"]),
        _node("Exp", ["exponent"], ["smooth"]),
        _node("Mul", ["product", "straight"], ["line"]),
        _node("Add", ["smooth", "line"], ["alike"]),
        _node("Mul", ["alike", "shared"], ["for_all"]),
        _node("Gemm", ["category", "told"], ["same"], transB=1),
        _node("Mul", ["smooth", "own"], ["own_smooth"]),
        _node("Mul", ["same", "own_smooth"], ["for_category"]),
        _node("Add", ["for_all", "for_category"], ["likeness"]),
        _node("MatMul", ["likeness", "weights"], ["sum"]),
        _node("Gemm", ["category", "levels", "level"], ["mean_change"]),
        _node("Add", ["sum", "mean_change"], ["found"]),
        _node("Split", ["found", "thirds"], ["departure", "unsure", "added"], axis=1),
    ]


def _trees() -> list[Any]:
    """``grown`` (1, 6): what the trees say; all of them go down one step at a time."""
    nodes = [_node("Reshape", ["seen", "as_list"], ["seen_list"])]
    place = "tree_roots"
    for step in range(DEPTH):
        nodes += [
            _node("Gather", ["tree_feature", place], [f"feature_{step}"]),
            _node("Gather", ["seen_list", f"feature_{step}"], [f"value_{step}"]),
            _node("Gather", ["tree_threshold", place], [f"threshold_{step}"]),
            _node("LessOrEqual", [f"value_{step}", f"threshold_{step}"], [f"is_low_{step}"]),
            _node("Add", [place, "one_node"], [f"behind_{step}"]),
            _node("Gather", ["tree_right", place], [f"right_{step}"]),
            _node("Where", [f"is_low_{step}", f"behind_{step}", f"right_{step}"], [f"place_{step}"]),
        ]
        place = f"place_{step}"
    return [
        *nodes,
        _node("Gather", ["tree_value", place], ["leaves"]),
        _node("Reshape", ["leaves", "as_row"], ["leaf_row"]),
        _node("MatMul", ["leaf_row", "tree_sums"], ["grown"]),
    ]


def _sum() -> list[Any]:
    """``change`` and ``spread`` (1, 8): all parts by the camera's shares, or what is done instead."""
    return [
        _node("MatMul", ["camera", "slopes"], ["flat_rules"]),
        _node("Reshape", ["flat_rules", "shape_of_rules"], ["rules"]),
        _node("Slice", ["seen", "zero", "ruled_numbers", "one"], ["ruled_seen"]),
        _node("Concat", ["one_number", "ruled_seen"], ["with_level"], axis=1),
        _node("MatMul", ["with_level", "rules"], ["ruled"]),
        _node("MatMul", ["camera", "shares"], ["share"]),
        _node("Split", ["share", "halves"], ["regression_share", "tree_share"], axis=1),
        _node("Mul", ["departure", "regression_share"], ["regressed"]),
        _node("Mul", ["grown", "tree_share"], ["weighed_trees"]),
        _node("MatMul", ["weighed_trees", "to_changes"], ["from_trees"]),
        _node("Sum", ["ruled", "regressed", "from_trees", "added"], ["changed"]),
        _node("Gemm", ["category", "instead"], ["other"]),
        _node("Split", ["other", "one_and_changes"], ["is_other", "other_change"], axis=1),
        _node("Sub", ["one_number", "is_other"], ["asked"]),
        _node("Mul", ["changed", "asked"], ["asked_change"]),
        _node("Add", ["asked_change", "other_change"], ["decided"]),
        _node("Mul", ["decided", "units"], ["change"]),
        _node("Clip", ["unsure", "least"], ["sure"]),
        _node("Mul", ["sure", "units"], ["spread"]),
    ]


def _constants(model: LightModel) -> dict[str, Any]:
    """All real numbers of the graph."""
    scaling, kernel, rules = model.scaling, model.way.kernel, model.rules
    some = len(scaling.cameras) > 0
    witnesses = scaling.witnesses
    of_cameras = {"slopes": rules.slopes, "likely": witnesses.likely, "answers": witnesses.answers}
    of_cameras["shares"] = model.shares
    return {
        "mean": scaling.mean,
        "spread_of_numbers": scaling.spread,
        **({"axes": scaling.axes} if scaling.axes.shape[1] else {}),
        "cameras": scaling.cameras if some else np.array([_NOWHERE]),
        **{name: getattr(model, name) for name in KEPT},
        **{name: _by_camera(value, some) for name, value in of_cameras.items()},
        "row_squares": (model.inputs**2).mean(1),
        "gain": -1 / (2 * kernel.length**2),
        "straight": kernel.straight,
        "to_changes": np.tile(np.eye(3, len(CHANGES)), (2, 1)),
        **{"units": UNITS, "least": LEAST_SPREAD, "low": -CLIP, "high": CLIP, "minus_two": -2.0},
        **{"same_camera": SAME_CAMERA, "one_number": [[1.0]], "tint_unit": UNIT},
    }


def _by_camera(values: NDArray[np.float64], some: bool) -> NDArray[np.float64]:
    """(cameras + 1, all else): a row a camera; without cameras there is one that no photo is from."""
    flat = values.reshape(len(values), -1)
    return flat if some else np.concatenate([flat, flat])


def _whole(model: LightModel) -> dict[str, Any]:
    """All whole numbers of the graph: places and shapes."""
    answers, half = model.scaling.witnesses.likely.shape[1], len(CHANGES)
    told = 1 + len(SEEN)
    return {
        **{"zero": [0], "one": [1], "names": [len(NUMBERS)], "end": [len(model.scaling.mean)]},
        **{"side": [SIDE], "seen_tints": SEEN, "ruled_numbers": [len(RULED)]},
        **{"thirds": [half] * 3, "halves": [half, 6], "one_and_changes": [1, half]},
        **{"as_column": [-1, 1], "as_list": [-1], "as_row": [1, -1]},
        "likely_shape": [answers, told * told],
        "answers_shape": [answers * 2, told],
        "answers_matrix": [answers, 2],
        "shape_of_rules": [1 + len(RULED), half],
    }
