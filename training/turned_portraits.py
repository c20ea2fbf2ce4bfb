"""Portraits turned by every candidate angle as in ``packshot.turning``, but a batch at once, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from packshot.turning import LONG, PORTRAIT, SIDE, TURNED_LONG, turns


def turned_portraits(portraits: Tensor, zoom: Tensor, shift: Tensor) -> Tensor:
    """(N, angles, 2, 96, 96) float32 0..255 of (N, 2, 128, 128) portraits, the axis of symmetry in the middle column.

    ``zoom`` (N,) and ``shift`` (N, 2), in pixels, vary them.
    """
    scale = zoom * TURNED_LONG / LONG
    centre = (PORTRAIT - 1) / 2 + shift
    small = F.avg_pool2d(portraits[:, 1:], 2)
    nowhere = torch.zeros(len(portraits), len(turns()), device=portraits.device)
    coarse = _turned(small, scale, (centre - 0.5) / 2, SIDE // 2, nowhere, "zeros")[:, :, 0]
    return _turned(portraits, scale, centre, SIDE, 2 * symmetry_axes(coarse), "border")


def _turned(planes: Tensor, scale: Tensor, centre: Tensor, side: int, right: Tensor, outside: str) -> Tensor:
    """(N, angles, planes, side, side) of (N, planes, h, h), seen ``right`` (N, angles) pixels beside the centre."""
    candidates = torch.tensor([math.radians(angle) for angle in turns()], device=planes.device)
    along = torch.arange(side, device=planes.device) - (side - 1) / 2
    across = along[None, None, None, :] + right[:, :, None, None]
    down = along[None, None, :, None].expand(1, 1, side, side)
    cosine, sine = candidates.cos()[None, :, None, None], candidates.sin()[None, :, None, None]
    places = torch.stack([cosine * across - sine * down, sine * across + cosine * down], -1)
    places = places / scale[:, None, None, None, None] + centre[:, None, None, None, :]
    height = planes.shape[-1]
    grid = (2 * places / (height - 1) - 1).flatten(1, 2)
    picked = F.grid_sample(planes, grid, mode="bilinear", padding_mode=outside, align_corners=True)
    return picked.reshape(*picked.shape[:2], len(candidates), side, side).transpose(1, 2)


def symmetry_axes(mattes: Tensor) -> Tensor:
    """How far right of the middle column the best upright axis of symmetry lies, pixels; (...) of (..., h, w)."""
    width = mattes.shape[-1]
    spectrum = torch.fft.rfft(mattes, 2 * width, dim=-1)
    overlap = torch.fft.irfft((spectrum * spectrum).sum(-2), 2 * width, dim=-1)
    middle, reach = width - 1, width // 3
    best: Tensor = overlap[..., middle - reach : middle + reach + 1].argmax(-1)
    return (best - reach) / 2
