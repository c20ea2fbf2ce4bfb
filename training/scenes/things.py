"""Things that are no product: hangers of wood, wire and plastic, rails, strings with tags, pegs, hands."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from training.scenes.frames import pixels

SIDE = 256
Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """A round line through points in -1..1 (x to the right, y down), its radius, its colour in 0..255."""

    points: list[Point]
    radius: float
    colour: tuple[float, ...]


def painted(strokes: list[Stroke], device: torch.device) -> Tensor:
    """Strokes one over another, shaded as if round: (4, SIDE, SIDE) uint8, colour premultiplied by alpha."""
    where = (pixels(SIDE, SIDE, device) + 0.5) / SIDE * 2 - 1
    picture = torch.zeros(4, SIDE, SIDE, device=device)
    for stroke in strokes:
        distance = _distance(where, torch.tensor(stroke.points, device=device))
        alpha = ((stroke.radius - distance) * SIDE / 2 + 0.5).clamp(0, 1)
        shade = 1.1 - 0.5 * (distance / max(stroke.radius, 1e-3)).clamp(0, 1) ** 2
        colour = (torch.tensor(stroke.colour, device=device)[:, None, None] * shade).clamp(0, 255)
        picture = torch.cat([colour * alpha, alpha[None] * 255]) + picture * (1 - alpha)
    return picture.round().clamp(0, 255).to(torch.uint8)


def _distance(where: Tensor, points: Tensor) -> Tensor:
    """From places (H, W, 2) to a line through points (P, 2)."""
    start, along = points[:-1], points[1:] - points[:-1]
    offset = where[:, :, None] - start
    share = ((offset * along).sum(-1) / (along * along).sum(-1).clamp(min=1e-9)).clamp(0, 1)
    return (offset - share[..., None] * along).square().sum(-1).amin(-1).sqrt()


def sprites(count: int, seed: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """``count`` hangers, whose arms meet at the middle, and as many other things, (count, 4, SIDE, SIDE) uint8."""
    dice = random.Random(seed)
    hangers = [painted(hanger(dice), device) for _ in range(count)]
    return torch.stack(hangers), torch.stack([painted(thing(dice), device) for _ in range(count)])


def _colour(dice: random.Random) -> tuple[float, ...]:
    kind = dice.random()
    if kind < 0.35:  # wood
        red = dice.uniform(120, 225)
        return red, red * dice.uniform(0.65, 0.85), red * dice.uniform(0.35, 0.65)
    if kind < 0.85:  # white, grey, black
        level = dice.uniform(10, 250)
        return tuple(level * math.exp(dice.gauss(0, 0.03)) for _ in range(3))
    return tuple(dice.uniform(0, 240) for _ in range(3))


def _metal(dice: random.Random) -> tuple[float, ...]:
    return (dice.uniform(60, 230),) * 3


def hanger(dice: random.Random) -> list[Stroke]:
    """Two arms, often a bar, and a hook."""
    wire = dice.random() < 0.3
    radius = dice.uniform(0.008, 0.018) if wire else dice.uniform(0.022, 0.075)
    paint = _metal(dice) if wire else _colour(dice)
    drop, bow = dice.uniform(0.15, 0.5), dice.uniform(-0.1, 0.15)
    strokes = [_hook(dice, radius, radius if wire else dice.uniform(0.008, 0.03), paint)]
    for way in (-1, 1):
        steps = [i / 10 for i in range(11)]
        arm = [(way * 0.9 * step, drop * step + bow * math.sin(math.pi * step)) for step in steps]
        strokes.append(Stroke(arm, radius, paint))
    if dice.random() < 0.55:
        low = drop + (0.02 if wire else dice.uniform(0.0, 0.06))
        strokes.append(Stroke([(-0.9, low), (0.9, low)], max(0.008, radius * dice.uniform(0.3, 0.9)), paint))
    return strokes


def _hook(dice: random.Random, above: float, radius: float, paint: tuple[float, ...]) -> Stroke:
    high, round_by = dice.uniform(0.05, 0.2), dice.uniform(0.07, 0.14)
    way, top = dice.choice((-1, 1)), -above - high - round_by
    angles = [math.pi / 2 - 1.4 * math.pi * i / 15 for i in range(16)]
    bend = [(way * round_by * math.cos(angle), top + round_by * math.sin(angle)) for angle in angles]
    return Stroke([(0.0, 0.0), (0.0, top + round_by), *bend], radius, paint if dice.random() < 0.3 else _metal(dice))


def thing(dice: random.Random) -> list[Stroke]:
    """A rail or cable, a string with a tag, a peg or stick, or an arm with fingers."""
    kind = dice.random()
    if kind < 0.35:
        bow = dice.uniform(-0.2, 0.2) if dice.random() < 0.4 else 0.0
        rail = [(-1.0 + 0.2 * i, bow * math.sin(math.pi * i / 10)) for i in range(11)]
        return [Stroke(rail, dice.uniform(0.008, 0.12), _colour(dice))]
    if kind < 0.6:
        string = [(dice.uniform(-0.3, 0.3), dice.uniform(-0.9, 0.0)) for _ in range(4)]
        end = (string[-1][0] + dice.uniform(-0.2, 0.2), string[-1][1] + dice.uniform(0.2, 0.6))
        tag = Stroke([string[-1], end], dice.uniform(0.06, 0.2), _colour(dice))
        return [Stroke(string, 0.01, _colour(dice)), tag]
    if kind < 0.8:
        ends = [(0.0, -dice.uniform(0.2, 0.8)), (0.0, dice.uniform(0.2, 0.8))]
        return [Stroke(ends, dice.uniform(0.05, 0.3), _colour(dice))]
    return _hand(dice)


def _hand(dice: random.Random) -> list[Stroke]:
    red = dice.uniform(140, 240)
    green = red * dice.uniform(0.65, 0.8)
    skin = (red, green, red * dice.uniform(0.5, 0.7))
    strokes = [Stroke([(-1.0, 0.0), (-0.2, 0.0)], dice.uniform(0.2, 0.35), skin)]
    for finger in range(4):
        high = -0.24 + 0.16 * finger
        tip = (dice.uniform(0.2, 0.6), high * dice.uniform(0.9, 1.5))
        strokes.append(Stroke([(-0.2, high), tip], dice.uniform(0.06, 0.09), skin))
    return strokes
