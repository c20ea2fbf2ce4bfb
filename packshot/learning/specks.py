"""Dust and lint drawn on clean products: free labels for finding them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.learning.synthesis import Example, spoil

SIDE = 160


def draw_specks(
    image: NDArray[np.uint8], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A picture (H, W, 3) with a few specks laid on it, and where: (H, W) in 0..1."""
    height, width = image.shape[:2]
    where = np.zeros((height, width), np.float32)
    values = image.astype(np.float32)
    for _ in range(generator.integers(0, 5)):
        place = generator.uniform(0, (width, height))
        shape = (
            dust(place, (width, height), generator)
            if generator.random() < 0.5
            else lint(place, (width, height), generator)
        )
        around = image[int(place[1]), int(place[0])].astype(np.float32)
        light = around.mean() < 110 or (around.mean() < 190 and generator.random() < 0.5)
        colour = np.full(3, generator.uniform(170, 250) if light else generator.uniform(10, 80)) + generator.normal(
            0, 8, 3
        )
        opacity = generator.uniform(0.2, 0.85)
        values += (opacity * shape)[..., None] * (colour.astype(np.float32) - values)
        if np.abs(opacity * (colour - around)).max() > 12:
            where = np.maximum(where, (shape > 0.35).astype(np.float32))
    return np.asarray(np.clip(values, 0, 255), np.uint8), where


def dust(place: NDArray[np.float64], size: tuple[int, int], generator: np.random.Generator) -> NDArray[np.float32]:
    """A soft disc, (H, W) in 0..1."""
    radius = float(np.exp(generator.uniform(np.log(0.6), np.log(4.5))))
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    distance = np.hypot(columns - place[0], (rows - place[1]) * generator.uniform(0.8, 1.25))
    return np.asarray(np.clip(radius + 0.5 - distance, 0, 1), np.float32)


def lint(place: NDArray[np.float64], size: tuple[int, int], generator: np.random.Generator) -> NDArray[np.float32]:
    """A short curved thread, (H, W) in 0..1."""
    length, bend = generator.uniform(5, 30), generator.normal(0, 0.35)
    angle = generator.uniform(0, 2 * np.pi)
    along = np.linspace(-0.5, 0.5, 16)
    curve = np.stack([along * length, bend * length * (along**2 - 0.1)], 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.round((curve @ turn.T + place) * 16).astype(np.int32)
    canvas = np.zeros((size[1], size[0]), np.uint8)
    cv2.polylines(canvas, [points], False, 255, int(generator.integers(1, 4)), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), generator.uniform(0.3, 0.8))
    return np.asarray(soft, np.float32)


def speck_sample(
    example: Example, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A crop of a product with specks: picture (160, 160, 3), specks and product (160, 160) in 0..1."""
    assert example.matte is not None
    scale = float(np.exp(generator.uniform(np.log(0.7), np.log(2.0))))
    angle = generator.uniform(0, 2 * np.pi)
    rows, columns = np.nonzero(example.matte > 0.9)
    chosen = generator.integers(len(rows)) if len(rows) else 0
    centre = np.array([columns[chosen], rows[chosen]], float) if len(rows) else np.zeros(2)
    linear = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([linear, np.array([SIDE / 2, SIDE / 2]) - linear @ centre])
    image = cv2.warpAffine(
        example.image, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    product = cv2.warpAffine(example.matte, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    image, where = draw_specks(np.asarray(image, np.uint8), generator)
    return spoil(image, generator), where * (product > 0.9), product.astype(np.float32)
