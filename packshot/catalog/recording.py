"""A run that writes to the catalog: it holds its photos, notes what it makes, and leaves alone what people decided."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from packshot.batch.job import Item, Retouching
from packshot.batch.ledger import OWN_KEYS, Line
from packshot.batch.recording import Recorder
from packshot.catalog.catalog import Catalog
from packshot.catalog.champions import champion
from packshot.catalog.entries import Made
from packshot.pack import Pack
from packshot.photo import PhotoError, PhotoLimits
from packshot.photo.files import read_limited
from packshot.recipe import Reason

HOLD = 1800.0
"""Seconds for which a run holds its photos; it asks for longer while it goes on."""

_AT_ONCE = 200
_FILES = ("output", "recipe", "matte", "preview", "thumb", "presets")


class CatalogRecorder(Recorder):
    """Notes one run in a catalog. After a kill the same run takes its photos up again; others wait for its hold."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._work: Retouching | None = None
        self._renewed = time.monotonic()

    def champion(self) -> Path | None:
        """The folder of the pack that retouches for this catalog; None until one was named."""
        reign = champion(self._catalog)
        return None if reign is None else reign.folder

    def begins(self, work: Retouching, todo: Sequence[Item]) -> dict[str, str]:
        """Notes that the photos have arrived and takes those that nobody else works on or has decided."""
        self._work = work
        by_path = {str(item.path): item for item in todo}
        self._catalog.see({path: item.category for path, item in by_path.items()})
        alone = self._decided(by_path)
        free = self._catalog.lease_sources(self._worker, by_path.keys() - alone.keys(), HOLD)
        alone |= dict.fromkeys(by_path.keys() - alone.keys() - free, "somebody else is at them")
        return {by_path[path].source: why for path, why in alone.items()}

    def _decided(self, by_path: dict[str, Item]) -> dict[str, str]:
        settled = self._catalog.settled(by_path)
        return {
            path: "people decided on them, or they are published"
            for path, contents in settled.items()
            if _sha256(Path(path)) in contents
        }

    def made(self, lines: Iterable[Line]) -> None:
        """Notes what was made; the same again changes nothing."""
        made = (self._made(line) for line in lines)
        while some := list(islice(made, _AT_ONCE)):
            self._catalog.add(some, self._worker)
        if time.monotonic() - self._renewed > HOLD / 4:
            self._catalog.renew(self._worker, HOLD)
            self._renewed = time.monotonic()

    def ends(self) -> None:
        """Gives back what was not done."""
        self._catalog.release(self._worker)

    @property
    def _worker(self) -> str:
        return f"run into {self._begun.out}"

    @property
    def _begun(self) -> Retouching:
        assert self._work is not None, "begins() comes first"
        return self._work

    @cached_property
    def _pack(self) -> Pack:
        return Pack(self._begun.pack)

    def _made(self, line: Line) -> Made:
        out, recipe = self._begun.out, line.get("recipe")
        return Made(
            source=os.path.normpath(out / str(line["source"])),
            sha256=line.get("sha256") or "",
            folder=out,
            name=str(line["name"]),
            category=line.get("category") or "unknown",
            pack=self._pack.label,
            pack_digest=self._pack.content_digest,
            route=line["route"],
            quality=line.get("quality"),
            would_publish=line.get("would_publish"),
            reasons=tuple(Reason.model_validate(reason) for reason in line.get("reasons", ())),
            recipe=None if recipe is None else _compact(out / str(recipe)),
            files=self._files(line),
            house=self._house(line),
            carried={key: value for key, value in line.items() if key not in OWN_KEYS},
            seconds=line.get("seconds"),
        )

    def _files(self, line: Line) -> dict[str, Any]:
        files = {key: line[key] for key in _FILES if line.get(key) is not None}
        if "output" in files:
            files["output_sha256"] = _sha256(self._begun.out / str(files["output"]))
        return files

    def _house(self, line: Line) -> dict[str, Any]:
        category = line.get("category")
        if category is None:
            return {}
        house = self._begun.style.house(category, self._pack.habits(category))
        return house.model_dump(mode="json")


def _compact(path: Path) -> str:
    return json.dumps(json.loads(path.read_bytes()), ensure_ascii=False, separators=(",", ":"))


def _sha256(path: Path) -> str:
    """Of a file's content; empty when it cannot be read."""
    try:
        return hashlib.sha256(read_limited(path, PhotoLimits())).hexdigest()
    except PhotoError:
        return ""
