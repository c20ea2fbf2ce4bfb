"""What is usual: photos in few numbers, and recipes by category, so that the judge knows what is far from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from packshot.evaluation.features import Features
from packshot.evaluation.judge_model import Habits, Projection
from packshot.learning.judging.errors import short

_COMPONENTS = 16
_SHRINK = 15.0  # outcomes of a category that weigh as much as all the others together
_RIDGE = 0.1
_HABITS = (
    "gain_red", "gain_blue", "exposure", "unevenness", "magnification", "off_centre_x", "off_centre_y", "area",
    "box_aspect", "after_lightness", "after_dark", "after_bright", "after_chroma", "product_after", "backdrop_after",
)  # fmt: skip


def project(embeddings: Sequence[Sequence[float]]) -> Projection | None:
    """Principal components of the photos' descriptions; None where some have none."""
    if any(not embedding for embedding in embeddings):
        return None
    table = np.array(embeddings, np.float64)
    mean = table.mean(0)
    count = min(_COMPONENTS, len(table) // 8, table.shape[1])
    _, sizes, basis = np.linalg.svd(table - mean, full_matrices=False)
    deviation = np.maximum(sizes[:count] / np.sqrt(len(table)), 1e-6)
    # The sign of a component is chance: its largest number is made positive, so that training again gives the same.
    signs = np.sign(basis[np.arange(count), np.abs(basis[:count]).argmax(1)])
    rows = tuple(short(row) for row in basis[:count] * signs[:, None])
    return Projection(mean=short(mean), basis=rows, deviation=short(deviation))


def usual(features: Sequence[Features], categories: Sequence[str]) -> Habits:
    """Means by category, drawn towards the overall one where a category has few; one covariance within categories."""
    names = tuple(name for name in _HABITS if any(name in row for row in features))
    table = np.array([[row.get(name, np.nan) for name in names] for row in features])
    overall = np.nanmean(table, 0)
    table = np.where(np.isnan(table), overall, table)
    means = {"default": overall}
    for category in sorted(set(categories)):
        own = table[[one == category for one in categories]]
        means[category] = (own.sum(0) + _SHRINK * overall) / (len(own) + _SHRINK)
    rest = table - np.stack([means[category] for category in categories])
    spread = rest.std(0) + 1e-6
    correlation = np.atleast_2d((rest / spread).T @ (rest / spread)) / len(rest)
    precision = np.linalg.inv((1 - _RIDGE) * correlation + _RIDGE * np.eye(len(names))) / np.outer(spread, spread)
    return Habits(
        features=names,
        means={name: short(mean) for name, mean in means.items()},
        precision=tuple(short(row) for row in precision),
    )
