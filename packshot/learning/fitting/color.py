"""One photo's light and colour from its samples: gains, a smooth field of light, saturation and tone.

What the renderer does is the model: linear light times gains and field, saturation, sRGB, tone curve. It is fitted by
Gauss-Newton steps with Huber weights, so that specks and moved folds do not pull. Within a photo exposure and tone
curve are hard to tell apart; the priors here are weak, and the set's common look (`look.py`) decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.colorscience import LUMINANCE, decode_srgb, encode_srgb, saturation_matrix, tone_shapes
from packshot.learning.fitting.samples import Floats, Samples
from packshot.surface import terms

GAINS, FIELD = slice(0, 3), slice(3, 8)
PHOTO = 8  # parameters of the photo: three gains in stops, five coefficients of the field (`surface.terms` but level)
LOOK = 4  # of the look: saturation - 1, shadows, highlights, contrast
_HUBER = 0.02  # encoded: five levels
_NOISE = 0.012  # encoded: three levels, what a prior is weighed against
_FIELD_PRIOR = np.array([0.6, 0.6, 0.5, 0.4, 0.5])  # stops
_LOOK_PRIOR = np.array([0.15, 0.15, 0.15, 0.15])
_STEPS, _DELTA = 12, 1e-4


@dataclass(frozen=True)
class PhotoLight:
    """gains: (3,) stops of red, green, blue; field: (5,) stops of plane and bowl; look: (4,), see LOOK."""

    gains: Floats
    field: Floats
    look: Floats

    @property
    def vector(self) -> Floats:
        """All parameters, (12,)."""
        return np.concatenate([self.gains, self.field, self.look])

    @classmethod
    def of(cls, vector: Floats) -> PhotoLight:
        """From all parameters."""
        return cls(vector[GAINS], vector[FIELD], vector[PHOTO:])


NEUTRAL_LOOK = np.zeros(LOOK)


def develop(vector: Floats, samples: Samples) -> Floats:
    """What the renderer makes of the samples: (N, 3) sRGB-encoded, not clipped at white."""
    stops = vector[GAINS][None] + (terms(*samples.where.T)[:, 1:] @ vector[FIELD])[:, None]
    saturation, shadows, highlights, contrast = vector[PHOTO:]
    linear = (samples.linear * np.exp2(stops)) @ saturation_matrix(1 + saturation).T
    values = encode_srgb(linear)
    first, second, third = tone_shapes(values)
    return np.asarray(values + shadows * first + highlights * second + contrast * third, np.float64)


def missed(vector: Floats, samples: Samples) -> Floats:
    """After less developed before, (N, 3): beyond white, only what is not white in the after counts."""
    made = develop(vector, samples)
    return samples.encoded - np.where((made > 1) & (samples.encoded > 0.99), samples.encoded, made)


def robust_weights(residue: Floats, samples: Samples) -> Floats:
    """(N,) Huber's weights by the whole colour's distance, times the samples' own."""
    distance = np.sqrt((residue**2).mean(1))
    return np.asarray(samples.weight * np.minimum(1, _HUBER / np.maximum(distance, 1e-9)), np.float64)


def slopes(vector: Floats, samples: Samples, residue: Floats) -> Floats:
    """(N, 3, 12): how the developed colours move with each parameter."""
    columns = []
    for index in range(len(vector)):
        moved = vector.copy()
        moved[index] += _DELTA
        columns.append((residue - missed(moved, samples)) / _DELTA)
    return np.stack(columns, -1)


def normal_equations(vector: Floats, samples: Samples) -> tuple[Floats, Floats]:
    """(12, 12) and (12,): the weighted least-squares step is their solution. In units of the noise, no priors."""
    residue = missed(vector, samples)
    weight = robust_weights(residue, samples)[:, None, None] / (_NOISE**2 * 6)
    slope = slopes(vector, samples, residue)
    weighted = (slope * weight).reshape(-1, slope.shape[-1])
    flat = slope.reshape(-1, slope.shape[-1])
    return weighted.T @ flat, weighted.T @ residue.reshape(-1)


def first_guess(samples: Samples, look: Floats = NEUTRAL_LOOK) -> Floats:
    """Gains by the median ratio of each channel, an even field."""
    ratio = np.maximum(decode_srgb(samples.encoded), 1e-3) / np.maximum(samples.linear, 1e-3)
    return np.concatenate([np.median(np.log2(ratio), 0), np.zeros(5), look])


def field_prior() -> Floats:
    """(8,) how strongly each of the photo's own parameters is held to zero; gains are free."""
    return np.concatenate([np.zeros(3), 1 / _FIELD_PRIOR**2])


def fit_light(samples: Samples, look: Floats | None = None) -> PhotoLight:
    """The photo's parameters; with a ``look`` (4,) that is held, else its own look with weak priors."""
    vector = first_guess(samples, NEUTRAL_LOOK if look is None else look)
    if len(samples) < 20:
        return PhotoLight.of(vector)
    free = PHOTO if look is not None else PHOTO + LOOK
    prior = np.concatenate([field_prior(), 1 / _LOOK_PRIOR**2])[:free]
    for _ in range(_STEPS):
        curvature, pull = normal_equations(vector, samples)
        target = pull[:free] - prior * vector[:free]
        step = np.linalg.solve(curvature[:free, :free] + np.diag(prior + 1e-6), target)
        vector[:free] += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-4:
            break
    return PhotoLight.of(vector)


def white_and_exposure(gains: Floats) -> tuple[tuple[float, float, float], float]:
    """Gains in stops (3,) as a white gain that keeps a grey's luminance, and an exposure in stops."""
    linear = np.exp2(gains)
    level = float(LUMINANCE @ linear)
    red, green, blue = (round(float(value), 5) for value in linear / level)
    return (red, green, blue), float(np.log2(level))
