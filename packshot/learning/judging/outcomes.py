"""What became of the pipeline's shots: their features beside how far they are from the retoucher's own afters.

An outcome is honest only if the pack has not learned from the pair: out of fold while learning, held out afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from packshot.engines import EngineSettings, Reserve, make_engine
from packshot.evaluation.bar import Bar
from packshot.evaluation.features import Features, evidence, judged_features, photo_features, rounded
from packshot.evaluation.judge import verdict
from packshot.evaluation.judge_model import judge_of
from packshot.evaluation.rules import Shot, examine
from packshot.learning.judging.places import KnownPlace, known_places
from packshot.learning.pairs import Pair
from packshot.learning.proof.evaluation import Advance
from packshot.learning.proof.reference import Reference, read_reference
from packshot.learning.proof.scoring import Figures, score
from packshot.learning.proof.scoring import Shot as Scored
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.pipeline import decide, render
from packshot.recipe import Frozen, Source
from packshot.style import Style, load_style
from packshot.view import View


class Outcome(Frozen):
    """A shot and what became of it.

    features: by ``evaluation.features.shot_features``. embedding: of the photo, as the network gives it. grave: the
    worst severity that rules found. figures: by ``scoring.score``, where there was an after. rejected: a person's
    verdict, where there was one; it counts before the figures. wrong: what that person said was wrong (``colour``,
    ``outline``, ``frame``). quality, looks_hard, may_publish: what the
    pack's own judge said of it, and whether the rules leave it the choice. places: of its outline, held against the
    retoucher's matte.
    """

    id: str
    category: str
    group: str
    features: Features
    embedding: tuple[float, ...]
    grave: float
    figures: Figures
    rejected: bool | None = None
    wrong: tuple[str, ...] = ()
    quality: float | None = None
    looks_hard: bool = False
    may_publish: bool = True
    places: tuple[KnownPlace, ...] = ()

    def bad(self, bar: Bar) -> bool:
        """Whether it was rejected, by a person or by the bar of good."""
        return bool(bar.faults(self.figures)) if self.rejected is None else self.rejected


def outcome_of(reference: Reference, pack: Pack, style: Style | None = None) -> Outcome:
    """Retouches the before of a pair with ``pack`` and measures the result against the after."""
    photo, pair = reference.photo, reference.pair
    view = View.of(photo, pack.of(pair.category), style or Style(), pair.category)
    recipe = decide(view, source_of(photo))
    trained = judge_of(pack)
    known = photo_features(view, recipe) if trained is None else evidence(view, recipe, trained)
    recipe = recipe.model_copy(update={"evidence": known})
    picture = render(photo, recipe)
    shot = Shot(picture, recipe, pack, view.house, view.style)
    findings, said = examine(shot), verdict(shot)
    embedding = np.zeros(0) if view.answer.embedding is None else view.answer.embedding
    described = ("embedding_", "novelty", "place_")  # by this pack's judge; the next one finds its own
    features = judged_features(shot, findings)
    return Outcome(
        id=pair.id,
        category=pair.category,
        group=pair.group,
        features={name: value for name, value in features.items() if not name.startswith(described)},
        embedding=tuple(rounded(float(value)) for value in embedding),
        grave=max((finding.severity for finding in findings), default=0.0),
        figures=score(Scored.of(recipe, picture), reference),
        quality=said.quality,
        may_publish=all(finding.severity < pack.file.thresholds.grave for finding in findings),
        looks_hard=any(reason.code == "hard_material" for reason in said.reasons),
        places=known_places(view, recipe, reference),
    )


@dataclass(frozen=True)
class OutcomeSettings:
    """style: house style file. kept: folder in which registrations are kept. workers: None for one per core."""

    style: Path | None = None
    kept: Path | None = None
    workers: int | None = None


@dataclass(frozen=True)
class Collected:
    """The outcomes, and the pairs that have none, with the reason."""

    outcomes: tuple[Outcome, ...]
    left_out: dict[str, str]


def collect(
    pairs: Sequence[Pair], pack: Path, settings: OutcomeSettings | None = None, advance: Advance | None = None
) -> Collected:
    """The outcomes of many pairs, several at a time, in the order given. Raises PackError, ValueError, EngineError."""
    settings = settings or OutcomeSettings()
    Pack(pack)
    if settings.style is not None:
        load_style(settings.style)
    engine = make_engine("local", EngineSettings(workers=settings.workers))
    found: dict[str, Outcome] = {}
    left_out: dict[str, str] = {}
    for done, step in enumerate(engine.outcomes(_Collecting(pack, settings), list(pairs)), 1):
        answer = step.answer or {"failed": step.sentence or "the worker ended"}
        if "outcome" in answer:
            found[step.task.id] = answer["outcome"]
        else:
            left_out[step.task.id] = answer["failed"]
        if advance is not None:
            advance("judging", done, len(pairs))
    return Collected(tuple(found[pair.id] for pair in pairs if pair.id in found), left_out)


@dataclass(frozen=True)
class _Collecting:
    """What a worker does with one pair."""

    pack: Path
    settings: OutcomeSettings

    def prepare(self) -> Callable[[Pair, Reserve], dict[str, Any]]:
        """The function that finds one outcome."""
        pack = Pack(self.pack)
        style = None if self.settings.style is None else load_style(self.settings.style)

        def do(pair: Pair, reserve: Reserve) -> dict[str, Any]:
            del reserve
            try:
                return {"outcome": outcome_of(read_reference(pair, self.settings.kept), pack, style)}
            except (PhotoError, ValueError, OSError) as error:
                return {"failed": str(error)}

        return do


def source_of(photo: Photo) -> Source:
    """What a recipe says of the photo it belongs to."""
    return Source(name=photo.name, sha256=photo.sha256, size=photo.size)


def save_outcomes(outcomes: Iterable[Outcome], path: Path) -> None:
    """One JSON object a line."""
    path.write_text("".join(outcome.model_dump_json() + "\n" for outcome in outcomes), encoding="utf-8")


def load_outcomes(path: Path) -> list[Outcome]:
    """What ``save_outcomes`` wrote."""
    return [Outcome.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
