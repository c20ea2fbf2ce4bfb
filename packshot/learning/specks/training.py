"""How speck networks learn: by the clock, small specks counting as large ones, from what they are most wrong about."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from packshot.learning.specks.batches import Batch, Batches
from packshot.learning.specks.network import SpeckNetwork

_SPECK = 2.0  # weight of a speck's pixels against clean ones
_MEMORY = 0.998  # of the average of weights
_FINDS = 12  # pixels of a clean picture by which it is told how wrong the network is there


@dataclass(frozen=True)
class SpeckPlan:
    """How long, how many pictures at a step, and how fast. ``mined``: twice as many are drawn as are learned from.
    ``still``: normalisations stay as they are; a tuned network should not forget by small batches.
    ``from_``, ``to``: the part of a longer course, 0..1, over which the rate falls along a cosine."""

    minutes: float
    batch: int
    rate: float
    mined: bool = True
    still: bool = False
    part: tuple[float, float] = (0.0, 1.0)
    warming: int = 100
    steps: int | None = None


def speck_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Binary cross entropy over what counts: a small speck weighs nearly as much as a large one."""
    wrong = F.binary_cross_entropy_with_logits(logits.float(), batch.where, reduction="none")
    weight = batch.counted * torch.where(batch.where > 0, _SPECK * batch.weight, 1.0)
    return (wrong * weight).sum() / weight.sum().clamp(min=1)


@torch.no_grad()
def hardest(network: nn.Module, batch: Batch, count: int, chance: Tensor) -> Batch:
    """Of a batch, ``count`` pictures: first the clean ones on which the network finds most (Shrivastava et al., "Online
    Hard Example Mining", 2016); what no pair tells of alone, since pairs overlook a speck at times. ``chance`` (N,)."""
    training = network.training
    found = torch.sigmoid(network.eval()(batch.image))
    network.train(training)
    away = F.max_pool2d(batch.where, 5, 1, 2) == 0
    false = (found * batch.counted * away).flatten(1).topk(_FINDS, 1).values.mean(1)
    hard = batch.clean & (batch.where.flatten(1).amax(1) == 0)
    order = torch.where(hard, 0.2 + false + 0.3 * chance, 0.3 + 0.5 * chance)
    return batch.chosen(order.topk(min(count, len(order))).indices)


def train_specks(
    network: SpeckNetwork, batches: Batches, plan: SpeckPlan, watch: Callable[[int, float, float], None]
) -> SpeckNetwork:
    """Trains ``network`` in place and gives the running average of its weights.

    ``watch``: steps, seconds and loss so far. Raises FloatingPointError when the loss is no number any more.
    """
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=0.02, betas=(0.9, 0.99))
    network.train(not plan.still)
    begun, step = time.monotonic(), 0
    while plan.steps is None or step < plan.steps:
        seconds = time.monotonic() - begun
        if seconds > 60 * plan.minutes:
            break
        share = seconds / max(60 * plan.minutes, 1e-6) if plan.steps is None else step / plan.steps
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _falling(plan, share) * min(1, (step + 1) / plan.warming)
        batch = next_batch(network, batches, plan)
        loss = speck_loss(network(batch.image), batch)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"step {step}: the loss is {float(loss)}; lower the learning rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        _keep(average, network, min(_MEMORY, (step + 1) / (step + 20)))
        watch(step, seconds, float(loss.detach()))
    network.eval()
    return average.eval()


def next_batch(network: nn.Module, batches: Batches, plan: SpeckPlan) -> Batch:
    """What a step learns from."""
    if not plan.mined:
        return batches.batch(plan.batch)
    drawn = batches.batch(2 * plan.batch)
    return hardest(network, drawn, plan.batch, batches.draw.uniform(len(drawn.image)))


def _falling(plan: SpeckPlan, share: float) -> float:
    begin, end = plan.part
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, begin + (end - begin) * share)))


@torch.no_grad()
def _keep(average: nn.Module, network: nn.Module, memory: float) -> None:
    for kept, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - memory)
        else:
            kept.copy_(now)
