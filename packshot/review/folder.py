"""A run's folder as a queue: what ``run.jsonl`` tells, noted in a catalog that lies in the folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from packshot.batch.ledger import OWN_KEYS, Line, read_lines
from packshot.catalog import Catalog, Made
from packshot.pack import Pack
from packshot.recipe import Reason
from packshot.style import Style

CATALOG_FILE = "catalog.sqlite"
_AT_ONCE = 100
_FILES = ("output", "recipe", "matte", "preview", "thumb", "presets")


def catalog_of(place: str) -> str:
    """The catalog a person means: of a run's folder the one in it, else what was given."""
    return str(Path(place) / CATALOG_FILE) if "://" not in place and Path(place).is_dir() else place


def note_run(catalog: Catalog, folder: Path, tell: Callable[[str, int, int], None]) -> None:
    """Notes a run's photos in a catalog; those already there stay as they are. ``tell``: what, done, of how many.

    Raises FileNotFoundError when the folder is no run's, ValueError when a line of it cannot be understood.
    """
    total = len(read_lines(folder / "run.jsonl"))
    for at, some in enumerate(batched(made_in(folder), _AT_ONCE)):
        catalog.add(some)
        tell("photos noted", min(total, (at + 1) * _AT_ONCE), total)


def batched(made: Iterator[Made], count: int) -> Iterator[list[Made]]:
    """Lots of ``count``."""
    while some := list(islice(made, count)):
        yield some


def require_run(folder: Path) -> None:
    """Raises FileNotFoundError, with what to do, when there is no run in a folder."""
    if not (folder / "run.jsonl").is_file():
        raise FileNotFoundError(f"{folder} holds no run.jsonl: give the folder that `packshot run --out` wrote")


def made_in(folder: Path) -> Iterator[Made]:
    """What a run made of its photos. Raises FileNotFoundError when the folder is no run's, ValueError on its lines."""
    require_run(folder)
    base = Pack.base()
    for line in read_lines(folder / "run.jsonl"):
        try:
            yield _made(folder.resolve(), line, base)
        except KeyError as error:
            raise ValueError(
                f"a line of {folder / 'run.jsonl'} has no {error}: run packshot on the photos again"
            ) from error


def _made(folder: Path, line: Line, base: Pack) -> Made:
    recipe = None
    if line.get("recipe"):
        recipe = (folder / str(line["recipe"])).read_text(encoding="utf-8")
    pack = base.label if recipe is None else str(_by(recipe))
    return Made(
        source=str((folder / str(line["source"])).resolve()),
        sha256=str(line.get("sha256") or ""),
        folder=folder,
        name=str(line["name"]),
        category=str(line.get("category") or "unknown"),
        pack=pack,
        pack_digest=base.content_digest if pack == base.label else str(line.get("settings", "")),
        route=line["route"],
        quality=line.get("quality"),
        would_publish=line.get("would_publish"),
        reasons=tuple(_reasons(line)),
        recipe=recipe,
        files=_files(folder, line),
        house={}
        if recipe is None
        else Style().house(line["category"], base.habits(line["category"])).model_dump(mode="json"),
        carried={name: str(value) for name, value in line.items() if name not in OWN_KEYS},
        seconds=line.get("seconds"),
    )


def _house(category: str, base: Pack) -> dict[str, Any]:
    return Style().house(category, base.habits(category)).model_dump(mode="json")


def _files(folder: Path, line: Line) -> dict[str, Any]:
    files = {name: line[name] for name in _FILES if line.get(name)}
    if "output" in files:
        files["output_sha256"] = hashlib.sha256((folder / str(files["output"])).read_bytes()).hexdigest()
    return files


def _by(recipe: str) -> Any:
    return json.loads(recipe).get("by", "unknown")


def _reasons(line: Line) -> Iterator[Reason]:
    for reason in line.get("reasons") or []:
        yield Reason.model_validate(reason)
