"""The matte cut again by the photo's own colours: GrabCut started from the network's opinion.

Rother, Kolmogorov and Blake, "GrabCut" (SIGGRAPH 2004): colour mixtures of product and backdrop, and a cut along strong
edges. Alone it follows colour, the network alone follows form; where both agree the matte is sure, and where they do
not, it is their mean, and a reason to doubt.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
LONG_SIDE = 400
SURE = 0.97
_LEAST_SURE = 30


def recut(image: NDArray[np.uint8], matte: FloatImage) -> tuple[FloatImage, FloatImage]:
    """The matte (H, W) in 0..1 after the cut, and where cut and network disagree, (H, W) in 0..1.

    ``image``: (H, W, 3) sRGB uint8. Returned as it is where too little is sure for colours to be learned from.
    """
    scale = min(1.0, LONG_SIDE / max(matte.shape))
    size = (max(8, round(matte.shape[1] * scale)), max(8, round(matte.shape[0] * scale)))
    opinion = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
    cut = _cut(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), opinion)
    if cut is None:
        return matte, np.zeros_like(matte)
    back = (matte.shape[1], matte.shape[0])
    large = np.asarray(cv2.resize(cut, back, interpolation=cv2.INTER_LINEAR), np.float32)
    disagreement = np.asarray(cv2.resize(np.abs(cut - opinion), back, interpolation=cv2.INTER_LINEAR), np.float32)
    mean = (matte + large) / 2
    return np.clip((mean - 0.2) / 0.6, 0, 1).astype(np.float32), disagreement


def _cut(image: NDArray[np.uint8], opinion: FloatImage) -> FloatImage | None:
    labels = np.full(opinion.shape, cv2.GC_PR_BGD, np.uint8)
    labels[opinion > 0.5] = cv2.GC_PR_FGD
    labels[opinion > SURE] = cv2.GC_FGD
    labels[opinion < 1 - SURE] = cv2.GC_BGD
    if min(int((labels == cv2.GC_FGD).sum()), int((labels == cv2.GC_BGD).sum())) < _LEAST_SURE:
        return None
    cv2.setRNGSeed(0)  # the mixtures start from random colours: the same photo must give the same matte
    swapped = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(swapped, labels, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 1, cv2.GC_INIT_WITH_MASK)
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(without_lines(cut, opinion), np.float32)


def without_lines(cut: NDArray[np.uint8], opinion: FloatImage) -> NDArray[np.uint8]:
    """Drops thin lines that lead away from the product: joints of a tiled floor are cut along, but are no straps.

    What the cut adds against the network's opinion stays where it is thick, or close to what the network believes in.
    """
    believed = (opinion > 0.4).astype(np.uint8)
    added = cut & (1 - believed)
    thick = np.asarray(cv2.morphologyEx(added, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)), np.uint8)
    near = np.asarray(cv2.dilate(believed, np.ones((9, 9), np.uint8)), np.uint8)
    return cut & (1 - (added & (1 - thick) & (1 - near)))
