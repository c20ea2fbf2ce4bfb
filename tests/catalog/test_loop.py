"""The whole loop, small: run, corrections, learning, promotion where it is better, going back."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from packshot.catalog import Catalog
from packshot.catalog.champions import crown, reigns
from packshot.catalog.recording import CatalogRecorder
from packshot.cli import app
from packshot.pack import Pack
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import predict, render
from tests.catalog.desk import correct, prediction_of, retouch
from tests.tiny import make_pack, make_photos

SIZE = (360, 480)
LIGHTER = 0.7  # stops that this studio wants its reds lighter


def frozen_set(folder: Path, pack: Pack) -> Path:
    """Pairs of photos that nobody learns from: reds are lighter than the pack makes them, greens as it does."""
    lines = []
    reds, greens = (make_photos(folder / "before", count, SIZE, first, 3) for count, first in ((10, 60), (5, 61)))
    (folder / "after").mkdir()
    for path in (*reds, *greens):
        photo = Photo.open(path)
        recipe = predict(photo, pack)
        if path in reds:
            lighter = recipe.lighting.model_copy(update={"exposure": recipe.lighting.exposure + LIGHTER})
            recipe = recipe.model_copy(update={"lighting": lighter})
        (folder / "after" / path.name).write_bytes(encode_jpeg(render(photo, recipe), 97, subsampling="444"))
        names = {"id": path.stem, "group": path.stem, "category": recipe.category}
        lines.append({**names, "before": f"before/{path.name}", "after": f"after/{path.name}"})
    (folder / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def packshot(*arguments: object) -> str:
    told = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert told.exit_code == 0, told.output
    return told.stdout


def test_corrections_make_the_next_pack_better_where_they_were_made_and_worse_nowhere(tmp_path: Path) -> None:
    old, new, challenger = make_pack(tmp_path / "pack"), tmp_path / "champion", tmp_path / "challenger"
    frozen, url = frozen_set(tmp_path / "frozen", Pack(old)), tmp_path / "catalog.sqlite"
    with Catalog.open(str(url)) as catalog:
        crown(catalog, Pack(old), "ann")
        for entry in retouch(catalog, make_photos(tmp_path / "in", 12, SIZE, step=3), tmp_path, old):
            correct(catalog, entry, lighting={"exposure": prediction_of(entry).recipe().lighting.exposure + LIGHTER})

    how = ("--category", "reds", "--minutes", 0.2, "--workers", 1)
    packshot("learn", "--from-catalog", url, "--out", challenger, *how)
    told = packshot("promote", challenger, "--catalog", url, "--frozen", frozen, "--out", new, "--workers", 1, "--json")
    outcome = json.loads(told)
    assert outcome["won"] == ["reds"], told
    assert outcome["categories"]["reds"]["figures"]["delta_e"]["low"] > 3, "two thirds of a stop is plainly seen"

    for path in sorted((frozen / "after").iterdir()):
        photo = Photo.open(frozen / "before" / path.name)
        before, after = predict(photo, Pack(old)), predict(photo, Pack(new))
        if before.category == "reds":
            assert after.lighting != before.lighting
        else:
            assert after.model_copy(update={"by": before.by}) == before, "nothing else has moved at all"

    with Catalog.open(str(url)) as catalog:
        assert CatalogRecorder(catalog).champion() == new
        packshot("rollback", "--catalog", url)
        assert CatalogRecorder(catalog).champion() == old
        assert [reign.action for reign in reigns(catalog)] == ["begin", "promote", "rollback"]
