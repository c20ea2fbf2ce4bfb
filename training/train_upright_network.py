"""Trains the upright network on what training/upright_examples.py wrote:

python -m training.train_upright_network --data upright.npz --out upright.onnx [--minutes 15] [--device cuda]

Prints, for sellers and products never trained on, the error of the median angle beside leaving the photo alone, and
what the stage's rule makes of it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.networks.upright import UprightNetwork
from packshot.turning import SIDE, turned, turns
from packshot.uprightness import CUES, angles, decide
from training.scenes.dice import Dice
from training.turned_portraits import turned_portraits

Bytes = NDArray[np.uint8]
SHARES = {
    "sellers": 0.42,
    "goods": 0.2,
    "rendered befores": 0.15,
    "rendered afters": 0.08,
    "studio befores": 0.09,
    "studio afters": 0.06,
}
_TARGET_WIDTH = 0.6  # degrees
RISKS = (0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Examples:
    """Rows of one or more files: see `training.upright_examples.Row`."""

    portraits: Bytes
    curves: NDArray[np.float32]
    angles: NDArray[np.float32]
    sources: NDArray[np.str_]
    held_out: NDArray[np.bool_]

    @classmethod
    def read(cls, paths: list[Path]) -> Examples:
        files = [np.load(path) for path in paths]
        names = ("portraits", "curves", "angles", "sources", "held_out")
        parts = {name: np.concatenate([file[name] for file in files]) for name in names}
        return cls(**{**parts, "curves": parts["curves"].astype(np.float32)})

    def of(self, rows: NDArray[np.bool_]) -> Examples:
        return Examples(
            self.portraits[rows], self.curves[rows], self.angles[rows], self.sources[rows], self.held_out[rows]
        )

    def __len__(self) -> int:
        return len(self.angles)


@dataclass(frozen=True)
class Batch:
    """Curves (N, cues, angles), turned pictures (N, turns, 2, 96, 96) 0..255, true angles (N,) in degrees."""

    curves: Tensor
    pictures: Tensor
    angles: Tensor


class Draw:
    """Batches without end: sources by their shares, varied in size, place, light and side."""

    def __init__(self, examples: Examples, dice: Dice) -> None:
        self.dice = dice
        self.portraits = torch.from_numpy(examples.portraits).to(dice.device)
        self.curves = torch.from_numpy(examples.curves).to(dice.device)
        self.angles = torch.from_numpy(examples.angles).to(dice.device)
        known = {name: float((examples.sources == name).sum()) for name in np.unique(examples.sources)}
        weights = [SHARES.get(name, 0.1) / known[name] for name in examples.sources]
        self.weights = torch.tensor(weights, device=dice.device)

    def batch(self, count: int) -> Batch:
        """``count`` rows as they might have been shot otherwise, every second one's mirror image."""
        rows = torch.multinomial(self.weights, count, replacement=True, generator=self.dice.random)
        mirrored = self.dice.uniform(count) < 0.5
        curves, pictures, turn = self._varied_curves(rows), self._varied_pictures(rows), self.angles[rows]
        curves = torch.where(mirrored[:, None, None], curves.flip(2), curves)
        pictures = torch.where(mirrored[:, None, None, None, None], pictures.flip(1).flip(4), pictures)
        return Batch(curves, pictures, torch.where(mirrored, -turn, turn))

    def _varied_curves(self, rows: Tensor) -> Tensor:
        curves, dice = self.curves[rows], self.dice
        return curves * (1 + dice.normal(len(rows), CUES, 1, scale=0.1)) + dice.normal(*curves.shape, scale=0.02)

    def _varied_pictures(self, rows: Tensor) -> Tensor:
        count, dice = len(rows), self.dice
        zoom, shift = torch.exp(dice.normal(count, scale=0.06)), dice.normal(count, 2, scale=1.5)
        pictures = turned_portraits(self.portraits[rows].float(), zoom, shift)
        contrast, light = torch.exp(dice.normal(count, 1, 1, 1, scale=0.15)), dice.normal(count, 1, 1, 1, scale=8)
        pictures[:, :, 0] = (pictures[:, :, 0] - 128) * contrast + 128 + light
        return pictures


def loss_of(network: UprightNetwork, batch: Batch) -> Tensor:
    """Cross-entropy of every member against a bell about the true angle."""
    grid = torch.from_numpy(angles()).float().to(batch.angles.device)
    bell = torch.softmax(-((grid[None] - batch.angles[:, None]) ** 2) / (2 * _TARGET_WIDTH**2), 1)
    logits = network(batch.curves, batch.pictures)
    return F.cross_entropy(logits.flatten(0, 1), bell.repeat_interleave(logits.shape[1], 0))


def posterior(network: UprightNetwork, examples: Examples, device: str) -> NDArray[np.float64]:
    """(N, angles) probability of each angle."""
    network.eval()
    shares = []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            portraits = examples.portraits[start : start + 32]
            pictures = torch.from_numpy(np.stack([turned(row) for row in portraits])).float().to(device)
            logits = network(torch.from_numpy(examples.curves[start : start + 32]).to(device), pictures)
            shares.append(torch.softmax(logits, 2).mean(1).cpu().numpy())
    network.train()
    return np.concatenate(shares).astype(np.float64)


def report(network: UprightNetwork, examples: Examples, device: str) -> None:
    share = posterior(network, examples, device)
    for source in np.unique(examples.sources):
        chosen = examples.sources == source
        truth = examples.angles[chosen].astype(np.float64)
        middle = np.array([decide(row, 0.5)[0] for row in share[chosen]])
        error, before = np.abs(middle - truth), np.abs(truth)
        line = f"  {source} ({chosen.sum()}): median {np.median(error):.2f} (untouched {np.median(before):.2f})"
        for risk in RISKS:
            decided = np.array([decide(row, risk)[0] for row in share[chosen]])
            after = np.abs(decided - truth)
            worse, moved = np.mean(after > before + 0.1), np.mean(decided != 0)
            line += f" | risk {risk}: {np.median(after):.2f}, turned {moved:.0%}, worse {worse:.1%}"
        print(line, flush=True)


def train(examples: Examples, options: argparse.Namespace) -> UprightNetwork:
    torch.manual_seed(options.seed)
    network = UprightNetwork().to(options.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.05)
    draw = Draw(examples.of(~examples.held_out), Dice.on(options.device, options.seed))
    scored, step = examples.of(examples.held_out), 0
    losses: list[Tensor] = []
    started = told = time.monotonic()
    while (share := (time.monotonic() - started) / (60 * options.minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, 0.05 + step / 100) * (0.5 + 0.5 * np.cos(np.pi * share) + 0.003)
        loss = loss_of(network, draw.batch(options.batch))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.detach())
        step += 1
        if time.monotonic() - told > options.tell:
            print(f"step {step}, {share:.0%}, loss {torch.stack(losses[-200:]).mean():.3f}", flush=True)
            report(network, scored, options.device)
            told = time.monotonic()
    print(f"{step} steps, loss {torch.stack(losses[-200:]).mean():.3f}", flush=True)
    report(network, scored, options.device)
    return network


def export(network: UprightNetwork, path: Path) -> None:
    """Writes ONNX and checks that it says the same."""
    import onnxruntime

    network = network.cpu().eval()
    torch.save(network.state_dict(), path.with_suffix(".pt"))
    curves, pictures = torch.randn(1, CUES, len(angles())), torch.rand(1, len(turns()), 2, SIDE, SIDE) * 255
    torch.onnx.export(
        network,
        (curves, pictures),
        str(path),
        input_names=["curves", "pictures"],
        output_names=["logits"],
        dynamo=True,
        opset_version=20,
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    said = session.run(None, {"curves": curves.numpy(), "pictures": pictures.numpy()})[0]
    with torch.no_grad():
        apart = float(np.abs(said - network(curves, pictures).numpy()).max())
    if apart > 1e-3:
        raise SystemExit(f"the exported network differs by {apart}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--tell", type=float, default=120, help="seconds between reports")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    export(train(Examples.read(options.data), options), options.out)


if __name__ == "__main__":
    main()
