"""Training the product network: a background thread draws samples, the loop learns, checkpoints and scores."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from packshot.learning.networks.losses import category_loss, matte_loss
from packshot.learning.networks.product import ProductNetwork
from packshot.learning.networks.synthesis import Synthesis
from packshot.segmentation import network_planes, network_size

Batch = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Schedule:
    """One phase of training: how long, at which sizes, how fast it learns."""

    minutes: float
    long_side: int
    batch: int
    learning_rate: float
    category_weight: float = 0.1
    score_every_minutes: float = 6.0
    workers: int = 0


def shapes(long_side: int) -> list[tuple[int, int]]:
    """The (width, height) a batch may have: portrait as often as all others, since most packshots stand."""
    short = round(long_side * 0.76 / 32) * 32
    square = round(long_side * 0.87 / 32) * 32
    return [(short, long_side), (short, long_side), (square, square), (long_side, short)]


class _Stream(IterableDataset[Batch]):
    """Batches without end; each worker process draws its own."""

    def __init__(self, synthesis: Synthesis, schedule: Schedule) -> None:
        self.synthesis, self.schedule = synthesis, schedule

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        cv2.setNumThreads(1)
        seed = (int(self.synthesis.generator.integers(2**31)), 0 if worker is None else worker.id)
        self.synthesis.generator = np.random.default_rng(seed)
        while True:
            yield draw_batch(self.synthesis, self.schedule)


def batches(synthesis: Synthesis, schedule: Schedule, workers: int = 0) -> Iterator[Batch]:
    """Batches without end, drawn ahead by one thread or by ``workers`` processes; what fails there is raised here."""
    if workers:
        stream = _Stream(synthesis, schedule)
        yield from DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4)
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = deque(pool.submit(draw_batch, synthesis, schedule) for _ in range(3))
        try:
            while True:
                yield ahead.popleft().result()
                ahead.append(pool.submit(draw_batch, synthesis, schedule))
        finally:
            for waiting in ahead:
                waiting.cancel()


def draw_batch(synthesis: Synthesis, schedule: Schedule) -> Batch:
    """Planes (N, 8, H, W), mattes (N, 1, H, W), categories and what is known of the mattes (N,), all of one size."""
    options = shapes(schedule.long_side)
    size = options[synthesis.generator.integers(len(options))]
    samples = [synthesis.draw(size) for _ in range(schedule.batch)]
    planes = np.stack([without_hints(network_planes(sample.image), synthesis.generator) for sample in samples])
    mattes = np.stack([sample.matte for sample in samples])[:, None]
    categories = torch.tensor([sample.category for sample in samples])
    known = torch.tensor([sample.known for sample in samples])
    return torch.from_numpy(planes), torch.from_numpy(mattes), categories, known


def without_hints(planes: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Now and then hides the backdrop's planes: products that look like their backdrop are found by their shape."""
    if generator.random() < 0.25:
        planes[3] = 0
    if generator.random() < 0.25:
        planes[6:] = 0
    return planes


@dataclass
class Trainer:
    """The network, its running average (what is kept), and the file it is saved to."""

    network: ProductNetwork
    average: ProductNetwork
    checkpoint: Path
    device: torch.device
    steps: int = 0

    @classmethod
    def start(cls, checkpoint: Path, device: str = "cpu", seed: int = 1) -> Trainer:
        """A fresh network, or the one a checkpoint holds."""
        torch.manual_seed(seed)
        trainer = cls(ProductNetwork(), ProductNetwork(), checkpoint, torch.device(device))
        trainer.average.load_state_dict(trainer.network.state_dict())
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            trainer.network.load_state_dict(state["network"])
            trainer.average.load_state_dict(state["average"])
            trainer.steps = int(state["steps"])
        for network in (trainer.network, trainer.average):
            network.to(trainer.device)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return trainer

    def save(self) -> None:
        """Writes the checkpoint, whole or not at all."""
        part = self.checkpoint.with_suffix(".part")
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "steps": self.steps}
        torch.save(state, part)
        part.replace(self.checkpoint)

    def run(
        self,
        synthesis: Synthesis,
        schedule: Schedule,
        report: Callable[[Trainer, float], None],
        watch: Callable[[float, float], None] = lambda *_: None,
    ) -> None:
        """Learns for the schedule's minutes; ``report(trainer, loss)`` is called at each score, and
        ``watch(seconds, loss)`` at each step."""
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=schedule.learning_rate, weight_decay=0.02)
        begun = scored = time.monotonic()
        losses: list[float] = []
        source = batches(synthesis, schedule, schedule.workers)
        self.network.train()
        while (elapsed := (time.monotonic() - begun) / 60) < schedule.minutes:
            progress = elapsed / schedule.minutes
            warmup = min(1.0, (len(losses) + 1) / 100)
            for group in optimiser.param_groups:
                group["lr"] = schedule.learning_rate * warmup * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * progress)))
            losses.append(self._step(next(source), optimiser, schedule.category_weight))
            watch(time.monotonic() - begun, float(np.mean(losses[-50:])))
            if time.monotonic() - scored > 60 * schedule.score_every_minutes:
                report(self, float(np.mean(losses[-200:])))
                self.save()
                scored = time.monotonic()
        source.close()  # type: ignore[attr-defined]
        report(self, float(np.mean(losses[-200:])))
        self.save()

    def _step(self, batch: Batch, optimiser: torch.optim.Optimizer, category_weight: float) -> float:
        image, matte, category, known = (part.to(self.device) for part in batch)
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits, categories, _ = self.network(image)
        loss = matte_loss(logits, matte, known) + category_weight * category_loss(categories, category)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        self.count_step()
        return float(loss.detach())

    def count_step(self, keep: float = 0.998) -> None:
        """Takes the network into its running average, of which ``keep`` stays once it is settled."""
        self.steps += 1
        self._average(min(keep, (1 + self.steps) / (20 + self.steps)))

    @torch.no_grad()
    def _average(self, keep: float) -> None:
        for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


@torch.no_grad()
def predict_matte(network: ProductNetwork, image: NDArray[np.uint8], long_side: int) -> tuple[NDArray[np.float32], int]:
    """The matte (H, W) in 0..1 at the photo's own size and the category's index, by the network in torch."""
    network.eval()
    height, width = image.shape[:2]
    size = network_size((width, height), long_side, 32)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    device = next(network.parameters()).device
    planes = torch.from_numpy(network_planes(np.asarray(small, np.uint8)))[None].to(device)
    with torch.autocast(device.type, torch.bfloat16):
        logits, categories, _ = network(planes.contiguous(memory_format=torch.channels_last))
    matte = torch.sigmoid(logits.float())[0, 0].cpu().numpy()
    network.train()
    return np.asarray(cv2.resize(matte, (width, height)), np.float32), int(categories.argmax())
