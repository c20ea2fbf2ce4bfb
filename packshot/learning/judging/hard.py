"""Training the detector of hard material, and measuring its recall on products it did not see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation import exact
from packshot.evaluation.hard import FEATURES, HardModel, standardised
from packshot.evaluation.judge_model import Projection
from packshot.learning.judging.outcomes import Outcome

LEAST_HARD = 15
RECALL = 0.99  # of other products' photos, that the threshold is set for: of fewer than a hundred it loses none
_RIDGE = 20.0
_FOLDS = 5
_STEPS = 60
_CONFIDENCE = 0.95

Rows = NDArray[np.float64]
Chosen = NDArray[np.bool_]


def train_hard(
    outcomes: Sequence[Outcome], projection: Projection | None, categories: Sequence[str], seed: int
) -> HardModel | None:
    """A detector of what the photos of the hard ``categories`` have in common; None where they are too few.

    The recall is measured fold by fold with thresholds that the fold had no part in.
    """
    hard = np.array([outcome.category in categories for outcome in outcomes], bool)
    products = {outcome.group for outcome, yes in zip(outcomes, hard, strict=True) if yes}
    if hard.sum() < LEAST_HARD or len(products) < _FOLDS or hard.all():
        return None
    names, table = _table(outcomes, projection)
    groups = [outcome.group for outcome in outcomes]
    fold = _fold_of(groups, hard, seed)
    scores = np.zeros(len(outcomes))
    for number in range(_FOLDS):
        test = fold == number
        scores[test] = _Fitted.of(table[~test], hard[~test]).probability(table[test])
    found = np.zeros(len(outcomes), bool)
    for number in range(_FOLDS):
        test = fold == number
        found[test] = scores[test] >= _threshold(scores[~test & hard])
    final = _Fitted.of(table, hard)
    return HardModel(
        features=names,
        means=_short(final.means),
        deviations=_short(final.deviations),
        weights=_short(final.weights),
        offset=round(final.offset, 5),
        threshold=round(_threshold(scores[hard]), 5),
        positives=int(hard.sum()),
        recall=round(float(found[hard].mean()), 4),
        recall_bound=round(_bound(found[hard], [group for group, yes in zip(groups, hard, strict=True) if yes]), 4),
        others_routed=round(float(found[~hard].mean()), 4),
    )


def _table(outcomes: Sequence[Outcome], projection: Projection | None) -> tuple[tuple[str, ...], Rows]:
    described = [
        {**outcome.features, **(projection.features(np.array(outcome.embedding)) if projection else {})}
        for outcome in outcomes
    ]
    every = {name for row in described for name in row}
    # What the network takes the photo for says more, in fewer numbers, than its description does.
    kind = "taken_for_" if any(name.startswith("taken_for_") for name in every) else "embedding_"
    extra = sorted(name for name in every if name.startswith(kind))
    known = [name for name in FEATURES if 2 * sum(name in row for row in described) > len(described)]
    names = (*known, *extra)
    return names, np.array([[row.get(name, np.nan) for name in names] for row in described])


def _fold_of(groups: Sequence[str], hard: Chosen, seed: int) -> NDArray[np.intp]:
    """A fold for each, whole groups, the hard ones spread evenly."""
    draw = np.random.default_rng(seed)
    fold: dict[str, int] = {}
    owners = {group: bool(hard[[one == group for one in groups]].any()) for group in dict.fromkeys(groups)}
    for kind in (True, False):
        names = sorted(group for group, own in owners.items() if own == kind)
        for place, index in enumerate(draw.permutation(len(names))):
            fold[names[index]] = place % _FOLDS
    return np.array([fold[group] for group in groups])


def _threshold(hard_scores: Rows) -> float:
    """The highest score that finds the wanted share."""
    ordered = np.sort(hard_scores)
    return float(ordered[int(np.floor((1 - RECALL) * len(ordered)))])


def _bound(found: Chosen, groups: Sequence[str]) -> float:
    """The recall's lower bound; photos of one product count less than independent ones."""
    effect, _ = exact.design_effect([float(one) for one in found], groups)
    many = max(1, int(len(found) / effect))
    missed = min(many, int(np.ceil((~found).sum() / effect)))
    return 1 - exact.upper_bound(missed, many, _CONFIDENCE)


class _Fitted:
    """Logistic regression with a ridge, both classes at equal weight, by Newton's method."""

    def __init__(self, means: Rows, deviations: Rows, weights: Rows, offset: float) -> None:
        self.means, self.deviations, self.weights, self.offset = means, deviations, weights, offset

    @classmethod
    def of(cls, table: Rows, hard: Chosen) -> _Fitted:
        means, deviations = np.nanmean(table, 0), np.nanstd(table, 0) + 1e-6
        rows = np.hstack([standardised(table, means, deviations), np.ones((len(table), 1))])
        weight = np.where(hard, 0.5 / hard.sum(), 0.5 / (~hard).sum()) * len(hard)
        ridge = np.diag([*([_RIDGE] * table.shape[1]), 1e-3])
        beta = np.zeros(rows.shape[1])
        for _ in range(_STEPS):
            share = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
            gradient = rows.T @ (weight * (share - hard)) + ridge @ beta
            step = np.linalg.solve((rows * (weight * share * (1 - share))[:, None]).T @ rows + ridge, gradient)
            beta = beta - step
            if np.abs(step).max() < 1e-8:
                break
        return cls(means, deviations, beta[:-1], float(beta[-1]))

    def probability(self, table: Rows) -> Rows:
        scaled = standardised(table, self.means, self.deviations)
        return np.asarray(1 / (1 + np.exp(-(scaled @ self.weights + self.offset))))


def _short(values: Rows) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)
