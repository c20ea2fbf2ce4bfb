"""Trains the base pack's product network. One command, from nothing:

python training/train_product_network.py --shared DATA --work FOLDER --phase 1 --minutes 30
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from packshot.learning.networks.matte_training import Schedule, Trainer, predict_matte
from packshot.learning.networks.synthesis import Synthesis
from training.data import CATEGORIES, Scored, finished, peeled, photos, scored

PHASES = {1: Schedule(25, 256, 16, 2e-3), 2: Schedule(45, 384, 8, 1.2e-3)}
WEIGHTS = {
    "sellers": 2.0,
    "guessed": 1.2,
    "rendered": 0.7,
    "studio": 0.4,
    "rendered befores": 1.0,
    "studio befores": 0.5,
}


def overlap(predicted: np.ndarray, true: np.ndarray) -> float:
    """Intersection over union of two mattes cut at one half."""
    first, second = predicted > 0.5, true > 0.5
    return float((first & second).sum() / max(1, (first | second).sum()))


def reporter(photos_to_score: list[Scored], long_side: int, begun: float):  # type: ignore[no-untyped-def]
    """A function that prints the held-out scores of the averaged network."""

    def report(trainer: Trainer, loss: float) -> None:
        by_set: dict[str, list[tuple[float, bool]]] = {}
        for photo in photos_to_score:
            matte, category = predict_matte(trainer.average, photo.image, long_side)
            by_set.setdefault(photo.source, []).append(
                (overlap(matte, photo.matte), CATEGORIES[category] == photo.category)
            )
        parts = [f"{(time.monotonic() - begun) / 60:5.1f} min step {trainer.steps} loss {loss:.4f}"]
        for name, values in by_set.items():
            ious = np.array([iou for iou, _ in values])
            right = np.mean([right for _, right in values])
            parts.append(
                f"{name} n {len(ious)} median {np.median(ious):.4f} <.90 {np.mean(ious < 0.9):.2f} category {right:.2f}"
            )
        print(" | ".join(parts), flush=True)

    return report


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--phase", type=int, choices=PHASES, required=True)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--mattes", type=Path, help="mattes read out of the afters by training/peel.py")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--workers", type=int, default=0, help="processes that draw samples; a GPU needs many")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--guesses", type=Path, help="mattes of training/guess_mattes.py")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    schedule = PHASES[options.phase]
    minutes, rate = options.minutes or schedule.minutes, options.learning_rate or schedule.learning_rate
    batch = options.batch or schedule.batch
    schedule = Schedule(minutes, schedule.long_side, batch, rate, score_every_minutes=4, workers=options.workers)
    masked, plain = photos(options.shared, guesses=options.guesses)
    for name in ("rendered", "studio"):
        masked += finished(options.shared, name, options.mattes)
        if options.mattes:
            masked += peeled(options.shared, name, options.mattes)
    print(len(masked), "photos with a matte,", len(plain), "without", flush=True)
    to_score = [photo for name in ("real", "rendered", "studio") for photo in scored(options.shared, name, None, 800)]
    synthesis = Synthesis(masked, plain, np.random.default_rng(options.phase), weights=WEIGHTS)
    trainer = Trainer.start(options.work / "product.pt", options.device)
    trainer.run(synthesis, schedule, reporter(to_score, schedule.long_side, time.monotonic()))


if __name__ == "__main__":
    main()
