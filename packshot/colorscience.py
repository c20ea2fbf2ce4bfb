"""sRGB (IEC 61966-2-1) encoding, luminance, and the tone curve's shapes. Arrays are float unless said otherwise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def decode_srgb(encoded: NDArray[np.floating]) -> Floats:
    """sRGB-encoded 0..1 to linear light 0..1."""
    encoded = np.asarray(encoded, np.float64)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4)


def encode_srgb(linear: NDArray[np.floating]) -> Floats:
    """Linear light to sRGB-encoded values; beyond 1 the curve goes on."""
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


@lru_cache(maxsize=1)
def linear_of_byte() -> NDArray[np.float32]:
    """Linear light of each sRGB byte, (256,) float32."""
    return decode_srgb(np.arange(256) / 255).astype(np.float32)


def saturation_matrix(factor: float) -> Floats:
    """3x3 linear matrix that moves colours away from grey (or towards it) at equal luminance."""
    return np.eye(3) * factor + (1 - factor) * np.broadcast_to(LUMINANCE, (3, 3))


def tone_shapes(encoded: Floats) -> tuple[Floats, Floats, Floats]:
    """What one unit of shadows, highlights and contrast adds to an encoded value.

    Bernstein-like bumps, so the curve is smooth, fixes 0 and 1, and is linear in its parameters (hence fitted by least
    squares); each alone stays monotone within its parameter's limits, all together as far as ``rising_share`` says.
    """
    value = np.clip(encoded, 0, 1)
    shadows = 1.42 * value * (1 - value) ** 3
    highlights = 1.42 * value**3 * (1 - value)
    contrast = -value * (1 - value) * (1 - 2 * value)
    return shadows, highlights, contrast


def rising_share(shadows: float, highlights: float, contrast: float) -> float:
    """How much of three tone parameters the curve can take and still rise: 1 unless they pull against each other."""
    values = np.linspace(0, 1, 257)
    shapes = tone_shapes(values)
    added = shadows * shapes[0] + highlights * shapes[1] + contrast * shapes[2]
    return 1 / max(1.0, -256 * float(np.diff(added).min()) / 0.98)
