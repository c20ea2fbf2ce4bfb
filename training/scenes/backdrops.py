"""Backdrops: emptied photos, and drawn ones: paper, carpet, cloth, wood, tiles, folds, edges of beds and doors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.scenes.dice import Dice
from training.scenes.frames import Move, enlarged, look_up, mirrored_on, places
from training.scenes.pool import Pool

Size = tuple[int, int]
_PLATES = 0.45


def backdrops(pool: Pool, dice: Dice, count: int, size: Size) -> Tensor:
    """(count, 3, H, W) in 0..255 of (width, height) ``size``."""
    chosen = torch.where(dice.some(count, _PLATES), plates(pool, dice, count, size), drawn(dice, count, size))
    return with_edges(chosen, dice, size)


def plates(pool: Pool, dice: Dice, count: int, size: Size) -> Tensor:
    """Other photos without their product, turned and enlarged until they fill the frame."""
    index = pool.with_plate[dice.index(len(pool.with_plate), count)]
    whole = pool.size[index]
    width, height = whole.float().T
    fit = torch.maximum(size[0] / width, size[1] / height)
    turn = torch.where(dice.uniform(count) < 0.3, dice.quarter_turns(count), 0.0)
    move = Move(
        torch.stack([width / 2, height / 2], -1),
        dice.normal(count, 2, scale=0.1) * torch.tensor(size, device=dice.device),
        fit * dice.uniform(count, low=1.0, high=1.7),
        dice.normal(count, scale=math.radians(6)) + turn,
        torch.exp(dice.normal(count, scale=0.1)),
        dice.mirror(count),
    )
    return look_up(pool.plate[index].float(), mirrored_on(places(size, move), whole))


def noise(dice: Dice, count: int, size: Size, stretch: float) -> Tensor:
    """Noise of all scales, (count, 1, H, W), mean 0 and deviation 1, wider than high by ``stretch``."""
    total = torch.zeros(count, 1, size[1], size[0], device=dice.device)
    slope, cell = dice.each(count, -0.9, 0.9), 1.0
    while cell < size[1] / 2:
        shape = (max(2, round(size[1] / cell)), max(2, round(size[0] / cell / stretch)))
        octave = enlarged(dice.normal(count, 1, *shape), size)
        total += octave * cell**slope * torch.exp(dice.normal(count, 1, 1, 1, scale=0.5))
        cell *= 2
    total = total - total.mean((2, 3), keepdim=True)
    return total / total.std((2, 3), keepdim=True).clamp(min=1e-4)


def drawn(dice: Dice, count: int, size: Size) -> Tensor:
    """Colours with texture, patterns, joints, folds and falling light."""
    colour = _colours(dice, count)
    long = max(size)
    turn = torch.where(dice.uniform(count) < 0.5, dice.quarter_turns(count), dice.uniform(count, high=math.pi))
    middle, one = torch.full((count, 2), long / 2, device=dice.device), torch.ones(count, device=dice.device)
    where = places(size, Move(middle, 0 * middle, one, turn))
    texture = _texture(dice, count, size, where)
    values = colour + texture
    other = torch.where(dice.some(count, 0.5), colour + dice.normal(count, 3, 1, 1, scale=40), _any_colour(dice, count))
    spots = noise(dice, count, size, 1.0) - dice.each(count, -0.5, 1.0)
    share = torch.sigmoid(spots * dice.each(count, 2, 15))
    patterned = values * (1 - share) + (other + texture) * share
    values = torch.where(dice.some(count, 0.15), patterned, values)
    values = values * joints(dice, count, where) * folds(dice, count, size) * falling_light(dice, count, size)
    return values.clamp(0, 255)


def _any_colour(dice: Dice, count: int) -> Tensor:
    return dice.uniform(count, 3, 1, 1, low=0, high=255)


def _colours(dice: Dice, count: int) -> Tensor:
    """Two thirds are nearly grey, as most walls, floors and papers are."""
    grey = dice.each(count, 50, 250) * torch.exp(dice.normal(count, 3, 1, 1, scale=0.05))
    return torch.where(dice.some(count, 0.65), grey, dice.uniform(count, 3, 1, 1, low=20, high=250))


def _texture(dice: Dice, count: int, size: Size, where: Tensor) -> Tensor:
    """Grain or turned fibres, from none to 30 levels, slightly coloured: (count, 3, H, W)."""
    long = max(size)
    fibres = noise(dice, count, (long, long), float(2 ** dice.uniform(1, low=1, high=4)))
    square = torch.full((count, 2), long, device=dice.device)
    fibres = look_up(fibres, mirrored_on(where, square))
    grain = torch.where(dice.some(count, 0.5), noise(dice, count, size, 1.0), fibres)
    rough = torch.exp(dice.each(count, 0.0, math.log(30.0)))
    strength = torch.where(dice.some(count, 0.3), dice.each(count, 0.0, 2.0), rough)  # paper, or anything
    return grain * strength * (1 + dice.normal(count, 3, 1, 1, scale=0.15))


def joints(dice: Dice, count: int, where: Tensor) -> Tensor:
    """Planks, tiles and ribs along turned places (count, H, W, 2): a factor (count, 1, H, W)."""
    period = torch.exp(dice.uniform(count, 1, 1, low=math.log(6), high=math.log(200)))
    ratio = torch.where(dice.uniform(count, 1, 1) < 0.4, 1.0, dice.uniform(count, 1, 1, low=3, high=12))
    width = dice.uniform(count, 1, 1, low=0.6, high=3.0)
    dark = dice.uniform(count, 1, 1, low=-0.15, high=0.5)
    across = where[..., 1] + 977
    row = torch.floor(across / period)
    along = where[..., 0] + 977 + row * 0.37 * period * ratio
    factor = torch.ones_like(across)
    for value, step in ((across, period), (along, period * ratio)):
        away = step / 2 - ((value / step).remainder(1) - 0.5).abs() * step
        factor = factor * (1 - dark * (1 - away / width).clamp(0, 1))
    column = torch.floor(along / (period * ratio))
    own = (torch.sin(row * 12.9898 + column * 78.233) * 43758.5453).remainder(1) - 0.5  # each plank its own lightness
    factor = factor * (1 + dice.uniform(count, 1, 1, high=0.2) * own)
    return torch.where(dice.some(count, 0.35), factor[:, None], 1.0)


def folds(dice: Dice, count: int, size: Size) -> Tensor:
    """Creases of linen: a factor (count, 1, H, W)."""
    coarse = enlarged(dice.normal(count, 1, 4, 3), size, "bicubic") * dice.each(count, 3, 10)
    wave = torch.sin(coarse + enlarged(dice.normal(count, 1, 9, 7), size, "bicubic") * dice.each(count, 0, 2))
    ridge = torch.sign(wave) * wave.abs() ** dice.each(count, 0.3, 2.0)
    return torch.where(dice.some(count, 0.3), 1 + dice.each(count, 0.02, 0.2) * ridge, 1.0)


def _axes(dice: Dice, size: Size) -> tuple[Tensor, Tensor]:
    x = torch.linspace(-0.5, 0.5, size[0], device=dice.device)[None, None, None]
    return x, torch.linspace(-0.5, 0.5, size[1], device=dice.device)[None, None, :, None]


def falling_light(dice: Dice, count: int, size: Size) -> Tensor:
    """Light that falls off to one side and to the corners: a factor (count, 1, H, W)."""
    x, y = _axes(dice, size)
    turn = dice.each(count, 0, 2 * math.pi)
    ramp = torch.cos(turn) * x + torch.sin(turn) * y - dice.each(count, 0, 0.8) * (x * x + y * y)
    return torch.pow(2.0, dice.each(count, 0.0, 0.7) * ramp)


def with_edges(backdrop: Tensor, dice: Dice, size: Size) -> Tensor:
    """A quarter with another backdrop beyond a straight edge, or a strip of it: a bed, a skirting, a door frame."""
    count = len(backdrop)
    x, y = _axes(dice, size)
    straight = dice.quarter_turns(count)[:, None, None, None] + dice.normal(count, 1, 1, 1, scale=0.1)
    turn = torch.where(dice.some(count, 0.8), straight, dice.each(count, 0, 2 * math.pi))
    off = torch.cos(turn) * x + torch.sin(turn) * y - dice.each(count, 0.1, 0.48)
    soft = dice.each(count, 0.002, 0.006)
    beyond = (off / soft + 0.5).clamp(0, 1)
    strip = beyond * (0.5 - (off - dice.each(count, 0.01, 0.12)) / soft).clamp(0, 1)
    share = torch.where(dice.some(count, 0.4), strip, beyond)
    other = backdrop.roll(1, 0)
    other = torch.where(dice.some(count, 0.3), other.mean((2, 3), keepdim=True), other)
    shade = 1 - dice.each(count, 0, 0.5) * torch.exp(-off.abs() / dice.each(count, 0.005, 0.05))
    mixed = (backdrop * (1 - share) + other * share) * torch.where(dice.some(count, 0.5), shade, 1.0)
    return torch.where(dice.some(count, 0.25), mixed, backdrop)
