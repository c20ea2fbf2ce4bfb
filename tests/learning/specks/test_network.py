from __future__ import annotations

from pathlib import Path

import pytest
import torch

from packshot.learning.networks.loading import ForeignNetworkError
from packshot.learning.specks.files import export_speck_network, load_speck_network
from packshot.learning.specks.network import SpeckNetwork, widened
from packshot.pack import BASE_PACK


def seen_something(network: SpeckNetwork) -> SpeckNetwork:
    """Normalisations that change what passes."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    network.train()
    for _ in range(2):
        network(torch.rand(2, 3, 64, 64) * 2 - 1)
    return network.eval()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (48, 72), (136, 40)])
def test_specks_are_marked_pixel_by_pixel(height: int, width: int) -> None:
    assert SpeckNetwork((4, 6, 8)).eval()(torch.randn(2, 3, height, width)).shape == (2, 1, height, width)


def test_the_network_that_ships_is_small() -> None:
    assert sum(one.numel() for one in SpeckNetwork().parameters()) < 350_000


def test_a_network_comes_back_from_onnx_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = seen_something(SpeckNetwork((4, 6, 8)))
    export_speck_network(network, tmp_path / "specks.onnx")
    loaded = load_speck_network(tmp_path / "specks.onnx")
    assert loaded.widths == (4, 6, 8)
    image = torch.randn(1, 3, 64, 80)
    with torch.no_grad():
        assert torch.allclose(loaded(image), network(image), atol=1e-4)


def test_another_network_is_refused() -> None:
    with pytest.raises(ForeignNetworkError, match="not packshot's own speck network"):
        load_speck_network(BASE_PACK / "upright.onnx")


def test_what_an_older_network_did_not_have_begins_by_adding_nothing() -> None:
    torch.manual_seed(2)
    network = seen_something(SpeckNetwork((4, 6, 8)))
    new = ("finer", "finest", "around")
    older = {name: part for name, part in network.state_dict().items() if not name.startswith(new)}
    first, second = widened(older, (4, 6, 8)).eval(), widened(older, (4, 6, 8)).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(first(image), second(image))  # though new layers were drawn otherwise
    assert widened(older, (4, 6, 5)).state_dict()["coarse.0.0.weight"].shape[0] == 5
