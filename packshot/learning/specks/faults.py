"""The photographer's faults, drawn for a whole batch of pictures at once on the device they lie on."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_LUMA = torch.tensor([0.299, 0.587, 0.114])
_TABLE = torch.tensor([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
], dtype=torch.float32)  # ITU-T T.81, table K.1  # fmt: skip


def spoilt(image: Tensor, random: torch.Generator) -> Tensor:
    """Pictures (N, 3, H, W) in 0..255, 60 % of them with cast, exposure, saturation, light, blur, noise and JPEG."""
    count, _, height, width = image.shape
    each = (count, 1, 1, 1)

    def uniform(low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(each, generator=random, device=image.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random, device=image.device)

    values = (image.clamp(0, 255) / 255) ** torch.exp(0.18 * normal(*each))
    values = values * torch.exp(0.1 * normal(count, 3, 1, 1) + 0.22 * normal(*each))
    down, across = (torch.linspace(-0.25, 0.25, side, device=image.device) for side in (height, width))
    values = values * torch.exp(down[:, None] * normal(*each) + across * normal(*each))
    grey = values.mean(1, keepdim=True)
    values = grey + (values - grey) * torch.where(uniform() < 0.4, uniform(0.2, 1.5), 1.0)
    sigma = 0.4 + 0.8 * float(torch.rand((), generator=random, device=image.device))
    values = torch.where(uniform() < 0.25, blurred(values, sigma), values)
    values = ((values + uniform(high=0.02) * normal(count, 1, height, width)) * 255).clamp(0, 255).round()
    values = torch.where(uniform() < 0.4, compressed(values, uniform(35, 95)), values)
    return torch.where(uniform() < 0.6, values, image).clamp(0, 255).round()


def blurred(values: Tensor, sigma: float) -> Tensor:
    """(N, 3, H, W) through a Gaussian of ``sigma`` pixels."""
    reach = max(1, math.ceil(3 * sigma))
    steps = torch.arange(-reach, reach + 1, device=values.device, dtype=torch.float32)
    kernel = torch.exp(-(steps**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, -1)
    padded = F.pad(values, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel[..., None], groups=3), kernel[:, :, None], groups=3)


def compressed(values: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of (N, 3, H, W) levels at ``quality`` (N, 1, 1, 1) in 1..100, its colour at half resolution.

    ITU-T T.81, with the luminance table of its annex K for all planes.
    """
    height, width = values.shape[-2:]
    tall, wide = -(-height // 16) * 16, -(-width // 16) * 16
    padded = F.pad(values, (0, wide - width, 0, tall - height), mode="replicate")
    luma = torch.einsum("nchw,c->nhw", padded, _LUMA.to(values))[:, None]
    red, blue = (padded[:, :1] - luma) / 1.402, (padded[:, 2:] - luma) / 1.772
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    luma = _quantised(luma, factor)
    red, blue = (
        F.interpolate(_quantised(F.avg_pool2d(plane, 2), factor * 1.6), scale_factor=2, mode="bilinear")
        for plane in (red, blue)
    )
    green = luma - 0.714136 * red - 0.344136 * blue
    whole = torch.cat([luma + 1.402 * red, green, luma + 1.772 * blue], 1)
    return whole[..., :height, :width].clamp(0, 255).round()


def _quantised(plane: Tensor, factor: Tensor) -> Tensor:
    """(N, 1, H, W) through 8 x 8 cosine transforms whose coefficients are rounded."""
    count, _, height, width = plane.shape
    tall, wide = -(-height // 8) * 8, -(-width // 8) * 8
    plane = F.pad(plane, (0, wide - width, 0, tall - height), mode="replicate")
    steps = torch.arange(8, device=plane.device, dtype=torch.float32)
    basis = torch.cos((2 * steps[None] + 1) * steps[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    blocks = plane.reshape(count, tall // 8, 8, wide // 8, 8)
    step = (_TABLE.to(plane) * factor.reshape(-1, 1, 1)).clamp(min=1)[:, None, :, None, :]
    coefficients = torch.einsum("ki,naibj,lj->nakbl", basis, blocks - 128, basis)
    coefficients = (coefficients / step).round() * step
    back = torch.einsum("ki,nakbl,lj->naibj", basis, coefficients, basis) + 128
    return back.reshape(count, 1, tall, wide)[..., :height, :width]
