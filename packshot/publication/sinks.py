"""Where finished files go, and what they are called there."""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from packshot.photo import write_atomic

ABANDONED_AFTER = 3600.0
"""Seconds after which a half-written file has no living writer."""


class Sink(Protocol):
    """A place for finished files. Writing the same name and bytes twice is the same as once."""

    def write(self, name: PurePosixPath, data: bytes) -> str:
        """Stores ``data`` under a relative name; returns where it can be found."""


class FolderSink:
    """A folder. A file appears whole or not at all, and is not touched when it already holds the same bytes.

    durable: whether a file outlives a power cut the moment it is written, for some milliseconds more.
    """

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder = folder
        self.durable = durable

    def write(self, name: PurePosixPath, data: bytes) -> str:
        """Writes ``folder/name``; returns its path. Raises ValueError when the name leads out of the folder."""
        target = self.path(name)
        if not _holds(target, data):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, data, self.durable)
        return str(target)

    def path(self, name: PurePosixPath) -> Path:
        """Where ``name`` is stored. Raises ValueError when it leads out of the folder."""
        # As this machine reads it: on Windows a backslash or a drive letter leads elsewhere too.
        local = Path(str(name))
        if local.is_absolute() or local.drive or ".." in local.parts or not local.name:
            raise ValueError(f"{str(name)!r} leads out of the folder: use a relative name without '..'")
        return self.folder / local

    def sweep(self) -> int:
        """Removes files that a killed writer left half-written; returns how many."""
        deadline = time.time() - ABANDONED_AFTER
        abandoned = [path for path in self.folder.rglob(".*.part") if path.stat().st_mtime < deadline]
        for path in abandoned:
            path.unlink(missing_ok=True)
        return len(abandoned)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def output_names(sources: Mapping[Path, Path] | Iterable[Path]) -> dict[Path, PurePosixPath]:
    """A name without extension for each source, equal to its own: no two alike, whatever their order.

    ``sources`` maps each photo to the input folder it was found in, or lists photos given one by one. A photo keeps
    its folders below the input. Photos that would still share a name, also on a disk that ignores case, are told
    apart by the folders above, then by their extension, then by a hash of their path.
    """
    roots = sources if isinstance(sources, Mapping) else {source: source.parent for source in sources}
    wanted = {source: [source.relative_to(root).with_suffix("").as_posix()] for source, root in roots.items()}
    for name in (_with_folders, _with_extension, _with_hash):
        doubled = _doubled({source: names[-1] for source, names in wanted.items()})
        shared = Path(os.path.commonpath([source.parent for source in doubled])) if doubled else Path()
        for source in doubled:
            wanted[source].append(name(source, wanted[source][-1], shared))
    return {source: PurePosixPath(names[-1]) for source, names in wanted.items()}


def _doubled(names: Mapping[Path, str]) -> list[Path]:
    """The sources whose name another one has as well, as file systems that fold case and accents' forms see it."""
    folded = {source: unicodedata.normalize("NFC", name).casefold() for source, name in names.items()}
    count = Counter(folded.values())
    return [source for source, name in folded.items() if count[name] > 1]


def _with_folders(source: Path, _: str, shared: Path) -> str:
    return source.relative_to(shared).with_suffix("").as_posix()


def _with_extension(source: Path, name: str, _: Path) -> str:
    return f"{name}-{source.suffix.lstrip('.').lower()}"


def _with_hash(source: Path, name: str, _: Path) -> str:
    return f"{name}-{hashlib.sha256(os.fsencode(source)).hexdigest()[:12]}"
