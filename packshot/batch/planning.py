"""Who is to be worked on: photos joined with the manifest's rows, under names that stay the same from run to run."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from packshot.batch.inputs import Found, find_photos
from packshot.batch.job import Item
from packshot.batch.ledger import Ledger
from packshot.batch.manifest import Manifest, Row
from packshot.batch.problems import UsageError
from packshot.publication.sinks import output_names


@dataclass(frozen=True)
class Asked:
    """What was asked for. ``categories``: the names known, to tell a new category from a slip of the pen."""

    inputs: tuple[Path, ...]
    out: Path
    category: str | None = None
    manifest: Manifest | None = None
    categories: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Plan:
    """The photos of a run, not yet named, the input folder each was found in, and what is to be said beforehand."""

    items: tuple[Item, ...]
    roots: Mapping[Path, Path]
    remarks: tuple[str, ...] = ()


def plan_run(asked: Asked) -> Plan:
    """Lists the photos. Raises UsageError when there is none."""
    found = find_photos(asked.inputs, asked.out)
    rows, remarks = _joined(asked, found)
    if not any(os.path.exists(path) for path in found.roots) and not found.unreadable:
        raise UsageError(_nothing_found(asked, found))
    items = [_item(path, rows.get(path), asked) for path in found.roots]
    items += [
        Item(path, relative(path, asked.out), "", problem=f"{path.name}: this folder cannot be read ({why})")
        for path, why in found.unreadable.items()
    ]
    if found.ignored:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(found.ignored.items()))
        remarks.append(f"Passed over what is no photo by its name: {kinds}.")
    return Plan(tuple(items), found.roots, tuple(remarks))


def _nothing_found(asked: Asked, found: Found) -> str:
    missing = [str(path) for path in asked.inputs if not os.path.exists(path)]
    if missing:
        return f"there is no {missing[0]}: check the path"
    if found.roots:
        return "none of the manifest's photos is there: its sources are read from the manifest's own folder"
    return "no photos were found: give photos, folders with photos, or a manifest"


def _joined(asked: Asked, found: Found) -> tuple[dict[Path, Row], list[str]]:
    """The manifest's row of each photo. Without inputs the manifest says which photos there are."""
    if asked.manifest is None:
        return {}, []
    rows: dict[Path, Row] = {}
    elsewhere = 0
    for row in asked.manifest.rows:
        path = asked.manifest.located(row, found.folders)
        if path not in found.roots:
            if asked.inputs and os.path.exists(path):
                elsewhere += 1
                continue
            found.roots[path] = _root(path, asked.manifest.path.parent)
        rows[path] = row
    remarks = [f"{elsewhere} photos of the manifest are not among the inputs and were left out."] if elsewhere else []
    without = len(found.roots) - len(rows)
    if without:
        remarks.append(f"{without} photos have no row in the manifest: their category is predicted or the one given.")
    return rows, remarks


def _root(path: Path, folder: Path) -> Path:
    return folder if path.is_relative_to(folder) else path.parent


def _item(path: Path, row: Row | None, asked: Asked) -> Item:
    category = (row.category if row is not None else None) or asked.category
    item = Item(path, relative(path, asked.out), "", None if category == "auto" else category)
    if row is not None:
        item = replace(
            item, carried=row.carried, problem=None if row.problem is None else f"{path.name}: {row.problem}"
        )
    if item.category is not None and item.category not in asked.categories and item.problem is None:
        return replace(item, problem=f"{path.name}: {unknown_category(item.category, asked.categories)}")
    if not _is_text(item.source):
        return replace(item, problem=f"{path.name!a}: its name is not valid UTF-8 text; rename it")
    return item


def unknown_category(name: str, known: Iterable[str]) -> str:
    """What to say of a category that neither the pack nor the style has."""
    return f"the category {name!r} is not known; use one of {', '.join(sorted(known))}, or describe it in the style"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def relative(path: Path, out: Path) -> str:
    """A path as ``run.jsonl`` in ``out`` writes it."""
    try:
        return Path(os.path.relpath(path, os.path.realpath(out))).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def named_items(plan: Plan, ledger: Ledger) -> list[Item]:
    """The photos in order, under the names they had in the folder's earlier runs: new photos rename no old ones."""
    fresh = output_names({item.path: plan.roots.get(item.path, item.path.parent) for item in plan.items})
    noted = {str(line["source"]): str(line["name"]) for line in ledger.lines if line.get("name")}
    taken = {_folded(name) for name in noted.values()}
    items = [
        replace(item, name=noted.get(item.source) or _free(fresh[item.path], item.source, taken)) for item in plan.items
    ]
    return sorted(items, key=lambda item: (item.name, item.source))


def _free(name: PurePosixPath, source: str, taken: set[str]) -> str:
    if _folded(str(name)) not in taken:
        return str(name)
    return f"{name}-{hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _folded(name: str) -> str:
    """As a file system that ignores case and the form of accents sees it."""
    return unicodedata.normalize("NFC", name).casefold()
