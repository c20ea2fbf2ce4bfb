"""What the surface tells of the material: highlights, what is seen through it, how fine its drawing is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.view import View

_GLOSS_SIGMA = 6.0
_GLOSS_STOPS = 0.8  # above the surroundings
_LEAST = 50


def material(view: View) -> dict[str, float]:
    """Specular share, colour of the highlights, transparency and drawing of the product."""
    inside = view.small_matte > 0.8
    if inside.sum() < _LEAST:
        return {}
    luminance = np.maximum(view.small_luminance, 1e-3)
    logs = np.log2(luminance)
    around = _mean_inside(logs, inside, _GLOSS_SIGMA)
    gloss = inside & (logs > around + _GLOSS_STOPS) & (luminance > 0.35)
    dark = inside & (logs < around - _GLOSS_STOPS)
    lab = cv2.cvtColor(view.small, cv2.COLOR_RGB2LAB).astype(np.float32)
    chroma = np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)
    features = {
        "specular": float(gloss.sum()) / float(inside.sum()),
        "bright": float((luminance[inside] > 0.75).mean()),
        "deep": float(dark.sum()) / float(inside.sum()),
        "chroma": float(chroma[inside].mean()),
        "chroma_spread": float(chroma[inside].std()),
        "local_contrast": float(np.abs(logs - around)[inside].mean()),
        "fine_drawing": _fine(view, inside),
    }
    if gloss.sum() >= 5:
        features["highlight_chroma"] = float(chroma[gloss].mean())
    backdrop = view.sure_backdrop
    if backdrop.sum() >= _LEAST:
        away = np.linalg.norm(lab[inside] - np.median(lab[backdrop], 0), axis=1)
        features |= {
            "seen_through": float((away < 12).mean()),
            "from_backdrop": float(np.median(away)),
            "chroma_as_backdrop": float(abs(np.median(chroma[inside]) - np.median(chroma[backdrop]))),
        }
    return features


def _mean_inside(values: NDArray[np.float32], inside: NDArray[np.bool_], sigma: float) -> NDArray[np.float32]:
    weight = inside.astype(np.float32)
    total = cv2.GaussianBlur(values * weight, (0, 0), sigma)
    return np.asarray(total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3), np.float32)


def _fine(view: View, inside: NDArray[np.bool_]) -> float:
    """How much of the drawing is finer than two pixels of the small view, in sRGB levels."""
    grey = cv2.cvtColor(view.small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.2))[inside].mean())
