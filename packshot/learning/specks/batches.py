"""Dust and lint on crops of products, by the batch, drawn where the network trains: as quickly as a GPU learns.

What pairs show to have been taken away is one half of the labels; specks cut out of pairs and drawn ones, laid on other
products, are the other. They are few on a picture, as in a photo, so that what repeats is learned as a pattern.
Specks and the photographer's faults are drawn at the size a camera takes the photo; then the crop is enlarged, as small
photos are before the network sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.specks.drawing import Marked, StampBank, drawn_on
from packshot.learning.specks.faults import spoilt
from packshot.learning.specks.labels import CLEAN, TAKEN
from packshot.learning.specks.pool import Draw, Pool, crops

SIDE = 256
_TYPICAL, _LIGHTEST, _HEAVIEST = 24, 0.5, 3.0  # a speck of so many pixels weighs one a pixel; a smaller one more
_STAMPED, _DRAWN = (0.35, 0.45), (0.2, 0.25)  # shares of pictures with laid and with drawn specks: of pairs, of others
_PIXEL_AND_HALF = 1.4  # a code tells a speck's pixels within a factor of two


@dataclass(frozen=True)
class Mixture:
    """What a batch is drawn from: shares of the pools by name, and by how much its crops are then enlarged.

    ``chance``: how likely a batch is drawn so.
    """

    chance: float
    enlarged: float
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Batch:
    """``image`` (N, 3, SIDE, SIDE) in -1..1; ``where`` specks are, ``counted``: what counts, ``weight`` of a speck's
    pixels, each (N, 1, SIDE, SIDE); ``clean`` (N,): no pair tells of the photo, so nothing was overlooked on it."""

    image: Tensor
    where: Tensor
    counted: Tensor
    weight: Tensor
    clean: Tensor

    def chosen(self, index: Tensor) -> Batch:
        """Some of its pictures."""
        parts = (self.image, self.where, self.counted, self.weight, self.clean)
        return Batch(*(part[index] for part in parts))


class Batches:
    """Batches without end."""

    def __init__(
        self,
        pools: Mapping[str, Pool],
        mixtures: Sequence[Mixture],
        bank: StampBank | None,
        seed: int,
        side: int = SIDE,
    ) -> None:
        self.pools, self.mixtures, self.bank, self.side = pools, mixtures, bank, side
        self.draw = Draw.on(next(iter(pools.values())).pixels.device, seed)
        self.choice = np.random.default_rng(seed)

    def of(self, count: int) -> Iterator[Batch]:
        """Batches of about ``count`` pictures."""
        while True:
            yield self.batch(count)

    @torch.no_grad()
    def batch(self, count: int) -> Batch:
        """One batch, all of it enlarged alike."""
        chances = np.array([mixture.chance for mixture in self.mixtures])
        mixture = self.mixtures[self.choice.choice(len(chances), p=chances / chances.sum())]
        side = round(self.side / mixture.enlarged)
        counts = {name: round(share * count) for name, share in mixture.shares.items()}
        drawn = [crops(self.pools[name], number, side, self.draw) for name, number in counts.items() if number]
        image, code, told = (torch.cat([part[index] for part in drawn]) for index in range(3))
        marked = self._specks(Marked(image, torch.zeros_like(image[:, :1])), told)
        return self._enlarged(spoilt(marked.image, self.draw.random), marked.area, code, ~told)

    def _specks(self, marked: Marked, told: Tensor) -> Marked:
        chance = self.draw.uniform(len(told))
        stamped, drawn = (torch.where(told, of_pairs, of_others) for of_pairs, of_others in (_STAMPED, _DRAWN))
        if self.bank is None:
            return drawn_on(marked, chance < stamped + drawn, self.draw)
        marked = self.bank.laid_on(marked, chance < stamped, self.draw)
        return drawn_on(marked, (chance >= stamped) & (chance < stamped + drawn), self.draw)

    def _enlarged(self, image: Tensor, area: Tensor, code: Tensor, clean: Tensor) -> Batch:
        taken = code >= TAKEN
        area = torch.where(taken & (area == 0), _PIXEL_AND_HALF * 2.0 ** (code.float() - TAKEN), area)
        where = (area > 0).float()
        counted = ((code == CLEAN) | (where > 0)).float() * (code > 0)
        weight = torch.where(area > 0, (_TYPICAL / area.clamp(min=1)).clamp(_LIGHTEST, _HEAVIEST), 1.0)
        if image.shape[-1] != self.side:
            size = (self.side, self.side)
            image = F.interpolate(image, size, mode="bicubic", align_corners=False).clamp(0, 255).round()
            smooth = F.interpolate(where, size, mode="bilinear", align_corners=False)
            steps = F.interpolate(where, size, mode="nearest-exact")
            weight = F.interpolate(weight, size, mode="nearest-exact")
            where = (smooth >= 0.5).float()
            counted = F.interpolate(counted, size, mode="nearest-exact") * (where == steps)
        return Batch(image / 127.5 - 1, where, counted, weight, clean)
