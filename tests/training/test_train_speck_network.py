from __future__ import annotations

from pathlib import Path

import pytest
import torch

from packshot.learning.specks.network import SpeckNetwork
from training.train_speck_network import MIXTURES, started


def test_weights_of_any_version_are_gone_on_from(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = SpeckNetwork()
    torch.save(network.state_dict(), tmp_path / "new.pt")
    new = ("finer", "finest", "around")
    older = {name: part for name, part in network.state_dict().items() if not name.startswith(new)}
    torch.save(older, tmp_path / "old.pt")
    assert started(None).widths == network.widths
    for name, path in (("new", tmp_path / "new.pt"), ("old", tmp_path / "old.pt")):
        found = started(path).state_dict()
        assert torch.equal(found["coarse.2.layers.0.weight"], network.state_dict()["coarse.2.layers.0.weight"]), name


def test_batches_are_shared_out_wholly() -> None:
    for mixture in MIXTURES:
        assert sum(mixture.shares.values()) == pytest.approx(1)
    assert sum(mixture.chance for mixture in MIXTURES) == pytest.approx(1)
