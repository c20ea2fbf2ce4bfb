"""What became of the pipeline's shots: their features beside how far they are from the retoucher's own afters.

An outcome is honest only if the pack has not learned from the pair: out of fold while learning, held out afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from packshot.evaluation.bar import Bar
from packshot.evaluation.features import Features, photo_features, rounded, shot_features
from packshot.evaluation.rules import Shot, examine
from packshot.learning.reference import Reference
from packshot.learning.scoring import Figures, score
from packshot.learning.scoring import Shot as Scored
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import decide, render
from packshot.recipe import Frozen, Source
from packshot.style import Style
from packshot.view import View


class Outcome(Frozen):
    """A shot and what became of it.

    features: by ``evaluation.features.shot_features``. embedding: of the photo, as the network gives it. grave: the
    worst severity that rules found. figures: by ``scoring.score``, where there was an after. rejected: a person's
    verdict, where there was one; it counts before the figures. wrong: what that person said was wrong (``colour``,
    ``outline``, ``frame``).
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

    def bad(self, bar: Bar) -> bool:
        """Whether it was rejected, by a person or by the bar of good."""
        return bool(bar.faults(self.figures)) if self.rejected is None else self.rejected


def outcome_of(reference: Reference, pack: Pack, style: Style | None = None) -> Outcome:
    """Retouches the before of a pair with ``pack`` and measures the result against the after."""
    photo, pair = reference.photo, reference.pair
    view = View.of(photo, pack, style or Style(), pair.category)
    recipe = decide(view, source_of(photo))
    recipe = recipe.model_copy(update={"evidence": photo_features(view, recipe)})
    picture = render(photo, recipe)
    shot = Shot(picture, recipe, pack, view.house, view.style)
    findings = examine(shot)
    embedding = np.zeros(0) if view.answer.embedding is None else view.answer.embedding
    return Outcome(
        id=pair.id,
        category=pair.category,
        group=pair.group,
        features={name: rounded(value) for name, value in shot_features(shot, findings).items()},
        embedding=tuple(rounded(float(value)) for value in embedding),
        grave=max((finding.severity for finding in findings), default=0.0),
        figures=score(Scored.of(recipe, picture), reference),
    )


def source_of(photo: Photo) -> Source:
    """What a recipe says of the photo it belongs to."""
    return Source(name=photo.name, sha256=photo.sha256, size=photo.size)


def digest_of_group(group: str) -> str:
    """A group's name as packs keep it: nobody's sellers are told."""
    return hashlib.sha256(group.encode()).hexdigest()[:12]


def save_outcomes(outcomes: Iterable[Outcome], path: Path) -> None:
    """One JSON object a line."""
    path.write_text("".join(outcome.model_dump_json() + "\n" for outcome in outcomes), encoding="utf-8")


def load_outcomes(path: Path) -> list[Outcome]:
    """What ``save_outcomes`` wrote."""
    return [Outcome.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
