"""A second look at photos that the product network is unsure of: mirrored, and from nearer.

Answers for one photo seen in several ways differ where the network guesses; their mean is nearer to the truth
(test-time augmentation). It costs two more runs of the network, so only doubtful photos get it: ``second_look`` among a
pack's thresholds says from which doubt on, and without it there is none.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.pack import Answer, Pack

FloatImage = NDArray[np.float32]
_BETWEEN = (0.1, 0.9)  # neither product nor backdrop
_LIKELY = 0.3
_AROUND = 0.1  # of the product's longer side, left around it from near
_NEARER = 0.85  # of the photo: a larger crop shows nothing nearer
_STEP = 4  # every fourth pixel tells how unsure a matte is


def look(image: NDArray[np.uint8], pack: Pack) -> Answer:
    """What the pack's product network says of a photo (H, W, 3) sRGB, after a second look where it is unsure.

    Category and embedding are the first look's. Raises PackError where the pack has no product network.
    """
    first = pack.ask(image)
    limit = pack.file.thresholds.second_look
    if limit is None or unsure(first.matte) <= limit:
        return first
    mattes = [first.matte, pack.ask(np.ascontiguousarray(image[:, ::-1])).matte[:, ::-1]]
    left, top, right, bottom = box = around(first.matte)
    if max(right - left, bottom - top) < _NEARER * max(image.shape[:2]):
        mattes.append(from_near(image, box, pack))
    mean = np.asarray(np.mean(mattes, 0), np.float32)
    return first.model_copy(update={"matte": mean})


def unsure(matte: FloatImage) -> float:
    """How much of a matte (H, W) is neither product nor backdrop, beside the product's area."""
    sparse = matte[::_STEP, ::_STEP]
    between = (sparse > _BETWEEN[0]) & (sparse < _BETWEEN[1])
    return int(between.sum()) / max(1, int((sparse > 0.5).sum()))


def around(matte: FloatImage) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what may be product, with some room; the whole matte where there is nothing."""
    height, width = matte.shape
    left, top, across, down = cv2.boundingRect(cv2.inRange(matte, np.array(_LIKELY), np.array(1.0)))
    if not across:
        return 0, 0, width, height
    room = round(_AROUND * max(across, down))
    return max(0, left - room), max(0, top - room), min(width, left + across + room), min(height, top + down + room)


def from_near(image: NDArray[np.uint8], box: tuple[int, int, int, int], pack: Pack) -> FloatImage:
    """The matte of a part of the photo seen alone, at the whole photo's size."""
    left, top, right, bottom = box
    matte = np.zeros(image.shape[:2], np.float32)
    matte[top:bottom, left:right] = pack.ask(np.ascontiguousarray(image[top:bottom, left:right])).matte
    return matte
