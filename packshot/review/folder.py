"""A run's folder as a queue: what ``run.jsonl`` tells, noted in a catalog that lies in the folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from packshot.batch.ledger import OWN_KEYS, Line, read_lines
from packshot.catalog import Catalog, Made
from packshot.pack import Pack
from packshot.recipe import Reason
from packshot.style import Style, load_style

CATALOG_FILE = "catalog.sqlite"
_AT_ONCE = 100
_FILES = ("output", "recipe", "matte", "preview", "thumb", "presets")


def catalog_of(place: str) -> str:
    """The catalog a person means: of a run's folder the one in it, else what was given."""
    return str(Path(place) / CATALOG_FILE) if "://" not in place and Path(place).is_dir() else place


@dataclass(frozen=True)
class Known:
    """What a run may have been made with: packs, the one that ships last, and the house style."""

    packs: tuple[Pack, ...] = field(default_factory=lambda: (Pack.base(),))
    style: Style = field(default_factory=Style)

    @classmethod
    def named(cls, packs: Sequence[Path], style: Path | None) -> Known:
        """Those in these files, and the pack that ships. Raises PackError, ValueError or OSError."""
        opened = (*map(Pack, packs), Pack.base())
        return cls(opened, Style() if style is None else load_style(style))

    def pack(self, label: str) -> Pack | None:
        """The pack of a name and version; None where it is not known."""
        return next((pack for pack in self.packs if pack.label == label), None)

    def house(self, pack: Pack, category: str) -> dict[str, Any]:
        """The rules for a category."""
        return self.style.house(category, pack.habits(category)).model_dump(mode="json")


def note_run(catalog: Catalog, folder: Path, tell: Callable[[str, int, int], None], known: Known | None = None) -> None:
    """Notes a run's photos in a catalog; those already there stay as they are. ``tell``: what, done, of how many.

    Raises FileNotFoundError when the folder is no run's, ValueError when a line of it cannot be understood.
    """
    total = len(read_lines(folder / "run.jsonl"))
    for at, some in enumerate(batched(made_in(folder, known), _AT_ONCE)):
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


def made_in(folder: Path, known: Known | None = None) -> Iterator[Made]:
    """What a run made of its photos; the house rules of a pack that is not known are not noted.

    Raises FileNotFoundError when the folder is no run's, ValueError on its lines.
    """
    require_run(folder)
    known = known or Known()
    lines = read_lines(folder / "run.jsonl")
    labels = (str(_by(recipe)) for line in lines if (recipe := _recipe(folder, line)) is not None)
    usual = next(labels, known.packs[-1].label)  # of a photo that failed, no recipe says it
    for line in lines:
        try:
            yield _made(folder.resolve(), line, known, usual)
        except KeyError as error:
            raise ValueError(
                f"a line of {folder / 'run.jsonl'} has no {error}: run packshot on the photos again"
            ) from error


def _made(folder: Path, line: Line, known: Known, usual: str) -> Made:
    recipe = _recipe(folder, line)
    label = usual if recipe is None else str(_by(recipe))
    pack = known.pack(label)
    return Made(
        source=str((folder / str(line["source"])).resolve()),
        sha256=str(line.get("sha256") or ""),
        folder=folder,
        name=str(line["name"]),
        category=str(line.get("category") or "unknown"),
        pack=label,
        pack_digest=str(line.get("settings", "")) if pack is None else pack.content_digest,
        route=line["route"],
        quality=line.get("quality"),
        would_publish=line.get("would_publish"),
        reasons=tuple(_reasons(line)),
        recipe=recipe,
        files=_files(folder, line),
        house={} if recipe is None or pack is None else known.house(pack, str(line["category"])),
        carried={name: str(value) for name, value in line.items() if name not in OWN_KEYS},
        seconds=line.get("seconds"),
    )


def _recipe(folder: Path, line: Line) -> str | None:
    return (folder / str(line["recipe"])).read_text(encoding="utf-8") if line.get("recipe") else None


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
