"""What training minimises. Losses that a judge also measures live in ``packshot.evaluation.metrics``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def matte_loss(logits: Tensor, matte: Tensor, known: Tensor, edge_weight: float = 4.0) -> Tensor:
    """How wrong a matte is: cross-entropy weighted towards the edge, plus one minus the soft intersection over union.

    ``logits``, ``matte``: (N, 1, H, W), matte in 0..1; ``known``: (N,), 0 leaves a sample out. The sum of both is
    the usual loss of dichotomous segmentation (Qin et al., "BASNet", CVPR 2019).
    """
    logits = logits.float()
    edge = (F.avg_pool2d(matte, 15, 1, 7) - matte).abs()
    weight = 1 + edge_weight * edge
    entropy = F.binary_cross_entropy_with_logits(logits, matte, reduction="none")
    entropy = (entropy * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))
    probability = torch.sigmoid(logits)
    overlap = (probability * matte).sum((1, 2, 3))
    union = (probability + matte - probability * matte).sum((1, 2, 3))
    jaccard = 1 - (overlap + 1) / (union + 1)
    return ((entropy + jaccard) * known).sum() / known.sum().clamp(min=1)


def detail_loss(logits: Tensor, matte: Tensor, known: Tensor, levels: int = 3) -> Tensor:
    """How far the matte's detail is off at several scales, the coarser ones counting more: a Laplacian pyramid's L1.

    As in Hou and Liu, "Context-Aware Image Matting" (ICCV 2019). Shapes as in ``matte_loss``; H and W multiples of 8.
    """
    ours, true = torch.sigmoid(logits.float()), matte
    total = torch.zeros_like(known)
    for level in range(levels):
        coarse = F.avg_pool2d(ours, 2), F.avg_pool2d(true, 2)
        fine = [
            one - F.interpolate(low, scale_factor=2, mode="bilinear")
            for one, low in zip((ours, true), coarse, strict=True)
        ]
        total = total + 2**level * (fine[0] - fine[1]).abs().mean((1, 2, 3))
        ours, true = coarse
    return (total * known).sum() / known.sum().clamp(min=1)


def category_loss(logits: Tensor, category: Tensor) -> Tensor:
    """Cross-entropy of category logits (N, categories), a little smoothed; ``category`` (N,) is -1 where unknown.

    The mean over the known ones, and 0, not NaN, where none is.
    """
    wrong = F.cross_entropy(logits.float(), category, ignore_index=-1, label_smoothing=0.05, reduction="sum")
    return wrong / (category >= 0).sum().clamp(min=1)
