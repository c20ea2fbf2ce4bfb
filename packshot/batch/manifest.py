"""The manifest: a CSV that says what is known of each photo, by its columns ``source``, ``category`` and any others."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packshot.batch.inputs import located
from packshot.batch.ledger import OWN_KEYS
from packshot.batch.problems import UsageError


@dataclass(frozen=True)
class Row:
    """One row: ``number`` counts lines as an editor shows them; ``carried`` goes into ``run.jsonl`` untouched."""

    number: int
    source: str
    category: str | None = None
    carried: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Manifest:
    """A manifest's rows, and the file's own place, which relative sources start from."""

    path: Path
    rows: tuple[Row, ...]

    def located(self, row: Row, folders: Iterable[Path]) -> Path:
        """The photo a row means: beside the manifest, in an input folder or the working folder, whichever is there."""
        places = [located(base / row.source) for base in (self.path.parent, *folders, Path.cwd())]
        return next((place for place in places if os.path.exists(place)), places[0])


def read_manifest(path: Path) -> Manifest:
    """Reads a CSV in UTF-8 with comma, semicolon or tab between cells.

    Raises UsageError when the file as a whole cannot be used, or a row names no photo. A row that is wrong otherwise
    keeps its ``problem``, so that its photo alone fails.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"the manifest {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text: save it as 'CSV UTF-8'") from error
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        columns = _columns(next(reader, []), path)
        rows = tuple(_rows(reader, columns, path))
    except csv.Error as error:
        raise UsageError(f"{path.name}, line {reader.line_num}: {error}; save it again as CSV") from error
    return Manifest(located(path), _without_contradictions(rows))


def _columns(header: list[str], path: Path) -> list[str]:
    columns = [name.strip() for name in header]
    plain = [
        "source" if name.lower() == "source" else "category" if name.lower() == "category" else name for name in columns
    ]
    if "source" not in plain:
        has = f"it has {', '.join(columns)}" if any(columns) else "it is empty"
        raise UsageError(f"{path.name} needs a column 'source' with each photo's path: {has}")
    doubled = sorted({name for name in plain if plain.count(name) > 1})
    taken = sorted(set(plain) & OWN_KEYS - {"source", "category"})
    if doubled or taken:
        why = (
            f"has the column {doubled[0]!r} twice"
            if doubled
            else f"has a column {taken[0]!r}, which run.jsonl fills itself"
        )
        raise UsageError(f"{path.name} {why}: rename it")
    return plain


def _rows(reader: Iterator[list[str]], columns: list[str], path: Path) -> Iterator[Row]:
    for cells in reader:
        number = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        values = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
        source = values.pop("source", "")
        if not source:
            raise UsageError(f"{path.name}, line {number}: no source is given; each row needs a photo's path")
        category = values.pop("category", "") or None
        problem = None
        if len(cells) != len(columns):
            problem = (
                f"{path.name}, line {number}: {len(cells)} cells where the header has {len(columns)}; mend the row"
            )
        yield Row(number, source, category, values, problem)


def _without_contradictions(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """One row for each source; two that say different things are a problem of that photo."""
    kept: dict[str, Row] = {}
    for row in rows:
        first = kept.setdefault(row.source, row)
        if (first.category, first.carried) != (row.category, row.carried):
            text = f"lines {first.number} and {row.number} of the manifest say different things of this photo: keep one"
            kept[row.source] = Row(first.number, row.source, first.category, first.carried, text)
    return tuple(kept.values())
