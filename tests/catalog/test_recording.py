"""Runs that write to a catalog."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packshot.batch import RunSettings, run
from packshot.catalog import Answer, Catalog
from packshot.catalog.recording import CatalogRecorder
from tests.tiny import make_pack, make_photos


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("pack"))


def retouch(catalog: Catalog, folder: Path, pack: Path, out: str = "out") -> None:
    run([folder / "in"], folder / out, RunSettings(pack=pack, workers=1), recorder=CatalogRecorder(catalog))


def test_a_run_notes_every_photo_and_a_second_one_nothing(catalog: Catalog, tmp_path: Path, pack: Path) -> None:
    photos = make_photos(tmp_path / "in", 3)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"no picture")
    retouch(catalog, tmp_path, pack)
    assert catalog.counters().states == {"failed": 1, "review": 3}
    entries = catalog.queue()
    assert {entry.source for entry in entries} == set(photos)
    prediction = entries[0].prediction
    assert prediction is not None
    assert prediction.recipe().source.sha256 == entries[0].sha256
    assert (prediction.pack, prediction.house["long_side"]) == ("tiny 1", 320)
    for what in ("output", "recipe", "matte", "preview", "thumb"):
        file = prediction.file(what)
        assert file is not None
        assert file.is_file(), what
    assert all(entry.lease is None for entry in entries)
    retouch(catalog, tmp_path, pack)
    assert catalog.queue() == entries


def test_what_a_kill_kept_from_the_catalog_is_noted_by_the_next_run(
    catalog: Catalog, tmp_path: Path, pack: Path
) -> None:
    make_photos(tmp_path / "in", 2)
    run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=pack, workers=1))
    retouch(catalog, tmp_path, pack)
    assert catalog.counters().states == {"review": 2}


def test_a_decided_photo_is_left_alone_and_a_new_picture_under_its_name_is_not(
    catalog: Catalog, tmp_path: Path, pack: Path
) -> None:
    _, second = make_photos(tmp_path / "in", 2)
    retouch(catalog, tmp_path, pack)
    for entry in catalog.lease("ann", 2, 60):
        assert entry.prediction is not None
        catalog.decide(entry.id, "ann", Answer("accept", entry.prediction.id))
    output = tmp_path / "out" / "review" / "photo-000.jpg"
    os.utime(output, (0, 0))
    other = make_pack(tmp_path / "other")
    file = other / "pack.json"
    file.write_text(file.read_text().replace('"version": "1"', '"version": "2"'))
    second.write_bytes(make_photos(tmp_path / "more", 3)[2].read_bytes())
    retouch(catalog, tmp_path, other)
    assert output.stat().st_mtime == 0
    assert [entry.source for entry in catalog.queue()] == [second]
    assert catalog.counters().states == {"publish": 2, "review": 1}


def test_two_runs_do_not_work_on_the_same_photo(catalog: Catalog, tmp_path: Path, pack: Path) -> None:
    photos = make_photos(tmp_path / "in", 2)
    catalog.see({str(photos[0]): None})
    assert len(catalog.lease_work("another run", 1, 60)) == 1
    retouch(catalog, tmp_path, pack)
    assert [entry.source for entry in catalog.queue()] == [photos[1]]
    catalog.release("another run")
    retouch(catalog, tmp_path, pack)
    assert len(catalog.queue()) == 2
