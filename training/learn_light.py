"""The light model alone, from fits that are kept: what `packshot learn` makes of them.

python -m training.learn_light --fits WORK/fits/real WORK/fits/studio WORK/fits/rendered --pack PACK \\
    --spoilt WORK/spoilt.npz --out WORK/light.onnx

Groups that `learn` holds out stay out. The pack measures the photos: the model holds for its product network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from packshot.commands.steps import Steps
from packshot.learning.fitting.pair_set import PairFit, read_fits
from packshot.learning.light.export import export_light_model
from packshot.learning.light.learning import learn_light, missed, rows_of, said_by_mean
from packshot.learning.light.spoilt import read_spoilt, with_more
from packshot.learning.pairs import Pair
from packshot.learning.splits import split_pairs
from packshot.pack import Pack


def pair_of(fit: PairFit) -> Pair:
    """The pair that was fitted."""
    return Pair(fit.id, fit.category, fit.group, Path(fit.before), Path(fit.after))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=Path, nargs="+", required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--spoilt", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    fits = [fit for folder in given.fits for fit in read_fits(folder) if fit.accepted and fit.recipe is not None]
    scored = {pair.group for pair in split_pairs([pair_of(fit) for fit in fits])[1]}
    pack = Pack(given.pack)
    with Steps() as steps:
        rows, problems = rows_of([fit for fit in fits if fit.group not in scored], pack, steps)
    for name, why in problems.items():
        print(f"{name}: {why}")
    if given.spoilt is not None:
        rows = with_more(rows, read_spoilt(given.spoilt, pack), scored)
    lesson = learn_light(rows)
    digest = export_light_model(lesson.model, given.out)
    left, mean = missed(rows, lesson.said), missed(rows, said_by_mean(rows))
    print(
        f"{len(rows)} photos; missed by {left:.3f} on groups left out, {mean:.3f} by the mean recipe; sha256 {digest}"
    )


if __name__ == "__main__":
    main()
