"""Which loss should choose the light model: distance in stops, or of the product's colours through the render?

Cross-validation by group on the fits of a learning run. Each kind of model says what it would do to photos of groups
left out. By these answers for four fifths of the groups, each loss chooses the kind, how far it is believed, and a
shift of its levels; the choice is scored on the answers for the last fifth, by CIEDE2000 of product colours to the
after.

Run: python tools/measure_losses.py FITS --pack packshot/packs/base [--rows rows.npz]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.learning.fitting.pair_set import read_fits, read_look
from packshot.learning.fitting.reading import load_reading
from packshot.learning.light.learning import KERNELS, missed, rows_of, said_by_mean, said_unseen, trust
from packshot.learning.light.model import Rows, Way
from packshot.learning.light.product_colors import ProductColors
from packshot.learning.pairs import Pair
from packshot.learning.proof.comparison import differences
from packshot.learning.splits import folds
from packshot.lightmeter import CHANGES
from packshot.pack import Pack

Floats = NDArray[np.float64]
Unseen = Sequence[tuple[Way, Floats]]
Loss = Callable[[Rows, ProductColors, Floats], float]
LOSSES: dict[str, Loss] = {
    "stops, least squares": lambda rows, _, said: float(((rows.changes - said) ** 2).sum(1).mean()),
    "stops, weighed as seen": lambda rows, _, said: missed(rows, said),
    "OKLab": lambda _, colors, said: float(np.nanmean(colors.oklab(said))),
    "CIEDE2000": lambda _, colors, said: float(np.nanmean(colors.ciede2000(said))),
}
PERCEPTUAL = ("OKLab", "CIEDE2000")
PARTS = (slice(0, 1), slice(1, 3), slice(3, 8))
SHARES = np.linspace(0, 1, 6)
SHIFTS = (0.12, 0.06, 0.03)  # stops: steps of the search, coarse to fine


def read(folder: Path, pack: Pack, kept: Path | None) -> tuple[Rows, ProductColors]:
    """What a learning run had: the light meter's rows, and the product colours of the same pairs."""
    fits = [fit for fit in read_fits(folder) if fit.accepted and fit.recipe is not None]
    if kept is not None and kept.is_file():
        with np.load(kept) as store:
            ids, categories, groups = (tuple(store[name].tolist()) for name in ("ids", "categories", "groups"))
            rows = Rows(store["measured"], store["changes"], categories, groups)
    else:
        rows, problems = rows_of(fits, pack, lambda *_: None)
        ids = tuple(fit.id for fit in fits if fit.id not in problems)
        if kept is not None:
            keep_rows(kept, rows, ids)
    by_id, look = {fit.id: fit for fit in fits}, read_look(folder)
    chosen = [by_id[name] for name in ids]
    pairs = [Pair(fit.id, fit.category, fit.group, Path(fit.before), Path(fit.after)) for fit in chosen]
    found = [next((folder / "readings").glob(f"{Path(fit.recipe_file).stem}.*.npz")) for fit in chosen]
    readings = [load_reading(path, pair) for path, pair in zip(found, pairs, strict=True)]
    return rows, ProductColors.of(readings, [look.of(fit.category) for fit in chosen])


def keep_rows(path: Path, rows: Rows, ids: Sequence[str]) -> None:
    """Measuring takes minutes, so the rows are kept."""
    categories, groups = np.array(rows.categories), np.array(rows.groups)
    np.savez_compressed(
        path, measured=rows.measured, changes=rows.changes, ids=np.array(ids), categories=categories, groups=groups
    )


def choose(rows: Rows, colors: ProductColors, unseen: Unseen, loss: str) -> tuple[int, Floats, Floats]:
    """Which kind, (8,) shares and (8,) shift of the levels that one loss likes best."""
    mean, measure = said_by_mean(rows), LOSSES[loss]
    found = []
    for kind, (_, said) in enumerate(unseen):
        shares = trust(rows, said, mean)
        if loss in PERCEPTUAL:
            shares = search_shares(partial(_drawn, partial(measure, rows, colors), mean, said - mean), shares)
        found.append((measure(rows, colors, mean + shares * (said - mean)), kind, shares))
    _, kind, shares = min(found, key=lambda one: one[0])
    drawn = mean + shares * (unseen[kind][1] - mean)
    shift = np.zeros(len(CHANGES))
    if loss in PERCEPTUAL:
        shift = search_shift(lambda some: measure(rows, colors, drawn + some))
    return kind, shares, shift


def _drawn(measure: Callable[[Floats], float], mean: Floats, away: Floats, shares: Floats) -> float:
    return measure(mean + shares * away)


def search_shares(measure: Callable[[Floats], float], shares: Floats) -> Floats:
    """Coordinate search over the shares of exposure, white point and field."""
    for part in PARTS:
        tried = []
        for share in (*SHARES, float(shares[part][0])):
            changed = shares.copy()
            changed[part] = share
            tried.append(changed)
        shares = min(tried, key=measure)
    return shares


def search_shift(measure: Callable[[Floats], float]) -> Floats:
    """Coordinate search over shifts of exposure, red and blue."""
    shift = np.zeros(len(CHANGES))
    for step in SHIFTS:
        for index in range(3):
            tried = [shift + step * side * np.eye(len(CHANGES))[index] for side in (-1, 0, 1)]
            shift = min(tried, key=measure)
    return shift


def measure(rows: Rows, colors: ProductColors) -> dict[str, Floats]:
    """(n,) CIEDE2000 of each photo by what each loss chose without its group; and what bounds it."""
    unseen, mean, place = said_unseen(rows, KERNELS), said_by_mean(rows), folds(rows.groups)
    found = {name: mean.copy() for name in LOSSES}
    for fold in range(5):
        known, test = place != fold, place == fold
        seen = rows.only(known), colors.only(known), [(way, said[known]) for way, said in unseen]
        for loss in LOSSES:
            kind, shares, shift = choose(*seen, loss)
            found[loss][test] += shares * (unseen[kind][1] - mean)[test] + shift
            kernel = unseen[kind][0].kernel
            told = f"own {kernel.own}, noise {kernel.noise}, shares {shares[[0, 1, 3]].round(2)}"
            print(f"fold {fold}, {loss}: {told}, shift {shift[:3].round(2)}", flush=True)
    said = {"mean recipe": mean, **found, "fitted recipe": rows.changes}
    return {name: colors.ciede2000(changes) for name, changes in said.items()}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fits", type=Path)
    parser.add_argument("--pack", type=Path, default=Path("packshot/packs/base"))
    parser.add_argument("--rows", type=Path, help="where the light meter's rows are kept for the next time")
    given = parser.parse_args()
    rows, colors = read(given.fits, Pack(given.pack), given.rows)
    found = measure(rows, colors)
    plain = found["stops, weighed as seen"]
    gains = {name: (plain - values, rows.groups) for name, values in found.items() if name in LOSSES}
    tests = differences(gains)
    print(f"\n{len(rows)} photos of {len(set(rows.groups))} groups\n\n| chosen by | mean | median | p90 | gain | p |")
    print("|---|---|---|---|---|---|")
    for name, values in found.items():
        figures = f"{np.nanmean(values):.3f} | {np.nanmedian(values):.3f} | {np.nanquantile(values, 0.9):.3f}"
        test = tests.get(name)
        told = "| " if test is None else f"{test.gain:.3f} ({test.low:.3f} to {test.high:.3f}) | {test.p:.3f}"
        print(f"| {name} | {figures} | {told} |")


if __name__ == "__main__":
    main()
