"""The network that says at which angle a product stands upright."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from packshot.turning import turns
from packshot.uprightness import CUES, angles


class UprightNetwork(nn.Module):
    """From cues and turned pictures to (N, 2 members, angles) logits over the candidate angles.

    Every turned picture goes through the same eye, which compares it with its mirror image; what the eye says of each
    angle joins the curves of the cues, and a few members, each with its own weights, weigh both along the angle. So
    turning a photo shifts all the network knows of it, and few photos are enough to learn from. As many members are
    blind: they weigh the cues alone. The mean of all is taken (deep ensembles; Lakshminarayanan et al., 2017): where
    they disagree it is broad.
    """

    def __init__(self, width: int = 24, members: int = 4, says: int = 6) -> None:
        super().__init__()
        self.eye = Eye(says)
        self.members = nn.ModuleList(self._member(CUES + says, width) for _ in range(members))
        self.blind = nn.ModuleList(self._member(CUES, width) for _ in range(members))
        self.register_buffer("spread", between(turns().tolist(), angles().tolist()))

    @staticmethod
    def _member(cues: int, width: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv1d(cues, width, 9, padding=4),
            nn.ReLU(),
            nn.Dropout(0.15),
            nn.Conv1d(width, width, 9, padding=4),
            nn.ReLU(),
            nn.Dropout(0.15),
            nn.Conv1d(width, 1, 9, padding=4),
        )

    def forward(self, curves: Tensor, pictures: Tensor) -> Tensor:
        """Curves (N, 11, angles), pictures (N, turns, 2, 96, 96) 0..255, to (N, 2 members, angles) logits."""
        batch, count = pictures.shape[:2]
        seen = self.eye(pictures.flatten(0, 1)).unflatten(0, (batch, count))
        along = seen.transpose(1, 2) @ self.spread
        both = torch.cat([curves, along], 1)
        return torch.cat([member(both) for member in self.members] + [member(curves) for member in self.blind], 1)


class Eye(nn.Module):
    """What a picture (N, 2, 96, 96) of luma and matte has to say about standing upright, (N, says)."""

    def __init__(self, says: int) -> None:
        super().__init__()
        # Kernels of four with stride two keep the middle column in the middle: a flip then lands on itself.
        self.detail = nn.Sequential(*layer(2, 12, 4, 2), *layer(12, 24, 4, 2), *layer(24, 24, 3, 1))
        self.compared = nn.Sequential(*layer(48, 32, 4, 2), nn.Dropout(0.1), *layer(32, 48, 4, 2))
        self.summary = nn.Linear(96, says)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures 0..255 to (N, says)."""
        detail = self.detail(pictures / 64 - 2)
        other = detail.flip(3)
        together = self.compared(torch.cat([(detail - other).abs(), detail + other], 1))
        return self.summary(torch.cat([together.mean((2, 3)), together.amax((2, 3))], 1))  # type: ignore[no-any-return]


def layer(channels: int, out: int, kernel: int, stride: int) -> tuple[nn.Module, ...]:
    """Convolution, normalisation, rectifier."""
    return nn.Conv2d(channels, out, kernel, stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()


def between(coarse: list[float], fine: list[float]) -> Tensor:
    """(coarse, fine) weights that interpolate linearly."""
    knots, places = torch.tensor(coarse), torch.tensor(fine)
    step = float(knots[1] - knots[0])
    return (1 - (places[None] - knots[:, None]).abs() / step).clamp(min=0).float()
