"""What each model of a pack costs on this machine."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from packshot.pack import Pack
from packshot.pack_file import ModelCard

_ROUNDS = 7


@dataclass(frozen=True)
class ModelCost:
    """Median time of one call, one thread; None where the model does not run on its declared shape."""

    name: str
    file: str
    megabytes: float
    milliseconds: float | None


def model_costs(pack: Pack) -> list[ModelCost]:
    """Every ONNX model of the pack, called on an input of its declared shape."""
    return [
        ModelCost(name, card.file, (pack.folder / card.file).stat().st_size / 1e6, _milliseconds(pack, card))
        for name, card in sorted(pack.file.models.items())
    ]


def _milliseconds(pack: Pack, card: ModelCard) -> float | None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(pack.folder / card.file), options, providers=["CPUExecutionProvider"])
    feed = {one.name: _filled(one, card) for one in session.get_inputs()}
    times = []
    try:
        for _ in range(_ROUNDS):
            begun = time.perf_counter()
            session.run(None, feed)
            times.append(time.perf_counter() - begun)
    except (
        onnxruntime.capi.onnxruntime_pybind11_state.Fail,
        onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    ):
        return None
    return 1000 * statistics.median(times)


def _filled(given: Any, card: ModelCard) -> np.ndarray[Any, Any]:
    """Grey of the declared shape; free sides of a picture are a portrait photo's, other free sides 1."""
    how = card.preprocessing
    long_side = how.long_side // how.multiple * how.multiple
    portrait = [long_side, max(how.multiple, round(long_side * 0.75 / how.multiple) * how.multiple)]
    free = {2: portrait[0], 3: portrait[1]} if len(given.shape) == 4 else {}
    shape = [side if isinstance(side, int) and side > 0 else free.get(axis, 1) for axis, side in enumerate(given.shape)]
    kind = np.int64 if "int64" in given.type else np.float32
    return np.full(shape, 0.5, kind)
