"""All photos on one device, with what is drawn from them: the product's colour carried outwards, the photo emptied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from packshot.learning.networks.synthesis import Example
from training.scenes.dice import Dice
from training.scenes.frames import box_blurred

SIDE = 512
_SLICE = 16  # photos prepared at once
_OPEN = 0.25  # a photo whose backdrop is less of it makes no backdrop for others
_CUT_OUT = ("rendered", "studio")  # finished shots: their backdrop is white


@dataclass(frozen=True)
class Pool:
    """N photos at most SIDE pixels long in the upper left of squares, beyond which their last pixels go on."""

    image: Tensor  # (N, 3, SIDE, SIDE) uint8
    matte: Tensor  # (N, 1, SIDE, SIDE) uint8
    size: Tensor  # (N, 2) width and height
    category: Tensor  # (N,)
    known: Tensor  # (N,) whether the matte is
    weight: Tensor  # (N,) how often a photo with a matte is drawn
    spread: Tensor  # (N, 3, SIDE, SIDE) uint8: the product's colour carried outwards
    plate: Tensor  # (N, 3, SIDE, SIDE) uint8: the photo without its product
    with_plate: Tensor  # those whose plate can be a backdrop
    box: Tensor  # (N, 4) left, top, right, bottom of the product
    neck: Tensor  # (N, 3) x and y of the product's top at its middle, its width near the top

    @classmethod
    def of(cls, examples: Sequence[Example], weights: dict[str, float], device: torch.device) -> Pool:
        """Photos with and without a matte; ``weights``: of the sources, whatever their sizes."""
        sized = [_at_size(example) for example in examples]
        boxes = [_box(levels) for _, levels in sized]
        necks = [_neck(levels, box) for (_, levels), box in zip(sized, boxes, strict=True)]
        image = torch.stack([torch.from_numpy(_square(one)).permute(2, 0, 1) for one, _ in sized]).to(device)
        matte = torch.stack([torch.from_numpy(_square(one))[None] for _, one in sized]).to(device)
        size = torch.tensor(np.array([one.shape[1::-1] for one, _ in sized]), device=device)
        known = np.array([example.matte is not None for example in examples])
        sources = [example.source for example in examples]
        weight = np.array([weights.get(name, 1.0) / sources.count(name) for name in sources]) * known
        wide = np.array([float((levels < 8).mean()) for _, levels in sized]) > _OPEN
        usable = known & wide & np.array([name not in _CUT_OUT for name in sources])
        spread, plate = _prepared(image, matte, size)
        return cls(
            image, matte, size,
            torch.tensor([example.category for example in examples], device=device),
            torch.tensor(known, device=device).float(),
            torch.tensor(weight, device=device).float(),
            spread, plate,
            torch.tensor(np.nonzero(usable)[0], device=device),
            torch.tensor(np.array(boxes), device=device).float(),
            torch.tensor(np.array(necks), device=device).float(),
        )  # fmt: skip


def _at_size(example: Example) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photo and its matte in 0..255, SIDE pixels long."""
    height, width = example.image.shape[:2]
    levels = np.zeros((height, width), np.uint8)
    if example.matte is not None:
        levels = np.round(255 * example.matte).astype(np.uint8)
    scale = SIDE / max(height, width)
    size = (min(SIDE, max(8, round(width * scale))), min(SIDE, max(8, round(height * scale))))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large, matte = (np.asarray(cv2.resize(one, size, interpolation=way), np.uint8) for one in (example.image, levels))
    return large, matte


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    pad = [(0, SIDE - height), (0, SIDE - width)] + [(0, 0)] * (picture.ndim - 2)
    return np.pad(picture, pad, mode="edge")


def _box(levels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(levels > 127)
    if len(rows) <= 20:
        return 0, 0, levels.shape[1], levels.shape[0]
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _neck(levels: NDArray[np.uint8], box: tuple[int, int, int, int]) -> tuple[float, float, float]:
    """Where a hanger would be: the product's top at its middle, and its width a little below."""
    left, top, right, bottom = box
    inside = levels > 127
    columns = np.nonzero(inside[top : top + max(4, (bottom - top) // 2)])[1]
    centre = float(np.median(columns)) if len(columns) else (left + right) / 2
    reach = max(2, round(0.04 * (right - left)))
    middle = inside[:, max(0, int(centre) - reach) : int(centre) + reach + 1].any(1)
    high = float(np.argmax(middle)) if middle.any() else float(top)
    across = np.nonzero(inside[min(levels.shape[0] - 1, int(high + 0.12 * (bottom - top)))])[0]
    return centre, high, float(across.max() - across.min()) if len(across) > 4 else float(right - left)


@torch.no_grad()
def _prepared(image: Tensor, matte: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """Colours carried outwards and emptied photos, uint8."""
    dice, steps = Dice.on(image.device, 1), torch.arange(SIDE, device=image.device)
    spread, plate = torch.empty_like(image), torch.empty_like(image)
    for begin in range(0, len(image), _SLICE):
        part = slice(begin, begin + _SLICE)
        values, share, within = image[part].float(), matte[part].float() / 255, size[part, :, None, None, None]
        inside = ((steps[None, None, None] < within[:, 0]) & (steps[None, None, :, None] < within[:, 1])).float()
        spread[part] = outwards(values, share * inside).round().clamp(0, 255).to(torch.uint8)
        plate[part] = emptied(values, share, inside, dice).round().to(torch.uint8)
    return spread, plate


def filled_in(colour: Tensor, weight: Tensor) -> Tensor:
    """Colours (N, 3, H, W) where the weight (N, 1, H, W) is 1, carried smoothly to where it is 0 (push-pull)."""
    levels = [(colour * weight, weight)]
    while min(levels[-1][0].shape[-2:]) > 2:
        total, share = (F.avg_pool2d(one, 2, ceil_mode=True) for one in levels[-1])
        levels.append((total, share))
    filled = levels[-1][0] / levels[-1][1].clamp(min=1e-6)
    for total, share in reversed(levels[:-1]):
        larger = F.interpolate(filled, size=total.shape[-2:], mode="bilinear", align_corners=False)
        keep = (share * 4).clamp(max=1)
        filled = keep * total / share.clamp(min=1e-6) + (1 - keep) * larger
    return filled


def outwards(image: Tensor, matte: Tensor) -> Tensor:
    """The product's own colour over its edge and beyond, so that a cut-out brings no rim of its old backdrop."""
    sure = (matte > 0.97).float()
    return torch.where(sure > 0, image, filled_in(image, sure))


def emptied(image: Tensor, matte: Tensor, inside: Tensor, dice: Dice) -> Tensor:
    """Photos with the product's place filled: smooth colour from around it, texture from elsewhere in the photo."""
    open_place = ((F.max_pool2d(matte, 13, 1, 6) < 0.03) & (inside > 0)).float()
    smooth = filled_in(image, open_place)
    mean = box_blurred(image * open_place, 10) / box_blurred(open_place, 10).clamp(min=1e-3)
    texture = torch.cat([(image - mean) * open_place, open_place], 1)
    filled, done = torch.zeros_like(image), torch.zeros_like(open_place)
    for _ in range(60):
        down, across = ((2 * dice.uniform(2) - 1) * 0.7 * SIDE).int().tolist()
        flips = [axis for axis in (2, 3) if float(dice.uniform(1)) < 0.4]
        moved = torch.roll(torch.flip(texture, flips) if flips else texture, (down, across), (2, 3))
        take = (1 - done) * moved[:, 3:]
        filled, done = filled + take * moved[:, :3], done + take
    soft = box_blurred(open_place, 3) * open_place
    return (soft * image + (1 - soft) * (smooth + filled)).clamp(0, 255)
