"""How far off predicted light is to the eye, by set and by category: on groups left out in turn, and on those held out.

python -m tools.measure_light FITS... --pack PACK [--spoilt ROWS.npz]

CIEDE2000 of 64 places on each product, predicted light through the render's colour model against the human's after:
mattes, geometry and detail are left out. FITS are folders of `packshot fit`; each is a set of its own here, and all are
learned together.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.learning.fitting.pair_set import read_fits, read_look
from packshot.learning.fitting.reading import load_reading
from packshot.learning.light.learning import learn_light, rows_of, said_by_mean
from packshot.learning.light.model import Rows
from packshot.learning.light.product_colors import ProductColors
from packshot.learning.light.spoilt import read_spoilt, with_more
from packshot.learning.pairs import Pair
from packshot.learning.splits import split_pairs
from packshot.pack import Pack

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Photos:
    """Rows, product colours and the set of each photo, and which are held out."""

    rows: Rows
    colors: ProductColors
    sets: NDArray[np.str_]
    held: NDArray[np.bool_]

    def only(self, chosen: NDArray[np.bool_]) -> Photos:
        """Some of them."""
        return Photos(self.rows.only(chosen), self.colors.only(chosen), self.sets[chosen], self.held[chosen])


def read(folders: list[Path], pack: Pack) -> Photos:
    """All accepted pairs of the folders."""
    readings, looks, fits, sets, pairs = [], [], [], [], []
    for folder in folders:
        look = read_look(folder)
        for fit in read_fits(folder):
            if not fit.accepted or fit.recipe is None:
                continue
            pair = Pair(fit.id, fit.category, fit.group, Path(fit.before), Path(fit.after))
            path = next((folder / "readings").glob(f"{Path(fit.recipe_file).stem}.*.npz"))
            readings.append(load_reading(path, pair))
            pairs.append(pair)
            looks.append(look.of(fit.category))
            fits.append(fit)
            sets.append(folder.name)
    rows, problems = rows_of(fits, pack, lambda *_: None)
    if problems:
        raise SystemExit("\n".join(problems.values()))
    scored = {pair.group for pair in split_pairs(pairs)[1]}
    held = np.array([group in scored for group in rows.groups], np.bool_)
    return Photos(rows, ProductColors.of(readings, looks), np.array(sets), held)


def tell(name: str, photos: Photos, said: dict[str, Floats]) -> None:
    """A table: median and mean by set and by category."""
    print(f"\n{name}: {len(photos.rows)} photos of {len(set(photos.rows.groups))} groups; median, mean\n")
    missed = {way: photos.colors.ciede2000(changes) for way, changes in said.items()}
    print(f"| | photos | {' | '.join(missed)} |\n|---{'|---' * (1 + len(missed))}|")
    kinds = [("all", np.ones(len(photos.rows), np.bool_))]
    for labels in (photos.sets, np.array(photos.rows.categories)):
        kinds += [(str(label), labels == label) for label in np.unique(labels)]
    for label, chosen in kinds:
        cells = [f"{np.nanmedian(off[chosen]):.2f}, {np.nanmean(off[chosen]):.2f}" for off in missed.values()]
        print(f"| {label} | {int(chosen.sum())} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fits", type=Path, nargs="+")
    parser.add_argument("--pack", type=Path, default=Path("packshot/packs/base"))
    parser.add_argument("--spoilt", type=Path)
    given = parser.parse_args()
    pack = Pack(given.pack)
    photos = read(given.fits, pack)
    known, new = photos.only(~photos.held), photos.only(photos.held)
    rows = known.rows
    if given.spoilt is not None:
        rows = with_more(rows, read_spoilt(given.spoilt, pack), set(new.rows.groups))
    lesson = learn_light(rows)
    nothing = np.zeros(rows.changes.shape)
    said = {"untouched": nothing, "mean recipe": said_by_mean(rows), "predicted": lesson.said, "fitted": rows.changes}
    tell("Groups left out in turn", known, said)
    if len(new.rows):
        told, _ = lesson.model.predict(new.rows.measured, new.rows.categories)
        untouched = np.zeros(told.shape)
        tell("Groups held out", new, {"untouched": untouched, "predicted": told, "fitted": new.rows.changes})


if __name__ == "__main__":
    main()
