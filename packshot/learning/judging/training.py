"""Training the judge on outcomes, and telling honestly how good it is: on groups it did not see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.bar import Bar
from packshot.evaluation.causes import ERROR_OF, PART_OF
from packshot.evaluation.error_model import ErrorModel
from packshot.evaluation.features import Features, rounded
from packshot.evaluation.judge_model import (
    FILE,
    PARTS,
    REJECTED,
    Opinion,
    Projection,
    TrainedJudge,
    Trials,
    digest_of_group,
    log_odds,
    row_of,
)
from packshot.evaluation.ranking import auc, platt
from packshot.evaluation.trees import Forest
from packshot.learning.judging.errors import concerning, learn_errors, log_errors, short, with_residues
from packshot.learning.judging.forest import ForestSettings, grow
from packshot.learning.judging.habits import project, usual
from packshot.learning.judging.hard import train_hard
from packshot.learning.judging.outcomes import Outcome
from packshot.learning.judging.places import train_places
from packshot.learning.pack_making import write_data
from packshot.photo import write_atomic

LEAST_OUTCOMES, LEAST_BAD = 40, 8
_FOLDS = 5
# Where to look says not how it is. How sure the uprightness network is of its turn flatters a judge wherever that
# network has learned from the same products, as the base pack's has.
_NEVER = ("apart_", "tilt_", "place_", "angle_confidence")
_ERRORS = {REJECTED: tuple(ERROR_OF.values()), **{part: (name,) for part, name in ERROR_OF.items()}}


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
    """A judge from honest outcomes (see ``judging.outcomes``). Raises TooFewOutcomesError.

    It knows how far off shots will be where afters told that of most; else what people rejected.
    """
    training = training or JudgeTraining()
    bad = np.array([outcome.bad(training.bar) for outcome in outcomes], bool)
    if len(outcomes) < LEAST_OUTCOMES or min(int(bad.sum()), int((~bad).sum())) < LEAST_BAD:
        raise TooFewOutcomesError(
            f"a judge needs {LEAST_OUTCOMES} outcomes with {LEAST_BAD} good and {LEAST_BAD} bad ones; these are "
            f"{len(outcomes)}, {int(bad.sum())} of them bad: give more pairs, or another bar of good"
        )
    judge, tried = _tried(outcomes, training)
    rejected = _rejected(outcomes, tried)
    slope, offset = platt(rejected, bad)  # the folds' judges leave their log odds as they are: slope 1, offset 0
    figures = {"outcomes": float(len(outcomes)), "bad": float(bad.mean()), "auc": round(auc(rejected, bad), 4)}
    groups = {*training.seen, *(digest_of_group(outcome.group) for outcome in outcomes)}
    hard = train_hard(outcomes, judge.projection, training.hard, training.seed)
    places = train_places([one.places for one in outcomes], [one.group for one in outcomes], training.seed)
    update = {"slope": slope, "offset": offset, "figures": figures, "hard": hard, "seen": tuple(sorted(groups))}
    return judge.model_copy(update={**update, "places": places})


Tried = list[tuple[TrainedJudge, list[int]]]
"""The folds' judges, and which outcomes each has not seen."""


def judged_out_of_fold(outcomes: Sequence[Outcome], training: JudgeTraining) -> NDArray[np.float64]:
    """How likely each is rejected, said by judges that have not seen its group; calibrated on all."""
    rejected = _rejected(outcomes, _tried(outcomes, training)[1])
    slope, offset = platt(rejected, np.array([outcome.bad(training.bar) for outcome in outcomes], bool))
    odds = np.array([log_odds(share) for share in rejected])
    return np.asarray(1 / (1 + np.exp(-(slope * odds + offset))))


def _tried(outcomes: Sequence[Outcome], training: JudgeTraining) -> tuple[TrainedJudge, Tried]:
    """A judge of all outcomes, and the folds' judges that tell how good it is; none calibrated."""
    place = list(folds([outcome.group for outcome in outcomes], _FOLDS, training.seed))
    judge = _learned(outcomes, training, training.seed + _FOLDS)
    bare = [
        _learned([outcomes[index] for index in learn], training, training.seed + fold)
        for fold, (learn, _) in enumerate(place)
    ]
    tried = [(one, test) for one, (_, test) in zip(bare, place, strict=True)]
    return _with_residues(judge, tried, outcomes) if judge.errors else (judge, tried)


def _rejected(outcomes: Sequence[Outcome], tried: Tried) -> NDArray[np.float64]:
    rejected = np.zeros(len(outcomes))
    for one, test in tried:
        rejected[test] = [_opinion(one, outcomes[index]).rejected for index in test]
    return rejected


def _opinion(judge: TrainedJudge, outcome: Outcome) -> Opinion:
    return judge.opinion(described(outcome, judge.projection), outcome.category)


def _with_residues(judge: TrainedJudge, tried: Tried, outcomes: Sequence[Outcome]) -> tuple[TrainedJudge, Tried]:
    """How widely errors lie about what is expected of them, as the folds' judges showed it, told to all of them."""
    said = {name: np.full(len(outcomes), np.nan) for name in judge.errors}
    for one, test in tried:
        for index in test:
            known, row = _read(one, outcomes[index])
            for name in judge.errors.keys() & one.errors.keys():
                said[name][index] = one.errors[name].centre(known, row)
    came = {name: log_errors(outcomes, name) for name in judge.errors}
    models = {name: with_residues(model, said[name], came[name]) for name, model in judge.errors.items()}
    whole = ~np.isnan([*said.values(), *came.values()]).any(0)
    trials = Trials(
        said={name: short(values[whole]) for name, values in said.items()},
        came={name: short(values[whole]) for name, values in came.items()},
    )
    update = {"errors": models, "trials": trials}
    return judge.model_copy(update=update), [(_spread_as(one, models), test) for one, test in tried]


def _read(judge: TrainedJudge, outcome: Outcome) -> tuple[Features, NDArray[np.float64]]:
    known = judge.complete(described(outcome, judge.projection), outcome.category)
    return known, row_of(known, judge.features)


def _spread_as(judge: TrainedJudge, models: Mapping[str, ErrorModel]) -> TrainedJudge:
    own = {
        name: model.model_copy(update={"residues": models[name].residues, "usual": models[name].usual})
        for name, model in judge.errors.items()
        if name in models
    }
    return judge.model_copy(update={"errors": own})


def described(outcome: Outcome, projection: Projection | None) -> Features:
    """An outcome's features with the network's description of its photo."""
    if projection is None or not outcome.embedding:
        return outcome.features
    told = projection.features(np.array(outcome.embedding))
    return {**outcome.features, **{name: rounded(value) for name, value in told.items()}}


def _learned(outcomes: Sequence[Outcome], training: JudgeTraining, seed: int) -> TrainedJudge:
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
    facts = {"bar": training.bar, "features": names, "projection": projection, "habits": habits}
    if 2 * sum(outcome.rejected is None for outcome in outcomes) >= len(outcomes):
        facts["errors"] = _errors(outcomes, rows, (names, table), training, seed)
    else:
        facts |= {"forests": _forests(outcomes, (names, table), training, seed), "by_parts": False}
    return TrainedJudge.model_validate(facts)


def _errors(
    outcomes: Sequence[Outcome],
    rows: Sequence[Features],
    table: tuple[Sequence[str], NDArray[np.float64]],
    training: JudgeTraining,
    seed: int,
) -> dict[str, ErrorModel]:
    """A model for each part's own figure, and for the others that the bar asks for."""
    asked = [name for name in PART_OF if name in ERROR_OF.values() or getattr(training.bar, name) is not None]
    found = {
        name: learn_errors(name, rows, table, log_errors(outcomes, name), (seed + place, training.forest))
        for place, name in enumerate(asked)
    }
    return {name: model for name, model in found.items() if model is not None}


def _forests(
    outcomes: Sequence[Outcome],
    table: tuple[Sequence[str], NDArray[np.float64]],
    training: JudgeTraining,
    seed: int,
) -> dict[str, Forest]:
    """A forest for each of what people rejected: a shot at all, its colour, outline, or frame."""
    shares = np.array([_shares(outcome, training.bar) for outcome in outcomes])
    return {
        part: _grown_on(table, part, _targets(outcomes, shares[:, place], part), (seed + place, training.forest))
        for place, part in enumerate(PARTS)
    }


def _grown_on(
    table: tuple[Sequence[str], NDArray[np.float64]],
    part: str,
    targets: NDArray[np.float64],
    how: tuple[int, ForestSettings],
) -> Forest:
    """A part's forest, on the features that concern it; its numbers of features are places among the names."""
    names, rows = table
    columns = concerning(part, names)
    forest = grow(rows[:, columns], targets, *how)
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
        logs = log_errors(outcomes, name)
        for kind in (0.0, 1.0):
            same = bad == kind
            known = logs[same & ~np.isnan(logs)]
            logs[same & np.isnan(logs)] = known.mean() if len(known) else 0.0
        columns.append(logs)
    return np.stack(columns, 1)


def folds(groups: Sequence[str], count: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(learn, test) indices, no group in both; groups go to folds by a hash, so that adding some moves no others."""
    number = [int(hashlib.blake2b(f"{seed}:{group}".encode(), digest_size=4).hexdigest(), 16) for group in groups]
    for fold in range(count):
        test = [index for index, value in enumerate(number) if value % count == fold]
        learn = [index for index, value in enumerate(number) if value % count != fold]
        if test and learn:
            yield learn, test


def add_judge(folder: Path, judge: TrainedJudge) -> None:
    """Writes the judge into a pack. Certificates go: they were about another judge."""
    path = folder / "pack.json"
    pack = json.loads(path.read_text(encoding="utf-8"))
    pack["judge"] = write_data(folder, FILE, judge).model_dump()
    pack["certificates"] = []
    write_atomic(path, (json.dumps(pack, indent=1, ensure_ascii=False) + "\n").encode())
