"""Dust and lint laid on pictures by the batch: drawn ones, and ones that retouchers took away elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.specks.labels import Stamp
from packshot.learning.specks.pool import Draw

_DRAWN = ("dust", "dust", "lint", "lint")
_EACH = 0.4  # of them lie on a picture
_STAMPED = (0.75, 0.45, 0.3)  # how likely a first, second and third speck is laid on a picture
_SEEN = 10.0  # levels by which a speck must stand out to be asked for
_SOFTEST = 12.0  # levels of room that the old ground left, at least
_ROOM = 1.3


@dataclass(frozen=True)
class Marked:
    """Pictures (N, 3, H, W) in 0..255 with specks on them; ``area`` (N, 1, H, W): how many pixels the speck here has, 0
    where none is."""

    image: Tensor
    area: Tensor

    def with_speck(self, image: Tensor, pixels: Tensor) -> Marked:
        """The pictures with one speck more each: ``pixels`` (N, 1, H, W) bool."""
        size = pixels.float().sum((1, 2, 3), keepdim=True).clamp(min=1)
        return Marked(image, torch.where(pixels, size.expand_as(self.area), self.area))


def drawn_on(marked: Marked, wanted: Tensor, draw: Draw) -> Marked:
    """With a few drawn specks where ``wanted`` (N,)."""
    count, _, side, _ = marked.image.shape
    steps = torch.arange(side, device=wanted.device, dtype=torch.float32)
    unit = torch.where(draw.uniform(count) < 0.35, draw.scale(count, 1.0, 2.5), torch.ones_like(draw.uniform(count)))
    for kind in _DRAWN:
        centre = draw.uniform(count, 2) * side
        shape = _dust(steps, centre, unit, draw) if kind == "dust" else _lint(steps, centre, unit, draw)
        here = wanted & (draw.uniform(count) < _EACH)
        picked = centre.long().clamp(0, side - 1)
        around = marked.image[torch.arange(count, device=wanted.device), :, picked[:, 0], picked[:, 1]]
        colour, opacity = _colours(around, draw), draw.uniform(count, low=0.15, high=0.9)
        covering = opacity[:, None, None, None] * shape * here[:, None, None, None]
        image = marked.image + covering * (colour[..., None, None] - marked.image)
        seen = here & ((opacity[:, None] * (colour - around)).abs().amax(1) > _SEEN)
        marked = marked.with_speck(image, (shape > 0.35) & seen[:, None, None, None])
    return marked


def _dust(steps: Tensor, centre: Tensor, unit: Tensor, draw: Draw) -> Tensor:
    """Soft discs, (N, 1, side, side)."""
    count = len(centre)
    radius, flat = draw.scale(count, 0.5, 3.0) * unit, draw.uniform(count, low=0.8, high=1.25)
    down = (steps[None, :, None] - centre[:, 0, None, None]) * flat[:, None, None]
    distance = torch.hypot(down, steps[None, None, :] - centre[:, 1, None, None])
    unit = unit[:, None, None]
    return (((radius[:, None, None] + 0.5 * unit - distance) / unit).clamp(0, 1))[:, None]


def _lint(steps: Tensor, centre: Tensor, unit: Tensor, draw: Draw) -> Tensor:
    """Short curved threads, (N, 1, side, side)."""
    count = len(centre)
    length = draw.scale(count, 5, 34) * unit
    along = torch.linspace(-0.5, 0.5, 25, device=steps.device)
    bent = 1.2 * draw.normal(count, 1) * along + 0.4 * draw.normal(count, 1) * along**2
    heading = draw.uniform(count, 1) * 2 * math.pi + bent
    path = torch.stack([torch.sin(heading), torch.cos(heading)], 2).cumsum(1) * (length / 25)[:, None, None]
    points = path - path.mean(1, keepdim=True) + centre[:, None]
    nearest = torch.full((count, len(steps), len(steps)), 1e9, device=steps.device)
    for first, second in zip(points.unbind(1)[:-1:2], points.unbind(1)[2::2], strict=True):
        nearest = torch.minimum(nearest, _to_segment(steps, first, second))
    half = draw.uniform(count, low=0.35, high=1.4)[:, None, None] * unit[:, None, None]
    soft = draw.uniform(count, low=0.5, high=1.2)[:, None, None] * unit[:, None, None]
    return torch.sigmoid((half - nearest.sqrt()) / (0.35 * soft))[:, None] * (half / 0.6).clamp(max=1)[:, None]


def _to_segment(steps: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Squared distance of each pixel from a segment a picture, (N, side, side)."""
    way = second - first
    down, across = steps[None, :, None] - first[:, 0, None, None], steps[None, None, :] - first[:, 1, None, None]
    along = down * way[:, 0, None, None] + across * way[:, 1, None, None]
    share = (along / (way**2).sum(1).clamp(min=1e-6)[:, None, None]).clamp(0, 1)
    return (down - share * way[:, 0, None, None]) ** 2 + (across - share * way[:, 1, None, None]) ** 2


def _colours(around: Tensor, draw: Draw) -> Tensor:
    """Grey fluff, or a lighter or darker shade of the cloth it lies on: (N, 3) sRGB levels."""
    count = len(around)
    mean = around.mean(1)
    lighter = (mean < 110) | ((mean < 190) & (draw.uniform(count) < 0.5))
    grey = torch.where(lighter, draw.uniform(count, low=150, high=255), draw.uniform(count, low=5, high=100))
    depth = draw.uniform(count, 1, low=0.2, high=0.7)
    shade = torch.where(lighter[:, None], 255 - (255 - around) * depth, around * depth)
    share = torch.where(draw.uniform(count, 1) < 0.5, draw.uniform(count, 1), 0.0)
    return (grey[:, None] * (1 - share) + shade * share + 8 * draw.normal(count, 3)).clamp(0, 255)


@dataclass(frozen=True)
class StampBank:
    """Specks that retouchers took away: ``layers`` (M, 4, S, S), what each added and its pixels; ``grounds`` (M, 3)."""

    layers: Tensor
    grounds: Tensor

    @classmethod
    def of(cls, stamps: Sequence[Stamp], device: str) -> StampBank | None:
        """None of none."""
        if not stamps:
            return None
        layers = [np.dstack([stamp.added, stamp.pixels.astype(np.float32)]).transpose(2, 0, 1) for stamp in stamps]
        grounds = np.stack([stamp.ground for stamp in stamps])
        return cls(torch.from_numpy(np.stack(layers)).to(device), torch.from_numpy(grounds).to(device))

    def laid_on(self, marked: Marked, wanted: Tensor, draw: Draw) -> Marked:
        """With up to three of them where ``wanted`` (N,): each adds what it added to its own cloth, as far as the
        new ground leaves room."""
        for chance in _STAMPED:
            marked = self._one(marked, wanted & (draw.uniform(len(wanted)) < chance), draw)
        return marked

    def _one(self, marked: Marked, here: Tensor, draw: Draw) -> Marked:
        count, _, side, _ = marked.image.shape
        chosen = draw.index(len(self.layers), count)
        grid = F.affine_grid(self._placed(count, side, draw), [count, 4, side, side], align_corners=False)
        laid = F.grid_sample(self.layers[chosen], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        added, own = laid[:, :3], (laid[:, 3:] > 0.5).float()
        size = own.sum((1, 2, 3)).clamp(min=1)[:, None]
        ground, old = (marked.image * own).sum((2, 3)) / size, self.grounds[chosen]
        brighter = added.sum((2, 3)) > 0
        room = torch.where(
            brighter, (255 - ground) / (255 - old).clamp(min=_SOFTEST), ground / old.clamp(min=_SOFTEST)
        ).clamp(0, _ROOM)
        gain = torch.exp(0.22 * draw.normal(count)).clamp(0.5, 1.6)[:, None] * room * here[:, None]
        seen = here & (((added * own).sum((2, 3)).abs() / size * gain).amax(1) > _SEEN)
        image = (marked.image + added * gain[..., None, None]).clamp(0, 255)
        return marked.with_speck(image, (own > 0) & seen[:, None, None, None])

    def _placed(self, count: int, side: int, draw: Draw) -> Tensor:
        """(N, 2, 3) from the picture's -1..1 to the stamp's: anywhere, half of them but quarter-turned."""
        centre = torch.floor(draw.uniform(count, 2) * side) + 0.5 * (side % 2)
        free = draw.uniform(count) < 0.5
        turn, mirror = draw.turn(free), draw.mirror(count)
        scale = torch.where(free, draw.scale(count, 0.75, 1.3), torch.ones_like(turn)) * self.layers.shape[-1] / side
        cosine, sine = torch.cos(turn) / scale, torch.sin(turn) / scale
        turned = torch.stack([cosine * mirror, sine, -sine * mirror, cosine], 1).reshape(count, 2, 2)
        middle = (centre.flip(1) - side / 2) / (side / 2)
        return torch.cat([turned, -turned @ middle[..., None]], 2)
