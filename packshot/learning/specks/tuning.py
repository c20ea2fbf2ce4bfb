"""Taking a pack's speck network further on what a studio's own retouchers took away.

Only if it then finds more of the specks on products left out, with no more false marks, is it kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.specks.batches import Batches, Mixture
from packshot.learning.specks.check import Compared, compared, finds_of
from packshot.learning.specks.drawing import StampBank
from packshot.learning.specks.examples import SpeckExample, cropped, speck_example
from packshot.learning.specks.files import load_speck_network
from packshot.learning.specks.labels import Stamp
from packshot.learning.specks.network import SpeckNetwork
from packshot.learning.specks.pool import Pool
from packshot.learning.specks.training import SpeckPlan, train_specks
from packshot.learning.splits import folds
from packshot.photo import PhotoError
from packshot.stages.detailing import at_speck_size

LEAST_SPECKS, LEAST_GROUPS = 60, 6
_RATE = 2e-4
_MOST_CHECKED = 80
_READING, _CHECKING = 0.25, 0.1  # of the time: to read the pairs, and to check before and after

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SpeckTuning:
    """How long and where; ``batch``: pictures at a step, ``side`` pixels each; ``steps``: in place of the clock."""

    minutes: float
    device: str
    seed: int
    batch: int = 8
    side: int = 160
    steps: int | None = None


@dataclass(frozen=True)
class SpeckTuned:
    """The network after, how it compares on groups left out, how many specks it learned from, and the loss of the first
    and last tenth of its steps."""

    network: SpeckNetwork
    compared: Compared
    specks: int
    loss: tuple[float, float]

    def as_json(self) -> dict[str, float | bool | str]:
        """For the account of learning."""
        found = self.compared
        return {
            "specks": self.specks,
            "found_before": round(found.before, 4),
            "found_after": round(found.after, 4),
            "gain_low": round(found.interval[0], 4),
            "gain_high": round(found.interval[1], 4),
            "loss_before": round(self.loss[0], 5),
            "loss_after": round(self.loss[1], 5),
            "kept": found.better,
            "words": self.words(),
        }

    def words(self) -> str:
        """What came of it, in a sentence."""
        found = self.compared
        told = f"{found.after:.0%} of the specks on products left out, {found.before:.0%} before, at as few false marks"
        if not found.better:
            return f"Tuning did not help to find specks ({told}); the network stays as it was."
        luck = "beyond chance" if found.beyond_chance else "which chance may explain"
        return f"The speck network was tuned on {self.specks} specks of these pairs: it finds {told}, {luck}."


def examples_within(fits: Sequence[PairFit], seconds: float, tell: Tell) -> list[SpeckExample]:
    """What can be read in so many seconds, in an order that leaves no group for the end; a photo that cannot be read
    is left out."""
    begun, found = time.monotonic(), []
    ordered = [fits[index] for index in np.random.default_rng(1).permutation(len(fits))]
    for done, fit in enumerate(ordered):
        if time.monotonic() - begun > seconds:
            break
        tell("reading what was taken away", done, len(ordered))
        try:
            example = speck_example(fit)
        except PhotoError:
            continue
        if example is not None and (example.learned.code > 0).any():
            found.append(example)
    return found


def tune_specks(path: Path, fits: Sequence[PairFit], tuning: SpeckTuning, tell: Tell) -> SpeckTuned | None:
    """The network of ``path`` tuned on what was taken away on four groups of five; None where that is too little.

    Raises ForeignNetworkError when it is no network of packshot's.
    """
    network = load_speck_network(path)
    examples = examples_within(fits, 60 * _READING * tuning.minutes, tell)
    groups = [example.learned.group for example in examples]
    if len(set(groups)) < LEAST_GROUPS or sum(len(example.learned.stamps) for example in examples) < LEAST_SPECKS:
        return None
    place = folds(groups)
    checked = [one for one, fold in zip(examples, place, strict=True) if fold == 0][:_MOST_CHECKED]
    learned = [one for one, fold in zip(examples, place, strict=True) if fold != 0]
    before = finds_of(network, checked)
    losses: list[float] = []

    def watch(step: int, seconds: float, loss: float) -> None:
        losses.append(loss)
        if step % 10 == 0:
            told = f"tuning the speck network, seconds · loss {np.mean(losses[-50:]):.4f}"
            tell(told, round(seconds), round(60 * tuning.minutes))

    torch.manual_seed(tuning.seed)
    plan = SpeckPlan(
        (1 - _READING - _CHECKING) * tuning.minutes, tuning.batch, _RATE, mined=False, still=True, warming=20,
        steps=tuning.steps,
    )  # fmt: skip
    average = train_specks(network.to(tuning.device), batches_of(learned, tuning), plan, watch).cpu()
    tenth = max(1, len(losses) // 10)
    fell = (float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))) if losses else (0.0, 0.0)
    found = compared(before, finds_of(average, checked), tuning.seed)
    return SpeckTuned(average, found, sum(len(one.learned.stamps) for one in learned), fell)


def batches_of(examples: Iterable[SpeckExample], tuning: SpeckTuning) -> Batches:
    """Crops of the studio's own photos, enlarged as its photos are, with its own specks laid on others of them."""
    learned = [cropped(example.learned) for example in examples]
    stamps: list[Stamp] = [stamp for one in learned for stamp in one.stamps]
    enlarged = float(np.median([_enlarged(one.image.shape[:2]) for one in learned]))
    pools = {"pairs": Pool.of(learned, tuning.device)}
    mixtures = [Mixture(1.0, enlarged, {"pairs": 1.0})]
    return Batches(pools, mixtures, StampBank.of(stamps, tuning.device), tuning.seed, tuning.side)


def _enlarged(shape: tuple[int, ...]) -> float:
    return float(at_speck_size(np.zeros((*shape[:2], 3), np.uint8)).shape[0] / shape[0])
