"""The model of what retouchers do to a photo's light: rules of thumb and a regression, averaged.

The regression tells how photos depart from the rules' anchors. It is Gaussian process regression (Rasmussen and
Williams, 2006, chapter 2): a smooth function of a photo's numbers, the sum of one that all categories share and one of
the photo's own category. The first lets twenty pairs of a new category profit from all others, the second lets three
hundred go their own way; where nothing like a photo was seen, the anchors and the category's mean remain. One linear
system is solved.

A pack keeps the rows it learned from, measured numbers only, inside the ONNX file; so a category can be added later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light_rules import Rules, Seen, find_rules, no_rules
from packshot.lightmeter import CHANGES, NAMES, NUMBERS

Floats = NDArray[np.float64]
# A stop of each change counts as so much: as the eye sees exposure, tint, and light across the frame.
UNITS = np.array([0.4, 0.2, 0.2, 0.3, 0.3, 0.15, 0.15, 0.15])
MOST_ROWS = 3000
_PRIOR_PHOTOS = 4.0  # that weigh as much as a category's own against the mean of all
_FARTHEST = 1.5  # units: a photo that departs further says no more than that it does
_PARTS = 8  # principal components of the embedding
_CLIP = 4.0  # standard deviations: what is stranger is strange enough


@dataclass(frozen=True)
class Kernel:
    """How alike two photos are.

    length: in standard deviations of a number, at which likeness fades. straight: weight of the linear part. own: of
    the category's own function. levels: whether each category has its own mean. noise: what no measurement tells.
    rules: whether there are rules beside the regression, and share: the regression's in the mean of both.
    """

    length: float = 0.7
    straight: float = 1.0
    own: float = 0.5
    levels: bool = True
    noise: float = 3.0
    rules: bool = True
    share: float = 0.5


@dataclass(frozen=True)
class Rows:
    """What is learned from, a row a photo: measured (n, numbers), changes (n, 8) in stops, categories and groups."""

    measured: Floats
    changes: Floats
    categories: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        """Photos."""
        return len(self.categories)

    def only(self, chosen: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        index = np.flatnonzero(chosen)
        names = (tuple(values[i] for i in index) for values in (self.categories, self.groups))
        return Rows(self.measured[index], self.changes[index], *names)


@dataclass(frozen=True)
class Scaling:
    """Measured numbers to about -1..1, the embedding to its principal components."""

    mean: Floats
    spread: Floats
    axes: Floats

    @classmethod
    def of(cls, measured: Floats) -> Scaling:
        """From the rows of the photos to learn from."""
        own, embedding = measured[:, : len(NUMBERS)], measured[:, len(NUMBERS) :]
        mean, spread = own.mean(0), own.std(0) + 1e-3
        middle = embedding.mean(0)
        parts = min(_PARTS, max(1, len(measured) // 8)) if embedding.shape[1] else 0
        _, sizes, axes = np.linalg.svd(embedding - middle, full_matrices=False)
        axes = axes[:parts].T / (sizes[:parts] / np.sqrt(len(measured)) + 1e-6)
        return cls(np.concatenate([mean, middle]), spread, axes)

    def apply(self, measured: Floats) -> Floats:
        """(n, numbers) to (n, inputs)."""
        centred = measured - self.mean
        own, embedding = centred[:, : len(self.spread)] / self.spread, centred[:, len(self.spread) :]
        wide = np.concatenate([own, embedding @ self.axes], 1)
        return np.asarray(np.clip(wide, -_CLIP, _CLIP), np.float64)


@dataclass(frozen=True)
class LightModel:
    """A fitted model.

    inputs (n, f), told (n, categories): its rows. shared, own (n,): how much each counts for all and for its category.
    weights (n, 16), level (16,): of changes and of their spreads. levels (categories, 16): how each category's mean
    differs from the level. instead (categories, 9): 1 for a category that the model is not asked of, and the change in
    units that is made there instead.
    """

    categories: tuple[str, ...]
    scaling: Scaling
    kernel: Kernel
    inputs: Floats
    told: Floats
    shared: Floats
    own: Floats
    weights: Floats
    level: Floats
    levels: Floats
    rules: Rules
    instead: Floats

    def predict(self, measured: Floats, categories: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Changes and spreads in stops, (n, 8) each."""
        told, seen, half = tell(categories, self.categories), self.scaling.apply(measured), len(CHANGES)
        found = self.likeness(seen, told) @ self.weights + self.level + told @ self.levels
        found[:, :half] += self.rules.apply(measured, seen)
        instead = told @ self.instead
        found[:, :half] = found[:, :half] * (1 - instead[:, :1]) + instead[:, 1:]
        return found[:, :half] * UNITS, np.maximum(found[:, half:], 0.02) * UNITS

    def likeness(self, inputs: Floats, told: Floats) -> Floats:
        """(m, n) how alike photos are to the model's rows."""
        smooth, straight = _likeness(inputs, self.inputs, self.kernel)
        return (smooth + straight) * self.shared + (told @ self.told.T) * smooth * self.own


def tell(categories: tuple[str, ...], known: tuple[str, ...]) -> Floats:
    """(n, known) ones where a photo is of a category; an unknown one has none."""
    return np.array([[float(name == one) for one in known] for name in categories])


def _likeness(first: Floats, second: Floats, kernel: Kernel) -> tuple[Floats, Floats]:
    width = first.shape[1]
    product = first @ second.T / width
    squares = (first**2).sum(1)[:, None] / width + (second**2).sum(1)[None] / width
    distance = np.maximum(squares - 2 * product, 0)
    return np.exp(-distance / (2 * kernel.length**2)), kernel.straight * product


@dataclass(frozen=True)
class Common:
    """What all models of some rows have in common: how numbers are scaled, the anchors, and the rules."""

    scaling: Scaling
    anchors: Rules
    rules: Rules


def scale(rows: Rows, kernel: Kernel) -> Common:
    """What all models of some rows have in common that have rules, or none, as the ``kernel``."""
    scaling = Scaling.of(rows.measured)
    if not kernel.rules:
        return Common(scaling, no_rules(), no_rules())
    scaled = scaling.apply(rows.measured)[:, : len(NUMBERS)]
    seen = Seen(scaled, rows.changes / UNITS, rows.groups, scaling.spread / UNITS[0])
    return Common(scaling, *find_rules(rows.measured[:, NAMES.index("short side")], seen))


def fit_model(rows: Rows, kernel: Kernel, common: Common | None = None, residues: Floats | None = None) -> LightModel:
    """The model of some rows. ``common``: what ``scale`` gave for them. ``residues`` (n, 8): by how much each photo was
    missed when it was not learned from; they teach how sure to be."""
    common = common or scale(rows, kernel)
    scaling = common.scaling
    categories = tuple(sorted(set(rows.categories)))
    inputs, told = scaling.apply(rows.measured), tell(rows.categories, categories)
    ones = np.ones(len(rows))
    departures = rows.changes / UNITS - common.anchors.apply(rows.measured, inputs)
    if kernel.rules:
        departures = np.clip(departures, -_FARTHEST, _FARTHEST)
    wanted = np.concatenate([departures, _spreads(rows, residues)], 1)
    level = wanted.mean(0)
    levels = mean_levels(wanted - level, told) * kernel.levels
    start = (np.zeros(wanted.shape), level, levels, common.anchors, np.zeros((len(categories), 1 + len(CHANGES))))
    model = LightModel(categories, scaling, kernel, inputs, told, ones, kernel.own * ones, *start)
    solved = _solve(model.likeness(inputs, told), wanted - level - told @ levels, kernel.noise)
    return _averaged(replace(model, weights=solved), common.rules) if kernel.rules else replace(model, weights=solved)


def _averaged(model: LightModel, rules: Rules) -> LightModel:
    """The mean of a regression with its anchors and of rules: both are sums, so it is one of the same form."""
    share = model.kernel.share
    shares = np.concatenate([np.full(len(CHANGES), share), np.ones(len(CHANGES))])
    slopes = share * model.rules.slopes + (1 - share) * rules.slopes
    parts = {name: getattr(model, name) * shares for name in ("weights", "level", "levels")}
    return replace(model, **parts, rules=replace(rules, slopes=slopes))


def mean_levels(missing: Floats, told: Floats) -> Floats:
    """(categories, k) the mean of what is missing, drawn to nothing where there are few photos."""
    return np.asarray(told.T @ missing / (told.sum(0)[:, None] + _PRIOR_PHOTOS), np.float64)


def with_category(model: LightModel, rows: Rows, residues: Floats | None = None) -> LightModel:
    """The model with some categories learned further from ``rows``; what it says of all others stays as it is.

    It is asked of them again, also where it was not.
    """
    known = (*model.categories, *sorted(set(rows.categories) - set(model.categories)))
    new = len(known) - len(model.categories)
    told = np.pad(model.told, ((0, 0), (0, new)))
    asked = np.array([[float(name not in rows.categories)] for name in known])
    instead = np.pad(model.instead, ((0, new), (0, 0))) * asked
    wider = replace(
        model, categories=known, told=told, levels=np.pad(model.levels, ((0, new), (0, 0))), instead=instead
    )
    said, spread = wider.predict(rows.measured, rows.categories)
    missing = np.concatenate([(rows.changes - said) / UNITS, _spreads(rows, residues) - spread / UNITS], 1)
    if residues is None:
        missing[:, len(CHANGES) :] = 0
    inputs, own = model.scaling.apply(rows.measured), np.full(len(rows), 1.0)
    added = tell(rows.categories, known)
    levels = mean_levels(missing, added)
    smooth, _ = _likeness(inputs, inputs, model.kernel)
    weights = _solve((added @ added.T) * smooth, missing - added @ levels, model.kernel.noise)
    return replace(
        wider,
        inputs=np.concatenate([model.inputs, inputs]),
        told=np.concatenate([told, added]),
        shared=np.concatenate([model.shared, np.zeros(len(rows))]),
        own=np.concatenate([model.own, own]),
        weights=np.concatenate([model.weights, weights]),
        levels=wider.levels + levels,
    )


def _spreads(rows: Rows, residues: Floats | None) -> Floats:
    """What the spreads are learned from: the mean distance of a normal error is 0.8 of its standard deviation."""
    if residues is None:
        return np.ones((len(rows), len(CHANGES)))
    return np.asarray(np.abs(residues) / 0.8 / UNITS, np.float64)


def _solve(likeness: Floats, wanted: Floats, noise: float) -> Floats:
    return np.asarray(np.linalg.solve(likeness + noise * np.eye(len(likeness)), wanted), np.float64)
