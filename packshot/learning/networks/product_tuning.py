"""Taking a pack's product network further on a studio's own photos, with the mattes its retouchers cut.

Only if the network then finds products better that it was not tuned on is it kept.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from packshot.evaluation.metrics import intersection_over_union
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.networks.loading import load_product_network
from packshot.learning.networks.matte_training import Schedule, Trainer, draw_batch, predict_matte
from packshot.learning.networks.product import ProductNetwork
from packshot.learning.networks.synthesis import Example, Synthesis
from packshot.learning.splits import folds
from packshot.photo import Photo, PhotoError
from packshot.render import to_bytes
from packshot.stages.background import decode_matte

SIDE = 600
LEAST_PAIRS, LEAST_GROUPS = 20, 6
_RATE = 2e-4
_MOST_CHECKED = 40
_CALIBRATION = 6  # batches by which normalisation is measured


@dataclass(frozen=True)
class Tuning:
    """How long and where; ``long_side``: of the network's input; ``batch``: photos at a step."""

    minutes: float
    device: str
    seed: int
    long_side: int
    checkpoint: Path
    batch: int = 6


@dataclass(frozen=True)
class Tuned:
    """The network after, and the mean IoU on photos it was not tuned on, before and after."""

    network: ProductNetwork
    before: float
    after: float

    @property
    def better(self) -> bool:
        """Whether it is worth keeping."""
        return self.after > self.before


def examples_of(fits: Sequence[PairFit], categories: Sequence[str]) -> list[Example]:
    """Befores at 600 pixels with the mattes read from their afters; a photo that cannot be read is left out."""
    examples = []
    for fit in fits:
        if fit.recipe is None or fit.recipe.background.matte is None:
            continue
        try:
            pixels = to_bytes(Photo.open(fit.before).pixels(min(1.0, SIDE / max(fit.recipe.source.size))))
        except PhotoError:
            continue
        scale = min(1.0, SIDE / max(pixels.shape[:2]))
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        levels = decode_matte(fit.recipe.asset(fit.recipe.background.matte))
        image, matte = (
            np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8) for one in (pixels, levels)
        )
        index = categories.index(fit.category) if fit.category in categories else -1
        examples.append(Example(image, (matte / 255).astype(np.float32), index, fit.group))
    return examples


def tune_product(
    path: Path, examples: Sequence[Example], tuning: Tuning, tell: Callable[[str, int, int], None]
) -> Tuned | None:
    """The network of ``path`` tuned on examples (their ``source`` is the group); None where they are too few.

    Raises ForeignNetworkError when it is no network of packshot's.
    """
    groups = [example.source for example in examples]
    if len(examples) < LEAST_PAIRS or len(set(groups)) < LEAST_GROUPS:
        return None
    network = load_product_network(path)
    place = folds(groups)
    checked = [example for example, fold in zip(examples, place, strict=True) if fold == 0][:_MOST_CHECKED]
    learned = [
        Example(example.image, example.matte, example.category, "pairs")
        for example, fold in zip(examples, place, strict=True)
        if fold != 0
    ]
    before = mean_iou(network, checked, tuning.long_side)
    synthesis = Synthesis(learned, [], np.random.default_rng(tuning.seed))
    schedule = Schedule(tuning.minutes, tuning.long_side, tuning.batch, _RATE, score_every_minutes=2.0)
    torch.manual_seed(tuning.seed)
    unfold_normalisation(network, [draw_batch(synthesis, schedule)[0] for _ in range(_CALIBRATION)])
    trainer = Trainer(network, copy.deepcopy(network), tuning.checkpoint, torch.device(tuning.device))
    for one in (trainer.network, trainer.average):
        one.to(trainer.device)

    found = [before]

    def score(now: Trainer, _: float) -> None:
        found.append(mean_iou(now.average, checked, tuning.long_side))

    def watch(seconds: float, loss: float) -> None:
        so_far = f"loss {loss:.3f}, IoU on photos left out {found[-1]:.4f}, {before:.4f} before"
        tell(f"tuning the product network, seconds · {so_far}", round(seconds), round(60 * tuning.minutes))

    trainer.run(synthesis, schedule, score, watch)
    trainer.average.cpu()
    return Tuned(trainer.average, before, mean_iou(trainer.average, checked, tuning.long_side))


def mean_iou(network: ProductNetwork, examples: Sequence[Example], long_side: int) -> float:
    """Of the network's own mattes."""
    overlaps = [
        intersection_over_union(predict_matte(network, example.image, long_side)[0], example.matte)
        for example in examples
        if example.matte is not None
    ]
    network.eval()
    return float(np.mean(overlaps))


@torch.no_grad()
def unfold_normalisation(network: ProductNetwork, batches: Sequence[Tensor]) -> None:
    """Gives normalisations that exporting folded away their statistics back, measured on some batches.

    What the network answers stays the same; only training, which normalises by each batch, sees the difference.
    """
    sums: dict[nn.BatchNorm2d, list[tuple[Tensor, Tensor]]] = {}

    def watch(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        sums.setdefault(module, []).append((given[0].mean((0, 2, 3)), (given[0] ** 2).mean((0, 2, 3))))

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [module.register_forward_pre_hook(watch) for module in norms]
    network.eval()
    for planes in batches:
        network(planes)
    for hook in hooks:
        hook.remove()
    for module, seen in sums.items():
        mean = torch.stack([one for one, _ in seen]).mean(0)
        variance = (torch.stack([two for _, two in seen]).mean(0) - mean**2).clamp(min=1e-6)
        _set_statistics(module, mean, variance)


def _set_statistics(module: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    assert module.running_mean is not None
    assert module.running_var is not None
    scale = module.weight / torch.sqrt(module.running_var + module.eps)
    shift = module.bias - scale * module.running_mean
    module.weight.copy_(scale * torch.sqrt(variance + module.eps))
    module.bias.copy_(shift + scale * mean)
    module.running_mean.copy_(mean)
    module.running_var.copy_(variance)
