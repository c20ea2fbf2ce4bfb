"""``run.jsonl``: a line per photo, written by one process, whole after any kill."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from packshot.photo import write_atomic

Line = dict[str, Any]
OWN_KEYS = frozenset(
    {
        "source", "name", "category", "category_confidence", "route", "output", "recipe", "matte", "preview", "thumb",
        "quality", "would_publish", "reasons", "presets", "error", "problem", "sha256", "settings", "seconds",
    }
)  # fmt: skip
"""The keys a run fills; a manifest's columns may have any other name."""


class Ledger:
    """The lines of a run's folder: read on opening, added to while photos finish, put in order at the end.

    Each line is on disk before ``add`` returns. A line cut off by a kill is dropped, so its photo is done again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = {str(line["source"]): line for line in read_lines(path)}
        self._file: BufferedWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._close_file()

    @property
    def lines(self) -> list[Line]:
        """Every line in order: by name, whatever order the photos finished in."""
        return sorted(self._lines.values(), key=lambda line: (str(line.get("name", "")), str(line["source"])))

    def about(self, source: str) -> Line | None:
        """What is noted of a photo."""
        return self._lines.get(source)

    def keep(self, lines: Iterable[Line]) -> None:
        """Replaces what is noted by ``lines``, on disk too."""
        self._close_file()
        self._lines = {str(line["source"]): line for line in lines}
        write_atomic(self._path, b"".join(as_bytes(line) for line in self.lines))

    def add(self, line: Line) -> None:
        """Notes one photo."""
        # First in memory: Ctrl-C while the disk writes must not part the two.
        self._lines[str(line["source"])] = line
        if self._file is None:
            self._file = self._path.open("ab")
        self._file.write(as_bytes(line))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Writes the lines in order."""
        self.keep(self._lines.values())

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def read_lines(path: Path) -> list[Line]:
    """The lines of ``run.jsonl`` that can be read: none where there is no file, and not one that a kill cut off."""
    if not path.is_file():
        return []
    lines = []
    for text in path.read_bytes().split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("source"):
            lines.append(line)
    return lines


def as_bytes(line: Line) -> bytes:
    """One line of JSON in UTF-8. A file name that is no valid text is escaped, so that it reads back as it was."""
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(line).encode() + b"\n"
