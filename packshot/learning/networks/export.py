"""From torch to ONNX, with proof that both agree."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from packshot.learning.networks.product import ProductNetwork

LARGEST_FILE = 16_000_000
_AGREEMENT = 2e-3


def export_product_network(network: ProductNetwork, path: Path) -> str:
    """Writes the network as ONNX with free height and width (multiples of 32); returns the file's sha256.

    Raises ValueError when ONNX Runtime's answer differs from torch's, or the file is larger than 16 MB.
    """
    network = network.eval().float()
    height, width = torch.export.Dim("h", min=2, max=64), torch.export.Dim("w", min=2, max=64)
    example = torch.randn(1, network.size.inputs, 128, 96)
    with quietly():
        torch.onnx.export(
            network,
            (example,),
            str(path),
            dynamo=True,
            opset_version=20,
            external_data=False,
            input_names=["planes"],
            output_names=["matte", "category", "embedding"],
            dynamic_shapes={"image": {2: 32 * height, 3: 32 * width}},
            verbose=False,
        )
    check_size(path)
    check_agreement(network, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def quietly() -> Iterator[None]:
    """Without the exporter's remarks on itself and on libraries that are not needed here; errors are raised anyway."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def check_size(path: Path) -> None:
    """Raises ValueError when a file is larger than a pack's may be."""
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path.name} has {path.stat().st_size} bytes; a pack's file may have {LARGEST_FILE}")


def check_agreement(network: ProductNetwork, path: Path) -> None:
    """Raises ValueError unless torch and ONNX Runtime answer alike at a size the export did not see."""
    check_answers(network, path, torch.randn(1, network.size.inputs, 256, 320), ("matte", "category", "embedding"))


def check_answers(network: nn.Module, path: Path, image: Tensor, outputs: Sequence[str]) -> None:
    """Raises ValueError unless a network and its ONNX file answer alike to ``image``; ``outputs``: what they answer."""
    import onnxruntime

    with torch.no_grad():
        answered = network(image)
    expected = [part.numpy() for part in (answered if isinstance(answered, tuple) else (answered,))]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    for name, one, two in zip(outputs, expected, answers, strict=True):
        difference = float(np.abs(one - two).max() / (1 + np.abs(one).max()))
        if difference > _AGREEMENT:
            raise ValueError(f"torch and ONNX Runtime differ by {difference:.2g} in {name}: the export is not usable")
