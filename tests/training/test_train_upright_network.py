"""A few steps of the upright network's training lower its loss; what is drawn keeps angle and picture together."""

from __future__ import annotations

import numpy as np
import torch

from packshot.learning.networks.upright import UprightNetwork
from packshot.turning import portrait
from packshot.uprightness import cues
from training.scenes.dice import Dice
from training.train_upright_network import Draw, Examples, loss_of
from training.upright_examples import turned_about_middle


def examples(count: int) -> Examples:
    """Bottles on grey, each set right by a known angle."""
    image, matte = np.full((160, 160, 3), 200, np.uint8), np.zeros((160, 160, 3), np.uint8)
    for canvas, level in ((image, 40), (matte, 255)):
        canvas[60:130, 60:100] = level
        canvas[30:60, 72:88] = level
    turns = np.linspace(-6, 6, count)
    rows = []
    for turn in turns:
        leaning = turned_about_middle(image, -turn), turned_about_middle(matte, -turn)[..., 0] / np.float32(255)
        rows.append((portrait(*leaning), cues(*leaning)))
    return Examples(
        np.stack([row[0] for row in rows]),
        np.stack([row[1] for row in rows]),
        turns.astype(np.float32),
        np.array(["sellers"] * count),
        np.zeros(count, bool),
    )


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(1)
    draw, network = Draw(examples(13), Dice.on("cpu", 1)), UprightNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(20):
        loss = loss_of(network, draw.batch(8))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) - 0.3


def test_the_picture_at_the_true_angle_is_the_most_symmetric() -> None:
    batch = Draw(examples(13), Dice.on("cpu", 2)).batch(12)
    uneven = (batch.pictures - batch.pictures.flip(4)).abs()[:, :, 1].mean((2, 3))
    told = torch.linspace(-10, 10, uneven.shape[1])[uneven.argmin(1)]
    assert float((told - batch.angles).abs().median()) < 0.6
