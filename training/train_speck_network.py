"""Trains the network that finds dust and lint, from specks that retouchers took away and from drawn ones:

python training/train_speck_network.py --shared DATA --fits WORK/fits --guesses WORK/guesses --out WORK/specks.onnx
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from packshot.learning.fitting.pair_set import read_fits
from packshot.learning.specks.batches import Batches, Mixture
from packshot.learning.specks.check import FALSE_A_PHOTO, finds_of
from packshot.learning.specks.drawing import StampBank
from packshot.learning.specks.examples import SpeckExample, cropped, speck_example
from packshot.learning.specks.files import export_speck_network
from packshot.learning.specks.labels import CLEAN, OFF
from packshot.learning.specks.network import SpeckNetwork, widened
from packshot.learning.specks.pool import Pool, Speckled
from packshot.learning.specks.training import SpeckPlan, train_specks
from packshot.learning.splits import held_out
from training.data import finished, photos

SETS = ("real", "rendered", "studio")
MIXTURES = (
    Mixture(0.62, 1.5, {"real": 0.46, "rendered": 0.17, "plain": 0.25, "afters": 0.12}),
    Mixture(0.12, 1.25, {"real": 0.40, "rendered": 0.17, "plain": 0.25, "afters": 0.18}),
    Mixture(0.26, 1.0, {"real": 0.30, "rendered": 0.15, "plain": 0.20, "afters": 0.20, "studio": 0.15}),
)
PLAN = SpeckPlan(12.0, 64, 2.5e-3, warming=200)


def told(fits: Path, name: str, keep_held_out: bool = False) -> list[SpeckExample]:
    """The befores of a set of pairs, with what was taken away."""
    chosen = [fit for fit in read_fits(fits / name) if fit.accepted and held_out(fit.group) == keep_held_out]
    found = (speck_example(fit) for fit in chosen)
    return [example for example in found if example is not None]


def clean(shared: Path, guesses: Path | None) -> dict[str, list[Speckled]]:
    """Photos that no pair tells of: sellers' own and the afters."""
    examples = {
        "plain": photos(shared, guesses=guesses)[0],
        "afters": finished(shared, "rendered") + finished(shared, "studio"),
    }
    return {
        name: [
            cropped(Speckled(one.image, np.where(one.matte > 0.9, CLEAN, OFF).astype(np.uint8)))
            for one in members
            if one.matte is not None
        ]
        for name, members in examples.items()
    }


def started(weights: Path | None) -> SpeckNetwork:
    """A new network, or one that goes on from weights; those of versions up to 0.4 are taken over."""
    if weights is None:
        return SpeckNetwork()
    known = torch.load(weights, weights_only=True, map_location="cpu")
    if "finer.layers.0.weight" not in known:
        return widened(known)
    network = SpeckNetwork()
    network.load_state_dict(known)
    return network


def report(network: SpeckNetwork, examples: dict[str, list[SpeckExample]]) -> None:
    """Share found of what was taken away on groups never trained on, at so many false marks a photo."""
    for name, members in examples.items():
        share = float(finds_of(network, members).share()[0]) if members else 0.0
        print(f"{name}: {share:.1%} of the fitted specks at {FALSE_A_PHOTO} false marks a photo", flush=True)


def saying(minutes: float = 2.0) -> Callable[[int, float, float], None]:
    """Says the loss now and then."""
    losses: list[float] = []
    said = [time.monotonic()]

    def watch(step: int, seconds: float, loss: float) -> None:
        losses.append(loss)
        if time.monotonic() - said[0] > 60 * minutes:
            said[0] = time.monotonic()
            print(f"{seconds / 60:.1f} min step {step} loss {np.mean(losses[-200:]):.4f}", flush=True)

    return watch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--fits", type=Path, required=True, help="folder with the fits of real, studio and rendered")
    parser.add_argument("--guesses", type=Path, help="mattes of training/guess_mattes.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=PLAN.minutes)
    parser.add_argument("--batch", type=int, default=PLAN.batch)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--learning-rate", type=float, default=PLAN.rate)
    parser.add_argument(
        "--part", type=float, nargs=2, default=(0.0, 1.0), help="of the course that the rate falls over"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    cv2.setNumThreads(1)
    pairs = {name: [cropped(one.learned) for one in told(options.fits, name)] for name in SETS}
    members = {**pairs, **clean(options.shared, options.guesses)}
    print({name: len(group) for name, group in members.items()}, flush=True)
    pools = {name: Pool.of(group, options.device) for name, group in members.items()}
    stamps = [stamp for group in pairs.values() for one in group for stamp in one.stamps]
    batches = Batches(pools, MIXTURES, StampBank.of(stamps, options.device), options.seed)
    plan = replace(
        PLAN, minutes=options.minutes, batch=options.batch, rate=options.learning_rate, part=tuple(options.part)
    )
    average = train_specks(started(options.resume).to(options.device), batches, plan, saying())
    report(average, {name: told(options.fits, name, keep_held_out=True) for name in SETS})
    torch.save(average.cpu().state_dict(), options.out.with_suffix(".pt"))
    export_speck_network(average, options.out)


if __name__ == "__main__":
    main()
