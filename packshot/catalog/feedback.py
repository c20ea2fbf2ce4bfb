"""Corrections as pairs to learn from: a set of pairs like any other, each credited to the stage that was wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packshot.catalog.catalog import Catalog
from packshot.catalog.credit import credit
from packshot.catalog.recropping import Following
from packshot.catalog.standing import Choice, Decided, decided
from packshot.catalog.verdicts import group_of
from packshot.photo import PhotoError, encode_jpeg, write_atomic
from packshot.pipeline import fit, render
from packshot.recipe import Recipe

MANIFEST = "pairs.jsonl"
CORRECTIONS = Choice(outcomes=("correct", "edited"))
WITH_ACCEPTED = Choice(outcomes=("correct", "edited", "accept"))
"""What was accepted is a pair too: it holds a learner to what is right."""

_QUALITY = 97

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FeedbackPair:
    """One decision as a pair. ``before``, ``after``: relative to the set. ``stages``: what was wrong, shares of 1."""

    id: str
    category: str
    group: str
    before: str
    after: str
    decision: int
    outcome: str
    editor: str
    pack: str
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Feedback:
    """The set that was written, and the decisions that gave no pair with the reason, by the pair's id."""

    folder: Path
    pairs: tuple[FeedbackPair, ...]
    problems: Mapping[str, str]

    def by_stage(self) -> dict[str, float]:
        """How many corrections each stage is to answer for."""
        total: dict[str, float] = {}
        for pair in self.pairs:
            for stage, share in pair.stages.items():
                total[stage] = total.get(stage, 0.0) + share
        return {stage: round(value, 3) for stage, value in sorted(total.items(), key=lambda item: -item[1])}


def corrections_as_pairs(
    catalog: Catalog, folder: Path, choice: Choice = CORRECTIONS, tell: Tell | None = None
) -> Feedback:
    """Writes the chosen decisions as a set of pairs into ``folder`` (``pairs.jsonl``, ``before/``, ``after/``).

    The after of a corrected recipe is its render; that of an edit made elsewhere is the picture that was sent. What an
    earlier call has written is kept, so that a call that was stopped goes on, and the same decisions give the same set.
    """
    return write_pairs(decided(catalog, choice), folder, tell)


def write_pairs(chosen: Sequence[Decided], folder: Path, tell: Tell | None = None, credited: bool = True) -> Feedback:
    """As `corrections_as_pairs`, of these decisions; ``credited``: whether to find out which stage was wrong."""
    known = _known(folder)
    pairs: list[FeedbackPair] = []
    problems: dict[str, str] = {}
    for number, one in enumerate(chosen, 1):
        name = identity(one)
        try:
            pairs.append(known.get(name) or _write(one, name, folder, credited))
        except (PhotoError, ValueError, OSError) as error:
            problems[name] = str(error)
        if number % 10 == 0:
            _save(folder, [*known.values(), *pairs])
        if tell is not None:
            tell("pairs from decisions", number, len(chosen))
    _save(folder, pairs)
    return Feedback(folder, tuple(pairs), problems)


def identity(one: Decided) -> str:
    """A pair's id: of the photo and the decision on it."""
    return f"{one.entry.id:06}-{one.decision.id}"


def _known(folder: Path) -> dict[str, FeedbackPair]:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = {line["id"]: FeedbackPair(**line) for line in lines}
    return {
        name: pair
        for name, pair in found.items()
        if (folder / pair.before).is_file() and (folder / pair.after).is_file()
    }


def _save(folder: Path, pairs: list[FeedbackPair]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = {pair.id: json.dumps(vars(pair), ensure_ascii=False) + "\n" for pair in pairs}
    write_atomic(folder / MANIFEST, "".join(lines[name] for name in sorted(lines)).encode())


def _write(one: Decided, name: str, folder: Path, credited: bool) -> FeedbackPair:
    photo, decision = one.entry.photo(), one.decision
    before = f"before/{name}{one.entry.source.suffix.lower()}"
    _place(one.entry.source, folder / before)
    if decision.after is not None:
        after, corrected = f"after/{name}{decision.after.suffix}", None
        _place(decision.after, folder / after)
    else:
        after, corrected = f"after/{name}.jpg", _corrected(one)
        (folder / "after").mkdir(parents=True, exist_ok=True)
        write_atomic(folder / after, encode_jpeg(render(photo, corrected), _QUALITY, subsampling="444"))
    stages: dict[str, float] = {}
    if credited and decision.outcome != "accept":
        reached = corrected or _fitted(one, folder / before, folder / after)
        stages = credit(photo, one.prediction.recipe(), reached, Following.noted(decision.changes))
    about: dict[str, Any] = {"category": one.entry.category, "group": group_of(one), "pack": one.prediction.pack}
    about |= {"decision": decision.id, "outcome": decision.outcome, "editor": decision.editor}
    return FeedbackPair(id=name, before=before, after=after, stages=stages, **about)


def _corrected(one: Decided) -> Recipe:
    """What the editor left: the corrected recipe, or the prediction as it was."""
    if one.decision.recipe_json is None:
        return one.prediction.recipe()
    return Recipe.model_validate_json(one.decision.recipe_json).with_files(one.prediction.recipe_path)


def _place(source: Path, target: Path) -> None:
    """The file under another name: linked where the disk allows it, else copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        partial = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, partial)
        partial.replace(target)


def _fitted(one: Decided, before: Path, after: Path) -> Recipe:
    """The recipe read out of an after that was edited elsewhere. Raises ValueError when it is no pair."""
    found = fit(before, after, one.entry.category)
    if found.recipe is None:
        raise ValueError(f"{one.entry.source.name}: its after cannot be used: {found.reason}")
    return found.recipe
