"""Batches to learn from: photos bent and relit, cut-outs on other backdrops, and what lies beside products.

Copy-paste gives exact mattes for free (Ghiasi et al., "Simple Copy-Paste", CVPR 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.scenes.backdrops import Size, backdrops
from training.scenes.dice import Dice
from training.scenes.frames import Move, box_blurred, enlarged, held_inside, look_up, places, turned
from training.scenes.pool import Pool

CLOTHES = 3  # the categories before this index hang on hangers


@dataclass(frozen=True)
class Scene:
    """Pictures (N, 3, H, W) in 0..255, mattes (N, 1, H, W) in 0..1, categories and whether the matte is known (N,)."""

    image: Tensor
    matte: Tensor
    category: Tensor
    known: Tensor


@dataclass(frozen=True)
class Shares:
    """Of a batch: photos without a matte (for the category alone), and cut-outs on other backdrops; photos the rest."""

    plain: float = 0.08
    pasted: float = 0.42


class Scenes:
    """Batches without end, each of one size. ``things``: hangers and others (``training.scenes.things.sprites``)."""

    def __init__(self, pool: Pool, things: tuple[Tensor, Tensor], dice: Dice, shares: Shares | None = None) -> None:
        self.pool, self.dice = pool, dice
        self.hangers, self.things = things
        self.shares = shares or Shares()
        self.plain = torch.nonzero(pool.known == 0)[:, 0]

    @torch.no_grad()
    def draw(self, batch: int, size: Size) -> Scene:
        """A batch of (width, height) ``size``, before the photographer's faults."""
        plain = round(self.shares.plain * batch) if len(self.plain) else 0
        pasted = round(self.shares.pasted * batch)
        parts = [self.bent(self._pick(batch - plain - pasted), size), self.pasted(self._pick(pasted), size)]
        if plain:
            parts.append(self.bent(self.plain[self.dice.index(len(self.plain), plain)], size))
        columns = zip(*((part.image, part.matte, part.category, part.known) for part in parts), strict=True)
        return Scene(*(torch.cat(column) for column in columns))

    def _pick(self, count: int) -> Tensor:
        """Photos with a matte, by their weights."""
        return torch.multinomial(self.pool.weight, count, replacement=True, generator=self.dice.random)

    def bent(self, index: Tensor, size: Size) -> Scene:
        """Photos turned, zoomed, shifted and mirrored; some with their backdrop in the product's colour, some hung."""
        pool, count = self.pool, len(index)
        raw = places(size, self._bend(index, size))
        where, _ = held_inside(raw, pool.size[index])
        planes = look_up(torch.cat([pool.image[index], pool.matte[index]], 1).float(), where)
        image, matte, known = planes[:, :3], planes[:, 3:] / 255, pool.known[index]
        changed = self.dice.some(count, 0.25) & (known > 0)[:, None, None, None]
        image = torch.where(changed, self.near_colour(image, matte, image), image)
        image = self._with_things(image, matte, index, raw, 0.22)
        return Scene(image, matte * known[:, None, None, None], pool.category[index], known)

    def _bend(self, index: Tensor, size: Size) -> Move:
        dice, count = self.dice, len(index)
        width, height = self.pool.size[index].float().T
        ratio = torch.stack([size[0] / width, size[1] / height], -1)
        fit = torch.where(dice.uniform(count) < 0.4, ratio.amin(-1), ratio.amax(-1))
        middle, fill = self._of_box(index, size)
        zoomed = dice.uniform(count) < 0.15  # as the second look sees it: the product fills the frame
        scale = torch.where(zoomed, fill * dice.uniform(count, low=0.75, high=0.95),
                            fit * torch.exp(0.03 + dice.normal(count, scale=0.1)))  # fmt: skip
        angle = dice.normal(count, scale=math.radians(5))
        return Move(
            torch.where(zoomed[:, None], middle, torch.stack([width / 2, height / 2], -1)),
            dice.normal(count, 2, scale=0.03) * torch.tensor(size, device=dice.device),
            scale,
            torch.where(dice.uniform(count) < 0.9, angle, dice.quarter_turns(count)),
            torch.exp(dice.normal(count, scale=0.05)),
            dice.mirror(count),
        )

    def _of_box(self, index: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """The middle of each product (N, 2) and the scale at which it fills the frame (N,)."""
        left, top, right, bottom = self.pool.box[index].T
        fill = torch.minimum(size[0] / (right - left).clamp(min=8), size[1] / (bottom - top).clamp(min=8))
        return torch.stack([(left + right) / 2, (top + bottom) / 2], -1), fill

    def pasted(self, index: Tensor, size: Size) -> Scene:
        """Cut-outs, often in another colour, on other backdrops, with a shadow and things beside them."""
        pool, dice, count = self.pool, self.dice, len(index)
        middle, fill = self._of_box(index, size)
        turn = dice.uniform(count, low=-math.pi, high=math.pi)
        angle = torch.where(dice.uniform(count) < 0.85, dice.normal(count, scale=math.radians(10)), turn)
        shift = dice.normal(count, 2, scale=0.07) * torch.tensor(size, device=dice.device)
        scale = fill * dice.uniform(count, low=0.4, high=1.0)
        raw = places(size, Move(middle, shift, scale, angle, mirror=dice.mirror(count)))
        product, matte = self._cut_out(index, raw)
        product = torch.where(dice.some(count, 0.3), self._recoloured(product), product)
        backdrop = self._with_neighbour(backdrops(pool, dice, count, size), size)
        close = self.near_colour(backdrop, matte, product)
        backdrop = torch.where(dice.some(count, 0.4), close, backdrop)
        backdrop = self._with_things(backdrop, torch.zeros_like(matte), index, raw, 0.35)
        image = product * matte + self._shadowed(backdrop, matte) * (1 - matte)
        return Scene(image.clamp(0, 255), matte, pool.category[index], torch.ones(count, device=dice.device))

    def _cut_out(self, index: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        where, inside = held_inside(raw, self.pool.size[index])
        planes = look_up(torch.cat([self.pool.spread[index], self.pool.matte[index]], 1).float(), where)
        return planes[:, :3], planes[:, 3:] / 255 * inside

    def _recoloured(self, product: Tensor) -> Tensor:
        """The same form in another colour: channels mixed, lightness curved, sometimes turned over."""
        dice, count = self.dice, len(product)
        mix = torch.eye(3, device=dice.device) * dice.uniform(count, 1, 1) + dice.uniform(count, 3, 3, high=0.7)
        mix = mix / mix.sum(1, keepdim=True) * torch.exp(dice.normal(count, 1, 3, scale=0.2))
        mixed = torch.einsum("nchw,ncd->ndhw", product / 255, mix)
        mixed = torch.where(dice.some(count, 0.3), 1 - mixed, mixed)
        return mixed.clamp(0, 1) ** torch.exp(dice.normal(count, 1, 1, 1, scale=0.5)) * 255

    def near_colour(self, image: Tensor, matte: Tensor, product: Tensor) -> Tensor:
        """The backdrop brought near to the product's colour, its contrast often lowered; edges stay true mixtures.

        Half the time to that of a small part: a white collar on a white carpet, while the rest stands out.
        """
        dice, count = self.dice, len(image)
        part = enlarged(dice.normal(count, 1, 4, 4), (matte.shape[3], matte.shape[2])) > 0
        weight = (matte > 0.9) * (0.05 + part.float())
        mean = (product * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp(min=1)
        mean = torch.where(dice.some(count, 0.5), self._spot(product, weight), mean)
        away = 1 - matte
        around = (image * away).sum((2, 3), keepdim=True) / away.sum((2, 3), keepdim=True).clamp(min=1)
        target = mean + dice.normal(count, 1, 1, 1, scale=10) + dice.normal(count, 3, 1, 1, scale=3)
        lowered = around + (image - around) * (1 - away * (1 - dice.each(count, 0.4, 1.0)))
        moved = lowered + (target - around) * dice.each(count, 0.7, 1.0) * away
        enough = (weight.sum((1, 2, 3), keepdim=True) > 50) & (away.sum((1, 2, 3), keepdim=True) > 50)
        return torch.where(enough, moved, image).clamp(0, 255)

    def _spot(self, product: Tensor, weight: Tensor) -> Tensor:
        """The colour of one small place of each product, (N, 3, 1, 1)."""
        cells = F.adaptive_avg_pool2d(weight, 24)
        small = F.adaptive_avg_pool2d(product * weight, 24) / cells.clamp(min=1e-4)
        chosen = torch.multinomial(cells.flatten(1).clamp(min=1e-7), 1, generator=self.dice.random)
        return small.flatten(2).gather(2, chosen[:, None].expand(-1, 3, 1))[..., None]

    def _with_neighbour(self, backdrop: Tensor, size: Size) -> Tensor:
        """A tenth with another product that the frame cuts."""
        dice, count = self.dice, len(backdrop)
        index = self._pick(count)
        middle, fill = self._of_box(index, size)
        around = dice.uniform(count, high=2 * math.pi)
        way = torch.stack([torch.cos(around), torch.sin(around)], -1)
        shift = way * torch.tensor(size, device=dice.device) * 0.62
        turn = dice.uniform(count, low=-math.pi, high=math.pi)
        raw = places(size, Move(middle, shift, fill * dice.uniform(count, low=0.3, high=0.7), turn))
        product, matte = self._cut_out(index, raw)
        share = matte * dice.some(count, 0.1)
        return backdrop * (1 - share) + product * share

    def _with_things(self, image: Tensor, matte: Tensor, index: Tensor, raw: Tensor, share: float) -> Tensor:
        """Hangers behind clothes and other things behind anything; never over what ``matte`` calls product."""
        pool, dice, count = self.pool, self.dice, len(image)
        hung = (pool.category[index] < CLOTHES) & (dice.uniform(count) < share) & (pool.known[index] > 0)
        chosen = self.hangers[dice.index(len(self.hangers), count)]
        image = self._drawn(image, matte, chosen, self._at_neck(index, raw), hung)
        height, width = image.shape[-2:]
        size, nowhere = torch.tensor([width, height], device=dice.device), torch.zeros(count, 2, device=dice.device)
        scale = min(width, height) * torch.exp(dice.uniform(count, low=math.log(0.15), high=0.0))
        turn = dice.uniform(count, low=-math.pi, high=math.pi)
        spot = places((width, height), Move(nowhere, dice.normal(count, 2, scale=0.25) * size, scale, turn))
        chosen = self.things[dice.index(len(self.things), count)]
        shown = (dice.uniform(count) < 0.6 * share) & (pool.known[index] > 0)
        return self._drawn(image, matte, chosen, spot, shown)

    def _at_neck(self, index: Tensor, raw: Tensor) -> Tensor:
        """Places of a frame in a hanger's own units, its arms' meeting point at the product's top."""
        dice, count = self.dice, len(index)
        x, y, width = self.pool.neck[index].T
        down = dice.uniform(count, low=-0.02, high=0.10)
        origin = torch.stack([x + dice.normal(count, scale=0.02) * width, y + down * width], -1)
        unit = (width * dice.uniform(count, low=0.3, high=0.55)).clamp(min=4)  # the arms span 1.8 of it
        offset = (raw - origin[:, None, None]) / unit[:, None, None, None]
        return turned(offset, dice.normal(count, scale=0.06))

    @staticmethod
    def _drawn(image: Tensor, matte: Tensor, sprites: Tensor, spot: Tensor, shown: Tensor) -> Tensor:
        sampled = F.grid_sample(sprites.float(), spot, mode="bilinear", padding_mode="zeros", align_corners=False)
        alpha = sampled[:, 3:] / 255 * shown[:, None, None, None]
        under = alpha * (1 - matte)
        shadow = box_blurred(F.pad(alpha, (0, 0, 4, 0))[..., :-4, :], 3) * 0.35 * (1 - matte)
        colour = (sampled[:, :3] / (sampled[:, 3:] / 255).clamp(min=0.05)).clamp(0, 255)
        return (image * (1 - shadow) * (1 - under) + colour * under).clamp(0, 255)

    def _shadowed(self, backdrop: Tensor, matte: Tensor) -> Tensor:
        """Three quarters under the product's shadow, to one side, near or far."""
        dice, count = self.dice, len(backdrop)
        height, width = matte.shape[2:]
        reach = height * dice.uniform(count, low=0.004, high=0.06)
        middle = torch.tensor([width / 2, height / 2], device=dice.device).expand(count, 2)
        shift = dice.normal(count, 2) * reach[:, None] + torch.stack([0 * reach, reach], -1)
        where = places((width, height), Move(middle, shift, torch.exp(dice.normal(count, scale=0.01)), 0 * reach))
        scale = 2 / torch.tensor([width - 1, height - 1], device=dice.device)
        cast = F.grid_sample(matte, where * scale - 1, padding_mode="zeros", align_corners=True)
        radii = [max(1, round(height * part)) for part in (0.004, 0.012, 0.03)]
        soft = torch.stack([box_blurred(box_blurred(cast, radius), radius) for radius in radii])
        chosen = soft[dice.index(len(radii), count), torch.arange(count, device=dice.device)]
        return backdrop * (1 - dice.each(count, 0.05, 0.65) * dice.some(count, 0.75) * chosen)
