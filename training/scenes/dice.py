"""Random numbers of one seed on one device."""

from __future__ import annotations

import torch
from torch import Tensor


class Dice:
    """Draws for a batch of ``count`` pictures at once; everything drawn lies on ``device``."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.random = torch.Generator(device).manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Evenly between ``low`` and ``high``."""
        return low + (high - low) * torch.rand(*shape, generator=self.random, device=self.device)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Around 0."""
        return scale * torch.randn(*shape, generator=self.random, device=self.device)

    def each(self, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One number a picture, (count, 1, 1, 1)."""
        return self.uniform(count, 1, 1, 1, low=low, high=high)

    def some(self, count: int, share: float) -> Tensor:
        """A yes or no a picture, (count, 1, 1, 1)."""
        return self.each(count) < share

    def below(self, limit: int, count: int) -> Tensor:
        """Whole numbers, (count,)."""
        return torch.randint(limit, (count,), generator=self.random, device=self.device)

    def sign(self, count: int) -> Tensor:
        """-1 or 1, (count,)."""
        return torch.where(self.uniform(count) < 0.5, -1.0, 1.0)

    def quarter_turns(self, count: int) -> Tensor:
        """0, 90, 180 or 270 degrees, in radians, (count,)."""
        return torch.floor(self.uniform(count, high=4)) * (torch.pi / 2)
