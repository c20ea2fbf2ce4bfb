"""Speck networks as files of a pack: written as ONNX, and taken up again where their training ended."""

from __future__ import annotations

from pathlib import Path

import torch

from packshot.learning.networks.export import check_answers, check_size, quietly
from packshot.learning.networks.loading import ForeignNetworkError, fill, weights_of
from packshot.learning.specks.network import SpeckNetwork


def export_speck_network(network: SpeckNetwork, path: Path) -> None:
    """Writes the network as ONNX; height and width are free multiples of 8.

    Raises ValueError when ONNX Runtime's answer differs from torch's, or the file is larger than 16 MB.
    """
    network = network.eval().float().cpu()
    height, width = torch.export.Dim("h", min=4, max=512), torch.export.Dim("w", min=4, max=512)
    with quietly():
        torch.onnx.export(
            network, (torch.randn(1, 3, 160, 96),), str(path), dynamo=True, opset_version=20, external_data=False,
            dynamic_shapes={"image": {2: 8 * height, 3: 8 * width}}, verbose=False,
        )  # fmt: skip
    check_size(path)
    _check_agreement(network, path)


def load_speck_network(path: Path) -> SpeckNetwork:
    """The speck network of a pack, its normalisations folded into its convolutions.

    Raises ForeignNetworkError when the file holds another network, or the loaded one answers differently.
    """
    weights = weights_of(path)
    try:
        fine, middle, coarse = (weights[f"{name}.weight"].shape[0] for name in ("fine.0", "middle.0.0", "coarse.0.0"))
        network = SpeckNetwork((fine, middle, coarse))
        with torch.no_grad():
            fill(network, weights)
    except (KeyError, IndexError, RuntimeError) as error:
        raise ForeignNetworkError(f"{path.name} is not packshot's own speck network ({error})") from None
    try:
        _check_agreement(network.eval(), path)
    except ValueError as error:
        raise ForeignNetworkError(f"{path.name} was loaded, but answers differently: {error}") from error
    return network


def _check_agreement(network: SpeckNetwork, path: Path) -> None:
    check_answers(network, path, torch.randn(1, 3, 136, 200), ("specks",))
