"""How well a speck network finds: which share of the specks, at so many false marks a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from packshot.learning.proof.scoring import grouped, healed_and_false
from packshot.learning.specks.examples import SpeckExample
from packshot.recipe import Spot
from packshot.stages.detailing import Mark, at_speck_size, spots_in

LEVELS = tuple(float(1 / (1 + np.exp(-logit))) for logit in np.linspace(-1.5, 6.5, 33))
FALSE_A_PHOTO = 0.5  # marks
_DRAWS = 1000
_LIKELY = 0.75


@dataclass(frozen=True)
class Finds:
    """By group of photos and level (G, L): specks found and false marks; (G,): how many specks and photos there are."""

    found: NDArray[np.float64]
    false: NDArray[np.float64]
    specks: NDArray[np.float64]
    photos: NDArray[np.float64]

    def share(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """(N,) share found at the level that finds most with at most ``FALSE_A_PHOTO``; ``weights`` (N, G): how often
        each group counts, once each if left out."""
        often = np.ones((1, len(self.specks))) if weights is None else weights
        found = (often @ self.found) / np.maximum(often @ self.specks, 1)[:, None]
        false = (often @ self.false) / np.maximum(often @ self.photos, 1)[:, None]
        return np.asarray(np.where(false <= FALSE_A_PHOTO, found, 0).max(1))


@dataclass(frozen=True)
class Compared:
    """Share of specks found on groups left out, by a network before and after; over groups drawn with replacement the
    gain's 95 % interval, and how often there is one."""

    before: float
    after: float
    interval: tuple[float, float]
    likely: float

    @property
    def better(self) -> bool:
        """Whether it is worth keeping: a gain, and not one that a few other groups would have turned round."""
        return self.after > self.before and self.likely >= _LIKELY

    @property
    def beyond_chance(self) -> bool:
        """Whether no usual luck explains the gain."""
        return self.interval[0] > 0


def compared(before: Finds, after: Finds, seed: int) -> Compared:
    """Both on the same photos."""
    groups = len(before.specks)
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=_DRAWS).astype(float)
    gains = after.share(drawn) - before.share(drawn)
    low, high = np.quantile(gains, (0.025, 0.975))
    likely = float((gains > 0).mean())
    return Compared(float(before.share()[0]), float(after.share()[0]), (float(low), float(high)), likely)


def finds_of(network: nn.Module, examples: Sequence[SpeckExample]) -> Finds:
    """What a network finds on photos whose specks are known."""
    names = sorted({example.learned.group for example in examples})
    found, false = np.zeros((len(names), len(LEVELS))), np.zeros((len(names), len(LEVELS)))
    specks, photos = np.zeros(len(names)), np.zeros(len(names))
    for example in examples:
        group, known = names.index(example.learned.group), grouped(example.spots)
        counts = [healed_and_false(marks, known) for marks in marks_of(network, example)]
        found[group] += [healed for healed, _ in counts]
        false[group] += [wrong for _, wrong in counts]
        specks[group] += len(known)
        photos[group] += 1
    return Finds(found, false, specks, photos)


def marks_of(network: nn.Module, example: SpeckExample) -> list[list[list[Spot]]]:
    """By level the marks of a network on a photo, in its pixels."""
    image = at_speck_size(example.learned.image)
    factor = example.learned.image.shape[1] / image.shape[1]
    height, width = (side // 8 * 8 for side in image.shape[:2])
    inside = (example.learned.code > 0).astype(np.float32)
    rows = np.minimum(((np.arange(height) + 0.5) * factor).astype(int), inside.shape[0] - 1)
    columns = np.minimum(((np.arange(width) + 0.5) * factor).astype(int), inside.shape[1] - 1)
    share = _shares(network, image[:height, :width])
    matte, side = inside[np.ix_(rows, columns)], max(image.shape[:2])
    return [[_spots(mark, factor) for mark in spots_in(share, matte, level, side)] for level in LEVELS]


@torch.no_grad()
def _shares(network: nn.Module, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    planes = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1)[None]
    device = next(network.parameters()).device
    return np.asarray(torch.sigmoid(network.eval()(planes.to(device)))[0, 0].cpu().numpy(), np.float32)


def _spots(mark: Mark, factor: float) -> list[Spot]:
    return [
        Spot(x=(x + 0.5) * factor - 0.5, y=(y + 0.5) * factor - 0.5, radius=radius * factor)
        for x, y, radius in mark.discs
    ]
