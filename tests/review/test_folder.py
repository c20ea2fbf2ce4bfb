from __future__ import annotations

import json
from pathlib import Path

import pytest

from packshot.batch import RunSettings, run
from packshot.catalog import Catalog
from packshot.pack import Pack
from packshot.review.folder import CATALOG_FILE, Known, catalog_of, made_in, note_run
from tests.tiny import make_pack, make_photos


def test_a_plain_runs_folder_becomes_a_queue_once(out: Path) -> None:
    told: list[tuple[int, int]] = []
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        for _ in range(2):
            note_run(catalog, out, lambda _, done, total: told.append((done, total)))
            assert catalog.counters().waiting == 6
        entry = catalog.queue(limit=1)[0]
    assert entry.prediction is not None
    assert entry.source.is_file()
    assert entry.prediction.file("output").is_file()  # type: ignore[union-attr]
    assert entry.prediction.recipe().source.sha256 == entry.sha256
    assert told == [(6, 6)] * 2


def test_columns_of_the_manifest_and_failures_come_along(tmp_path: Path) -> None:
    photos = make_photos(tmp_path / "photos", 1)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no photo")
    manifest = tmp_path / "photos.csv"
    manifest.write_text(f"source,category,product,seller\n{photos[0].name},reds,mug 7,ada\nbroken.jpg,reds,,\n")
    (tmp_path / "photos" / "photos.csv").write_text(manifest.read_text())
    out = tmp_path / "out"
    settings = RunSettings(pack=make_pack(tmp_path / "pack"), manifest=tmp_path / "photos" / "photos.csv", workers=1)
    run([], out, settings)
    made = {one.name: one for one in made_in(out)}
    assert made["photo-000"].carried == {"product": "mug 7", "seller": "ada"}
    assert made["broken"].route == "failed"
    assert made["broken"].recipe is None
    assert made["broken"].pack == made["photo-000"].pack == "tiny 1"
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        note_run(catalog, out, lambda *_: None)
        assert dict(catalog.counters().states) == {"failed": 1, "review": 1}


def test_a_folder_without_a_run_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="packshot run --out"):
        list(made_in(tmp_path))
    (tmp_path / "run.jsonl").write_text(json.dumps({"source": "a.jpg"}) + "\n")
    with pytest.raises(ValueError, match="has no 'name'"):
        list(made_in(tmp_path))


def test_a_folder_stands_for_the_catalog_in_it(tmp_path: Path) -> None:
    assert catalog_of(str(tmp_path)) == str(tmp_path / CATALOG_FILE)
    assert catalog_of("postgresql://db/name") == "postgresql://db/name"


def test_house_rules_are_those_of_the_runs_own_pack_and_style(out: Path, tmp_path: Path) -> None:
    folder = make_pack(tmp_path / "same")
    style = tmp_path / "style.toml"
    style.write_text("[categories.reds]\nquality = 71\n")
    made = {one.category: one for one in made_in(out, Known.named([folder], style))}
    assert {name: (one.house["quality"], one.house["long_side"]) for name, one in made.items()} == {
        "reds": (71, 320),
        "greens": (92, 320),
        "blues": (92, 320),
    }
    assert {one.pack_digest for one in made.values()} == {Pack(folder).content_digest}
    assert all(one.house == {} for one in made_in(out)), "what an unknown pack's rules were is not made up"
