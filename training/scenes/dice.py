"""Random numbers of one seed on one device, for batches of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from packshot.learning.specks.pool import Draw


@dataclass(frozen=True)
class Dice(Draw):
    """Draws for a batch of ``count`` pictures at once; everything drawn lies on ``device``."""

    @property
    def device(self) -> torch.device:
        """Where it draws."""
        return self.random.device

    def each(self, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One number a picture, (count, 1, 1, 1)."""
        return self.uniform(count, 1, 1, 1, low=low, high=high)

    def some(self, count: int, share: float) -> Tensor:
        """A yes or no a picture, (count, 1, 1, 1)."""
        return self.each(count) < share

    def quarter_turns(self, count: int) -> Tensor:
        """0, 90, 180 or 270 degrees, in radians, (count,)."""
        return torch.floor(self.uniform(count, high=4)) * (torch.pi / 2)
