"""Which photos a run is about: files and folders as given, each photo once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packshot.photo import PHOTO_SUFFIXES


@dataclass
class Found:
    """``roots``: each photo (absolute) and the input folder it was found in. ``folders``: the input folders.

    ``unreadable``: folders that could not be walked, and why. ``ignored``: suffixes seen in folders that no photo has.
    """

    roots: dict[Path, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    unreadable: dict[Path, str] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


def find_photos(inputs: Iterable[Path], out: Path) -> Found:
    """Files as they are given, folders with all below them that has a photo's suffix; what lies in ``out`` is no input.

    Hidden files and folders are passed over. A file that is missing is listed too: opening it tells what is wrong.
    """
    found, done = Found(), located(out)
    for given in inputs:
        if os.path.isdir(given):  # Path.is_dir raises on names that are too long
            folder = Path(os.path.realpath(given))
            found.folders.append(folder)
            for path in _walk(folder, done, found):
                found.roots.setdefault(path, folder)
        else:
            path = located(given)
            found.roots.setdefault(path, path.parent)
    return found


def located(path: Path) -> Path:
    """The absolute path of a file under its own name, its folder's links resolved."""
    return Path(os.path.realpath(path.parent)) / path.name if path.name else Path(os.path.realpath(path))


def _walk(folder: Path, out: Path, found: Found) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        found.unreadable[Path(error.filename)] = error.strerror or str(error)

    for here, folders, files in os.walk(folder, onerror=refused):
        place = Path(here)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and place / name != out)
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in PHOTO_SUFFIXES:
                yield place / name
            else:
                found.ignored[suffix or "no suffix"] += 1
