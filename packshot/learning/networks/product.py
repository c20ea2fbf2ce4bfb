"""The network that finds the product: a ResNet encoder with a thin U-Net decoder and a category head.

Residual blocks after He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), with the three-convolution
stem of He et al., "Bag of Tricks" (CVPR 2019); the decoder after Ronneberger et al., "U-Net" (MICCAI 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class NetworkSize:
    """How wide and deep the network is; the default ships (3.4 M parameters)."""

    inputs: int = 8
    stem: int = 24
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    decoder: tuple[int, ...] = (96, 64, 40, 24)
    categories: int = 9


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU: (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut (ResNet's basic block)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, 3, stride)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            # Average before the 1x1 convolution, so that the shortcut sees every pixel ("ResNet-D").
            pool: nn.Module = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
            self.shortcut = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        last = self.second[1]
        assert isinstance(last, nn.BatchNorm2d)
        nn.init.zeros_(last.weight)  # each block starts as its shortcut: deep nets train from scratch

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return F.relu(self.second(self.first(features)) + self.shortcut(features))


class Encoder(nn.Module):
    """Features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input."""

    def __init__(self, size: NetworkSize) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(size.inputs, size.stem, 3, 2), convolution(size.stem, size.stem))
        stages, width = [], size.stem
        for outputs, depth in zip(size.widths, size.depths, strict=True):
            blocks = [
                Residual(width if index == 0 else outputs, outputs, 2 if index == 0 else 1) for index in range(depth)
            ]
            stages.append(nn.Sequential(*blocks))
            width = outputs
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        """The stem's features, then each stage's."""
        features = [self.stem(image)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


class Context(nn.Module):
    """The whole frame's average, added to every place: what the photo is of, and what its backdrop is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gather = nn.Sequential(nn.Linear(width, width // 4), nn.ReLU(), nn.Linear(width // 4, width))

    def forward(self, features: Tensor) -> Tensor:
        """The same size, every place knowing the whole."""
        whole: Tensor = self.gather(features.mean((2, 3)))[:, :, None, None]
        return features + whole


class ProductNetwork(nn.Module):
    """Product matte, category and an embedding from one photo.

    Input (N, 8, H, W), H and W multiples of 32; see ``packshot.segmentation`` for the planes.
    Output: matte logits (N, 1, H, W), category logits (N, categories), embedding (N, widths[-1]).
    """

    def __init__(self, size: NetworkSize | None = None) -> None:
        super().__init__()
        self.size = size = size or NetworkSize()
        self.encoder = Encoder(size)
        self.context = Context(size.widths[-1])
        skips = (*reversed(size.widths[:-1]), size.stem)
        merges, width = [], size.widths[-1]
        for skip, outputs in zip(skips, size.decoder, strict=True):
            merges.append(nn.Sequential(convolution(width + skip, outputs), convolution(outputs, outputs)))
            width = outputs
        self.merges = nn.ModuleList(merges)
        self.matte = nn.Conv2d(width, 4, 3, 1, 1)  # four phases of a stride-2 map: sub-pixel convolution (Shi 2016)
        self.category = nn.Sequential(nn.Dropout(0.2), nn.Linear(size.widths[-1], size.categories))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Matte logits, category logits, embedding."""
        features = self.encoder(image)
        deepest = self.context(features[-1])
        embedding = deepest.mean((2, 3))
        current = deepest
        for merge, skip in zip(self.merges, reversed(features[:-1]), strict=True):
            larger = F.interpolate(current, scale_factor=2.0, mode="bilinear", align_corners=False)
            current = merge(torch.cat((larger, skip), 1))
        return F.pixel_shuffle(self.matte(current), 2), self.category(embedding), embedding
