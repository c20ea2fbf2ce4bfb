"""Training the judge on outcomes, and telling honestly how good it is: on groups it did not see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.bar import Bar
from packshot.evaluation.features import Features
from packshot.evaluation.judge_model import (
    COLOUR,
    FILE,
    FRAME,
    OUTLINE,
    PARTS,
    REJECTED,
    Forest,
    Habits,
    Projection,
    TrainedJudge,
    digest_of_group,
    row_of,
)
from packshot.learning.forest import ForestSettings, grow
from packshot.learning.hard_training import train_hard
from packshot.learning.judge_outcomes import Outcome
from packshot.photo import write_atomic

LEAST_OUTCOMES, LEAST_BAD = 40, 8
_FOLDS = 5
_COMPONENTS = 16
_SHRINK = 15.0  # outcomes of a category that weigh as much as all the others together
_RIDGE = 0.1
# Where to look says not how it is. How sure the uprightness network is of its turn flatters a judge wherever that
# network has learned from the same products, as the base pack's has: it seems to know, and on others does not.
_NEVER = ("apart_", "tilt_")
_HABITS = (
    "gain_red", "gain_blue", "exposure", "unevenness", "magnification", "off_centre_x", "off_centre_y", "area",
    "box_aspect", "after_lightness", "after_dark", "after_bright", "after_chroma", "product_after", "backdrop_after",
)  # fmt: skip
_CONCERNS = {
    COLOUR: (
        "felt_", "exposure", "white_unsure", "evenness_", "unevenness", "product_", "backdrop_", "after_", "contrast",
        "greys_apart", "paper_", "shades_", "gain_", "chroma", "seen_through", "specular", "bright", "saturation",
        "from_habits", "is_",
    ),
    OUTLINE: (
        "cut_", "level_", "varied_", "off_surface", "border_", "matte_doubt", "unsure", "edge_width", "raggedness",
        "frame_contact", "hollow", "pieces", "second_piece", "solidity", "like_backdrop", "backdrop_busy",
        "seen_through", "from_backdrop", "specular", "fine_drawing", "area", "found_", "is_",
    ),
    FRAME: (
        "angle", "turned", "lean", "slender", "box_", "solidity", "least_margin", "frame_contact", "cut_box",
        "cut_overlap", "level_box", "varied_box", "off_centre", "magnification", "enlarged", "raggedness", "area",
        "pieces", "is_",
    ),
}  # fmt: skip
"""How the names of those features begin that say something of a part: of few outcomes, chance finds the others too."""
_LEAST_ERRORS = {"delta_e": 0.3, "iou": 1e-3, "corner": 0.05}
_ERRORS = {REJECTED: tuple(_LEAST_ERRORS), COLOUR: ("delta_e",), OUTLINE: ("iou",), FRAME: ("corner",)}


class TooFewOutcomesError(ValueError):
    """No judge can be trained; the message says what is missing."""


@dataclass(frozen=True)
class JudgeTraining:
    """bar: what counts as good. hard: categories of hard material. seed: of all chance. seen: digests of further groups
    that the pack learned from, and that may not calibrate it.
    """

    bar: Bar = field(default_factory=Bar)
    hard: tuple[str, ...] = ("jewellery", "glassware")
    seed: int = 0
    seen: tuple[str, ...] = ()
    forest: ForestSettings = field(default_factory=ForestSettings)


def train_judge(outcomes: Sequence[Outcome], training: JudgeTraining | None = None) -> TrainedJudge:
    """A judge from honest outcomes (see ``judge_outcomes``). Raises TooFewOutcomesError."""
    training = training or JudgeTraining()
    bad = np.array([outcome.bad(training.bar) for outcome in outcomes], bool)
    if len(outcomes) < LEAST_OUTCOMES or min(int(bad.sum()), int((~bad).sum())) < LEAST_BAD:
        raise TooFewOutcomesError(
            f"a judge needs {LEAST_OUTCOMES} outcomes with {LEAST_BAD} good and {LEAST_BAD} bad ones; these are "
            f"{len(outcomes)}, {int(bad.sum())} of them bad: give more pairs, or another bar of good"
        )
    rejected, bare = np.zeros(len(outcomes)), None
    for fold, (learn, test) in enumerate(folds([outcome.group for outcome in outcomes], _FOLDS, training.seed)):
        bare = _grown([outcomes[index] for index in learn], training, training.seed + fold)
        rejected[test] = [_opinion(bare, outcomes[index]) for index in test]
    slope, offset = platt(rejected, bad)  # the folds' judges leave their log odds as they are: slope 1, offset 0
    judge = _grown(outcomes, training, training.seed + _FOLDS)
    figures = {"outcomes": float(len(outcomes)), "bad": float(bad.mean()), "auc": round(auc(rejected, bad), 4)}
    groups = {*training.seen, *(digest_of_group(outcome.group) for outcome in outcomes)}
    hard = train_hard(outcomes, judge.projection, training.hard, training.seed)
    update = {"slope": slope, "offset": offset, "figures": figures, "hard": hard, "seen": tuple(sorted(groups))}
    return judge.model_copy(update=update)


def _opinion(judge: TrainedJudge, outcome: Outcome) -> float:
    return judge.opinion(described(outcome, judge.projection), outcome.category).rejected


def described(outcome: Outcome, projection: Projection | None) -> Features:
    """An outcome's features with the network's description of its photo."""
    if projection is None or not outcome.embedding:
        return outcome.features
    return {**outcome.features, **projection.features(np.array(outcome.embedding))}


def _grown(outcomes: Sequence[Outcome], training: JudgeTraining, seed: int) -> TrainedJudge:
    """A judge on all these outcomes, not yet calibrated."""
    projection = project([outcome.embedding for outcome in outcomes])
    features = [described(outcome, projection) for outcome in outcomes]
    habits = usual(features, [outcome.category for outcome in outcomes])
    rows = [
        {**one, "from_habits": habits.distance(one, outcome.category)}
        for one, outcome in zip(features, outcomes, strict=True)
    ]
    names = tuple(name for name in sorted({name for row in rows for name in row}) if not name.startswith(_NEVER))
    table = np.stack([row_of(row, names) for row in rows])
    shares = np.array([_shares(outcome, training.bar) for outcome in outcomes])
    forests = {
        part: _grown_on(table, names, part, _targets(outcomes, shares[:, place], part), (seed + place, training.forest))
        for place, part in enumerate(PARTS)
    }
    known = sum(outcome.rejected is None for outcome in outcomes)
    facts = {"bar": training.bar, "features": names, "forests": forests, "by_parts": 2 * known >= len(outcomes)}
    return TrainedJudge.model_validate({**facts, "projection": projection, "habits": habits})


def _grown_on(
    table: NDArray[np.float64],
    names: Sequence[str],
    part: str,
    targets: NDArray[np.float64],
    how: tuple[int, ForestSettings],
) -> Forest:
    """A part's forest, on the features that concern it; its numbers of features are places in ``names``."""
    begins = _CONCERNS.get(part, ("",))
    columns = [place for place, name in enumerate(names) if name.startswith(begins)] or list(range(len(names)))
    forest = grow(table[:, columns], targets, targets[:, 0], *how)
    feature = tuple(columns[number] if number >= 0 else number for number in forest.feature)
    return forest.model_copy(update={"feature": feature})


def _shares(outcome: Outcome, bar: Bar) -> tuple[float, float, float, float]:
    """Rejected at all, and for colour, outline, frame: 1 or 0."""
    faults = set(bar.faults(outcome.figures)) if outcome.rejected is None else set()
    wrong = set(outcome.wrong)
    colour = bool(faults & {"delta_e", "perceptual"}) or "colour" in wrong
    outline = bool(faults & {"iou", "edge"}) or "outline" in wrong
    frame = bool(faults & {"corner", "angle", "margin"}) or "frame" in wrong
    return float(outcome.bad(bar)), float(colour), float(outline), float(frame)


def _targets(outcomes: Sequence[Outcome], bad: NDArray[np.float64], part: str) -> NDArray[np.float64]:
    """What a part's splits are chosen by: bad or not, and the logarithms of the errors that make it so.

    An error that is not known is taken for what is usual among the bad or among the good.
    """
    columns = [bad]
    for name in _ERRORS[part]:
        values = np.array([_error(outcome.figures.get(name), name) for outcome in outcomes])
        logs = np.log(np.maximum(values, _LEAST_ERRORS[name]))
        for kind in (0.0, 1.0):
            same = bad == kind
            known = logs[same & ~np.isnan(logs)]
            logs[same & np.isnan(logs)] = known.mean() if len(known) else 0.0
        columns.append(logs)
    return np.stack(columns, 1)


def _error(value: float | None, name: str) -> float:
    if value is None:
        return np.nan
    return 1 - value if name == "iou" else value


def project(embeddings: Sequence[Sequence[float]]) -> Projection | None:
    """Principal components of the photos' descriptions; None where some have none."""
    if any(not embedding for embedding in embeddings):
        return None
    table = np.array(embeddings, np.float64)
    mean = table.mean(0)
    count = min(_COMPONENTS, len(table) // 8, table.shape[1])
    _, sizes, basis = np.linalg.svd(table - mean, full_matrices=False)
    deviation = np.maximum(sizes[:count] / np.sqrt(len(table)), 1e-6)
    # The sign of a component is chance: its largest number is made positive, so that training again gives the same.
    signs = np.sign(basis[np.arange(count), np.abs(basis[:count]).argmax(1)])
    rows = tuple(_short(row) for row in basis[:count] * signs[:, None])
    return Projection(mean=_short(mean), basis=rows, deviation=_short(deviation))


def usual(features: Sequence[Features], categories: Sequence[str]) -> Habits:
    """Means by category, drawn towards the overall one where a category has few; one covariance within categories."""
    names = tuple(name for name in _HABITS if any(name in row for row in features))
    table = np.array([[row.get(name, np.nan) for name in names] for row in features])
    overall = np.nanmean(table, 0)
    table = np.where(np.isnan(table), overall, table)
    means = {"default": overall}
    for category in sorted(set(categories)):
        own = table[[one == category for one in categories]]
        means[category] = (own.sum(0) + _SHRINK * overall) / (len(own) + _SHRINK)
    rest = table - np.stack([means[category] for category in categories])
    spread = rest.std(0) + 1e-6
    correlation = np.atleast_2d((rest / spread).T @ (rest / spread)) / len(rest)
    precision = np.linalg.inv((1 - _RIDGE) * correlation + _RIDGE * np.eye(len(names))) / np.outer(spread, spread)
    return Habits(
        features=names,
        means={name: _short(mean) for name, mean in means.items()},
        precision=tuple(_short(row) for row in precision),
    )


def _short(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


def folds(groups: Sequence[str], count: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(learn, test) indices, no group in both; groups go to folds by a hash, so that adding some moves no others."""
    number = [int(hashlib.blake2b(f"{seed}:{group}".encode(), digest_size=4).hexdigest(), 16) for group in groups]
    for fold in range(count):
        test = [index for index, value in enumerate(number) if value % count == fold]
        learn = [index for index, value in enumerate(number) if value % count != fold]
        if test and learn:
            yield learn, test


def platt(probabilities: NDArray[np.float64], bad: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset that make log odds calibrated (Platt, 1999), drawn a little towards leaving them alone."""
    clipped = np.clip(probabilities, 1e-3, 1 - 1e-3)
    odds = np.log(clipped / (1 - clipped))
    middle = float(odds.mean())
    inputs, weights = np.stack([odds - middle, np.ones_like(odds)], 1), np.array([1.0, 0.0])
    for _ in range(100):
        share = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (share - bad) + np.array([weights[0] - 1.0, 0.0])
        curvature = (inputs * (share * (1 - share))[:, None]).T @ inputs + np.diag([1.0, 1e-3])
        step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    slope = max(float(weights[0]), 0.05)
    return round(slope, 5), round(float(weights[1]) - slope * middle, 5)


def auc(scores: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """How often a bad shot scores above a good one, ties counted half (Mann and Whitney); 0.5 without both."""
    above, below = np.asarray(scores)[bad], np.asarray(scores)[~bad]
    if not len(above) or not len(below):
        return 0.5
    difference = above[:, None] - below[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def add_judge(folder: Path, judge: TrainedJudge) -> None:
    """Writes the judge into a pack. A certificate goes: it was about another judge."""
    content = judge.model_dump_json(exclude_defaults=False).encode()
    write_atomic(folder / FILE, content)
    path = folder / "pack.json"
    pack = json.loads(path.read_text(encoding="utf-8"))
    pack["judge"] = {"file": FILE, "sha256": hashlib.sha256(content).hexdigest()}
    pack["certificate"] = None
    write_atomic(path, (json.dumps(pack, indent=1, ensure_ascii=False) + "\n").encode())
