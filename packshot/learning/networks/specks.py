"""Dust and lint on crops of products, by the batch, drawn where the network trains: as quickly as a GPU learns.

What pairs show to have been taken away is one half of the labels, specks drawn on clean products the other.
Specks and the photographer's faults are drawn at the size a camera takes the photo; then the crop is enlarged, as small
photos are before the network sees them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.networks.faults import spoilt

SIDE = 160
SURE, DOUBTFUL = 2.0, 0.9  # of the evidence a pair gives
ENLARGED = (1.0, 1.25, 1.5)  # as small photos are before the network sees them
_PLACES = 400  # random pixels of each product that crops may lie around
_DUST, _LINT = 4, 3  # at most, in a crop
_SEEN = 10.0  # levels by which a speck must stand out to be asked for
_CUBIC = -0.6


@dataclass(frozen=True)
class Speckled:
    """A photo to learn specks from: (H, W, 3) sRGB, its matte, and what its retoucher took away, if a pair tells.

    ``evidence`` is that of ``speck_evidence``; without it the photo is taken as clean.
    """

    image: NDArray[np.uint8]
    matte: NDArray[np.float32]
    evidence: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Pool:
    """Photos as one row of pixels on one device: red, green, blue and a code for what each pixel is.

    Codes: 0 off the product, 1 clean, 2 doubtful, 3 taken away by the retoucher.
    """

    pixels: Tensor  # (P, 4) uint8
    starts: Tensor  # (N,) where each photo's pixels begin
    sizes: Tensor  # (N, 2) height and width
    places: Tensor  # (N, _PLACES, 2) row and column
    told: Tensor  # (N,) whether a pair tells of this photo

    @classmethod
    def of(cls, examples: list[Speckled], device: str) -> Pool:
        """All photos with a product on them."""
        generator = np.random.default_rng(1)
        rows: list[NDArray[np.uint8]] = []
        sizes, places, told = [], [], []
        for example in examples:
            inside = np.argwhere(example.matte > 0.9)
            if not len(inside):
                continue
            rows.append(np.dstack([example.image, _code(example)]).reshape(-1, 4))
            sizes.append(example.image.shape[:2])
            places.append(inside[generator.integers(len(inside), size=_PLACES)])
            told.append(example.evidence is not None)
        starts = np.cumsum([0, *(len(row) for row in rows[:-1])])
        columns: tuple[NDArray[Any], ...] = (
            np.concatenate(rows),
            starts,
            np.array(sizes),
            np.array(places),
            np.array(told),
        )
        return cls(*(torch.from_numpy(column).to(device) for column in columns))


def _code(example: Speckled) -> NDArray[np.uint8]:
    code = (example.matte > 0.9).astype(np.uint8)
    if example.evidence is not None:
        code[(example.evidence > DOUBTFUL) & (code > 0)] = 2
        code[(example.evidence > SURE) & (code > 0)] = 3
    return code


class Batches:
    """Batches without end: pictures (N, 3, SIDE, SIDE) in -1..1, specks and weights (N, 1, SIDE, SIDE)."""

    def __init__(self, pools: list[Pool], shares: list[float], batch: int, seed: int) -> None:
        self.pools, self.shares, self.batch = pools, shares, batch
        self.device = pools[0].pixels.device
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.choice = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        while True:
            yield self.draw()

    @torch.no_grad()
    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """One batch, all of it enlarged alike."""
        side = round(SIDE / float(self.choice.choice(ENLARGED)))
        counts = [round(share * self.batch) for share in self.shares]
        drawn = [self._crops(pool, count, side) for pool, count in zip(self.pools, counts, strict=True)]
        image, code, told = (torch.cat([part[index] for part in drawn]) for index in range(3))
        with_specks = self._uniform(len(image)) < torch.where(told, 0.5, 0.85)
        image, where = self._specks(image, with_specks)
        image = spoilt(image, self.random)
        taken = (code == 3).float()
        where = torch.maximum(where, taken)
        counted = ((code == 1) | (where > 0)).float() * (code > 0)
        return self._enlarged(image, where, counted)

    def _uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=self.random, device=self.device)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.random, device=self.device)

    def _crops(self, pool: Pool, count: int, side: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (N, 3, side, side) in 0..255, codes (N, 1, side, side), and whether a pair tells of them."""
        chosen = torch.randint(len(pool.starts), (count,), generator=self.random, device=self.device)
        place = torch.randint(_PLACES, (count,), generator=self.random, device=self.device)
        centre = pool.places[chosen, place].float() + (self._uniform(count, 2) - 0.5) * side * 0.8
        free = self._uniform(count) < 0.4  # others as the camera took them, but for quarter turns
        quarter = torch.floor(self._uniform(count) * 4) * (math.pi / 2)
        turn = torch.where(free, self._uniform(count) * 2 * math.pi, quarter)
        scale = torch.where(free, torch.exp(self._uniform(count, low=math.log(0.75), high=math.log(1.35))), 1.0)
        centre = torch.where(free[:, None], centre, centre.round() + (0.5 if side % 2 == 0 else 0.0))
        mirror = torch.where(self._uniform(count) < 0.5, -1.0, 1.0)
        steps = torch.arange(side, device=self.device) - (side - 1) / 2
        down, across = torch.meshgrid(steps, steps, indexing="ij")
        across = across[None] * mirror[:, None, None]
        cosine, sine = (torch.cos(turn) / scale)[:, None, None], (torch.sin(turn) / scale)[:, None, None]
        rows = centre[:, 0, None, None] + down * cosine + across * sine
        columns = centre[:, 1, None, None] - down * sine + across * cosine
        picture = _sampled(pool, chosen, rows, columns)
        code = _looked_up(pool, chosen, rows.round().long(), columns.round().long())[..., 3]
        outside = (rows < 0) | (columns < 0)
        outside |= (rows > pool.sizes[chosen, 0, None, None] - 1) | (columns > pool.sizes[chosen, 1, None, None] - 1)
        return picture, torch.where(outside, 0, code)[:, None], pool.told[chosen]

    def _specks(self, image: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures with a few specks on them, and where: (N, 1, side, side) in 0..1."""
        count, _, side, _ = image.shape
        steps = torch.arange(side, device=self.device, dtype=torch.float32)
        where = torch.zeros(count, 1, side, side, device=self.device)
        unit = torch.where(
            self._uniform(count) < 0.5, torch.exp(self._uniform(count, high=math.log(2.5))), torch.ones(count).to(image)
        )
        for index in range(_DUST + _LINT):
            centre = self._uniform(count, 2) * side
            shape = self._dust(steps, centre, unit) if index < _DUST else self._lint(steps, centre, unit)
            here = wanted & (self._uniform(count) < 0.5)
            picked = centre.long().clamp(0, side - 1)
            around = image[torch.arange(count, device=self.device), :, picked[:, 0], picked[:, 1]]
            colour = self._colours(around)
            opacity = self._uniform(count, low=0.15, high=0.9)
            image = image + (opacity[:, None, None, None] * shape * here[:, None, None, None]) * (
                colour[..., None, None] - image
            )
            seen = here & ((opacity[:, None] * (colour - around)).abs().amax(1) > _SEEN)
            where = torch.maximum(where, ((shape > 0.35) & seen[:, None, None, None]).float())
        return image, where

    def _dust(self, steps: Tensor, centre: Tensor, unit: Tensor) -> Tensor:
        """Soft discs, (N, 1, side, side)."""
        count = len(centre)
        radius = torch.exp(self._uniform(count, low=math.log(0.6), high=math.log(3.5))) * unit
        flat = self._uniform(count, low=0.8, high=1.25)
        down = (steps[None, :, None] - centre[:, 0, None, None]) * flat[:, None, None]
        distance = torch.hypot(down, steps[None, None, :] - centre[:, 1, None, None])
        unit = unit[:, None, None]
        return (((radius[:, None, None] + 0.5 * unit - distance) / unit).clamp(0, 1))[:, None]

    def _lint(self, steps: Tensor, centre: Tensor, unit: Tensor) -> Tensor:
        """Short curved threads, (N, 1, side, side)."""
        count = len(centre)
        length = torch.exp(self._uniform(count, low=math.log(5), high=math.log(36))) * unit
        along = torch.linspace(-0.5, 0.5, 25, device=self.device)
        heading = (
            self._uniform(count, 1) * 2 * math.pi + 1.2 * self._normal(count, 1) * along
            + 0.4 * self._normal(count, 1) * along**2
        )  # fmt: skip
        path = torch.stack([torch.sin(heading), torch.cos(heading)], 2).cumsum(1) * (length / 25)[:, None, None]
        points = path - path.mean(1, keepdim=True) + centre[:, None]
        nearest = torch.full((count, len(steps), len(steps)), 1e9, device=self.device)
        for first, second in zip(points.unbind(1)[:-1:2], points.unbind(1)[2::2], strict=True):
            nearest = torch.minimum(nearest, _to_segment(steps, first, second))
        half = self._uniform(count, low=0.35, high=1.5)[:, None, None] * unit[:, None, None]
        soft = self._uniform(count, low=0.5, high=1.2)[:, None, None] * unit[:, None, None]
        return torch.sigmoid((half - nearest.sqrt()) / (0.35 * soft))[:, None] * (half / 0.6).clamp(max=1)[:, None]

    def _colours(self, around: Tensor) -> Tensor:
        """Grey fluff, or a lighter or darker shade of the cloth it lies on: (N, 3) sRGB levels."""
        count = len(around)
        mean = around.mean(1)
        lighter = (mean < 110) | ((mean < 190) & (self._uniform(count) < 0.5))
        grey = torch.where(lighter, self._uniform(count, low=150, high=255), self._uniform(count, low=5, high=100))
        depth = self._uniform(count, 1, low=0.2, high=0.7)
        shade = torch.where(lighter[:, None], 255 - (255 - around) * depth, around * depth)
        share = torch.where(self._uniform(count, 1) < 0.5, self._uniform(count, 1), 0.0)
        return (grey[:, None] * (1 - share) + shade * share + 8 * self._normal(count, 3)).clamp(0, 255)

    def _enlarged(self, image: Tensor, where: Tensor, counted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if image.shape[-1] != SIDE:
            size = (SIDE, SIDE)
            image = F.interpolate(image, size, mode="bicubic", align_corners=False).clamp(0, 255).round()
            smooth = F.interpolate(where, size, mode="bilinear", align_corners=False)
            steps = F.interpolate(where, size, mode="nearest-exact")
            where = (smooth >= 0.5).float()
            counted = F.interpolate(counted, size, mode="nearest-exact") * (where == steps)
        return image / 127.5 - 1, where, counted


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


def _to_segment(steps: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Squared distance of each pixel from a segment a picture, (N, side, side)."""
    way = second - first
    down, across = steps[None, :, None] - first[:, 0, None, None], steps[None, None, :] - first[:, 1, None, None]
    along = down * way[:, 0, None, None] + across * way[:, 1, None, None]
    share = (along / (way**2).sum(1).clamp(min=1e-6)[:, None, None]).clamp(0, 1)
    return (down - share * way[:, 0, None, None]) ** 2 + (across - share * way[:, 1, None, None]) ** 2
