"""Reading a set of before/after pairs, with an account of everything wrong with it.

Two layouts are read. A folder with `pairs.jsonl`: one JSON object a line with `id`, `category`, `group`, `before` and
`after` (paths relative to the folder); other keys are ignored. Or a folder with `before/` and `after/` whose files have
equal names (the suffix may differ), the category being the sub-folder or a column of a CSV beside the two. A pair
without a category is of `uncategorised`. Nothing is left out silently: each line or file that gives no pair has its
`PairProblem`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from packshot.learning.pair_folders import NO_CATEGORY, FolderNote, FolderRow, folder_rows, without_category
from packshot.photo import Photo, PhotoError

MANIFEST = "pairs.jsonl"
FEW_PAIRS = 20


class PairFault(StrEnum):
    """What can be wrong. The value is stable: it is written to reports."""

    NOT_JSON = "not-json"
    MISSING_KEY = "missing-key"
    DUPLICATE_ID = "duplicate-id"
    BAD_PATH = "bad-path"
    MISSING_BEFORE = "missing-before"
    MISSING_AFTER = "missing-after"
    UNREADABLE = "unreadable"
    SAME_PHOTO = "same-photo"
    SHARED_PHOTO = "shared-photo"
    NO_CATEGORY = "no-category"
    NO_GROUP = "no-group"
    FEW_PAIRS = "few-pairs"
    NOT_A_PHOTO = "not-a-photo"


@dataclass(frozen=True)
class Pair:
    """One photo before and after the retoucher. Paths are full; a split never cuts ``group``."""

    id: str
    category: str
    group: str
    before: Path
    after: Path


@dataclass(frozen=True)
class PairProblem:
    """One thing wrong. ``where``: line, file or category; ``left_out``: pairs lost to it (0: a warning)."""

    fault: PairFault
    where: str
    message: str
    left_out: int = 1


@dataclass(frozen=True)
class PairSet:
    """The pairs of a folder that can be used, in the order given, and everything that is wrong with the others."""

    folder: Path
    pairs: tuple[Pair, ...]
    problems: tuple[PairProblem, ...] = field(default=())

    def by_category(self) -> dict[str, tuple[Pair, ...]]:
        """The pairs of each category, categories in alphabetical order."""
        found: dict[str, list[Pair]] = defaultdict(list)
        for pair in self.pairs:
            found[pair.category].append(pair)
        return {category: tuple(found[category]) for category in sorted(found)}

    def summary(self) -> str:
        """One paragraph for people: how many pairs of which category, how many were left out and why."""
        sizes = ", ".join(f"{category} {len(pairs)}" for category, pairs in self.by_category().items())
        lost: Counter[str] = Counter()
        for problem in self.problems:
            lost[problem.fault] += problem.left_out
        total = sum(lost.values())
        why = ", ".join(f"{count} {fault}" for fault, count in sorted(lost.items()) if count)
        warnings = sum(problem.left_out == 0 for problem in self.problems)
        text = f"{len(self.pairs)} pairs ({sizes or 'none'}); {total} left out" + (f" ({why})" if why else "")
        return text + (f"; {warnings} warning{'s' * (warnings > 1)}" if warnings else "")


def read_pairs(folder: Path, few: int = FEW_PAIRS) -> PairSet:
    """The pairs in ``folder`` and the problems; a category with fewer than ``few`` pairs is kept and noted.

    Every photo's header is read (a truncated picture shows only when it is decoded). Raises FileNotFoundError when the
    folder has neither `pairs.jsonl` nor `before/` and `after/`.
    """
    folder = Path(folder)
    if (folder / MANIFEST).is_file():
        rows, problems = _manifest_rows(folder)
    elif (folder / "before").is_dir() and (folder / "after").is_dir():
        rows, notes = folder_rows(folder)
        problems = [_problem(note) for note in notes]
    else:
        raise FileNotFoundError(
            f"{folder} holds no pairs: it needs a file {MANIFEST}, or folders before/ and after/ with equal file names"
        )
    pairs, more = _usable(folder, rows)
    return PairSet(folder, tuple(pairs), tuple(problems + more + _set_problems(pairs, few)))


def _problem(note: FolderNote) -> PairProblem:
    return PairProblem(PairFault(note.fault), note.where, note.message, note.left_out)


def _manifest_rows(folder: Path) -> tuple[list[FolderRow], list[PairProblem]]:
    rows: list[FolderRow] = []
    problems: list[PairProblem] = []
    lines = (folder / MANIFEST).read_text("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _manifest_row(line, f"{MANIFEST} line {number}")
        if isinstance(row, PairProblem):
            problems.append(row)
        else:
            rows.append(row)
    return rows, problems + [_problem(note) for note in without_category(rows, MANIFEST, "name it in each line")]


def _manifest_row(line: str, where: str) -> FolderRow | PairProblem:
    try:
        entry = json.loads(line)
    except ValueError as error:
        return PairProblem(PairFault.NOT_JSON, where, f"{where} is not JSON ({error}); write one object a line")
    if not isinstance(entry, dict):
        return PairProblem(PairFault.NOT_JSON, where, f"{where} is not a JSON object; write one object a line")
    values = {key: str(entry[key]).strip() for key in FolderRow.KEYS if entry.get(key) is not None}
    for key in ("id", "before", "after"):
        if not values.get(key):
            return PairProblem(PairFault.MISSING_KEY, where, f"{where} has no {key!r}; add it")
    for key in ("before", "after"):
        if _leaves_folder(values[key]):
            message = f"{where}: {key} {values[key]!r} leads out of the folder; give a path inside it, with slashes"
            return PairProblem(PairFault.BAD_PATH, where, message)
    return FolderRow(where=where, **{**values, "category": values.get("category") or NO_CATEGORY})


def _leaves_folder(path: str) -> bool:
    parts = PurePosixPath(path)
    return parts.is_absolute() or ".." in parts.parts or "\\" in path or "\0" in path


def _usable(folder: Path, rows: Sequence[FolderRow]) -> tuple[list[Pair], list[PairProblem]]:
    pairs: list[Pair] = []
    problems: list[PairProblem] = []
    first: dict[str, str] = {}
    for row in rows:
        problem = _row_problem(folder, row, first)
        if problem:
            problems.append(problem)
            continue
        first[row.id] = row.where
        pairs.append(Pair(row.id, row.category, row.group or row.id, folder / row.before, folder / row.after))
    ungrouped = sum(not row.group for row in rows)
    if ungrouped:
        message = f"{ungrouped} pairs name no group (product or seller); each was taken as its own"
        problems.append(PairProblem(PairFault.NO_GROUP, MANIFEST, message, left_out=0))
    return pairs, problems


def _row_problem(folder: Path, row: FolderRow, first: dict[str, str]) -> PairProblem | None:
    if row.id in first:
        message = f"{row.where} repeats the id {row.id!r} of {first[row.id]}; ids must differ"
        return PairProblem(PairFault.DUPLICATE_ID, row.where, message)
    if row.before == row.after:
        message = f"{row.where}: before and after are the same file {row.before!r}"
        return PairProblem(PairFault.SAME_PHOTO, row.where, message)
    sides = ((PairFault.MISSING_BEFORE, row.before), (PairFault.MISSING_AFTER, row.after))
    for fault, name in sides:
        path = folder / name
        if not path.is_file():
            return PairProblem(fault, row.where, f"{row.where}: there is no file {name!r}")
        try:
            Photo.open(path)
        except PhotoError as error:
            return PairProblem(PairFault.UNREADABLE, row.where, f"{row.where}: {error.message}")
    return None


def _set_problems(pairs: Sequence[Pair], few: int) -> list[PairProblem]:
    problems = []
    for role in ("before", "after"):
        uses = Counter(getattr(pair, role) for pair in pairs)
        for path, count in uses.items():
            if count > 1:
                message = f"{count} pairs share the {role} {path.name}; give them one group, or a split will leak"
                problems.append(PairProblem(PairFault.SHARED_PHOTO, path.name, message, left_out=0))
    for category, count in sorted(Counter(pair.category for pair in pairs).items()):
        if count < few:
            message = f"category {category!r} has {count} pairs; fewer than {few} teach little"
            problems.append(PairProblem(PairFault.FEW_PAIRS, category, message, left_out=0))
    return problems
