"""Training photos without end: photos bent and relit, and cut-outs set on other photos' backdrops.

Copy-paste gives exact mattes for free (Ghiasi et al., "Simple Copy-Paste", CVPR 2021); the photographer's faults
(cast, exposure, uneven light, noise, JPEG) are drawn wider than any studio's: the network learns shapes, not light.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Matte = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One photo to learn from: (H, W, 3) sRGB, its matte (H, W) in 0..1 or None, its category's index or -1."""

    image: Image
    matte: Matte | None
    category: int
    source: str


@dataclass(frozen=True)
class Sample:
    """One training sample at the network's size; ``known`` is 0 where the matte is not to be learned from."""

    image: Image
    matte: Matte
    category: int
    known: float


@dataclass
class Synthesis:
    """Draws samples from examples. ``shares``: photo as it is, cut-out on another backdrop, photo without a matte."""

    masked: list[Example]
    plain: list[Example]
    generator: np.random.Generator
    shares: tuple[float, float, float] = (0.48, 0.34, 0.18)
    weights: dict[str, float] = field(default_factory=dict)

    def draw(self, size: tuple[int, int]) -> Sample:
        """A sample of (width, height) ``size``."""
        choice = self.generator.random()
        if choice < self.shares[1]:
            sample = self._paste(size)
        elif choice < self.shares[1] + self.shares[2] and self.plain:
            sample = bend(self.plain[self.generator.integers(len(self.plain))], size, self.generator)
        else:
            sample = bend(self._pick(), size, self.generator)
        return Sample(spoil(sample.image, self.generator), sample.matte, sample.category, sample.known)

    def _pick(self) -> Example:
        """A masked example; the sources (sets of photos) by their weights, whatever their sizes."""
        sources = sorted({example.source for example in self.masked})
        weights = np.array([self.weights.get(source, 1.0) for source in sources])
        source = sources[self.generator.choice(len(sources), p=weights / weights.sum())]
        members = [example for example in self.masked if example.source == source]
        return members[self.generator.integers(len(members))]

    def _paste(self, size: tuple[int, int]) -> Sample:
        generator = self.generator
        example = self._pick()
        assert example.matte is not None
        backdrop = self._backdrop(size, 0.3 if example.source == "sellers" else 0.65)
        matrix = placement(example.matte, size, generator)
        warped = cv2.warpAffine(
            spread_colour(example.image, example.matte),
            matrix,
            size,
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        product = np.asarray(warped, np.uint8)
        matte = np.asarray(cv2.warpAffine(example.matte, matrix, size, flags=cv2.INTER_LINEAR).clip(0, 1), np.float32)
        if generator.random() < 0.35:
            product = recolour(product, generator)
        if generator.random() < 0.3:
            product = camouflage(product, matte, backdrop, generator)
        shaded = cast_shadow(backdrop, matte, generator)
        blend = matte[..., None]
        image = np.clip(product * blend + shaded * (1 - blend), 0, 255).astype(np.uint8)
        return Sample(image, matte, example.category, 1.0)

    def _backdrop(self, size: tuple[int, int], paper_share: float) -> Image:
        if self.generator.random() < paper_share:
            return paper(size, self.generator)
        for _ in range(8):
            example = self.masked[self.generator.integers(len(self.masked))]
            tile = empty_part(example)
            if tile is not None:
                return tiled(tile, size, self.generator)
        return paper(size, self.generator)


def bend(example: Example, size: tuple[int, int], generator: np.random.Generator) -> Sample:
    """The photo turned, zoomed, shifted and mirrored into (width, height) ``size``."""
    height, width = example.image.shape[:2]
    fit = min(size[0] / width, size[1] / height) if generator.random() < 0.4 else max(size[0] / width, size[1] / height)
    scale = fit * np.exp(generator.normal(0.03, 0.1))
    aspect = np.exp(generator.normal(0, 0.05))
    angle = generator.normal(0, 5) if generator.random() < 0.9 else generator.choice([-90, 90, 180])
    shift = generator.normal(0, 0.03, 2) * size
    matrix = similarity(angle, (width / 2, height / 2), (size[0] / 2 + shift[0], size[1] / 2 + shift[1]))
    mirror = -1 if generator.random() < 0.5 else 1
    stretch = np.array([[mirror * scale * aspect, 0], [0, scale / aspect]])
    matrix = about(matrix, stretch, (width / 2, height / 2))
    warped = cv2.warpAffine(example.image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    image = np.asarray(warped, np.uint8)
    if example.matte is None:
        return Sample(image, np.zeros(size[::-1], np.float32), example.category, 0.0)
    matte = cv2.warpAffine(example.matte, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Sample(image, np.asarray(np.clip(matte, 0, 1), np.float32), example.category, 1.0)


def similarity(angle: float, source: tuple[float, float], target: tuple[float, float]) -> NDArray[np.float64]:
    """The 2x3 turn by ``angle`` degrees that brings the point ``source`` to ``target``."""
    radians = np.deg2rad(angle)
    turn = np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    return np.column_stack([turn, np.array(target) - turn @ np.array(source)])


def about(
    matrix: NDArray[np.float64], stretch: NDArray[np.float64], centre: tuple[float, float]
) -> NDArray[np.float64]:
    """``matrix`` after a stretch about ``centre``."""
    point = np.array(centre)
    linear = matrix[:, :2] @ stretch
    return np.column_stack([linear, matrix[:, :2] @ point + matrix[:, 2] - linear @ point])


def placement(matte: Matte, size: tuple[int, int], generator: np.random.Generator) -> NDArray[np.float64]:
    """Where a cut-out lands: 35 to 95 % of the frame, sometimes cut by it."""
    rows, columns = np.nonzero(matte > 0.5)
    if not len(rows):
        return similarity(0, (0, 0), (0, 0))
    left, right, top, bottom = columns.min(), columns.max(), rows.min(), rows.max()
    fit = min(size[0] / (right - left + 1), size[1] / (bottom - top + 1))
    scale = fit * generator.uniform(0.4, 1.0)
    centre = ((left + right) / 2, (top + bottom) / 2)
    shift = generator.normal(0, 0.07, 2) * size
    angle = generator.normal(0, 10) if generator.random() < 0.85 else generator.uniform(-180, 180)
    matrix = similarity(angle, centre, (size[0] / 2 + shift[0], size[1] / 2 + shift[1]))
    mirror = -1 if generator.random() < 0.5 else 1
    return about(matrix, np.array([[mirror * scale, 0], [0, scale]]), centre)


def spread_colour(image: Image, matte: Matte) -> Image:
    """The product's own colour carried outwards over its edge, so that a cut-out brings no rim of its old backdrop."""
    sure = (matte > 0.97).astype(np.float32)
    colour, weight = image * sure[..., None], sure
    filled = image.astype(np.float32)
    for radius in (3, 7, 15):
        kernel = (2 * radius + 1, 2 * radius + 1)
        share = cv2.blur(weight, kernel)
        mean = cv2.blur(colour, kernel) / np.maximum(share, 1e-6)[..., None]
        open_place = (sure == 0) & (share > 1e-4)
        filled[open_place] = mean[open_place]
        sure = np.maximum(sure, open_place)
        if radius == 3:
            colour, weight = filled * sure[..., None], sure.astype(np.float32)
    return np.asarray(np.clip(filled, 0, 255), np.uint8)


def recolour(image: Image, generator: np.random.Generator) -> Image:
    """The same form in another colour: hue turned, lightness curved, sometimes turned over."""
    values = image.astype(np.float32) / 255
    mixed = values @ random_mix(generator)
    if generator.random() < 0.3:
        mixed = 1 - mixed
    power = np.exp(generator.normal(0, 0.5))
    return np.asarray(np.clip(mixed, 0, 1) ** power * 255, np.uint8)


def camouflage(product: Image, matte: Matte, backdrop: Image, generator: np.random.Generator) -> Image:
    """The product in nearly its backdrop's colour: white on white, grey on grey, where only form tells them apart."""
    inside = matte > 0.5
    if not inside.any():
        return product
    shift = backdrop[inside].mean(0) - product[inside].mean(0)
    moved = product + shift * generator.uniform(0.6, 1.0) + generator.normal(0, 8)
    return np.asarray(np.clip(moved, 0, 255), np.uint8)


def random_mix(generator: np.random.Generator) -> NDArray[np.float32]:
    """A random 3x3 mix of channels: each column a mean of the three, tinted."""
    mix = np.eye(3) * generator.uniform(0, 1) + generator.uniform(0, 0.7, (3, 3))
    tint = np.exp(generator.normal(0, 0.2, 3))
    return np.asarray(mix / mix.sum(0) * tint, np.float32)


def cast_shadow(backdrop: Image, matte: Matte, generator: np.random.Generator) -> NDArray[np.float32]:
    """The backdrop darkened by a soft shadow of the product."""
    if generator.random() < 0.3:
        return backdrop.astype(np.float32)
    reach = matte.shape[0] * generator.uniform(0.005, 0.06)
    matrix = np.array([[1, 0, generator.normal(0, reach)], [0, 1, generator.normal(reach, reach)]])
    shadow = cv2.warpAffine(matte, matrix, matte.shape[::-1])
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.8, reach * generator.uniform(0.3, 1.2)))
    return np.asarray(backdrop * (1 - generator.uniform(0.05, 0.6) * shadow)[..., None], np.float32)


def paper(size: tuple[int, int], generator: np.random.Generator) -> Image:
    """A studio's backdrop: paper of one colour with falling light."""
    if generator.random() < 0.6:
        colour = generator.uniform(60, 250) * np.exp(generator.normal(0, 0.05, 3))
    else:
        colour = generator.uniform(20, 250, 3)
    light = uneven_light(size, generator, 0.8)
    grain = generator.normal(0, generator.uniform(0, 3), (size[1], size[0], 1))
    return np.asarray(np.clip(colour * light[..., None] + grain, 0, 255), np.uint8)


def empty_part(example: Example) -> Image | None:
    """The largest strip of the photo beside its product, or None if there is hardly any."""
    if example.matte is None:
        return None
    rows, columns = np.nonzero(example.matte > 0.02)
    if not len(rows):
        return None
    image, gap = example.image, 4
    height, width = image.shape[:2]
    left, right, top, bottom = columns.min() - gap, columns.max() + gap, rows.min() - gap, rows.max() + gap
    strips = [
        image[: max(0, top)],
        image[min(height, bottom) :],
        image[:, : max(0, left)],
        image[:, min(width, right) :],
    ]
    best = max(strips, key=lambda strip: strip.shape[0] * strip.shape[1])
    return best if min(best.shape[:2]) >= 24 else None


def tiled(tile: Image, size: tuple[int, int], generator: np.random.Generator) -> Image:
    """A strip of backdrop mirrored on until it fills (width, height) ``size``."""
    if generator.random() < 0.5:
        tile = np.ascontiguousarray(np.rot90(tile))
    zoom = generator.uniform(0.8, 2.0)
    tile = np.asarray(cv2.resize(tile, None, fx=zoom, fy=zoom), np.uint8)
    height, width = tile.shape[:2]
    rows = reflected(size[1], height, generator)
    columns = reflected(size[0], width, generator)
    return np.ascontiguousarray(tile[rows][:, columns])


def reflected(length: int, period: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Indices that walk to and fro over 0..period-1 from a random start."""
    steps = (np.arange(length) + generator.integers(2 * period)) % (2 * period)
    return np.where(steps < period, steps, 2 * period - 1 - steps)


def uneven_light(size: tuple[int, int], generator: np.random.Generator, stops: float) -> NDArray[np.float32]:
    """A smooth light falling off across (width, height) ``size`` by up to ``stops``."""
    horizontal = np.linspace(-0.5, 0.5, size[0], dtype=np.float32)
    vertical = np.linspace(-0.5, 0.5, size[1], dtype=np.float32)[:, None]
    angle = generator.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * horizontal + np.sin(angle) * vertical
    vignette = generator.uniform(0, 0.8) * (horizontal**2 + vertical**2)
    return np.asarray(2 ** (generator.uniform(0, stops) * ramp - vignette), np.float32)


def spoil(image: Image, generator: np.random.Generator) -> Image:
    """The photographer's faults: cast, exposure, contrast, uneven light, blur, noise, JPEG."""
    height, width = image.shape[:2]
    curve = np.float32(np.exp(generator.normal(0, 0.18)))
    values: NDArray[np.float32] = np.asarray((image.astype(np.float32) / 255) ** curve, np.float32)
    values *= np.exp(generator.normal(0, 0.1, 3) + generator.normal(0, 0.22)).astype(np.float32)
    if generator.random() < 0.5:
        values *= uneven_light((width, height), generator, 0.7)[..., None]
    if generator.random() < 0.4:
        grey = values.mean(2, keepdims=True)
        values = grey + (values - grey) * np.float32(generator.uniform(0.2, 1.5))
    if generator.random() < 0.25:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), generator.uniform(0.4, 1.3)), np.float32)
    if generator.random() < 0.6:
        values += generator.normal(0, generator.uniform(0, 0.02), (height, width, 1)).astype(np.float32)
    spoilt = np.asarray(np.clip(values * 255, 0, 255), np.uint8)
    if generator.random() < 0.4:
        encoded = cv2.imencode(".jpg", spoilt, [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(35, 95))])[1]
        spoilt = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return spoilt
