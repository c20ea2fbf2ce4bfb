"""Learning what retouchers do to light: rows from fitted pairs, a kernel chosen on groups left out, honest spreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.light.cameras import SIDE, camera_of, find_cameras
from packshot.learning.light.model import (
    CAREFUL,
    MOST_ROWS,
    UNITS,
    Floats,
    Kernel,
    LightModel,
    Rows,
    Way,
    fit_model,
    mean_levels,
    prepare,
    tell,
    without_own,
)
from packshot.learning.light.shares import MEMBERS, PARTS, REGRESSION_ALONE, choose_shares
from packshot.learning.splits import folds
from packshot.lightmeter import CHANGES
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.recipe import Recipe
from packshot.style import Style
from packshot.surface import terms
from packshot.view import View

LEAST_GROUPS = 3  # from which on photos can be left out to learn how much to believe
KERNELS = tuple(Kernel(own=own, levels=own > 0, noise=noise) for own in (0.0, 0.5) for noise in (1.0, 3.0))
MEAN, NOTHING = "the mean recipe", "nothing"
_SHARES = np.linspace(0, 1, 21)
_FIELD_SHARE = 0.3  # uneven light is seen less than a wrong exposure or tint

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LightLesson:
    """What was learned. ``said`` (n, 8): each row's change as predicted when its group was not learned from;
    ``for_all`` the same by one model for all categories, ``apart`` by one with a part of each category's own, the best
    of as many; ``kept`` (8,): how far predictions are believed, 0..1.
    ``instead``: what is done in categories where predictions were no better, ``MEAN`` or ``NOTHING``. ``ids``: of the
    pairs that the rows are of, where that is known."""

    model: LightModel
    rows: Rows
    said: Floats
    for_all: Floats
    apart: Floats
    kept: Floats
    instead: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()


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
    rows = rows.only(at_most(rows.groups))
    if len(set(rows.groups)) < LEAST_GROUPS:
        model = fit_model(rows, CAREFUL)
        mean = np.tile(rows.changes.mean(0), (len(rows), 1))
        nothing = np.zeros(len(CHANGES))
        return LightLesson(believed(model, nothing, rows), rows, mean, mean, mean, nothing)
    mean, unseen = said_by_mean(rows), said_unseen(rows, KERNELS)
    way, kept, said = _nearest(rows, unseen, mean)
    mean_of_all = said_by_mean(replace(rows, categories=("",) * len(rows)))
    alike = _nearest(rows, [one for one in unseen if one[0].kernel.own == 0], mean_of_all)[2]
    apart = _nearest(rows, [one for one in unseen if one[0].kernel.own > 0], mean)[2]
    instead = better_instead(rows, said, mean)
    for category, other in instead.items():
        chosen = np.array(rows.categories) == category
        said[chosen] = (mean if other == MEAN else 0 * mean)[chosen]
    model = believed(fit_model(rows, way, residues=rows.changes - said), kept, rows)
    return LightLesson(not_asked(model, rows, instead), rows, said, alike, apart, kept, instead)


def _nearest(rows: Rows, unseen: Sequence[tuple[Way, Floats]], mean: Floats) -> tuple[Way, Floats, Floats]:
    """The way whose predictions, drawn to the mean as far as that helps, miss least: it, how far each change is
    believed (8,), and what it then says (n, 8)."""
    tried = []
    for way, predicted in unseen:
        kept = trust(rows, predicted, mean)
        tried.append((way, kept, mean + kept * (predicted - mean)))
    return min(tried, key=lambda one: missed(rows, one[2]))


def said_unseen(rows: Rows, kernels: Sequence[Kernel]) -> list[tuple[Way, Floats]]:
    """(n, 8) each row's change by models that have not seen its group, for each kernel with the shares that suit it."""
    cameras = find_cameras(rows.measured[:, SIDE], rows.groups)
    found = []
    for kernel, said in members_unseen(rows, kernels).items():
        shares = choose_shares(cameras, rows.measured, said - rows.changes / UNITS)
        mixed = shares.of[camera_of(cameras, rows.measured)].transpose(1, 0, 2) * said
        found.append((Way(kernel, shares), mixed.sum(0) * UNITS))
    return found


def members_unseen(rows: Rows, kernels: Sequence[Kernel]) -> dict[Kernel, Floats]:
    """(members, n, 8) in units: what each member says of rows whose group it has not seen, by kernel."""
    said = {kernel: np.zeros((len(MEMBERS), *rows.changes.shape)) for kernel in kernels}
    place = folds(rows.groups, min(5, len(set(rows.groups))))
    for fold in range(int(place.max()) + 1):
        left_out = place == fold
        known, test = rows.only(~left_out), rows.only(left_out)
        common = prepare(known)
        (ruled, departed, whole), _ = common.said(test.measured)
        for kernel in kernels:
            model = fit_model(known, Way(kernel, REGRESSION_ALONE), common)
            regressed = model.predict(test.measured, test.categories)[0] / UNITS
            said[kernel][:, left_out] = ruled, regressed, departed, whole
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
    for part in PARTS:
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
    half, mean = len(CHANGES), rows.changes.mean(0) / UNITS
    level, levels = model.level.copy(), model.levels.copy()
    level[2 * half :] += mean * (1 - kept)
    told = tell(rows.categories, model.categories)
    levels[:, 2 * half :] += mean_levels(rows.changes / UNITS - mean, told) * (1 - kept)
    shares = model.shares * np.concatenate([kept, kept[:3], kept[:3]])
    rules = replace(model.rules, slopes=model.rules.slopes * kept)
    return replace(model, shares=shares, level=level, levels=levels, rules=rules)


def not_asked(model: LightModel, rows: Rows, instead: Mapping[str, str]) -> LightModel:
    """The model with something else for some categories, see ``better_instead``."""
    found = model.instead.copy()
    for category, other in instead.items():
        changes = rows.changes[np.array(rows.categories) == category].mean(0) / UNITS
        found[model.categories.index(category)] = [1, *(changes if other == MEAN else np.zeros(len(CHANGES)))]
    return replace(model, instead=found)


def as_one(lesson: LightLesson, categories: Sequence[str]) -> LightLesson:
    """The lesson with nothing of some categories' own: as if their photos had come without a category.

    Where the model is not asked, see ``better_instead``, nothing changes.
    """
    chosen = np.isin(lesson.rows.categories, [name for name in categories if name not in lesson.instead])
    said = np.where(chosen[:, None], lesson.for_all, lesson.said)
    return replace(lesson, model=without_own(lesson.model, categories), said=said)


def at_most(groups: Sequence[str], most: int = MOST_ROWS) -> NDArray[np.bool_]:
    """(n,) which rows of these groups are learned from: a spread of whole groups, where there are more than ``most``,
    which is what one linear system should hold."""
    if len(groups) <= most:
        return np.ones(len(groups), np.bool_)
    return np.asarray(folds(groups, -(-len(groups) // most)) == 0)
