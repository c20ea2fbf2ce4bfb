from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from packshot.learning.networks.upright import Eye, UprightNetwork, between
from packshot.turning import SIDE, turns
from packshot.uprightness import CUES, angles
from tests.models import pack_with
from training.train_upright_network import export


def pictures(count: int = 2) -> torch.Tensor:
    return torch.rand(count, len(turns()), 2, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) * 255


def test_every_member_answers_for_every_angle() -> None:
    network = UprightNetwork(members=3).eval()
    logits = network(torch.randn(2, CUES, len(angles())), pictures())
    assert logits.shape == (2, 6, len(angles()))
    assert not torch.allclose(logits[:, 0], logits[:, 1])


def test_half_of_the_members_are_blind() -> None:
    network = UprightNetwork(members=3).eval()
    curves = torch.randn(1, CUES, len(angles()))
    first, second = network(curves, pictures(1)), network(curves, 255 - pictures(1))
    assert torch.equal(first[:, 3:], second[:, 3:])
    assert all(not torch.allclose(first[:, member], second[:, member]) for member in range(3))


def test_one_eye_judges_all_turns_alike() -> None:
    network = UprightNetwork().eval()
    curves, seen = torch.zeros(1, CUES, len(angles())), pictures(1)
    swapped = seen.clone()
    swapped[:, [8, 12]] = seen[:, [12, 8]]
    first, second = (network.eye(part[0]) for part in (seen, swapped))
    assert torch.allclose(first[8], second[12], atol=1e-5)
    logits, others = network(curves, seen), network(curves, swapped)
    assert torch.allclose(logits[..., :4], others[..., :4], atol=1e-5)  # far away nothing changes
    assert not torch.allclose(logits, others, atol=1e-5)


def test_the_middle_column_stays_in_the_middle() -> None:
    """What the eye compares is a picture and its own mirror image: a symmetric one differs from it nowhere."""
    eye = Eye(6).eval()
    half = torch.rand(1, 2, SIDE, SIDE // 2) * 255
    even = torch.cat([half, half.flip(3)], 3)
    for part in eye.detail:
        if isinstance(part, torch.nn.Conv2d):
            part.weight.data = (part.weight.data + part.weight.data.flip(3)) / 2
    detail = eye.detail(even / 64 - 2)
    assert torch.allclose(detail, detail.flip(3), atol=1e-4)


def test_between_interpolates() -> None:
    weights = between([0.0, 1.0, 2.0], [0.0, 0.5, 1.0, 1.75])
    assert torch.allclose(torch.tensor([10.0, 20.0, 40.0]) @ weights, torch.tensor([10.0, 15.0, 20.0, 35.0]))


def test_everything_learns() -> None:
    network = UprightNetwork()
    network(torch.randn(2, CUES, len(angles())), pictures()).square().mean().backward()
    assert all(part.grad is not None and part.grad.abs().sum() > 0 for part in network.parameters())


def test_a_pack_asks_it_with_cues_and_pictures(tmp_path: Path) -> None:
    network = UprightNetwork(members=2)
    export(network, tmp_path / "upright.onnx")
    pack = pack_with(tmp_path / "pack", {"upright": (tmp_path / "upright.onnx").read_bytes()})
    curves, seen = torch.randn(1, CUES, len(angles())), pictures(1).to(torch.uint8)
    share = pack.weigh(curves[0].numpy(), seen[0].numpy())
    assert share is not None
    with torch.no_grad():
        wanted = torch.softmax(network.eval()(curves, seen.float()), 2).mean(1)[0].numpy()
    assert np.abs(share - wanted).max() < 1e-4
    assert np.isclose(share.sum(), 1)
