"""From ONNX back to torch: a pack's own networks are taken up again where their training ended.

Packs hold no torch checkpoints. Exporting folds each batch normalisation into the convolution before it; loading puts
the folded weights into the convolution and the folded shift into a normalisation that else does nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from packshot.learning.networks.export import check_agreement
from packshot.learning.networks.product import NetworkSize, ProductNetwork

Weights = dict[str, NDArray[np.float32]]


class ForeignNetworkError(ValueError):
    """An ONNX file that was not exported from packshot's own network, and cannot be trained on."""


def load_product_network(path: Path) -> ProductNetwork:
    """The product network of a pack, its normalisations folded into it (``product_tuning.unfold_normalisation``).

    Raises ForeignNetworkError when the file holds another network, or the loaded one answers differently.
    """
    weights = weights_of(path)
    try:
        network = ProductNetwork(_size(weights))
        with torch.no_grad():
            fill(network, weights)
    except (KeyError, IndexError, RuntimeError) as error:
        raise ForeignNetworkError(
            f"{path.name} is not packshot's own product network ({error}); it stays as it is"
        ) from None
    network.eval()
    try:
        check_agreement(network, path)
    except ValueError as error:
        raise ForeignNetworkError(f"{path.name} was loaded, but answers differently: {error}") from error
    return network


def weights_of(path: Path) -> Weights:
    """The constants of an ONNX file by name."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    return {item.name: np.array(numpy_helper.to_array(item), np.float32) for item in graph.initializer}


def _size(weights: Weights) -> NetworkSize:
    """How wide and deep the exported network is, by the shapes of its weights."""
    stages: dict[int, int] = {}
    for name in weights:
        if match := re.fullmatch(r"encoder\.stages\.(\d+)\.(\d+)\.first\.0\.weight", name):
            stages[int(match[1])] = max(stages.get(int(match[1]), 0), int(match[2]) + 1)
    merges = sorted(int(match[1]) for name in weights if (match := re.fullmatch(r"merges\.(\d+)\.0\.0\.weight", name)))
    stem = weights["encoder.stem.0.0.weight"]
    return NetworkSize(
        inputs=stem.shape[1],
        stem=stem.shape[0],
        widths=tuple(weights[f"encoder.stages.{index}.0.first.0.weight"].shape[0] for index in sorted(stages)),
        depths=tuple(stages[index] for index in sorted(stages)),
        decoder=tuple(weights[f"merges.{index}.0.0.weight"].shape[0] for index in merges),
        categories=weights["category.1.weight"].shape[0],
    )


def fill(network: nn.Module, weights: Weights) -> None:
    """Puts exported weights back into a network. Raises KeyError or RuntimeError where they are not its own."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            for index, (child, following) in enumerate(zip(module, list(module)[1:], strict=False)):
                if isinstance(child, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                    _fill_folded(child, following, weights, f"{name}.{index}.weight")
        if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.bias is not None):
            _copy(module.weight, weights[f"{name}.weight"])
            assert module.bias is not None
            _copy(module.bias, weights[f"{name}.bias"])


def _fill_folded(convolution: nn.Conv2d, normalisation: nn.BatchNorm2d, weights: Weights, name: str) -> None:
    _copy(convolution.weight, weights[name])
    _copy(normalisation.bias, weights[f"{name}_bias"])
    normalisation.weight.fill_(1)
    assert normalisation.running_mean is not None
    assert normalisation.running_var is not None
    normalisation.running_mean.zero_()
    normalisation.running_var.fill_(1 - normalisation.eps)


def _copy(target: Tensor | nn.Module, values: NDArray[np.float32]) -> None:
    assert isinstance(target, Tensor)
    if target.shape != values.shape:
        raise RuntimeError(f"a weight of shape {values.shape} where {tuple(target.shape)} was expected")
    target.copy_(torch.from_numpy(values))
