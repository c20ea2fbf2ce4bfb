"""Takes the base pack's product network on with samples drawn on the GPU, in one or several stretches of a schedule.

python -m training.train_product_on_gpu --shared DATA --work WORK --mattes WORK/mattes --guesses WORK/guesses
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from packshot.learning.networks.losses import category_loss, detail_loss, matte_loss
from packshot.learning.networks.matte_training import Trainer, shapes
from packshot.learning.networks.synthesis import Example
from packshot.learning.specks.faults import spoilt
from training.data import finished, peeled, photos, scored
from training.scenes.dice import Dice
from training.scenes.planes import network_planes
from training.scenes.pool import Pool
from training.scenes.scenes import Scenes
from training.scenes.things import sprites
from training.train_product_network import reporter

WEIGHTS = {
    "sellers": 2.2,
    "guessed": 1.4,
    "rendered": 0.7,
    "studio": 0.4,
    "rendered befores": 1.0,
    "studio befores": 0.5,
}
LONG_SIDE, BATCH, SPRITES = 384, 80, 800
RATE, FLAT, FLOOR = 1.5e-3, 0.2, 0.01
EDGE, DETAIL, CATEGORY = 8.0, 2.0, 0.1
KEPT = 0.999  # of the running average, a step


@dataclass(frozen=True)
class Stretch:
    """Minutes of this run, and what part of the whole schedule they are, as shares 0..1."""

    minutes: float
    begin: float
    end: float

    def rate(self, minutes: float, steps: int) -> float:
        """The learning rate: flat for a fifth of the schedule, then down half a cosine."""
        progress = self.begin + (self.end - self.begin) * min(1.0, minutes / self.minutes)
        level = 1.0 if progress < FLAT else 0.5 * (1 + math.cos(math.pi * (progress - FLAT) / (1 - FLAT)))
        return RATE * min(1.0, (steps + 1) / 300) * (FLOOR + (1 - FLOOR) * level)


def examples(options: argparse.Namespace) -> list[Example]:
    """All photos to learn from, with and without a matte; the latter for their category alone."""
    masked, plain = photos(options.shared, guesses=options.guesses)
    for name in ("rendered", "studio"):
        masked += finished(options.shared, name, options.mattes) + peeled(options.shared, name, options.mattes)
    guessed = {id(example.image) for example in masked if example.source == "guessed"}
    return masked + [Example(one.image, None, one.category, "plain") for one in plain if id(one.image) not in guessed]


def without_hints(planes: Tensor, dice: Dice) -> Tensor:
    """Now and then hides the backdrop's planes: products that look like their backdrop are found by their shape."""
    hide = dice.uniform(2, len(planes), 1, 1, 1) < 0.25
    planes[:, 3:4] = planes[:, 3:4].masked_fill(hide[0], 0)
    planes[:, 6:] = planes[:, 6:].masked_fill(hide[1], 0)
    return planes


def step(trainer: Trainer, optimiser: torch.optim.Optimizer, scenes: Scenes, size: tuple[int, int]) -> Tensor:
    """One batch drawn and learned from; its loss."""
    scene = scenes.draw(BATCH, size)
    with torch.no_grad():
        planes = without_hints(network_planes(spoilt(scene.image, scenes.dice.random)), scenes.dice)
    with torch.autocast(trainer.device.type, torch.bfloat16):
        logits, categories, _ = trainer.network(planes.contiguous(memory_format=torch.channels_last))
    loss = matte_loss(logits, scene.matte, scene.known, EDGE) + DETAIL * detail_loss(logits, scene.matte, scene.known)
    loss = loss + CATEGORY * category_loss(categories, scene.category)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(trainer.network.parameters(), 2.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    trainer.count_step(KEPT)
    return loss.detach()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="its product.pt is gone on with")
    parser.add_argument("--mattes", type=Path, required=True, help="of training/peel.py")
    parser.add_argument("--guesses", type=Path, required=True, help="of training/guess_mattes.py")
    parser.add_argument("--minutes", type=float, default=24.0)
    parser.add_argument("--begin", type=float, default=0.0, help="share of the schedule done before")
    parser.add_argument("--end", type=float, default=1.0, help="share of the schedule done after")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    device, stretch = torch.device(options.device), Stretch(options.minutes, options.begin, options.end)
    trainer = Trainer.start(options.work / "product.pt", options.device)
    scenes = Scenes(
        Pool.of(examples(options), WEIGHTS, device), sprites(SPRITES, 5, device), Dice.on(device, options.seed)
    )
    to_score = [photo for name in ("real", "rendered", "studio") for photo in scored(options.shared, name, None, 800)]
    report = reporter(to_score, LONG_SIDE, time.monotonic())
    learn(trainer, scenes, stretch, np.random.default_rng(options.seed))
    report(trainer, 0.0)
    trainer.save()


def learn(trainer: Trainer, scenes: Scenes, stretch: Stretch, chooser: np.random.Generator) -> None:
    """Learns by the clock."""
    optimiser = torch.optim.AdamW(trainer.network.parameters(), lr=RATE, weight_decay=0.02)
    begun, options = time.monotonic(), shapes(LONG_SIDE)
    losses: list[Tensor] = []
    trainer.network.train()
    while (minutes := (time.monotonic() - begun) / 60) < stretch.minutes:
        for group in optimiser.param_groups:
            group["lr"] = stretch.rate(minutes, len(losses))
        losses.append(step(trainer, optimiser, scenes, options[chooser.integers(len(options))]))
        if len(losses) % 250 == 0:
            print(f"{minutes:5.1f} min step {trainer.steps} loss {torch.stack(losses[-250:]).mean():.4f}", flush=True)


if __name__ == "__main__":
    main()
