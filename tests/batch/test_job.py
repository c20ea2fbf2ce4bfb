"""One photo's job: its files and its line."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packshot.batch import job
from packshot.batch.job import Item, Retouching, megabytes_needed, most_pixels, require_presets, retouch
from packshot.batch.ledger import OWN_KEYS
from packshot.batch.problems import RunError
from packshot.pack import Pack
from packshot.photo import Metadata, Photo, encode_jpeg
from packshot.pipeline import render
from packshot.publication.presets import preset
from packshot.recipe import Recipe
from packshot.style import House, Style, load_style
from tests.tiny import make_pack, make_photos, product_picture

GPS = 0x8825
DOCS = Path(__file__).parents[2] / "docs"


def work(folder: Path, style: Style | None = None, certified: bool = False) -> tuple[Retouching, Pack]:
    pack = make_pack(folder / "pack", certified)
    return Retouching(folder / "out", pack, style or Style(), "settings"), Pack(pack)


def done(folder: Path, name: str = "x/a", number: int = 0, **options: object) -> dict[str, object]:
    path = make_photos(folder / "in", number + 1)[number]
    doing, pack = work(folder, **options)  # type: ignore[arg-type]
    return retouch(doing, pack, Item(path, "../in/photo-000.jpg", name, carried={"product": "7"}), lambda _: None)


def test_the_line_names_files_that_are_there(tmp_path: Path) -> None:
    line = done(tmp_path)
    assert line["route"] == "review"
    files = {key: line[key] for key in ("output", "recipe", "matte", "preview", "thumb")}
    assert files == {
        "output": "review/x/a.jpg",
        "recipe": "recipes/x/a.json",
        "matte": "mattes/x/a.png",
        "preview": "previews/x/a.jpg",
        "thumb": "thumbs/x/a.jpg",
    }
    assert all((tmp_path / "out" / str(path)).stat().st_size > 100 for path in files.values())
    assert set(line) - OWN_KEYS == {"product"}
    assert line["product"] == "7"
    assert line["reasons"] == [
        {
            "code": "too_small",
            "sentence": "The finished shot is only 145 pixels long; 200 are wanted.",
            "value": 145.0,
            "limit": 200.0,
        }
    ]


def test_the_line_names_the_camera_that_the_photo_names(tmp_path: Path) -> None:
    path, exif = make_photos(tmp_path / "in", 1)[0], Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS R6"
    Image.open(path).save(path, exif=exif)
    doing, pack = work(tmp_path)
    item = Item(path, "../in/photo-000.jpg", "a")
    assert retouch(doing, pack, item, lambda _: None)["camera"] == "Canon EOS R6"
    manifest = replace(item, carried={"camera": "the one on the left"})
    assert retouch(doing, pack, manifest, lambda _: None)["camera"] == "the one on the left"


def test_the_saved_recipe_renders_the_finished_shot(tmp_path: Path) -> None:
    line = done(tmp_path)
    recipe = Recipe.load(tmp_path / "out" / str(line["recipe"]))
    assert recipe.verdict is not None
    assert recipe.background.matte is not None
    assert recipe.background.matte.file == "../../mattes/x/a.png"
    finished = Photo.open(tmp_path / "out" / str(line["output"]))
    again = render(Photo.open(tmp_path / "in/photo-000.jpg"), recipe)
    difference = abs(finished.pixels().astype(int) - again.astype(int))
    assert finished.size == recipe.geometry.size
    assert difference.mean() < 2


def test_the_shadow_map_is_kept_beside_the_recipe(tmp_path: Path) -> None:
    line = done(tmp_path, style=Style(default={"shadow": "keep"}))
    recipe = Recipe.load(tmp_path / "out" / str(line["recipe"]))
    assert recipe.background.shadow_map is not None
    assert (tmp_path / "out/shadows/x/a.png").is_file()


def test_a_certified_pack_publishes_and_takes_the_earlier_shot_out_of_review(tmp_path: Path) -> None:
    earlier = tmp_path / "out/review/a.jpg"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    line = done(tmp_path, name="a", number=1, certified=True)
    assert line["route"] == "publish", line["reasons"]
    assert (tmp_path / "out/published/a.jpg").is_file()
    assert not earlier.exists()


def test_a_bad_photo_fails_with_the_sentence_of_what_is_wrong(tmp_path: Path) -> None:
    doing, pack = work(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"<html>404</html>")
    line = retouch(doing, pack, Item(tmp_path / "a.jpg", "../a.jpg", "a"), lambda _: None)
    assert (line["route"], line["problem"], line["output"]) == ("failed", "not-a-photo", None)
    assert line["error"] == "a.jpg: this is a web page, not a photo (a failed download?); download it again."
    assert not (tmp_path / "out").exists()


def test_what_nobody_foresaw_fails_its_photo_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(job, "judge", broken)
    line = done(tmp_path)
    assert line["problem"] == "unforeseen"
    assert "ZeroDivisionError" in str(line["error"])


def test_a_full_disk_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(job, "write_atomic", full)
    with pytest.raises(RunError, match="No space left"):
        done(tmp_path)


def test_a_file_in_the_way_fails_its_photo_alone(tmp_path: Path) -> None:
    (tmp_path / "out/recipes").mkdir(parents=True)
    (tmp_path / "out/recipes/x").touch()
    line = done(tmp_path)
    assert (line["route"], line["problem"]) == ("failed", "unwritten")


def test_the_same_photo_makes_the_same_files(tmp_path: Path) -> None:
    done(tmp_path)
    first = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    shutil.rmtree(tmp_path / "out")
    done(tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")} == first


def test_larger_photos_deeper_ones_and_larger_outputs_ask_for_more_memory() -> None:
    small, large = (Photo.from_pixels(np.zeros((side, side, 3), np.uint8)) for side in (100, 900))
    deep = Photo.from_pixels(np.zeros((900, 900, 3), np.uint16))
    needs = [megabytes_needed(photo, 10_000) for photo in (small, large, deep)]
    assert needs == sorted(set(needs))
    assert megabytes_needed(large, 500_000) > needs[1]


def test_the_largest_canvas_of_any_category_counts(tmp_path: Path) -> None:
    pack = Pack(make_pack(tmp_path / "pack"))
    assert most_pixels(Style(), pack) == 256 * 320
    assert most_pixels(Style(categories={"hats": {"long_side": 1000}}), pack) == 800 * 1000


def test_marketplace_outputs_are_written_and_told_of(tmp_path: Path) -> None:
    line = done(tmp_path, style=Style(default={"presets": ["ebay"]}))
    assert set(line["presets"]) == {"ebay"}  # type: ignore[call-overload]
    assert (tmp_path / "out" / line["presets"]["ebay"]["output"]).is_file()  # type: ignore[index]


@pytest.mark.parametrize(("asked", "kept"), [("harmless", False), ("all", True)])
def test_all_metadata_is_kept_only_where_the_style_asks_for_it(tmp_path: Path, asked: str, kept: bool) -> None:
    style = Style(default={"metadata": asked, "presets": ["ebay"]})
    exif = Image.Exif()
    exif[0x013B], exif.get_ifd(GPS)[1] = "Ann", "N"
    path = tmp_path / "in.jpg"
    path.write_bytes(encode_jpeg(product_picture(1), metadata=Metadata(complete=exif.tobytes())))
    doing, _ = work(tmp_path, style=style)
    line = retouch(doing, Pack(doing.pack), Item(path, "in.jpg", "in"), lambda _: None)
    for output in (line["output"], line["presets"]["ebay"]["output"]):
        made = Image.open(doing.out / output).getexif()
        assert made[0x013B] == "Ann"
        assert (GPS in made) is kept


def test_a_style_brings_presets_of_its_own(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "publication.md").read_text(encoding="utf-8"), re.DOTALL)
    example = next(block for block in blocks if "own_presets" in block)
    (tmp_path / "style.toml").write_text(example)
    style = load_style(tmp_path / "style.toml")
    made = done(tmp_path, style=style)["presets"]["our-shop"]  # type: ignore[index]
    assert made["output"].endswith(".webp")
    assert isinstance(made["meets"], bool)
    stored = House.model_validate(json.loads(json.dumps(style.house("shoes").model_dump(mode="json"))))
    assert preset("our-shop", stored.own_presets) == preset("our-shop", style.house("shoes").own_presets)


def test_a_style_with_a_marketplace_nobody_knows_is_refused(tmp_path: Path) -> None:
    pack = Pack(make_pack(tmp_path / "pack"))
    with pytest.raises(ValueError, match="no preset 'bazaar'"):
        require_presets(Style(categories={"hats": {"presets": ["bazaar"]}}), pack)
