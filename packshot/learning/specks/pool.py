"""Photos to learn specks from, as one row of pixels on the device that trains, and crops of them by the batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packshot.learning.specks.labels import TAKEN, Stamp

PLACES = 512  # random pixels of each product that crops may lie around, and as many of its specks
_CUBIC = -0.6
_FREE = 0.3  # share of the crops that are turned and scaled; others are as the camera took them, but for quarter turns
_SCALES = (0.75, 1.35)
_AWAY = 0.8  # of the crop's side: as far as its middle may lie from its place


@dataclass(frozen=True)
class Speckled:
    """A photo to learn specks from: (H, W, 3) sRGB, what each pixel is (``labels``), the specks cut out of it,
    and whether a pair tells of it; else it is taken as clean."""

    image: NDArray[np.uint8]
    code: NDArray[np.uint8]
    stamps: tuple[Stamp, ...] = ()
    told: bool = False
    group: str = ""


@dataclass(frozen=True)
class Pool:
    """Photos as one row of pixels: red, green, blue and the code of ``labels``."""

    pixels: Tensor  # (P, 4) uint8
    starts: Tensor  # (N,) where each photo's pixels begin
    sizes: Tensor  # (N, 2) height and width
    places: Tensor  # (N, PLACES, 2) row and column of the product
    specks: Tensor  # (N, PLACES, 2) of its specks, or of the product where it has none
    told: Tensor  # (N,) whether a pair tells of this photo

    @classmethod
    def of(cls, examples: Sequence[Speckled], device: str) -> Pool:
        """All photos with a product on them."""
        generator = np.random.default_rng(1)
        usable = [example for example in examples if (example.code > 0).any()]
        rows = [np.dstack([example.image, example.code]).reshape(-1, 4) for example in usable]
        inside = [np.argwhere(example.code > 0) for example in usable]
        taken = [np.argwhere(example.code >= TAKEN) for example in usable]
        columns: tuple[NDArray[Any], ...] = (
            np.concatenate(rows),
            np.cumsum([0, *(len(row) for row in rows[:-1])]),
            np.array([example.code.shape for example in usable]),
            np.array([generator.choice(places, PLACES) for places in inside]),
            np.array(
                [generator.choice(own if len(own) else all_, PLACES) for own, all_ in zip(taken, inside, strict=True)]
            ),
            np.array([example.told for example in usable]),
        )
        return cls(*(torch.from_numpy(column).to(device) for column in columns))


@dataclass(frozen=True)
class Draw:
    """Random numbers on one device."""

    random: torch.Generator

    @classmethod
    def on(cls, device: torch.device | str, seed: int) -> Self:
        """Seeded."""
        return cls(torch.Generator(device).manual_seed(seed))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Between ``low`` and ``high``."""
        return low + (high - low) * torch.rand(*shape, generator=self.random, device=self.random.device)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Around 0, of deviation ``scale``."""
        return scale * torch.randn(*shape, generator=self.random, device=self.random.device)

    def index(self, most: int, count: int) -> Tensor:
        """(count,) whole numbers below ``most``."""
        return torch.randint(most, (count,), generator=self.random, device=self.random.device)

    def scale(self, count: int, low: float, high: float) -> Tensor:
        """(count,) evenly in their logarithm."""
        return torch.exp(self.uniform(count, low=math.log(low), high=math.log(high)))

    def turn(self, free: Tensor) -> Tensor:
        """Radians: any where ``free``, else quarter turns."""
        count = len(free)
        quarter = torch.floor(self.uniform(count) * 4) * (math.pi / 2)
        return torch.where(free, self.uniform(count) * 2 * math.pi, quarter)

    def mirror(self, count: int) -> Tensor:
        """(count,) 1 or -1."""
        return torch.where(self.uniform(count) < 0.5, -1.0, 1.0)


def crops(pool: Pool, count: int, side: int, draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures (N, 3, side, side) in 0..255, codes (N, 1, side, side), and whether a pair tells of them.

    Half of what pairs tell of lies near a speck.
    """
    chosen, place = draw.index(len(pool.starts), count), draw.index(PLACES, count)
    near = pool.told[chosen] & (draw.uniform(count) < 0.5)
    centre = torch.where(near[:, None], pool.specks[chosen, place], pool.places[chosen, place]).float()
    centre = centre + (draw.uniform(count, 2) - 0.5) * side * _AWAY
    free = draw.uniform(count) < _FREE
    turn = draw.turn(free)
    scale = torch.where(free, draw.scale(count, *_SCALES), torch.ones(count).to(centre))
    centre = torch.where(free[:, None], centre, centre.round() + (0.5 if side % 2 == 0 else 0.0))
    steps = torch.arange(side, device=centre.device) - (side - 1) / 2
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    across = across[None] * draw.mirror(count)[:, None, None]
    cosine, sine = (torch.cos(turn) / scale)[:, None, None], (torch.sin(turn) / scale)[:, None, None]
    rows = centre[:, 0, None, None] + down * cosine + across * sine
    columns = centre[:, 1, None, None] - down * sine + across * cosine
    picture = _sampled(pool, chosen, rows, columns)
    code = _looked_up(pool, chosen, rows.round().long(), columns.round().long())[..., 3]
    outside = (rows < 0) | (columns < 0)
    outside |= (rows > pool.sizes[chosen, 0, None, None] - 1) | (columns > pool.sizes[chosen, 1, None, None] - 1)
    return picture, torch.where(outside, 0, code)[:, None], pool.told[chosen]


def _looked_up(pool: Pool, chosen: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(N, side, side, 4) uint8 of whole rows and columns, mirrored at the photo's borders."""
    height, width = pool.sizes[chosen, 0, None, None], pool.sizes[chosen, 1, None, None]
    rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    return pool.pixels[pool.starts[chosen][:, None, None] + rows * width + columns]


def _mirrored(index: Tensor, length: Tensor) -> Tensor:
    period = 2 * length - 2
    wrapped = index.remainder(period)
    return torch.minimum(wrapped, period - wrapped)


def _sampled(pool: Pool, chosen: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(N, 3, side, side) by cubic convolution."""
    top, left = rows.floor(), columns.floor()
    down, across = _cubic(rows - top), _cubic(columns - left)
    total = torch.zeros(*rows.shape, 3, device=rows.device)
    for row, weight in enumerate(down):
        for column, other in enumerate(across):
            taps = _looked_up(pool, chosen, top.long() + row - 1, left.long() + column - 1)[..., :3]
            total += taps.float() * (weight * other)[..., None]
    return total.permute(0, 3, 1, 2).clamp(0, 255)


def _cubic(part: Tensor) -> list[Tensor]:
    """The four weights of Keys' cubic convolution, 1981."""

    def near(x: Tensor) -> Tensor:
        return (_CUBIC + 2) * x**3 - (_CUBIC + 3) * x**2 + 1

    def far(x: Tensor) -> Tensor:
        return _CUBIC * (x**3 - 5 * x**2 + 8 * x - 4)

    return [far(part + 1), near(part), near(1 - part), far(2 - part)]
