"""A run of tiny photos in a catalog, and an editor at work on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packshot.batch import RunSettings, run
from packshot.catalog import Answer, Catalog, Entry, Prediction
from packshot.catalog.recording import CatalogRecorder
from tests.tiny import make_pack


def retouch(catalog: Catalog, photos: Sequence[Path], folder: Path, pack: Path | None = None) -> list[Entry]:
    """Runs the photos into ``folder/out``; the waiting entries in the photos' order."""
    made = pack or make_pack(folder / "pack")
    run(photos, folder / "out", RunSettings(pack=made, workers=1), recorder=CatalogRecorder(catalog))
    return sorted(catalog.queue(limit=len(photos)), key=lambda entry: entry.source)


def prediction_of(entry: Entry) -> Prediction:
    assert entry.prediction is not None
    return entry.prediction


def decide(catalog: Catalog, entry: Entry, outcome: str = "accept", **more: Any) -> None:
    """Ann's answer."""
    catalog.decide(entry.id, "ann", Answer(outcome, prediction_of(entry).id, **more))  # type: ignore[arg-type]


def correct(catalog: Catalog, entry: Entry, **changes: dict[str, Any]) -> None:
    decide(catalog, entry, "correct", changes=changes)
