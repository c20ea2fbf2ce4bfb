"""The model of what retouchers do to a photo's light: rules of thumb, a regression and trees, weighed for each camera.

All begin at the rules' anchors. The regression is Gaussian process regression (Rasmussen and Williams, 2006,
chapter 2): a smooth function of a photo's numbers, the sum of one that all categories share and one of the photo's own
category. The first lets twenty pairs of a new category profit from all others, the second lets three hundred go their
own way; where nothing like a photo was seen, the anchors and the category's mean remain. One linear system is solved.

A pack keeps the rows it learned from, measured numbers only, inside the ONNX file; so a category can be added later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from packshot.learning.light.cameras import SIDE, camera_of, find_cameras
from packshot.learning.light.relit import relit_as_others
from packshot.learning.light.rules import RULED, Rules, Seen, find_rules, no_rules
from packshot.learning.light.shares import EVEN, REGRESSION_ALONE, Shares
from packshot.learning.light.trees import Trees, grow_trees, no_trees
from packshot.learning.light.witness import UNIT, Witnesses, find_witnesses, silent
from packshot.lightmeter import CHANGES, NUMBERS

Floats = NDArray[np.float64]
# A stop of each change counts as so much: as the eye sees exposure, tint, and light across the frame.
UNITS = np.array([0.4, 0.2, 0.2, 0.3, 0.3, 0.15, 0.15, 0.15])
MOST_ROWS = 3000
_PRIOR_PHOTOS = 4.0  # that weigh as much as a category's own against the mean of all
_FARTHEST = 1.5  # units: a photo that departs further says no more than that it does
_PARTS = 8  # principal components of the embedding
CLIP = 4.0  # standard deviations: what is stranger is strange enough
LEAST_SPREAD = 0.15  # units: nobody is surer of a photo's light
_SPOILT_WEIGHT = 0.7  # of a photo spoilt on purpose, against one of a pair
_RELIT = 3  # times that trees see each photo in another light


@dataclass(frozen=True)
class Kernel:
    """How alike two photos are.

    length: in standard deviations of a number, at which likeness fades. straight: weight of the linear part. own: of
    the category's own function. levels: whether each category has its own mean. noise: what no measurement tells.
    """

    length: float = 0.7
    straight: float = 1.0
    own: float = 0.5
    levels: bool = True
    noise: float = 3.0


@dataclass(frozen=True)
class Way:
    """How a model is made: the regression's kernel, and how much each member counts.

    alone: whether there is nothing but the regression.
    """

    kernel: Kernel = Kernel()
    shares: Shares = EVEN
    alone: bool = False


CAREFUL = Way(Kernel(length=1.0, own=0.0, noise=5.0), REGRESSION_ALONE, True)  # where nothing can be tried out


@dataclass(frozen=True)
class Rows:
    """What is learned from, a row a photo: measured (n, numbers), changes (n, 8) in stops, categories and groups.

    more: photos of the same kind that were spoilt on purpose; only trees learn from them.
    """

    measured: Floats
    changes: Floats
    categories: tuple[str, ...]
    groups: tuple[str, ...]
    more: Rows | None = None

    def __len__(self) -> int:
        """Photos."""
        return len(self.categories)

    def only(self, chosen: NDArray[np.bool_]) -> Rows:
        """Some of the rows, and none of ``more`` whose group has been left out."""
        index = np.flatnonzero(chosen)
        categories, groups = (tuple(values[i] for i in index) for values in (self.categories, self.groups))
        return Rows(self.measured[index], self.changes[index], categories, groups, self._more(chosen))

    def _more(self, chosen: NDArray[np.bool_]) -> Rows | None:
        if self.more is None:
            return None
        groups = np.array(self.groups)
        left_out = set(groups[~chosen]) - set(groups[chosen])
        return self.more.only(np.array([group not in left_out for group in self.more.groups], np.bool_))


@dataclass(frozen=True)
class Scaling:
    """Measured numbers to about -1..1, what the witnesses say of them, and the embedding's principal components."""

    mean: Floats
    spread: Floats
    axes: Floats
    cameras: Floats
    witnesses: Witnesses

    @classmethod
    def of(cls, rows: Rows, alone: bool = False) -> Scaling:
        """From the rows to learn from; without cameras and witnesses where a model is to be ``alone``."""
        own, embedding = rows.measured[:, : len(NUMBERS)], rows.measured[:, len(NUMBERS) :]
        mean, spread = own.mean(0), own.std(0) + 1e-3
        middle = embedding.mean(0)
        parts = min(_PARTS, max(1, len(rows) // 8)) if embedding.shape[1] else 0
        _, sizes, axes = np.linalg.svd(embedding - middle, full_matrices=False)
        axes = axes[:parts].T / (sizes[:parts] / np.sqrt(len(rows)) + 1e-6)
        cameras = np.zeros(0) if alone else find_cameras(rows.measured[:, SIDE], rows.groups)
        witnesses = silent() if alone else find_witnesses(rows.measured, rows.changes[:, 1:3], cameras)
        return cls(np.concatenate([mean, middle]), spread, axes, cameras, witnesses)

    def apply(self, measured: Floats) -> Floats:
        """(n, numbers) to (n, inputs)."""
        centred = measured - self.mean
        own, embedding = centred[:, : len(self.spread)] / self.spread, centred[:, len(self.spread) :]
        heard = self.witnesses.hear(camera_of(self.cameras, measured), measured) / UNIT
        wide = np.concatenate([own, heard, embedding @ self.axes], 1)
        return np.asarray(np.clip(wide, -CLIP, CLIP), np.float64)


@dataclass(frozen=True)
class LightModel:
    """A fitted model.

    inputs (n, f), told (n, categories): its rows. shared, own (n,): how much each counts for all and for its category.
    weights (n, 24), level (24,): of departures from the anchors, of the changes' spreads, and of what is added to the
    changes in the end. levels (categories, 24): how each category's mean differs from the level. shares (c + 1, 14):
    for each camera how much the regression's departures (8) count, and the trees' departures and whole changes (6).
    instead (categories, 9): 1 for a category that the model is not asked of, and the change in units that is made
    there instead.
    """

    categories: tuple[str, ...]
    scaling: Scaling
    way: Way
    inputs: Floats
    told: Floats
    shared: Floats
    own: Floats
    weights: Floats
    level: Floats
    levels: Floats
    rules: Rules
    trees: Trees
    shares: Floats
    instead: Floats

    def predict(self, measured: Floats, categories: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Changes and spreads in stops, (n, 8) each."""
        told, seen, half = tell(categories, self.categories), self.scaling.apply(measured), len(CHANGES)
        found = self.likeness(seen, told) @ self.weights + self.level + told @ self.levels
        share = self.shares[camera_of(self.scaling.cameras, measured)]
        changed = self.rules.apply(measured, seen) + share[:, :half] * found[:, :half] + found[:, 2 * half :]
        changed[:, :3] += (share[:, half:] * self.trees.apply(seen)).reshape(-1, 2, 3).sum(1)
        instead = told @ self.instead
        changed = changed * (1 - instead[:, :1]) + instead[:, 1:]
        return changed * UNITS, np.maximum(found[:, half : 2 * half], LEAST_SPREAD) * UNITS

    def likeness(self, inputs: Floats, told: Floats) -> Floats:
        """(m, n) how alike photos are to the model's rows."""
        smooth, straight = _likeness(inputs, self.inputs, self.way.kernel)
        return (smooth + straight) * self.shared + (told @ self.told.T) * smooth * self.own


def tell(categories: tuple[str, ...], known: tuple[str, ...]) -> Floats:
    """(n, known) ones where a photo is of a category; an unknown one has none."""
    return np.array([[float(name == one) for one in known] for name in categories]).reshape(-1, len(known))


def _likeness(first: Floats, second: Floats, kernel: Kernel) -> tuple[Floats, Floats]:
    width = first.shape[1]
    product = first @ second.T / width
    squares = (first**2).sum(1)[:, None] / width + (second**2).sum(1)[None] / width
    distance = np.maximum(squares - 2 * product, 0)
    return np.exp(-distance / (2 * kernel.length**2)), kernel.straight * product


@dataclass(frozen=True)
class Common:
    """What all models of some rows have in common: how numbers are scaled, the anchors, the rules and the trees."""

    scaling: Scaling
    anchors: Rules
    rules: Rules
    trees: Trees

    def said(self, measured: Floats) -> tuple[Floats, Floats]:
        """What each member but the regression says, (3, n, 8) in units, and the anchors (n, 8)."""
        seen = self.scaling.apply(measured)
        anchors, ruled = self.anchors.apply(measured, seen), self.rules.apply(measured, seen)
        departed, whole = ruled.copy(), ruled.copy()
        grown = self.trees.apply(seen)
        departed[:, :3], whole[:, :3] = anchors[:, :3] + grown[:, :3], grown[:, 3:]
        return np.stack([ruled, departed, whole]), anchors


def prepare(rows: Rows, alone: bool = False) -> Common:
    """What all models of some rows have in common; nothing but the scaling where the regression is to be ``alone``."""
    scaling = Scaling.of(rows, alone)
    if alone:
        return Common(scaling, no_rules(), no_rules(), no_trees())
    scaled = scaling.apply(rows.measured)[:, : len(RULED)]
    steps = np.append(scaling.spread / UNITS[0], np.zeros(len(RULED) - len(NUMBERS)))
    camera = camera_of(scaling.cameras, rows.measured)
    anchors, rules = find_rules(scaling.cameras, camera, Seen(scaled, rows.changes / UNITS, rows.groups, steps))
    measured, changes, weights = _for_trees(rows, camera)
    inputs, wholes = scaling.apply(measured), changes / UNITS
    departures = np.clip(wholes - anchors.apply(measured, inputs), -2 * _FARTHEST, 2 * _FARTHEST)
    return Common(scaling, anchors, rules, grow_trees(inputs, (departures[:, :3], wholes[:, :3]), weights))


def _for_trees(rows: Rows, camera: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    """Measured rows, changes and weights: the photos as they are, in the light of others, and those spoilt."""
    relit, moved = relit_as_others(rows.measured, rows.changes, camera, _RELIT)
    parts = [(rows.measured, rows.changes, 1.0), (relit, moved, 1.0)]
    if rows.more is not None and len(rows.more):
        parts.append((rows.more.measured, rows.more.changes, _SPOILT_WEIGHT))
    measured, changes = (np.concatenate(values) for values in ([one[0] for one in parts], [one[1] for one in parts]))
    return measured, changes, np.concatenate([np.full(len(one[0]), one[2]) for one in parts])


def fit_model(rows: Rows, way: Way, common: Common | None = None, residues: Floats | None = None) -> LightModel:
    """The model of some rows. ``common``: what ``prepare`` gave for them. ``residues`` (n, 8): by how much each photo
    was missed when it was not learned from; they teach how sure to be."""
    common = common or prepare(rows, way.alone)
    scaling, kernel = common.scaling, way.kernel
    categories = tuple(sorted(set(rows.categories)))
    inputs, told = scaling.apply(rows.measured), tell(rows.categories, categories)
    ones = np.ones(len(rows))
    departures = rows.changes / UNITS - common.anchors.apply(rows.measured, inputs)
    if not way.alone:
        departures = np.clip(departures, -_FARTHEST, _FARTHEST)
    wanted = np.concatenate([departures, _spreads(rows, residues), np.zeros(departures.shape)], 1)
    level = wanted.mean(0)
    levels = mean_levels(wanted - level, told) * kernel.levels
    start = LightModel(
        *(categories, scaling, way, inputs, told, ones, kernel.own * ones, np.zeros(wanted.shape), level, levels),
        *_weighed(common, way.shares),
        np.zeros((len(categories), 1 + len(CHANGES))),
    )
    solved = _solve(start.likeness(inputs, told), wanted - level - told @ levels, kernel.noise)
    return replace(start, weights=solved)


def _weighed(common: Common, shares: Shares) -> tuple[Rules, Trees, Floats]:
    """The rules, trees and shares of a model. Anchors and rules are sums of the same numbers, so they are one."""
    of = shares.for_cameras(common.scaling.cameras)
    ruled, regression, departed, whole = of.transpose(1, 0, 2)
    ruled, whole = ruled.copy(), whole.copy()
    ruled[:, 3:] += departed[:, 3:] + whole[:, 3:]  # trees say nothing of evenness
    whole[:, 3:] = 0
    mixed = (1 - ruled - whole)[:, None] * common.anchors.slopes + ruled[:, None] * common.rules.slopes
    kept = np.concatenate([regression, departed[:, :3], whole[:, :3]], 1)
    return replace(common.rules, slopes=mixed), common.trees, kept


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
    unsure = _spreads(rows, residues) - spread / UNITS if residues is not None else np.zeros(said.shape)
    missing = np.concatenate([np.zeros(said.shape), unsure, (rows.changes - said) / UNITS], 1)
    inputs, own = model.scaling.apply(rows.measured), np.full(len(rows), 1.0)
    added = tell(rows.categories, known)
    levels = mean_levels(missing, added)
    smooth, _ = _likeness(inputs, inputs, model.way.kernel)
    weights = _solve((added @ added.T) * smooth, missing - added @ levels, model.way.kernel.noise)
    return replace(
        wider,
        inputs=np.concatenate([model.inputs, inputs]),
        told=np.concatenate([told, added]),
        shared=np.concatenate([model.shared, np.zeros(len(rows))]),
        own=np.concatenate([model.own, own]),
        weights=np.concatenate([model.weights, weights]),
        levels=wider.levels + levels,
    )


def without_own(model: LightModel, categories: Sequence[str]) -> LightModel:
    """The model of all categories with nothing of some categories' own, solved anew."""
    index, learned = [model.categories.index(name) for name in categories], 2 * len(CHANGES)
    told, levels, before = model.told.copy(), model.levels.copy(), model.levels.copy()
    told[:, index], levels[index], before[:, learned:] = 0, 0, 0  # what is behind was added to the solved model
    after = levels.copy()
    after[:, learned:] = 0
    noise = model.way.kernel.noise
    solved = model.likeness(model.inputs, model.told) @ model.weights + noise * model.weights
    missing = solved + model.told @ before - told @ after
    start = replace(model, told=told, levels=levels)
    return replace(start, weights=_solve(start.likeness(model.inputs, told), missing, noise))


def _spreads(rows: Rows, residues: Floats | None) -> Floats:
    """What the spreads are learned from: the mean distance of a normal error is 0.8 of its standard deviation."""
    if residues is None:
        return np.ones((len(rows), len(CHANGES)))
    return np.asarray(np.abs(residues) / 0.8 / UNITS, np.float64)


def _solve(likeness: Floats, wanted: Floats, noise: float) -> Floats:
    return np.asarray(np.linalg.solve(likeness + noise * np.eye(len(likeness)), wanted), np.float64)
