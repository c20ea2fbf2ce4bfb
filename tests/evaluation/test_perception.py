"""The perceptual index: laws, its published behaviour, and values of an independent implementation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.evaluation.perception import perceptual_difference


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    image = cv2.imread("samples/after/tote-0.jpg")
    assert image is not None
    return np.ascontiguousarray(cv2.resize(image, (480, 600), interpolation=cv2.INTER_AREA)[..., ::-1])


def test_equal_pictures_do_not_differ(picture: NDArray[np.uint8]) -> None:
    assert perceptual_difference(picture, picture) == 0
    white = np.full_like(picture, 255)
    assert perceptual_difference(white, white) == 0


def test_order_hardly_matters(picture: NDArray[np.uint8]) -> None:
    blurred = cv2.GaussianBlur(picture, (0, 0), 2)
    forth, back = perceptual_difference(picture, blurred), perceptual_difference(blurred, picture)
    assert forth == pytest.approx(back, abs=0.05)  # the index is nearly symmetric: its gradient term is not quite


def test_more_of_a_flaw_differs_more(picture: NDArray[np.uint8]) -> None:
    blurs = [perceptual_difference(picture, cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert blurs == sorted(blurs)
    tints = [
        perceptual_difference(
            picture, np.clip(picture * np.array([1, 1 - tint, 1 - 2 * tint]), 0, 255).astype(np.uint8)
        )
        for tint in (0.01, 0.03, 0.1)
    ]
    assert tints == sorted(tints)


def test_agrees_with_another_implementation(picture: NDArray[np.uint8]) -> None:
    """Values of piq 0.8.0 (float32, whole averaging windows as here at 480 x 600)."""
    dark = (picture * 0.8).astype(np.uint8)
    moved = np.roll(picture, 2, 1)
    tinted = np.clip(picture * np.array([1, 0.95, 0.9]), 0, 255).astype(np.uint8)
    found = [
        perceptual_difference(picture, other) for other in (cv2.GaussianBlur(picture, (0, 0), 2), dark, moved, tinted)
    ]
    assert found == pytest.approx([0.3477, 0.1578, 0.3571, 0.2217], abs=2e-4)


def test_sizes_must_agree(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="one size"):
        perceptual_difference(picture, picture[:-1])
