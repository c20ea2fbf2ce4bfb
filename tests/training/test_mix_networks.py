"""The weights of two product networks, averaged."""

from __future__ import annotations

import pytest
import torch

from training.mix_networks import mixed

FIRST = {"weight": torch.tensor([0.0, 2.0], dtype=torch.float16), "steps": torch.tensor(3)}
SECOND = {"weight": torch.tensor([1.0, 4.0]), "steps": torch.tensor(7)}


@pytest.mark.parametrize(("share", "weight"), [(0.0, [0.0, 2.0]), (0.75, [0.75, 3.5]), (1.0, [1.0, 4.0])])
def test_weights_lie_between_and_counters_are_the_seconds(share: float, weight: list[float]) -> None:
    found = mixed(FIRST, SECOND, share)
    assert found["weight"].tolist() == weight
    assert found["weight"].dtype == torch.float32
    assert int(found["steps"]) == 7


def test_networks_of_two_architectures_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="one architecture"):
        mixed(FIRST, SECOND | {"weight": torch.zeros(3)}, 0.5)
    with pytest.raises(ValueError, match="one architecture"):
        mixed(FIRST, {"weight": SECOND["weight"]}, 0.5)
