"""What stands between our frames and the retouchers': angle, cut-out, scale and place, with the true parts put in one
at a time; and each category's own rules against one set for all.

python -m tools.measure_frames DATA/pairs/{real,studio,rendered} --fits FITS --pack PACK

DATA are sets whose ``pairs.jsonl`` has the truth; FITS holds a folder of `packshot fit` for each set, of its name. Only
figures are made with the truth. Corner errors are medians and means, in percent of the after's long side.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.evaluation.metrics import corner_error
from packshot.geometry import Affine
from packshot.learning.fitting.pair_set import PairFit, read_fits
from packshot.learning.house.habits import product_matte_of
from packshot.learning.proof.own_or_one import WORDS, own_or_one
from packshot.learning.proof.scoring import onto_canvas
from packshot.learning.splits import held_out
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.stages.alignment import AlignmentStage
from packshot.stages.cropping import crop, turned_box
from packshot.style import House, Style
from packshot.uprightness import angles
from packshot.view import View

Floats = NDArray[np.float64]
Matte = tuple[NDArray[np.float32], Affine]
WAYS = (
    "ours",
    "no turn",
    "half the mean turn where not turned",
    "true angle",
    "human's cut-out",
    "true angle, human's cut-out",
    "true angle and scale",
    "true angle and place",
    "true scale and place",
)


@dataclass(frozen=True)
class Truth:
    """Where the retoucher put the product: the map from the before's pixel centres, and its box's corners there."""

    to_after: Affine
    corners: Floats
    canvas: tuple[int, int]

    def missed(self, frame: Affine) -> float:
        """Corner error of a map onto the same canvas."""
        return corner_error(frame, self.to_after, self.corners, max(self.canvas))

    def with_true(self, frame: Affine, parts: tuple[str, ...]) -> Affine:
        """The map with some of ``angle``, ``scale`` and ``place`` (of the box's middle) as they were."""
        middle = self.corners.mean(0)
        angle = geometry.angle_of(self.to_after if "angle" in parts else frame)
        scale = geometry.scale_of(self.to_after if "scale" in parts else frame)
        lands = geometry.apply(self.to_after if "place" in parts else frame, middle[None])[0]
        turned = geometry.frame_affine(angle, scale, (0.0, 0.0), (1, 1))
        turned[:, 2] += lands - geometry.apply(turned, middle[None])[0]
        return turned


def framed(matte: Matte, angle: float, house: House, canvas: tuple[int, int]) -> Affine:
    """The map of a crop, at the after's scale."""
    box = turned_box(matte[0], angle, matte[1])
    assert box is not None
    cut = crop(box, angle, house)
    assert cut.centre is not None
    assert cut.canvas is not None
    return geometry.compose(
        geometry.frame_affine(angle, cut.scale, cut.centre, cut.canvas), onto_canvas(cut.canvas, canvas)
    )


def ways(fit: PairFit, truth: Truth, pack: Pack) -> dict[str, float]:
    """Corner errors of one pair."""
    assert fit.recipe is not None
    view = View.of(Photo.open(Path(fit.before)), pack, Style(), fit.category)
    ours, human = (view.matte, view.to_source), product_matte_of(fit.recipe)
    assert human is not None
    angle, true = AlignmentStage().predict(view, fit.recipe).angle, geometry.angle_of(truth.to_after)
    share = view.upright_share
    mean = 0.0 if share is None else float(share @ angles() / share.sum())

    def at(matte: Matte, turn: float) -> Affine:
        return framed(matte, turn, view.house, truth.canvas)

    frames = [at(ours, angle), at(ours, 0.0), at(ours, angle or mean / 2), at(ours, true), at(human, angle)]
    frames.append(at(human, true))
    frames += [
        truth.with_true(frames[0], parts) for parts in (("angle", "scale"), ("angle", "place"), ("scale", "place"))
    ]
    return {name: truth.missed(frame) for name, frame in zip(WAYS, frames, strict=True)}


def read(data: Path, fits: Path) -> Iterator[tuple[PairFit, Truth]]:
    """The accepted pairs of a set with their truth."""
    lines = [json.loads(line) for line in (data / "pairs.jsonl").read_text("utf-8").splitlines() if line]
    told = {line["id"]: line["truth"] for line in lines}
    for fit in read_fits(fits):
        if fit.accepted and fit.recipe is not None and fit.recipe.background.matte is not None:
            truth = told[fit.id]
            where = np.array(truth["before_to_after"], float), np.array(truth["product_corners_before"], float)
            yield fit, Truth(*where, fit.recipe.geometry.size)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--fits", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    options = parser.parse_args()
    pack, fits = Pack(options.pack), []
    found: dict[str, list[dict[str, float]]] = {}
    for data in options.data:
        for fit, truth in read(data, options.fits / data.name):
            fits.append(fit)
            kept = "held out" if held_out(fit.group) else "learned from"
            found.setdefault(f"{data.name}, {kept}", []).append(ways(fit, truth, pack))
    print(f"| | {' | '.join(f'{name} ({len(rows)})' for name, rows in found.items())} |\n|---{'|---' * len(found)}|")
    for way in WAYS:
        cells = [[row[way] for row in rows] for rows in found.values()]
        print(f"| {way} | {' | '.join(f'{np.median(cell):.2f}, {np.mean(cell):.2f}' for cell in cells)} |")
    print(
        "\n| category | mean error | pairs | groups | one for all | own | gain | p, adjusted | own is |\n|---|"
        + "---|" * 8
    )
    for one in own_or_one(fits, options.fits, None):
        test = one.difference
        count = f"{test.pairs} | {test.groups}"
        gain = f"{test.gain:.2f} [{test.low:.2f}, {test.high:.2f}]"
        print(
            f"| {one.category} | {WORDS[one.figure]} | {count} | {one.for_all:.2f} | {one.own:.2f} "
            f"| {gain} | {test.adjusted:.3f} | {test.verdict} |"
        )


if __name__ == "__main__":
    main()
