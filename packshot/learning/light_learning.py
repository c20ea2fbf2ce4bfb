"""Learning what retouchers do to light: rows from fitted pairs, a kernel chosen on groups left out, honest spreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from packshot.colorscience import LUMINANCE
from packshot.learning.fitting import PairFit
from packshot.learning.light_model import (
    MOST_ROWS,
    UNITS,
    Floats,
    Kernel,
    LightModel,
    Rows,
    fit_model,
    mean_levels,
    scale,
    tell,
)
from packshot.learning.splits import folds
from packshot.lightmeter import CHANGES
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.recipe import Recipe
from packshot.style import Style
from packshot.surface import terms
from packshot.view import View

LEAST_GROUPS = 3  # from which on photos can be left out to learn how much to believe
KERNELS = (
    Kernel(own=0.0, levels=False, share=0.0),
    *(
        Kernel(own=own, levels=own > 0, noise=noise, share=share)
        for own in (0.0, 0.5)
        for noise, share in ((1.0, 0.3), (1.0, 0.5), (3.0, 0.5))
    ),
    *(Kernel(own=own, levels=own > 0, noise=1.5, rules=False) for own in (0.0, 0.5)),
)
MEAN, NOTHING = "the mean recipe", "nothing"
_CAREFUL = Kernel(length=1.0, own=0.0, noise=5.0, rules=False)  # for so few pairs that nothing can be tried out
_SHARES = np.linspace(0, 1, 21)
_FIELD_SHARE = 0.3  # uneven light is seen less than a wrong exposure or tint

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LightLesson:
    """What was learned. ``said`` (n, 8): each row's change as predicted when its group was not learned from, and
    ``for_all`` the same by one model for all categories; ``kept`` (8,): how far predictions are believed, 0..1.
    ``instead``: what is done in categories where predictions were no better, ``MEAN`` or ``NOTHING``."""

    model: LightModel
    rows: Rows
    said: Floats
    for_all: Floats
    kept: Floats
    instead: Mapping[str, str] = field(default_factory=dict)


def changes_of(recipe: Recipe) -> Floats:
    """What a fitted recipe does to light, (8,) stops in the order of ``CHANGES``."""
    color, lighting = recipe.color.effective(), recipe.lighting.effective()
    gain = np.maximum(np.array(color.white_gain), 1e-4)
    exposure = lighting.exposure + float(np.log2(LUMINANCE @ gain))
    red, blue = np.log2(gain[0] / gain[1]), np.log2(gain[2] / gain[1])
    field: Floats = np.zeros(5)
    if lighting.field is not None:
        stops = lighting.field.array().astype(np.float64)
        rows, columns = stops.shape
        y, x = np.meshgrid(
            (np.arange(rows) + 0.5) / rows * 2 - 1, (np.arange(columns) + 0.5) / columns * 2 - 1, indexing="ij"
        )
        field = np.asarray(np.linalg.lstsq(terms(x.ravel(), y.ravel()), stops.ravel(), rcond=None)[0][1:], np.float64)
    return np.array([exposure, red, blue, *field])


def rows_of(fits: Sequence[PairFit], pack: Pack, tell: Tell) -> tuple[Rows, dict[str, str]]:
    """A row for each fitted pair, and why the others have none, by id. ``pack`` measures the befores."""
    measured, changes, chosen, problems = [], [], [], {}
    for done, fit in enumerate(fits):
        tell("measuring light", done, len(fits))
        if fit.recipe is None:
            problems[fit.id] = fit.reason or "it has no recipe"
            continue
        try:
            view = View.of(Photo.open(fit.before), pack, Style(), fit.category)
            measured.append(view.measured.astype(np.float64))
        except PhotoError as error:
            problems[fit.id] = error.message
            continue
        changes.append(changes_of(fit.recipe))
        chosen.append(fit)
    if not chosen:
        return Rows(np.zeros((0, 0)), np.zeros((0, len(CHANGES))), (), ()), problems
    names = tuple(fit.category for fit in chosen), tuple(fit.group for fit in chosen)
    return Rows(np.array(measured), np.array(changes), *names), problems


def learn_light(rows: Rows) -> LightLesson:
    """The model of these rows. How it is built is chosen by what it says of groups that it did not see.

    Raises ValueError without rows.
    """
    if not len(rows):
        raise ValueError("no pair could be measured, so there is nothing to learn light from")
    rows = _at_most(rows, MOST_ROWS)
    if len(set(rows.groups)) < LEAST_GROUPS:
        model = fit_model(rows, _CAREFUL)
        mean = np.tile(rows.changes.mean(0), (len(rows), 1))
        return LightLesson(believed(model, np.zeros(len(CHANGES)), rows), rows, mean, mean, np.zeros(len(CHANGES)))
    mean = said_by_mean(rows)
    shares, tried = {}, {}
    for kernel, said in said_unseen(rows, KERNELS).items():
        shares[kernel] = trust(rows, said, mean)
        tried[kernel] = mean + shares[kernel] * (said - mean)
    best = min(tried, key=lambda kernel: missed(rows, tried[kernel]))
    alike = min((kernel for kernel in tried if kernel.own == 0), key=lambda kernel: missed(rows, tried[kernel]))
    instead = better_instead(rows, tried[best], mean)
    kept, said = shares[best], tried[best].copy()
    for category, other in instead.items():
        chosen = np.array(rows.categories) == category
        said[chosen] = (mean if other == MEAN else 0 * mean)[chosen]
    model = believed(fit_model(rows, best, residues=rows.changes - said), kept, rows)
    return LightLesson(not_asked(model, rows, instead), rows, said, tried[alike], kept, instead)


def said_unseen(rows: Rows, kernels: Sequence[Kernel]) -> dict[Kernel, Floats]:
    """(n, 8) by kernel: each row's change by a model that has not seen its group."""
    said = {kernel: np.zeros(rows.changes.shape) for kernel in kernels}
    place = folds(rows.groups, min(5, len(set(rows.groups))))
    for fold in range(int(place.max()) + 1):
        left_out = place == fold
        known, test = rows.only(~left_out), rows.only(left_out)
        common = {kernel.rules: kernel for kernel in kernels}
        scaled = {rules: scale(known, kernel) for rules, kernel in common.items()}
        for kernel in kernels:
            model = fit_model(known, kernel, scaled[kernel.rules])
            said[kernel][left_out] = model.predict(test.measured, test.categories)[0]
    return said


def said_by_mean(rows: Rows) -> Floats:
    """(n, 8) each row's change by the mean of its category's other groups, of all other groups where it has none."""
    said = np.zeros(rows.changes.shape)
    categories, groups = np.array(rows.categories), np.array(rows.groups)
    for index in range(len(rows)):
        others = groups != groups[index]
        same = others & (categories == categories[index])
        said[index] = rows.changes[same if same.any() else others].mean(0)
    return said


def missed(rows: Rows, said: Floats) -> float:
    """How far off predictions are, in units of what the eye sees; outliers count by their distance, not its square."""
    squares = ((rows.changes - said) / UNITS) ** 2
    return float(np.sqrt(squares[:, :3].sum(1) + _FIELD_SHARE * squares[:, 3:].sum(1)).mean())


def trust(rows: Rows, said: Floats, mean: Floats) -> Floats:
    """(8,) how far to go from the mean recipe to the prediction, by what would have been best on groups not seen.

    Exposure, white point and field each have the share, of twenty between 0 and 1, that leaves the least distance to
    what was done: not its square, since a few photos that no one can predict would decide that for all.
    """
    shares = np.zeros(len(CHANGES))
    for part in (slice(0, 1), slice(1, 3), slice(3, 8)):
        moved, wanted = ((said - mean) / UNITS)[:, part], ((rows.changes - mean) / UNITS)[:, part]
        left = [float(np.linalg.norm(wanted - share * moved, axis=1).mean()) for share in _SHARES]
        shares[part] = _SHARES[int(np.argmin(left))]
    return shares


def better_instead(rows: Rows, said: Floats, mean: Floats) -> dict[str, str]:
    """Categories where the mean recipe, or nothing at all, was nearer on groups not seen than what was said.

    A category of fewer than ``LEAST_GROUPS`` groups says too little of itself, and goes by what is said.
    """
    instead = {}
    for category in sorted(set(rows.categories)):
        chosen = np.array(rows.categories) == category
        own = rows.only(chosen)
        if len(set(own.groups)) < LEAST_GROUPS:
            continue
        tried = {"": said, MEAN: mean, NOTHING: np.zeros(said.shape)}
        best = min(tried, key=lambda name: missed(own, tried[name][chosen]))
        if best:
            instead[category] = best
    return instead


def believed(model: LightModel, kept: Floats, rows: Rows) -> LightModel:
    """The model with its predictions drawn towards the mean recipe of each category of its ``rows``."""
    half = len(CHANGES)
    level = model.level.copy(), rows.changes.mean(0) / UNITS
    levels = model.levels.copy(), mean_levels(rows.changes / UNITS - level[1], tell(rows.categories, model.categories))
    for own, mean in (level, levels):
        own[..., :half] = own[..., :half] * kept + mean * (1 - kept)
    shares = np.concatenate([kept, np.ones(half)])
    rules = replace(model.rules, slopes=model.rules.slopes * kept)
    return replace(model, weights=model.weights * shares, level=level[0], levels=levels[0], rules=rules)


def not_asked(model: LightModel, rows: Rows, instead: Mapping[str, str]) -> LightModel:
    """The model with something else for some categories, see ``better_instead``."""
    found = model.instead.copy()
    for category, other in instead.items():
        changes = rows.changes[np.array(rows.categories) == category].mean(0) / UNITS
        found[model.categories.index(category)] = [1, *(changes if other == MEAN else np.zeros(len(CHANGES)))]
    return replace(model, instead=found)


def _at_most(rows: Rows, most: int) -> Rows:
    """A spread of the rows, whole groups first come, where there are more than one linear system should hold."""
    if len(rows) <= most:
        return rows
    place = folds(rows.groups, -(-len(rows) // most))
    return rows.only(place == 0)
