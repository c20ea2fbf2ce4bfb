"""Learning how far off the parts of a shot will be, from the features that bear on each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.causes import COLOUR, FRAME, OUTLINE, PART_OF, error_of, numbers_of, scaled
from packshot.evaluation.error_model import ErrorModel, LinearModel, standard
from packshot.evaluation.features import Features
from packshot.learning.judging.forest import ForestSettings, grow
from packshot.learning.judging.outcomes import Outcome

LEAST_KNOWN = 20  # outcomes whose error is known, that a model of it can be learned from
_RIDGE = 200.0
_QUANTILES = 41
_LEAST_ERRORS = {
    "delta_e": 0.3, "perceptual": 0.01, "iou": 1e-3, "edge": 0.01, "corner": 0.05, "angle": 0.05, "margin": 0.05,
}  # fmt: skip
"""Errors below are as good as none."""
_CONCERNS = {
    COLOUR: (
        "felt_", "exposure", "white_unsure", "evenness_", "unevenness", "product_", "backdrop_", "after_", "contrast",
        "greys_apart", "paper_", "shades_", "gain_", "chroma", "seen_through", "specular", "bright", "saturation",
        "from_habits", "is_",
    ),
    OUTLINE: (
        "cut_", "level_", "varied_", "off_surface", "border_", "matte_doubt", "unsure", "edge_width", "raggedness",
        "frame_contact", "hollow", "pieces", "second_piece", "solidity", "like_backdrop", "backdrop_busy",
        "seen_through", "from_backdrop", "specular", "fine_drawing", "area", "found_", "is_",
    ),
    FRAME: (
        "angle", "turned", "lean", "slender", "box_", "solidity", "least_margin", "frame_contact", "cut_box",
        "cut_overlap", "level_box", "varied_box", "off_centre", "magnification", "enlarged", "raggedness", "area",
        "pieces", "is_",
    ),
}  # fmt: skip
"""How the names of those features begin that say something of a part: of few outcomes, chance finds the others too."""

Rows = NDArray[np.float64]


def concerning(part: str, names: Sequence[str]) -> list[int]:
    """Places in ``names`` of the features that concern a part; all of them where none does or the part has none."""
    begins = _CONCERNS.get(part, ("",))
    return [place for place, name in enumerate(names) if name.startswith(begins)] or list(range(len(names)))


def log_errors(outcomes: Sequence[Outcome], name: str) -> Rows:
    """Logarithms of a figure's errors; NaN where it was not measured."""
    values = np.array([error_of(name, outcome.figures.get(name)) for outcome in outcomes])
    return np.asarray(np.log(np.maximum(values, _LEAST_ERRORS[name])))


def learn_errors(
    name: str,
    features: Sequence[Features],
    table: tuple[Sequence[str], Rows],
    errors: Rows,
    how: tuple[int, ForestSettings],
) -> ErrorModel | None:
    """A model of one figure's log ``errors``, without residues yet; None where too few are known.

    ``table``: the judge's own names, and the features by them. ``how``: seed and settings of the forest.
    """
    known = np.flatnonzero(~np.isnan(errors)).tolist()
    if len(known) < LEAST_KNOWN:
        return None
    names, rows = table
    part, wanted = PART_OF[name], errors[known]
    columns = concerning(part, names)
    forest = grow(rows[known][:, columns], wanted[:, None], *how)
    places = tuple(columns[number] if number >= 0 else number for number in forest.feature)
    linear = _linear(part, [features[index] for index in known], wanted)
    return ErrorModel(
        linear=linear, forest=forest.model_copy(update={"feature": places}), residues=(0.0,), usual=(0.0, 0.0)
    )


def with_residues(model: ErrorModel, said: Rows, errors: Rows) -> ErrorModel:
    """The model with what was learned out of fold: ``said`` was expected, ``errors`` came."""
    known = ~np.isnan(errors) & ~np.isnan(said)
    middles = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    residues = np.quantile((errors - said)[known], middles)
    usual = np.quantile(said[known], np.linspace(0, 1, _QUANTILES))
    return model.model_copy(update={"residues": short(residues), "usual": short(usual)})


def _linear(part: str, features: Sequence[Features], errors: Rows) -> LinearModel:
    """Ridge regression on what has a name."""
    names = [name for name in numbers_of(part) if any(name in row for row in features)]
    table = np.array([[scaled(name, row.get(name, np.nan)) for name in names] for row in features])
    table = table.reshape(len(features), len(names))
    means, deviations = np.nanmean(table, 0), np.nanstd(table, 0) + 1e-6
    rows = standard(table, means, deviations)
    level = float(errors.mean())
    weights = np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(len(names)), rows.T @ (errors - level))
    return LinearModel(
        features=tuple(names),
        means=short(means),
        deviations=short(deviations),
        weights=short(weights),
        level=round(level, 5),
    )


def short(values: NDArray[np.floating]) -> tuple[float, ...]:
    """Five significant digits, as the features have."""
    return tuple(float(f"{value:.5g}") for value in values)
