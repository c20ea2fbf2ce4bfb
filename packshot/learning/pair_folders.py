"""A set of pairs without a manifest: folders `before/` and `after/` with equal names, categories by folder or CSV."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from packshot.photo import PHOTO_SUFFIXES

_IGNORED = {".ds_store", "thumbs.db", "desktop.ini"}
_NAME_COLUMNS = ("source", "before", "file", "name", "id")
_GROUP_COLUMNS = ("group", "product", "seller")
NO_CATEGORY = "uncategorised"


@dataclass(frozen=True)
class FolderRow:
    """A pair as named, nothing checked yet. Paths are relative to the set's folder, with slashes."""

    KEYS: ClassVar = ("id", "category", "group", "before", "after")

    where: str
    id: str
    category: str
    before: str
    after: str
    group: str = ""


@dataclass(frozen=True)
class FolderNote:
    """A problem found while looking through the folders: see `PairProblem`, whose ``fault`` it names by value."""

    fault: str
    where: str
    message: str
    left_out: int = 1


def folder_rows(folder: Path) -> tuple[list[FolderRow], list[FolderNote]]:
    """The pairs of `before/` and `after/`, matched by relative path without suffix, and what did not match."""
    notes: list[FolderNote] = []
    befores, afters = (_photos(folder, side, notes) for side in ("before", "after"))
    table = _read_table(folder, notes)
    rows = []
    for key in sorted(befores.keys() | afters.keys()):
        if key not in afters:
            notes.append(_unmatched("missing-after", befores[key], "after"))
        elif key not in befores:
            notes.append(_unmatched("missing-before", afters[key], "before"))
        else:
            rows.append(_row(key, befores[key], afters[key], table))
    unused = sorted(name for name, entry in table.items() if not entry.used)
    notes += [FolderNote("missing-before", name, f"the CSV names {name!r}, which is not in before/") for name in unused]
    return rows, notes + without_category(
        rows, "before", "put them in sub-folders, or name it in a CSV (source,category)"
    )


def without_category(rows: Sequence[FolderRow], where: str, remedy: str) -> list[FolderNote]:
    """The note that some rows name no category, where some do not."""
    homeless = sum(row.category == NO_CATEGORY for row in rows)
    message = f"{homeless} pairs have no category, and all such are framed alike; {remedy}"
    return [FolderNote("no-category", where, message, left_out=0)] if homeless else []


@dataclass
class _Entry:
    category: str
    group: str
    used: bool = False


def _photos(folder: Path, side: str, notes: list[FolderNote]) -> dict[str, str]:
    """Relative path without suffix (lower case) -> path relative to the folder."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((folder / side).rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if not path.is_file() or path.name.startswith(".") or path.name.lower() in _IGNORED:
            continue
        if path.suffix.lower() not in PHOTO_SUFFIXES:
            notes.append(FolderNote("not-a-photo", relative, f"{relative} is no photo by its name", left_out=0))
            continue
        found[path.relative_to(folder / side).with_suffix("").as_posix().lower()].append(relative)
    for names in found.values():
        told = (f"{name} has the name of {names[0]}; names must differ" for name in names[1:])
        notes.extend(FolderNote("duplicate-id", name, text) for name, text in zip(names[1:], told, strict=True))
    return {key: names[0] for key, names in found.items()}


def _unmatched(fault: str, name: str, side: str) -> FolderNote:
    return FolderNote(fault, name, f"{name} has no photo of the same name in {side}/")


def _row(key: str, before: str, after: str, table: dict[str, _Entry]) -> FolderRow:
    entry = table.get(key) or table.get(Path(key).name)
    if entry:
        entry.used = True
    parts = Path(before).parts[1:-1]
    category = entry.category if entry and entry.category else "/".join(parts) or NO_CATEGORY
    name = Path(before).relative_to("before").with_suffix("").as_posix()
    group = entry.group if entry and entry.group else product_of(name)
    return FolderRow(where=before, id=name, category=category, before=before, after=after, group=group)


def product_of(name: str) -> str:
    """The product a file name speaks of: a short view number at the end is cut off where an article number remains.

    `4711-2` and `SKU88_front`: the first is view 2 of 4711, the second stays whole, and so does `IMG_0042`.
    """
    match = re.fullmatch(r"(.*\d.*?)[-_ .]\d{1,2}", name)
    return match.group(1) if match else name


def _read_table(folder: Path, notes: list[FolderNote]) -> dict[str, _Entry]:
    """Categories and groups by file name (without suffix, lower case) from the CSV files beside before/ and after/."""
    table: dict[str, _Entry] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
            name_column = next((columns[name] for name in _NAME_COLUMNS if name in columns), None)
            if name_column is None or "category" not in columns:
                message = f"{path.name} was not used: it needs the columns source and category"
                notes.append(FolderNote("missing-key", path.name, message, left_out=0))
                continue
            group_column = next((columns[name] for name in _GROUP_COLUMNS if name in columns), None)
            for line in reader:
                name = _key(line.get(name_column) or "")
                group = (line.get(group_column) or "").strip() if group_column else ""
                if name:
                    table[name] = _Entry((line.get(columns["category"]) or "").strip(), group)
    return table


def _key(name: str) -> str:
    path = Path(name.strip().replace("\\", "/"))
    parts = path.parts[1:] if path.parts[:1] in (("before",), ("after",)) else path.parts
    bare = Path(*parts)
    return (bare.with_suffix("") if bare.suffix.lower() in PHOTO_SUFFIXES else bare).as_posix().lower() if parts else ""
