"""Portraits turned in batches are those that the stage looks at."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from packshot.turning import PORTRAIT, turned
from training.turned_portraits import turned_portraits


def portrait(seed: int) -> np.ndarray:
    """A bottle-like thing with a drawing on it, a little beside the middle."""
    draw = np.random.default_rng(seed)
    matte = np.zeros((PORTRAIT, PORTRAIT), np.uint8)
    cv2.rectangle(matte, (44 + seed, 40), (76 + seed, 104), 255, -1)
    cv2.rectangle(matte, (56 + seed, 24), (64 + seed, 40), 255, -1)
    luma = cv2.GaussianBlur(draw.integers(0, 255, (PORTRAIT, PORTRAIT)).astype(np.uint8), (0, 0), 3)
    return np.stack([luma, cv2.GaussianBlur(matte, (0, 0), 1.5)])


def test_a_batch_is_turned_as_one_by_one() -> None:
    rows = [portrait(seed) for seed in range(4)]
    zooms, shifts = [1.0, 0.95, 1.06, 1.02], [(0.0, 0.0), (1.5, -1.0), (-2.0, 0.5), (0.3, 2.0)]
    batch = turned_portraits(
        torch.from_numpy(np.stack(rows)).float(), torch.tensor(zooms), torch.tensor(shifts, dtype=torch.float32)
    )
    for row, zoom, shift, pictures in zip(rows, zooms, shifts, batch.numpy(), strict=True):
        alone = turned(row, zoom, shift).astype(np.float32)
        assert pictures.shape == alone.shape
        # OpenCV rounds places to a 32nd of a pixel; an axis may fall on the next half pixel at single angles.
        apart = np.abs(pictures - alone).mean((1, 2, 3))
        assert np.median(apart) < 0.6
        assert (apart < 1.5).mean() > 0.9
