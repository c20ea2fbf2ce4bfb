from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from packshot.learning.networks.export import check_agreement, export_product_network
from packshot.learning.networks.loading import ForeignNetworkError, load_product_network
from packshot.learning.networks.product import NetworkSize, ProductNetwork
from packshot.learning.networks.product_tuning import Tuning, examples_of, mean_iou, tune_product, unfold_normalisation
from packshot.learning.networks.synthesis import Example
from packshot.pack import BASE_PACK

SMALL = NetworkSize(stem=8, widths=(8, 16, 16, 16), depths=(1, 1, 1, 1), decoder=(16, 8, 8, 8), categories=3)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network whose normalisations have seen something, as ONNX."""
    torch.manual_seed(1)
    network = ProductNetwork(SMALL).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    for _ in range(3):
        network(torch.randn(4, 8, 64, 64) * 2 + 0.5)
    path = tmp_path_factory.mktemp("network") / "product.onnx"
    export_product_network(network.eval(), path)
    return path


def test_a_network_comes_back_from_onnx_as_it_was(exported: Path) -> None:
    loaded = load_product_network(exported)
    assert loaded.size == SMALL
    check_agreement(loaded, exported)


def test_unfolded_normalisations_change_no_answer_and_see_the_data(exported: Path) -> None:
    loaded = load_product_network(exported)
    batches = [torch.randn(4, 8, 64, 64) for _ in range(4)]
    unfold_normalisation(loaded, batches)
    check_agreement(loaded.eval(), exported)
    with torch.no_grad():
        still = loaded.eval()(batches[0])[0]
        training = loaded.train()(batches[0])[0]
    assert float((still - training).abs().mean()) < 0.2 * float(still.abs().mean())


def test_another_network_is_refused() -> None:
    with pytest.raises(ForeignNetworkError, match="not packshot's own product network"):
        load_product_network(BASE_PACK / "upright.onnx")


def blocks(count: int) -> list[Example]:
    """Dark blocks on light paper, each its own product."""
    draw = np.random.default_rng(0)
    found = []
    for index in range(count):
        image = np.full((96, 72, 3), 210, np.uint8)
        matte = np.zeros((96, 72), np.float32)
        top, left = draw.integers(8, 40), draw.integers(8, 30)
        matte[top : top + 40, left : left + 30] = 1
        image[matte > 0] = draw.integers(20, 120, 3)
        found.append(Example(image, matte, index % 3, f"product {index}"))
    return found


def test_tuning_learns_and_measures_on_products_left_out(exported: Path, tmp_path: Path) -> None:
    tuning = Tuning(0.06, "cpu", 1, 64, tmp_path / "work.pt", batch=8)
    tuned = tune_product(exported, blocks(30), tuning, lambda *_: None)
    assert tuned is not None
    assert tuned.better == (tuned.after > tuned.before)
    assert mean_iou(tuned.network, blocks(5), 64) >= 0
    assert (tmp_path / "work.pt").exists()


def test_too_few_products_are_not_tuned_on(exported: Path, tmp_path: Path) -> None:
    tuning = Tuning(1, "cpu", 1, 64, tmp_path / "work.pt")
    assert tune_product(exported, blocks(5), tuning, lambda *_: None) is None
    assert examples_of([], ("tops",)) == []
