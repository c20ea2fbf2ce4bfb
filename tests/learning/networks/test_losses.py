from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.networks.losses import category_loss, detail_loss, matte_loss
from packshot.learning.networks.product import ProductNetwork
from tests.learning.networks.test_product import TINY

KNOWN = torch.ones(2)


def square(batch: int = 2) -> Tensor:
    matte = torch.zeros(batch, 1, 64, 64)
    matte[:, :, 20:44, 16:48] = 1
    return matte


def as_logits(matte: Tensor, sure: float = 12.0) -> Tensor:
    return (matte * 2 - 1) * sure


def test_a_right_and_sure_matte_costs_nothing() -> None:
    assert float(matte_loss(as_logits(square()), square(), KNOWN)) < 0.01


def test_the_further_from_the_truth_the_dearer() -> None:
    losses = [
        float(matte_loss(as_logits(torch.roll(square(), shift, 3), 4), square(), KNOWN)) for shift in range(0, 16, 3)
    ]
    assert losses == sorted(losses)
    assert losses[-1] > 3 * losses[0]


def test_the_opposite_is_dearest() -> None:
    assert float(matte_loss(-as_logits(square()), square(), KNOWN)) > float(
        matte_loss(torch.zeros(2, 1, 64, 64), square(), KNOWN)
    )


def test_an_error_at_the_edge_weighs_more_than_one_away_from_it() -> None:
    at_edge, away = as_logits(square(), 6), as_logits(square(), 6)
    at_edge[:, :, 44:46, 20:40] *= -1
    away[:, :, 60:62, 20:40] *= -1
    assert float(matte_loss(at_edge, square(), KNOWN)) > 1.2 * float(matte_loss(away, square(), KNOWN))


def test_unknown_mattes_teach_nothing() -> None:
    logits = torch.randn(2, 1, 64, 64, requires_grad=True)
    matte_loss(logits, square(), torch.tensor([1.0, 0.0])).backward()
    assert logits.grad is not None
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1].abs().sum() == 0


def test_without_a_known_matte_the_loss_is_zero() -> None:
    assert float(matte_loss(torch.randn(2, 1, 64, 64), square(), torch.zeros(2))) == 0


def test_an_unknown_neighbour_does_not_change_the_loss() -> None:
    logits = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    alone = matte_loss(logits[:1], square(1), torch.ones(1))
    assert float(matte_loss(logits, square(), torch.tensor([1.0, 0.0]))) == pytest.approx(float(alone))


def test_categories_are_asked_of_those_who_have_one() -> None:
    logits, category = torch.randn(3, 5, generator=torch.Generator().manual_seed(2)), torch.tensor([4, 0, 2])
    every = float(category_loss(logits, category))
    assert every == pytest.approx(float(F.cross_entropy(logits, category, label_smoothing=0.05)))
    some = category_loss(torch.cat([logits, torch.randn(4, 5)]), torch.cat([category, torch.full((4,), -1)]))
    assert float(some) == pytest.approx(every)
    assert float(category_loss(logits, torch.full((3,), -1))) == 0


def test_a_few_steps_lower_the_loss_on_a_fixed_batch() -> None:
    torch.manual_seed(3)
    network = ProductNetwork(TINY)
    image = torch.randn(2, 8, 64, 64) * 0.1 + square() * 0.8
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = matte_loss(network(image)[0], square(), KNOWN)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]


def striped(shift: int = 0) -> torch.Tensor:
    columns = (torch.arange(64) + shift) // 8 % 2
    return columns.float().expand(1, 1, 64, 64)


def test_detail_that_is_off_costs_more_the_further_it_is_off() -> None:
    one = torch.ones(1)
    right, near, far = (float(detail_loss(20 * striped(shift) - 10, striped(), one)) for shift in (0, 1, 4))
    assert right < 0.01 < near < far


def test_unknown_mattes_have_no_detail() -> None:
    assert float(detail_loss(20 * striped(4) - 10, striped(), torch.zeros(1))) == 0
