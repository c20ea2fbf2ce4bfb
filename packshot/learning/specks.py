"""Dust and lint drawn on clean products: free labels for finding them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.learning.synthesis import spoil

SIDE = 160
SURE, DOUBTFUL = 2.0, 0.9  # of the evidence a pair gives


@dataclass(frozen=True)
class Speckled:
    """A photo to learn specks from: (H, W, 3) sRGB, its matte, and what its retoucher took away, if a pair tells.

    ``evidence`` is that of ``speck_evidence``; without it the photo is taken as clean.
    """

    image: NDArray[np.uint8]
    matte: NDArray[np.float32]
    evidence: NDArray[np.float32] | None = None


def draw_specks(
    image: NDArray[np.uint8], generator: np.random.Generator, unit: float = 1.0
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A picture (H, W, 3) with a few specks on it, and where: (H, W) in 0..1. ``unit``: their size, as a factor."""
    height, width = image.shape[:2]
    where = np.zeros((height, width), np.float32)
    values = image.astype(np.float32)
    for _ in range(generator.integers(0, 7)):
        place = generator.uniform(0, (width, height))
        kind = dust if generator.random() < 0.5 else lint
        shape = kind(place, (width, height), generator, unit)
        around = image[int(place[1]), int(place[0])].astype(np.float32)
        colour = speck_colour(around, generator)
        opacity = generator.uniform(0.15, 0.9)
        values += (opacity * shape)[..., None] * (colour - values)
        if np.abs(opacity * (colour - around)).max() > 10:
            where = np.maximum(where, (shape > 0.35).astype(np.float32))
    return np.asarray(np.clip(values, 0, 255), np.uint8), where


def speck_colour(around: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Grey fluff, or a lighter or darker shade of the cloth it lies on: (3,) sRGB levels."""
    lighter = around.mean() < 110 or (around.mean() < 190 and generator.random() < 0.5)
    grey = np.full(3, generator.uniform(150, 255) if lighter else generator.uniform(5, 100))
    shade = around * generator.uniform(0.2, 0.7) if not lighter else 255 - (255 - around) * generator.uniform(0.2, 0.7)
    share = generator.random() if generator.random() < 0.5 else 0.0
    return np.asarray(np.clip(grey * (1 - share) + shade * share + generator.normal(0, 8, 3), 0, 255), np.float32)


def dust(
    place: NDArray[np.float64], size: tuple[int, int], generator: np.random.Generator, unit: float = 1.0
) -> NDArray[np.float32]:
    """A soft disc, (H, W) in 0..1."""
    radius = float(np.exp(generator.uniform(np.log(0.6), np.log(3.5)))) * unit
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    distance = np.hypot(columns - place[0], (rows - place[1]) * generator.uniform(0.8, 1.25))
    return np.asarray(np.clip((radius + 0.5 * unit - distance) / unit, 0, 1), np.float32)


def lint(
    place: NDArray[np.float64], size: tuple[int, int], generator: np.random.Generator, unit: float = 1.0
) -> NDArray[np.float32]:
    """A short curved thread, (H, W) in 0..1."""
    length = float(np.exp(generator.uniform(np.log(5), np.log(36)))) * unit
    turn = generator.uniform(0, 2 * np.pi)
    sweep = generator.normal(0, 1.2)  # radians that the thread turns along its length
    along = np.linspace(-0.5, 0.5, 25)
    heading = turn + sweep * along + generator.normal(0, 0.4) * along**2
    steps = np.stack([np.cos(heading), np.sin(heading)], 1) * length / len(along)
    curve = np.cumsum(steps, 0)
    points = np.round((curve - curve.mean(0) + place) * 16).astype(np.int32)
    canvas = np.zeros((size[1], size[0]), np.uint8)
    thickness = max(1, round(float(generator.uniform(0.7, 3.0)) * unit))
    cv2.polylines(canvas, [points], False, 255, thickness, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), float(generator.uniform(0.3, 0.9)) * unit)
    return np.asarray(soft, np.float32)


def speck_sample(
    example: Speckled, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A crop of a product with specks: picture (SIDE, SIDE, 3), specks in 0..1, and how much each pixel counts.

    What a pair only half shows counts nothing, as does all that is not the product. Specks and faults are drawn at
    the size a camera takes the photo; then the crop is enlarged as small photos are before the network sees them.
    """
    side = round(SIDE / float(np.exp(generator.uniform(0, np.log(1.7)))))
    image, product, evidence = _taken(example, side, generator)
    counts = (product > 0.9).astype(np.float32)
    taken = (evidence > SURE).astype(np.float32)
    counts[(evidence > DOUBTFUL) & (taken == 0)] = 0
    unit = float(np.exp(generator.uniform(0, np.log(2.5)))) if generator.random() < 0.5 else 1.0
    drawn = generator.random() < (0.5 if example.evidence is not None else 0.85)
    image, where = draw_specks(image, generator, unit) if drawn else (image, np.zeros_like(taken))
    spoilt = spoil(image, generator) if generator.random() < 0.6 else image
    where = np.maximum(where, taken)
    counts = np.where(where > 0, (product > 0.9).astype(np.float32), counts)
    return _enlarged(spoilt, where, counts)


def _enlarged(
    image: NDArray[np.uint8], where: NDArray[np.float32], counts: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A sample at SIDE pixels; the rim of a speck, which enlarging leaves open, counts nothing."""
    size = (SIDE, SIDE)
    smooth, steps = (cv2.resize(where, size, interpolation=how) for how in (cv2.INTER_LINEAR, cv2.INTER_NEAREST))
    inside = (smooth >= 0.5).astype(np.float32)
    sure = np.where(inside == steps, cv2.resize(counts, size, interpolation=cv2.INTER_NEAREST), np.float32(0))
    enlarged = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.uint8), inside, np.asarray(sure, np.float32)


def _taken(
    example: Speckled, side: int, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A place of the photo at ``side`` pixels: picture, matte and evidence, none of it where no pair tells."""
    scale = float(np.exp(generator.uniform(np.log(0.7), np.log(1.3))))
    matrix = _crop(example.matte, scale, side, generator)
    flags, border = cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101
    image = cv2.warpAffine(example.image, matrix, (side, side), flags=flags, borderMode=border)
    product = cv2.warpAffine(example.matte, matrix, (side, side), flags=cv2.INTER_LINEAR)
    known = np.zeros_like(example.matte) if example.evidence is None else example.evidence
    evidence = cv2.warpAffine(known, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(image, np.uint8), np.asarray(product, np.float32), np.asarray(evidence, np.float32)


def _crop(matte: NDArray[np.float32], scale: float, side: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(2, 3): a random place on the product into the middle of the crop, turned by quarters or freely, mirrored."""
    angle = generator.integers(4) * np.pi / 2 if generator.random() < 0.5 else generator.uniform(0, 2 * np.pi)
    rows, columns = np.nonzero(matte > 0.9)
    chosen = int(generator.integers(len(rows))) if len(rows) else 0
    centre = np.array([columns[chosen], rows[chosen]], float) if len(rows) else np.zeros(2)
    mirror = np.diag([generator.choice([-1.0, 1.0]), 1.0])
    linear = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ mirror
    return np.column_stack([linear, np.array([side / 2, side / 2]) - linear @ centre])
