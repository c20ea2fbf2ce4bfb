"""How near a pack comes to the retouchers: every pair scored, beside the baselines and the ceiling."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from packshot.engines import EngineSettings, Reserve, make_engine
from packshot.evaluation.bar import Bar
from packshot.learning.fitting.pair import file_stem
from packshot.learning.pairs import Pair
from packshot.learning.proof import baselines
from packshot.learning.proof.baselines import Edit, edit_of, mean_edit
from packshot.learning.proof.pair_score import ALL, CLASSICAL, FITTED, MEAN, OURS, UNTOUCHED, PairScore, Row
from packshot.learning.proof.reference import Reference, RefusedPairError, read_reference
from packshot.learning.proof.scoring import Shot, on_canvas, score
from packshot.learning.proof.tables import Table, summarise
from packshot.learning.proof.two_sample import LEAST_GROUPS, Verdict, appearance, as_published, tell_apart
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.pipeline import judge, predict_viewed, render
from packshot.recipe import Recipe
from packshot.style import Style, load_style
from packshot.view import View


@dataclass(frozen=True)
class Comparison:
    """What one pair is compared with: the fitted recipe, the average edit of other pairs; baselines can be left out.

    appearance: whether to measure what a judge of the two-sample test looks at.
    """

    fitted: Recipe | None = None
    mean: Edit | None = None
    baselines: bool = True
    appearance: bool = False


def score_pair(
    reference: Reference, pack: Pack, style: Style | None = None, comparison: Comparison | None = None
) -> PairScore:
    """Retouches the before with ``pack`` and measures the result, and what it is compared with, against the after."""
    comparison = comparison or Comparison()
    photo, pair = reference.photo, reference.pair
    begun = time.perf_counter()
    view = View.of(photo, pack, style or Style(), pair.category)
    recipe = predict_viewed(view, photo)
    picture = render(photo, recipe)
    seconds = time.perf_counter() - begun
    verdict = judge(recipe, picture, pack, style)
    specks = None if comparison.fitted is None else comparison.fitted.detailing.effective().spots
    shots = {OURS: Shot.of(recipe, picture), **dict(_compared(reference, recipe, comparison))}
    figures = {name: score(shot, reference, specks) for name, shot in shots.items()}
    identity = (pair.id, pair.category, pair.group)
    rows = _appearance(shots[OURS], reference) if comparison.appearance else None
    said = verdict.route, verdict.would_publish, verdict.quality
    return PairScore(*identity, figures, *said, round(seconds, 4), _told(view), rows)


def _told(view: View) -> str:
    shares = view.pack.recognise(view.answer)
    return max(shares, key=lambda name: shares[name]) if shares else "unknown"


def _appearance(shot: Shot, reference: Reference) -> tuple[Row, Row]:
    ours = on_canvas(replace(shot, picture=as_published(shot.picture)), reference)
    first, second = (tuple(float(value) for value in appearance(side)) for side in (ours, reference.after))
    return first, second


def _compared(reference: Reference, predicted: Recipe, comparison: Comparison) -> Iterator[tuple[str, Shot]]:
    photo = reference.photo
    if comparison.baselines:
        yield UNTOUCHED, baselines.untouched(reference)
        if comparison.mean is not None:
            yield CLASSICAL, _rendered(photo, baselines.classical_recipe(photo, comparison.mean.styled))
            yield MEAN, _rendered(photo, baselines.mean_recipe(predicted, comparison.mean))
    if comparison.fitted is not None:
        yield FITTED, _rendered(photo, comparison.fitted)


def _rendered(photo: Photo, recipe: Recipe) -> Shot:
    return Shot.of(recipe, render(photo, recipe))


@dataclass(frozen=True)
class EvaluationOptions:
    """fits: folder of fitted recipes (``packshot fit``). kept: folder for registrations and mattes, so that the next
    evaluation need not find them again. style: house style file. averaged: pairs whose mean edit is the baseline; each
    pair's own category without its own group if not given. averaged_fits: their folder of fitted recipes, ``fits`` if
    not given. appearance: also ask whether ours can be told apart.
    """

    fits: Path | None = None
    kept: Path | None = None
    style: Path | None = None
    bar: Bar = field(default_factory=Bar)
    workers: int | None = None
    averaged: tuple[Pair, ...] = ()
    averaged_fits: Path | None = None
    baselines: bool = True
    appearance: bool = False


@dataclass(frozen=True)
class Evaluation:
    """All scores, and the pairs that have none with the reason."""

    pack: str
    scores: tuple[PairScore, ...]
    bar: Bar
    refused: dict[str, str]
    failed: dict[str, str]

    def tables(self) -> dict[str, Table]:
        """A table per category, and ``all``."""
        groups: dict[str, list[PairScore]] = defaultdict(list)
        for one in self.scores:
            groups[one.category].append(one)
        chosen = {**{name: groups[name] for name in sorted(groups)}, ALL: list(self.scores)}
        return {name: summarise(scores, self.bar) for name, scores in chosen.items() if scores}

    def told_apart(self) -> Verdict | None:
        """The two-sample test over all pairs; None where it was not asked for, or has too few groups."""
        rows = [(one.appearance, one.group) for one in self.scores if one.appearance is not None]
        if len({group for _, group in rows}) < LEAST_GROUPS:
            return None
        ours, theirs = (np.array([row[side] for row, _ in rows]) for side in (0, 1))
        return tell_apart(ours, theirs, [group for _, group in rows])

    def as_json(self) -> dict[str, Any]:
        """What ``packshot evaluate --json`` prints."""
        told, tables = self.told_apart(), self.tables()
        overall = tables.pop(ALL, None)
        return {
            "pack": self.pack,
            "pairs": len(self.scores),
            "bar": self.bar.model_dump(exclude_none=True),
            "refused": self.refused,
            "failed": self.failed,
            "categories": tables,
            ALL: overall,
            "told_apart": None if told is None else asdict(told),
        }


Advance = Callable[[str, int, int], None]
"""Told after each step: what is being done, how many are done, of how many."""


def evaluate(
    pairs: Sequence[Pair], pack: Path, options: EvaluationOptions | None = None, advance: Advance | None = None
) -> Evaluation:
    """Scores every pair with the pack in the folder ``pack``. A pair that cannot be measured is named, never dropped.

    Raises PackError and ValueError (style) before work begins, EngineError when no worker can go on.
    """
    options = options or EvaluationOptions()
    label = Pack(pack).label
    if options.style is not None:
        load_style(options.style)
    learned = replace(options, fits=options.averaged_fits or options.fits)
    edits, problems = _edits(pairs, options, advance)
    if options.baselines:
        edits = {**_edits(options.averaged, learned, advance)[0], **edits}
    refused = {name: told for name, (kind, told) in problems.items() if kind == "refused"}
    failed = {name: told for name, (kind, told) in problems.items() if kind == "failed"}
    pool = options.averaged or tuple(pairs)
    tasks = [(pair, _others(pair, pool, edits)) for pair in pairs if pair.id not in problems]
    found: dict[str, PairScore] = {}
    for (pair, _), answer in _run(_Scoring(pack, options), tasks, options.workers, "scoring", advance):
        if "score" in answer:
            found[pair.id] = answer["score"]
        else:
            failed[pair.id] = answer["failed"]
    scores = tuple(found[pair.id] for pair in pairs if pair.id in found)
    return Evaluation(label, scores, options.bar, refused, failed)


def _edits(
    pairs: Sequence[Pair], options: EvaluationOptions, advance: Advance | None
) -> tuple[dict[str, Edit], dict[str, tuple[str, str]]]:
    """The human edit of each pair by id, and what is wrong with the others: (``refused`` or ``failed``, why)."""
    edits: dict[str, Edit] = {}
    problems: dict[str, tuple[str, str]] = {}
    unique = list({pair.id: pair for pair in pairs}.values())
    for pair, answer in _run(_Reading(options), unique, options.workers, "registering", advance):
        if answer.get("edit") is not None:
            edits[pair.id] = answer["edit"]
        for kind in ("refused", "failed"):
            if kind in answer:
                problems[pair.id] = (kind, answer[kind])
    return edits, problems


def _others(pair: Pair, pool: Sequence[Pair], edits: dict[str, Edit]) -> Edit | None:
    """The mean edit of the category's other groups; of all other groups where the category has none."""
    others = [one for one in pool if one.group != pair.group and one.id in edits]
    same = [edits[one.id] for one in others if one.category == pair.category]
    chosen = same or [edits[one.id] for one in others]
    return mean_edit(chosen) if chosen else None


def _run(
    work: Any, tasks: Sequence[Any], workers: int | None, label: str, advance: Advance | None
) -> Iterator[tuple[Any, dict[str, Any]]]:
    engine = make_engine("local", EngineSettings(workers=workers))
    for done, outcome in enumerate(engine.outcomes(work, tasks), 1):
        yield outcome.task, outcome.answer or {"failed": outcome.sentence or "the worker ended"}
        if advance is not None:
            advance(label, done, len(tasks))


def fitted_recipe(fits: Path | None, pair: Pair) -> Recipe | None:
    """A pair's fitted recipe; None where it was not fitted. Raises ValueError when it cannot be read."""
    path = None if fits is None else fits / "recipes" / f"{file_stem(pair.id)}.json"
    return Recipe.load(path) if path is not None and path.is_file() else None


@dataclass(frozen=True)
class _Reading:
    """Registers a pair and reads what its human did."""

    options: EvaluationOptions

    def prepare(self) -> Callable[[Pair, Reserve], dict[str, Any]]:
        """The function that reads one pair."""

        def read(pair: Pair, reserve: Reserve) -> dict[str, Any]:
            del reserve
            try:
                reference = read_reference(pair, self.options.kept, self.options.fits)
                return {"edit": edit_of(reference, fitted_recipe(self.options.fits, pair))}
            except RefusedPairError as error:
                return {"refused": str(error)}
            except (PhotoError, ValueError, OSError) as error:
                return {"failed": str(error)}

        return read


@dataclass(frozen=True)
class _Scoring:
    """Retouches a pair's before and scores it."""

    pack: Path
    options: EvaluationOptions

    def prepare(self) -> Callable[[tuple[Pair, Edit | None], Reserve], dict[str, Any]]:
        """The function that scores one pair."""
        pack = Pack(self.pack)
        style = Style() if self.options.style is None else load_style(self.options.style)

        def do(task: tuple[Pair, Edit | None], reserve: Reserve) -> dict[str, Any]:
            del reserve
            pair, mean = task
            try:
                fitted = fitted_recipe(self.options.fits, pair)
                comparison = Comparison(fitted, mean, self.options.baselines, self.options.appearance)
                return {
                    "score": score_pair(
                        read_reference(pair, self.options.kept, self.options.fits), pack, style, comparison
                    )
                }
            except (PhotoError, ValueError, OSError) as error:
                return {"failed": str(error)}

        return do
