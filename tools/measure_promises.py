"""Which promise could be kept with which bar of good, and how good any judge could be, on kept outcomes.

python tools/measure_promises.py WORK/outcomes.jsonl HELD_OUT.jsonl --risk 0.05 --risk 0.1
python tools/measure_promises.py WORK/outcomes.jsonl HELD_OUT.jsonl --fits FITS/real FITS/studio FITS/rendered
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.bar import Bar
from packshot.evaluation.exact import upper_bound
from packshot.evaluation.promise import Case, Promise, find_threshold, likeness
from packshot.evaluation.ranking import auc
from packshot.learning.judging.calibration import cases_of
from packshot.learning.judging.outcomes import Outcome, load_outcomes
from packshot.learning.judging.training import JudgeTraining, described, judged_out_of_fold, train_judge
from packshot.learning.judging.what_if import other_bars

Floats = NDArray[np.float64]
EXPOSURE = (0.0, 0.1, 0.18, 0.28)  # stops: deviation of what no photo tells of the light
TILT = (0.0, 0.6, 1.0, 1.5)  # degrees, of the turn
DRAWS = 200


def with_quality(outcomes: Sequence[Outcome], rejected: Floats) -> list[Outcome]:
    """Outcomes with the quality that a judge gave them."""
    pairs = zip(outcomes, rejected, strict=True)
    return [one.model_copy(update={"quality": round(1 - float(share), 4)}) for one, share in pairs]


def interval(cases: Sequence[Case]) -> tuple[float, float]:
    """Of the area under the curve, 95 %, by a bootstrap over groups."""
    draw, names = np.random.default_rng(0), sorted({case.group for case in cases})
    members = {name: [index for index, case in enumerate(cases) if case.group == name] for name in names}
    bad, score = np.array([case.bad for case in cases]), np.array([-case.quality for case in cases])
    again = []
    for _ in range(DRAWS):
        chosen = np.concatenate([members[names[pick]] for pick in draw.integers(len(names), size=len(names))])
        again.append(auc(score[chosen], bad[chosen]))
    low, high = np.quantile(again, (0.025, 0.975))
    return float(low), float(high)


def area(cases: Sequence[Case]) -> float:
    """Under the curve."""
    return auc(np.array([-case.quality for case in cases]), np.array([case.bad for case in cases]))


def tell_bar(learned: Sequence[Outcome], tried: Sequence[Outcome], bar: Bar, risks: Sequence[float]) -> None:
    """One bar: proven on the outcomes out of fold, tried on the groups held out."""
    training = replace(JudgeTraining(), bar=bar)
    try:
        judge = train_judge(learned, training)
    except ValueError as error:
        print(f"{bar.words()}: {error}")
        return
    own = cases_of(with_quality(learned, judged_out_of_fold(learned, training)), bar)
    opinions = [judge.opinion(described(one, judge.projection), one.category).rejected for one in tried]
    other = cases_of(with_quality(tried, np.array(opinions)), bar)
    low, high = interval(other)
    bad = [float(np.mean([case.bad for case in cases])) for cases in (own, other)]
    told = f"AUC {area(own):.3f}, held out {area(other):.3f} ({low:.2f} to {high:.2f})"
    print(f"{bar.words()}: bad {bad[0]:.0%}, held out {bad[1]:.0%}; {told}")
    for risk in risks:
        tell_promise(own, other, Promise(risk=risk))


def tell_promise(own: Sequence[Case], other: Sequence[Case], promise: Promise) -> None:
    """What is proven on ``own`` goods that are not hard, and what becomes of the ``other`` ones."""
    own, other = [one for one in own if not one.hard], [one for one in other if not one.hard]
    found = find_threshold(own, promise, likeness(own))
    if found is None:
        print(f"    {promise.risk:.0%}: nothing is proven")
        return
    published = [one for one in other if one.quality >= found.quality]
    bad, good = sum(one.bad for one in published), sum(not one.bad for one in other)
    bound = upper_bound(bad, len(published), promise.confidence) if published else 1.0
    print(
        f"    {promise.risk:.0%}: published {found.accepted / len(own):.0%} of {len(own)}, {found.bad} bad; held out "
        f"{len(published)} of {len(other)}, {bad} bad (at most {bound:.0%} by the bound), "
        f"{(len(published) - bad) / max(1, good):.0%} of the good ones"
    )


def tell_limit(outcomes: Sequence[Outcome], exposures: dict[str, float], bar: Bar) -> None:
    """The area under the curve of a judge that knows all but a deviation of light and of tilt."""
    known = [one for one in outcomes if one.id in exposures and {"felt_exposure", "exposure"} <= one.features.keys()]
    known = [one for one in known if all(one.figures.get(name) is not None for name in ("delta_e", "corner", "angle"))]
    figure = {
        name: np.array([float(one.figures[name] or 0) for one in known]) for name in ("delta_e", "corner", "angle")
    }
    missed = np.array([one.features["exposure"] - exposures[one.id] for one in known])
    per_stop = np.array([one.features["felt_exposure"] for one in known]) / 0.2
    turned = np.stack([np.ones(len(known)), figure["angle"] ** 2], 1)[figure["angle"] < 6]
    per_degree = np.sqrt(np.linalg.lstsq(turned, figure["corner"][figure["angle"] < 6] ** 2, rcond=None)[0][1])
    colour = np.sqrt(np.maximum(figure["delta_e"] ** 2 - (per_stop * missed) ** 2, 1.0))
    corner = np.sqrt(np.maximum(figure["corner"] ** 2 - (per_degree * figure["angle"]) ** 2, 0.04))
    outline = np.array([Bar(delta_e=None, corner=None, iou=bar.iou).faults(one.figures) != () for one in known])
    print(f"{len(known)} shots; a degree is {per_degree:.1f} % of corners, a stop {np.median(per_stop):.0f} ΔE00")
    draw = np.random.default_rng(0)
    for stops in EXPOSURE:
        row = []
        for degrees in TILT:
            light = np.sqrt(colour**2 + (per_stop * draw.normal(0, stops, (DRAWS, len(known)))) ** 2)
            frame = np.sqrt(corner**2 + (per_degree * draw.normal(0, degrees, (DRAWS, len(known)))) ** 2)
            faults = light > (bar.delta_e or np.inf), frame > (bar.corner or np.inf)
            share = 1 - (1 - faults[0].mean(0)) * (1 - faults[1].mean(0)) * ~outline
            bad = faults[0] | faults[1] | outline
            row.append(f"{np.mean([auc(share, one) for one in bad]):.2f} ({bad.mean():.0%} bad)")
        print(f"    light unknown by {stops:g} stops; tilt by {', '.join(f'{t:g}°' for t in TILT)}: {', '.join(row)}")


def fitted_exposures(folders: Sequence[Path]) -> dict[str, float]:
    """The retouchers' own exposures in stops, by pair."""
    files = [path for folder in folders for path in sorted((folder / "recipes").glob("*.json"))]
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))["lighting"]["exposure"] for path in files}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("learned", type=Path, help="outcomes out of fold, as `packshot learn` keeps them")
    parser.add_argument("held_out", type=Path, help="outcomes of groups that nobody learned from")
    parser.add_argument("--risk", type=float, action="append")
    parser.add_argument("--fits", type=Path, nargs="*", help="fits of the pairs: how good any judge could be")
    options = parser.parse_args()
    learned, tried = load_outcomes(options.learned), load_outcomes(options.held_out)
    if options.fits:
        exposures = fitted_exposures(options.fits)
        for bar in (Bar(), Bar(delta_e=6.0, corner=5.0)):
            print(f"a judge that knows all else, {bar.words()}, held out:")
            tell_limit(tried, exposures, bar)
        return
    for bar in other_bars(Bar()):
        tell_bar(learned, tried, bar, options.risk or (0.05, 0.1, 0.2))


if __name__ == "__main__":
    main()
