"""Trains the upright network on what training/upright_examples.py wrote:

python training/train_upright_network.py --data upright.npz --out upright.onnx [--minutes 15] [--device cuda]

Prints, for sellers and products never trained on, the error of the median angle beside leaving the photo alone, and
what the stage's rule makes of it.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from packshot.learning.networks.upright import UprightNetwork
from packshot.turning import SIDE, turned, turns
from packshot.uprightness import CUES, angles, decide

Bytes = NDArray[np.uint8]
SHARES = {
    "sellers": 0.5,
    "rendered befores": 0.2,
    "rendered afters": 0.12,
    "studio befores": 0.1,
    "studio afters": 0.08,
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
    curves: torch.Tensor
    pictures: torch.Tensor
    angles: torch.Tensor


class Draw:
    """Batches without end: sources by their shares, varied in size, place, light and side."""

    def __init__(self, examples: Examples, size: int, seed: int) -> None:
        self.examples, self.size, self.seed = examples, size, seed
        known = {name: float((examples.sources == name).sum()) for name in np.unique(examples.sources)}
        weights = np.array([SHARES.get(name, 0.1) / known[name] for name in examples.sources])
        self.weights = weights / weights.sum()

    def batches(self, threads: int) -> Iterator[Batch]:
        """Drawn ahead by ``threads``; the same seed draws the same batches however many there are."""
        with ThreadPoolExecutor(threads) as pool:
            ahead = deque(pool.submit(self.batch, number) for number in range(2 * threads))
            for number in count(2 * threads):
                ahead.append(pool.submit(self.batch, number))
                yield ahead.popleft().result()

    def batch(self, number: int) -> Batch:
        """The batch of this number."""
        draw = np.random.default_rng((self.seed, number))
        rows = draw.choice(len(self.examples), self.size, p=self.weights)
        return gathered([self.varied(row, draw) for row in rows])

    def varied(self, row: int, draw: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
        """Curves, turned pictures and angle of one row, as it might have been shot otherwise."""
        zoom, (right, down) = float(np.exp(draw.normal(0, 0.06))), draw.normal(0, 1.5, 2)
        pictures = turned(self.examples.portraits[row], zoom, (float(right), float(down))).astype(np.float32)
        pictures[:, 0] = (pictures[:, 0] - 128) * np.exp(draw.normal(0, 0.15)) + 128 + draw.normal(0, 8)
        curves, angle = self.examples.curves[row], float(self.examples.angles[row])
        curves = curves * (1 + draw.normal(0, 0.1, (CUES, 1))) + draw.normal(0, 0.02, curves.shape)
        if draw.random() < 0.5:
            return curves[:, ::-1], pictures[::-1, :, :, ::-1], -angle
        return curves, pictures, angle


def gathered(rows: list[tuple[NDArray[np.float32], NDArray[np.float32], float]]) -> Batch:
    curves, pictures = (torch.from_numpy(np.stack([row[part] for row in rows]).astype(np.float32)) for part in (0, 1))
    return Batch(curves, pictures, torch.tensor([row[2] for row in rows], dtype=torch.float32))


def loss_of(network: UprightNetwork, batch: Batch, device: str) -> torch.Tensor:
    """Cross-entropy of every member against a bell about the true angle."""
    grid = torch.from_numpy(angles()).float()
    bell = torch.softmax(-((grid[None] - batch.angles[:, None]) ** 2) / (2 * _TARGET_WIDTH**2), 1).to(device)
    logits = network(batch.curves.to(device), batch.pictures.to(device))
    return F.cross_entropy(logits.flatten(0, 1), bell.repeat_interleave(logits.shape[1], 0))


def posterior(network: UprightNetwork, examples: Examples, device: str) -> NDArray[np.float64]:
    """(N, angles) probability of each angle."""
    network.eval()
    shares = []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            rows = range(start, min(start + 32, len(examples)))
            batch = gathered(
                [(examples.curves[row], turned(examples.portraits[row]).astype(np.float32), 0.0) for row in rows]
            )
            logits = network(batch.curves.to(device), batch.pictures.to(device))
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
    draw = Draw(examples.of(~examples.held_out), options.batch, options.seed)
    batches = draw.batches(options.threads)
    scored, losses, step = examples.of(examples.held_out), [], 0
    started = told = time.monotonic()
    while (share := (time.monotonic() - started) / (60 * options.minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, 0.05 + step / 100) * (0.5 + 0.5 * np.cos(np.pi * share) + 0.003)
        loss = loss_of(network, next(batches), options.device)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        if time.monotonic() - told > options.tell:
            print(f"step {step}, {share:.0%}, loss {np.mean(losses[-200:]):.3f}", flush=True)
            report(network, scored, options.device)
            told = time.monotonic()
    print(f"{step} steps, loss {np.mean(losses[-200:]):.3f}", flush=True)
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
    parser.add_argument("--threads", type=int, default=1, help="that draw batches ahead")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    export(train(Examples.read(options.data), options), options.out)


if __name__ == "__main__":
    main()
