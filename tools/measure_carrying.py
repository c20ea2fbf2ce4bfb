"""Carries a person's colour from one photo of a product to its others, and scores them. For developers.

python -m tools.measure_carrying FITS... --out FOLDER [--pack PACK] [--half across|along] [--together]

FITS are folders of `packshot fit`. A product is the pairs whose ids differ in their last figure alone. Each photo in
turn is the one that a person corrected, its fitted recipe standing for the correction, and all others of its product
are scored. --half: of the corrected photo only one half of the product is looked at and of the others the other one,
as if they showed another side of it.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.carrying import LEAST_PLACES, amounts_of, carried, product_colors, tint_between, tints_of
from packshot.evaluation.metrics import delta_e
from packshot.learning.fitting.pair import PairFit, file_stem
from packshot.learning.fitting.pair_set import read_fits
from packshot.learning.pairs import Pair
from packshot.learning.proof.reference import Reference, read_reference
from packshot.learning.proof.scoring import Shot, laid_on, score
from packshot.learning.splits import held_out
from packshot.pack import BASE_PACK, Pack
from packshot.photo import Photo
from packshot.pipeline import correct, predict, render
from packshot.recipe import Color, Lighting, Recipe
from packshot.shift import Shift
from packshot.stages.background import decode_matte, encode_matte
from packshot.style import Style

Floats = NDArray[np.float64]
SIDE = 800
WAYS = ("untouched", "predicted", "change copied", "half of it", "carried", "fitted")


@dataclass(frozen=True)
class Taken:
    """A pair with its prediction. colors: the product's, of both halves (both the same where it is whole)."""

    fit: PairFit
    kind: str
    pair: Pair
    folder: Path
    recipe: Recipe
    colors: tuple[Floats, Floats]

    @property
    def product(self) -> str:
        return f"{self.kind}/{self.fit.id.rpartition('-')[0]}"


@dataclass(frozen=True)
class Row:
    """One photo under the correction of another of its product: mean CIEDE2000 by way."""

    kind: str
    group: str
    product: str
    held: bool
    errors: tuple[float, ...]


def predicted(pair: Pair, pack: Pack, folder: Path) -> Recipe:
    """The pack's recipe, category given, kept for the next time."""
    path = folder / "recipes" / f"{file_stem(pair.id)}.json"
    if path.is_file():
        return Recipe.load(path)
    recipe = predict(Photo.open(pair.before), pack, Style(), pair.category)
    recipe.save(path)
    return recipe


def halves(photo: Photo, recipe: Recipe, half: str | None) -> tuple[Floats, Floats]:
    """``product_colors`` of one half of the product and of the other."""
    asset = recipe.background.matte
    if half is None or asset is None:
        whole = product_colors(photo, recipe)
        return whole, whole
    matte = decode_matte(recipe.asset(asset)) / np.float32(255)
    weight = matte.sum(0 if half == "across" else 1).cumsum()
    middle = int(np.searchsorted(weight, weight[-1] / 2))
    first = np.zeros(matte.shape, np.float32)
    first[(slice(None), slice(middle)) if half == "across" else (slice(middle), slice(None))] = 1
    one, other = (
        product_colors(photo, with_matte(recipe, np.asarray(matte * part, np.float32))) for part in (first, 1 - first)
    )
    return one, other


def with_matte(recipe: Recipe, matte: NDArray[np.float32]) -> Recipe:
    asset = recipe.background.matte
    assert asset is not None
    return recipe.model_copy(update={"assets": {**recipe.assets, asset.sha256: encode_matte(matte, quick=True)}})


def taken(folders: Sequence[Path], pack: Pack, options: argparse.Namespace) -> Iterator[Taken]:
    """The accepted pairs of which there are several of a product."""
    found = [(fit, folder) for folder in folders for fit in read_fits(folder) if fit.accepted and fit.recipe]
    several: dict[str, int] = defaultdict(int)
    for fit, _ in found:
        several[fit.id.rpartition("-")[0]] += 1
    for fit, folder in found:
        if several[fit.id.rpartition("-")[0]] < 2:
            continue
        pair = Pair(fit.id, fit.category, fit.group, Path(fit.before), Path(fit.after))
        recipe = predicted(pair, pack, options.out)
        colors = halves(Photo.open(pair.before), recipe, options.half)
        yield Taken(fit, pair.before.parent.parent.name, pair, folder, recipe, colors)


def error(reference: Reference, recipe: Recipe) -> float:
    found = score(Shot.of(recipe, render(reference.photo, recipe, SIDE)), reference)["delta_e"]
    return float("nan") if found is None else found


def rows(photos: Sequence[Taken]) -> Iterator[Row]:
    """Every photo under the correction of each other one of its product."""
    by_product: dict[str, list[Taken]] = defaultdict(list)
    for one in photos:
        by_product[one.product].append(one)
    for product, several in sorted(by_product.items()):
        for one in several:
            reference = read_reference(one.pair, fits=one.folder)
            fixed = [error(reference, recipe) for recipe in standing(one)]
            for other in several:
                if other is one or other.fit.recipe is None:
                    continue
                errors = (*fixed[:2], *(error(reference, recipe) for recipe in moved(one, other)), fixed[2])
                yield Row(one.kind, one.fit.group, product, held_out(one.fit.group), errors)


def standing(one: Taken) -> tuple[Recipe, Recipe, Recipe]:
    """Untouched, predicted and fitted, all but colour and light as predicted."""
    assert one.fit.recipe is not None
    untouched = one.recipe.model_copy(update={"color": Color(), "lighting": Lighting()})
    fitted = {"color": one.fit.recipe.color, "lighting": one.fit.recipe.lighting}
    return untouched, one.recipe, one.recipe.model_copy(update=fitted)


def moved(one: Taken, other: Taken) -> Iterator[Recipe]:
    """The recipe with the other's correction: its change copied, half of it, and carried."""
    assert other.fit.recipe is not None
    shift = replace(Shift.between(other.recipe, other.fit.recipe), shadows=0.0, highlights=0.0)
    half = Shift(shift.warmth / 2, shift.tint / 2, shift.exposure / 2)
    for each in (shift, half, carried(shift, other.colors[0], one.colors[1])):
        yield correct(one.recipe, each.changes(one.recipe))


def together(photos: Sequence[Taken]) -> Iterator[Row]:
    """Every photo with its product's colour moved to the mean of what is predicted of all its photos, by no person.

    errors: mean CIEDE2000 predicted and moved, then of the product's mean colour to that of its other photos.
    """
    by_product: dict[str, list[Taken]] = defaultdict(list)
    for one in photos:
        by_product[one.product].append(one)
    for product, several in sorted(by_product.items()):
        references = [read_reference(one.pair, fits=one.folder) for one in several]
        moved = [correct(one.recipe, towards(one, several).changes(one.recipe)) for one in several]
        errors = [[error(r, recipe) for r, recipe in zip(references, recipes, strict=True)]
                  for recipes in ([one.recipe for one in several], moved)]  # fmt: skip
        apart = [spread(references, recipes) for recipes in ([one.recipe for one in several], moved)]
        for at, one in enumerate(several):
            told = (errors[0][at], errors[1][at], apart[0][at], apart[1][at])
            yield Row(one.kind, one.fit.group, product, held_out(one.fit.group), told)


def towards(one: Taken, several: Sequence[Taken]) -> Shift:
    """The mean over all photos of the product of what brings this one's tint to theirs."""
    here = one.colors[1]
    others = [other.colors[0] for other in several if other is not one]
    if min(len(here), *(len(there) for there in others)) < LEAST_PLACES:
        return Shift()
    none = np.zeros(2)
    found = sum((tint_between(tints_of(there), tints_of(here), none) for there in others), none) / len(several)
    return Shift(*amounts_of(found))


def spread(references: Sequence[Reference], recipes: Sequence[Recipe]) -> list[float]:
    """How far the product's mean colour on each shot is from that on its others, CIEDE2000."""
    means = []
    for reference, recipe in zip(references, recipes, strict=True):
        laid, seen = laid_on(Shot.of(recipe, render(reference.photo, recipe, SIDE)), reference)
        means.append(laid[reference.core & seen].mean(0))
    shown = np.round(np.array(means)).astype(np.uint8)
    apart = np.array([[float(delta_e(one[None, None], other[None, None])[0, 0]) for other in shown] for one in shown])
    return [float(value) for value in apart.sum(1) / (len(shown) - 1)]


def tell_together(name: str, chosen: list[Row]) -> None:
    """A line: errors and spread, predicted and moved."""
    if not chosen:
        return
    errors, groups = np.array([row.errors for row in chosen]), np.array([row.group for row in chosen])
    known = np.isfinite(errors).all(1)
    errors, groups = errors[known], groups[known]
    for what, first, second in (("error", 0, 1), ("between shots", 2, 3)):
        low, high = interval(errors[:, first] - errors[:, second], groups)
        means = f"{errors[:, first].mean():.2f} -> {errors[:, second].mean():.2f}"
        print(f"{name}, {what}: {means}, gain [{low:.2f}, {high:.2f}]", flush=True)


def interval(gain: Floats, groups: NDArray[np.str_]) -> tuple[float, float]:
    """95 % of the mean gain, groups drawn with replacement."""
    draw = np.random.default_rng(0)
    names = np.unique(groups)
    sums = np.array([[gain[groups == name].sum(), (groups == name).sum()] for name in names])
    drawn = sums[draw.integers(0, len(names), (2000, len(names)))].sum(1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    return float(low), float(high)


def tell(name: str, chosen: list[Row]) -> None:
    """A table's rows."""
    if not chosen:
        return
    errors = np.array([row.errors for row in chosen])
    errors_known = np.isfinite(errors).all(1)
    errors, groups = errors[errors_known], np.array([row.group for row in chosen])[errors_known]
    products = len({row.product for row in chosen})
    print(f"\n{name}: {len(errors)} ways from photo to photo, {products} products, {len(set(groups))} groups")
    print("| | mean, median | gain on predicted | worse by over 1; at worst |\n|---|---|---|---|")
    for at, way in enumerate(WAYS):
        gain = errors[:, 1] - errors[:, at]
        low, high = interval(gain, groups)
        told = f"{gain.mean():.2f} [{low:.2f}, {high:.2f}] | {(gain < -1).mean():.0%}; {max(0.0, -gain.min()):.1f}"
        print(f"| {way} | {errors[:, at].mean():.2f}, {np.median(errors[:, at]):.2f} | {told} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fits", nargs="+", type=Path)
    parser.add_argument("--pack", type=Path, default=BASE_PACK)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", choices=("across", "along"))
    parser.add_argument("--together", action="store_true", help="No person: all to the mean of what is predicted.")
    options = parser.parse_args()
    if options.together:
        moved_together = list(together(list(taken(options.fits, Pack(options.pack), options))))
        for kind in sorted({row.kind for row in moved_together}):
            tell_together(f"{kind}, held out", [row for row in moved_together if row.kind == kind and row.held])
            tell_together(f"{kind}, all", [row for row in moved_together if row.kind == kind])
        return
    found = list(rows(list(taken(options.fits, Pack(options.pack), options))))
    (options.out / f"rows-{options.half or 'whole'}.json").write_text(json.dumps([vars(row) for row in found]))
    for kind in sorted({row.kind for row in found}):
        tell(f"{kind}, held out", [row for row in found if row.kind == kind and row.held])
        tell(f"{kind}, all", [row for row in found if row.kind == kind])


if __name__ == "__main__":
    main()
