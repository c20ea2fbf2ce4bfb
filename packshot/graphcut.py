"""The matte cut again by the photo's own colours: GrabCut started from the network's opinion.

Rother, Kolmogorov and Blake, "GrabCut" (SIGGRAPH 2004): colour mixtures of product and backdrop, and a cut along strong
edges. Alone it follows colour, the network alone follows form; where both agree the matte is sure, and where they do
not, it is their mean, and a reason to doubt.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.shrinking import averaged

FloatImage = NDArray[np.float32]
Bytes = NDArray[np.uint8]
LONG_SIDE = 400
LEARNED_LONG_SIDE = 160  # a mixture of five colours needs no more pixels to be learned from
SURE = 0.97
_LEAST_SURE = 30
_OPINION, _LARGE = 0.5 / 0.6, 0.5 / 0.6  # the mean of both, stretched so that either alone is a faint share
_LEVEL = -0.2 / 0.6


def recut(image: Bytes, matte: FloatImage) -> tuple[FloatImage, FloatImage]:
    """The matte (H, W) in 0..1 after the cut, and where cut and network disagree, (H, W) in 0..1.

    ``image``: (h, w, 3) sRGB uint8, the same picture at least 400 pixels long or as large as the matte. The matte is
    returned as it is where too little is sure for colours to be learned from.
    """
    scale = min(1.0, LONG_SIDE / max(matte.shape))
    size = (max(8, round(matte.shape[1] * scale)), max(8, round(matte.shape[0] * scale)))
    small = averaged(image, size)
    opinion = averaged(matte, size)
    cut = _cut(small, opinion)
    if cut is None:
        return matte, np.zeros_like(matte)
    back = (matte.shape[1], matte.shape[0])
    large = cv2.resize(cut, back, interpolation=cv2.INTER_LINEAR)
    disagreement = np.asarray(cv2.resize(cv2.absdiff(cut, opinion), back, interpolation=cv2.INTER_LINEAR), np.float32)
    mean = np.asarray(cv2.addWeighted(matte, _OPINION, large, _LARGE, _LEVEL), np.float32)
    return np.clip(mean, 0, 1, out=mean), disagreement


def _cut(image: Bytes, opinion: FloatImage) -> FloatImage | None:
    labels = _labels(opinion)
    if not _enough_sure(labels):
        return None
    backdrop, product = _mixtures(image, opinion)
    cv2.grabCut(image, labels, (0, 0, 1, 1), backdrop, product, 1, cv2.GC_EVAL_FREEZE_MODEL)
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(without_lines(cut, opinion), np.float32)


def _labels(opinion: FloatImage) -> Bytes:
    """GrabCut's labels: what the network is sure of, and what it only supposes."""
    labels = np.full(opinion.shape, cv2.GC_PR_BGD, np.uint8)
    labels[opinion > 0.5] = cv2.GC_PR_FGD
    labels[opinion > SURE] = cv2.GC_FGD
    labels[opinion < 1 - SURE] = cv2.GC_BGD
    return labels


def _enough_sure(labels: Bytes) -> bool:
    return min(int((labels == cv2.GC_FGD).sum()), int((labels == cv2.GC_BGD).sum())) >= _LEAST_SURE


def _mixtures(image: Bytes, opinion: FloatImage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The colour mixtures of backdrop and product, (1, 65) each, learned once from a smaller picture."""
    scale = min(1.0, LEARNED_LONG_SIDE / max(opinion.shape))
    size = (max(8, round(opinion.shape[1] * scale)), max(8, round(opinion.shape[0] * scale)))
    pixels, labels = averaged(image, size), _labels(averaged(opinion, size))
    if not _enough_sure(labels):  # a fine chain
        pixels, labels = image, _labels(opinion)
    backdrop, product = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the mixtures start from random colours: the same photo must give the same matte
    cv2.grabCut(pixels, labels, (0, 0, 1, 1), backdrop, product, 1, cv2.GC_INIT_WITH_MASK)
    return backdrop, product


def without_lines(cut: NDArray[np.uint8], opinion: FloatImage) -> NDArray[np.uint8]:
    """Drops thin lines that lead away from the product: joints of a tiled floor are cut along, but are no straps.

    What the cut adds against the network's opinion stays where it is thick, or close to what the network believes in.
    """
    believed = (opinion > 0.4).astype(np.uint8)
    added = cut & (1 - believed)
    thick = np.asarray(cv2.morphologyEx(added, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)), np.uint8)
    near = np.asarray(cv2.dilate(believed, np.ones((9, 9), np.uint8)), np.uint8)
    return cut & (1 - (added & (1 - thick) & (1 - near)))
