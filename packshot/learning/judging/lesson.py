"""The judge's part of learning: how the new pack does on pairs whose light it did not learn, and a judge of that.

The light model is learned anew without each fold of groups, and the fold's pairs are retouched with it: what became of
them is what will become of photos that nobody retouched yet. Networks that were trained on the pairs are not trained
anew; the held-out groups, which neither judge nor networks see, tell what that hides.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.judge_model import TrainedJudge, digest_of_group
from packshot.learning.judging.outcomes import Collected, Outcome, OutcomeSettings, collect
from packshot.learning.judging.training import JudgeTraining, TooFewOutcomesError, add_judge, train_judge
from packshot.learning.light.export import export_light_model
from packshot.learning.light.learning import LightLesson, believed, not_asked
from packshot.learning.light.model import LightModel, fit_model
from packshot.learning.pairs import Pair
from packshot.learning.proof.evaluation import Advance
from packshot.learning.splits import folds
from packshot.pack import Pack
from packshot.pack_file import own_light
from packshot.photo import write_atomic

FOLDS = 5


@dataclass(frozen=True)
class JudgeLesson:
    """What came of it: the judge (None: too few outcomes, ``note`` says so) and the outcomes it learned from."""

    judge: TrainedJudge | None
    collected: Collected
    note: str = ""


def learn_judge(
    folder: Path,
    pairs: Sequence[Pair],
    lesson: LightLesson | None,
    training: JudgeTraining | None = None,
    how: tuple[OutcomeSettings, Advance | None] = (OutcomeSettings(), None),
) -> JudgeLesson:
    """Judges the pack in ``folder`` on ``pairs``, which it learned from, out of fold, and puts the judge into it.

    ``lesson``: what ``learn_light`` gave; None where the pack's light model knows none of the pairs. The pack's other
    files must be final: the judge is about exactly this pack. Raises PackError, EngineError.
    """
    training = training or JudgeTraining(hard=Pack(folder).file.hard)
    seen = {*training.seen, *(digest_of_group(pair.group) for pair in pairs)}
    training = replace(training, seen=tuple(sorted(seen)))
    collected = out_of_fold(folder, pairs, lesson, how)
    try:
        judge = train_judge(collected.outcomes, training)
    except TooFewOutcomesError as error:
        return JudgeLesson(None, collected, str(error))
    add_judge(folder, judge)
    return JudgeLesson(judge, collected)


def out_of_fold(
    folder: Path,
    pairs: Sequence[Pair],
    lesson: LightLesson | None,
    how: tuple[OutcomeSettings, Advance | None] = (OutcomeSettings(), None),
) -> Collected:
    """Each pair's outcome by a pack whose light was learned without its group."""
    settings, advance = how
    if lesson is None or len(set(lesson.rows.groups)) < FOLDS:
        return collect(pairs, folder, settings, advance)
    steps = _Steps(advance, len(pairs))
    place = folds(lesson.rows.groups, FOLDS)
    fold_of = dict(zip(lesson.rows.groups, place.tolist(), strict=True))
    outcomes: dict[str, Outcome] = {}
    left_out: dict[str, str] = {}
    for fold in range(FOLDS):
        chosen = [pair for pair in pairs if fold_of.get(pair.group, 0) == fold]
        with _without(folder, lesson, fold) as other:
            found = collect(chosen, other, settings, steps)
        steps.before += len(chosen)
        outcomes |= {outcome.id: outcome for outcome in found.outcomes}
        left_out |= found.left_out
    return Collected(tuple(outcomes[pair.id] for pair in pairs if pair.id in outcomes), left_out)


@dataclass
class _Steps:
    """Progress over all folds."""

    advance: Advance | None
    total: int
    before: int = field(default=0)

    def __call__(self, what: str, done: int, total: int) -> None:
        del total
        if self.advance is not None:
            self.advance(what, self.before + done, self.total)


@contextmanager
def _without(folder: Path, lesson: LightLesson, fold: int) -> Iterator[Path]:
    """A copy of the pack whose light model has not seen a fold's groups."""
    model = _unseeing(lesson, folds(lesson.rows.groups, FOLDS) != fold)
    with TemporaryDirectory() as temporary:
        other = Path(temporary) / "pack"
        other.mkdir()
        for card in Pack(folder).file.cards().values():
            _link(folder / card.file, other / card.file)
        (other / "light.onnx").unlink(missing_ok=True)
        export_light_model(model, other / "light.onnx")
        content = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
        digest = hashlib.sha256((other / "light.onnx").read_bytes()).hexdigest()
        fresh = {"file": "light.onnx", "sha256": digest, "categories": list(model.categories)}
        own = {own_light(category) for category in model.categories}
        models = {role: card for role, card in content["models"].items() if role not in own}
        content["models"] = {**models, "light": {**models.get("light", {}), **fresh}}
        content |= {"judge": None, "certificates": []}
        write_atomic(other / "pack.json", json.dumps(content).encode())
        yield other


def _unseeing(lesson: LightLesson, seen: NDArray[np.bool_]) -> LightModel:
    """The lesson's model as it would be of the rows that are ``seen`` alone."""
    rows = lesson.rows.only(seen)
    model = fit_model(rows, lesson.model.way, residues=(lesson.rows.changes - lesson.said)[seen])
    instead = {category: other for category, other in lesson.instead.items() if category in model.categories}
    return not_asked(believed(model, lesson.kept, rows), rows, instead)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
