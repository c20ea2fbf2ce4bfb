from __future__ import annotations

import pytest
import torch
from torch import nn

from packshot.learning.networks.product import NetworkSize, ProductNetwork, Residual

TINY = NetworkSize(stem=4, widths=(4, 6, 8, 12), depths=(1, 1, 1, 1), decoder=(8, 6, 4, 4), categories=3)


def parameters(network: nn.Module) -> int:
    return sum(part.numel() for part in network.parameters())


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 160), (256, 32)])
def test_the_product_networks_answer_has_the_photos_size(height: int, width: int) -> None:
    network = ProductNetwork(TINY).eval()
    matte, category, embedding = network(torch.randn(2, 8, height, width))
    assert matte.shape == (2, 1, height, width)
    assert category.shape == (2, 3)
    assert embedding.shape == (2, 12)


def test_the_network_that_ships_has_the_size_it_says() -> None:
    assert parameters(ProductNetwork()) == pytest.approx(3.4e6, rel=0.03)


def test_photos_of_a_batch_do_not_mix() -> None:
    network = ProductNetwork(TINY).eval()
    photos = torch.randn(3, 8, 64, 64)
    together = network(photos)
    for index in range(3):
        alone = network(photos[index : index + 1])
        for one, all_ in zip(alone, together, strict=True):
            assert torch.allclose(one[0], all_[index], atol=1e-5)


def test_a_new_block_is_its_shortcut() -> None:
    features = torch.randn(2, 6, 9, 7)
    assert torch.equal(Residual(6, 6, 1).eval()(features), torch.relu(features))


def test_every_parameter_learns() -> None:
    network = ProductNetwork(TINY)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    before = {name: part.detach().clone() for name, part in network.named_parameters()}
    for _ in range(3):  # blocks start as their shortcuts, so the first steps only open them
        matte, category, _ = network(torch.randn(4, 8, 64, 64))
        (matte.square().mean() + category.square().mean()).backward()
        optimiser.step()
    assert [name for name, part in network.named_parameters() if torch.equal(part, before[name])] == []
