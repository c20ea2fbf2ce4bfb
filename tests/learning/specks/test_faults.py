from __future__ import annotations

import cv2
import numpy as np
import torch

from packshot.learning.specks.faults import blurred, compressed, spoilt


def picture(seed: int = 1) -> torch.Tensor:
    """A smooth picture with an edge, (1, 3, 64, 80) in 0..255."""
    generator = np.random.default_rng(seed)
    pixels = cv2.resize(generator.uniform(0, 255, (5, 6, 3)).astype(np.float32), (80, 64))
    pixels[20:40, 30:60] = (200, 40, 60)
    return torch.from_numpy(pixels.transpose(2, 0, 1))[None].round()


def quality(value: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1), value)


def test_compression_costs_more_the_lower_the_quality() -> None:
    errors = [float((compressed(picture(), quality(level)) - picture()).abs().mean()) for level in (95, 70, 30, 10)]
    assert errors == sorted(errors)
    assert errors[0] < 3 < errors[-1]


def test_grey_comes_through_compression_as_it_was() -> None:
    grey = torch.full((1, 3, 40, 56), 128.0)
    assert float((compressed(grey, quality(50)) - grey).abs().max()) <= 1


def test_compression_of_grey_is_that_of_a_jpeg_file() -> None:
    grey = picture()[0, 1].numpy().astype(np.uint8)
    data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    real = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), float)
    ours = compressed(torch.from_numpy(grey.astype(np.float32))[None, None].repeat(1, 3, 1, 1), quality(50))
    assert np.abs(ours[0, 0].numpy() - real).mean() < 0.3
    assert np.abs(grey - real).mean() > 1


def test_blurring_keeps_the_mean_and_takes_the_edge() -> None:
    soft = blurred(picture(), 1.0)
    assert float((soft.mean() - picture().mean()).abs()) < 1
    assert float(soft.diff(dim=3).abs().max()) < float(picture().diff(dim=3).abs().max())


def test_faults_are_drawn_by_the_seed_and_stay_in_range() -> None:
    many = picture().repeat(40, 1, 1, 1)
    first, second = (spoilt(many, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert 0 <= float(first.min()) <= float(first.max()) <= 255
    untouched = (first == many).all(3).all(2).all(1).float().mean()
    assert 0.2 < float(untouched) < 0.6
