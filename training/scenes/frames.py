"""Where the pixels of a picture come from: places in another one, and looking them up."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Move:
    """How pictures are moved, one row each: ``centre`` (N, 2) of the source lands at the frame's middle plus ``shift``.

    ``scale``: frame pixels to one of the source; ``angle`` in radians; ``aspect``: across over down; ``mirror``: 1, -1.
    """

    centre: Tensor
    shift: Tensor
    scale: Tensor
    angle: Tensor
    aspect: Tensor | None = None
    mirror: Tensor | None = None


def pixels(width: int, height: int, device: torch.device) -> Tensor:
    """The pixels' own places, (height, width, 2), x first."""
    down, across = torch.meshgrid(
        torch.arange(height, device=device, dtype=torch.float32),
        torch.arange(width, device=device, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([across, down], -1)


def turned(offset: Tensor, angle: Tensor) -> Tensor:
    """Offsets (N, H, W, 2) turned by angles (N,)."""
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    across, down = offset[..., 0], offset[..., 1]
    return torch.stack([across * cosine - down * sine, across * sine + down * cosine], -1)


def places(size: tuple[int, int], move: Move) -> Tensor:
    """Where each pixel of a (width, height) frame comes from, (N, height, width, 2)."""
    middle = torch.tensor([size[0] / 2, size[1] / 2], device=move.centre.device) + move.shift
    where = turned(pixels(*size, move.centre.device)[None] - middle[:, None, None], move.angle)
    one = torch.ones_like(move.scale)
    aspect = one if move.aspect is None else move.aspect
    mirror = one if move.mirror is None else move.mirror
    stretch = torch.stack([mirror / move.scale / aspect, aspect / move.scale], -1)
    return where * stretch[:, None, None] + move.centre[:, None, None]


def held_inside(where: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """Places held inside pictures of ``size`` (N, 2), and whether they were there anyway, (N, 1, H, W)."""
    held = torch.minimum(where.clamp(min=0), (size.float() - 1)[:, None, None])
    return held, ((where - held).abs().amax(-1) < 0.75).float()[:, None]


def mirrored_on(where: Tensor, size: Tensor) -> Tensor:
    """Places beyond a picture of ``size`` (N, 2) walk back into it."""
    period = 2 * (size.float() - 1)[:, None, None]
    return period / 2 - (where.remainder(period) - period / 2).abs()


def look_up(planes: Tensor, where: Tensor) -> Tensor:
    """(N, C, h, w) at places (N, H, W, 2); what lies outside is as the nearest border."""
    scale = 2 / (torch.tensor(planes.shape[:1:-1], device=planes.device, dtype=torch.float32) - 1)
    return F.grid_sample(planes, where * scale - 1, mode="bilinear", padding_mode="border", align_corners=True)


def box_blurred(values: Tensor, radius: int) -> Tensor:
    """Means over squares."""
    side = 2 * radius + 1
    values = F.avg_pool2d(values, (side, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(values, (1, side), 1, (0, radius), count_include_pad=False)


def enlarged(values: Tensor, size: tuple[int, int], mode: str = "bilinear") -> Tensor:
    """(N, C, h, w) at (width, height) ``size``."""
    return F.interpolate(values, size=(size[1], size[0]), mode=mode)
