"""One honest run of `learn` on the samples, with what people get wrong among them. Minutes, not convergence."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from typer.testing import CliRunner

from packshot.cli import app
from packshot.learning.learn import learn
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import PairSet, read_pairs
from packshot.learning.steps.making import base_light
from packshot.learning.steps.run import Learning, LearningError, LearnOptions
from packshot.pack import BASE_PACK, Pack
from packshot.photo import Photo
from packshot.pipeline import predict
from packshot.style import load_style
from tests.learning.pair_sets import save
from tests.tiny import make_pack

SAMPLES = Path(__file__).parents[2] / "samples"
BAD = [
    {"id": "no-after", "category": "tops", "group": "x", "before": "before/cap-0.jpg", "after": "after/none.jpg"},
    {"id": "mug-0", "category": "tops", "group": "y", "before": "before/cap-0.jpg", "after": "after/cap-0.jpg"},
    {"id": "unreadable", "category": "tops", "group": "z", "before": "before/broken.jpg", "after": "after/cap-0.jpg"},
    {"id": "wrong", "category": "bags", "group": "mug", "before": "before/tote-0.jpg", "after": "after/mug-0.jpg"},
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples at half their size, and lines that are no pairs."""
    folder = tmp_path_factory.mktemp("pairs")
    for path in (*SAMPLES.glob("before/*.jpg"), *SAMPLES.glob("after/*.jpg")):
        photo = simplejpeg.decode_jpeg(path.read_bytes())
        half = cv2.resize(photo, (photo.shape[1] // 2, photo.shape[0] // 2), interpolation=cv2.INTER_AREA)
        save(folder / path.relative_to(SAMPLES), np.asarray(half, np.uint8))
    (folder / "before" / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    lines = [(SAMPLES / "pairs.jsonl").read_text().strip(), *(json.dumps(line) for line in BAD)]
    (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def learned(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The pack learned from them, and what the command printed."""
    out = tmp_path_factory.mktemp("learned") / "studio"
    answer = CliRunner().invoke(app, ["learn", str(pairs), "--out", str(out), "--minutes", "3", "--json"])
    assert answer.exit_code == 0, answer.output
    return out, json.loads(answer.stdout)


def test_the_pack_is_whole_and_retouches(pairs: Path, learned: tuple[Path, dict[str, Any]]) -> None:
    pack = Pack(learned[0])
    assert pack.verify() == []
    assert pack.file.certificates == ()
    recipe = predict(Photo.open(pairs / "before" / "cap-0.jpg"), pack, category="hats")
    assert recipe.color.measured_from == "pairs"
    assert recipe.cropping.canvas == (700, 700)


def test_its_card_says_what_it_is(learned: tuple[Path, dict[str, Any]]) -> None:
    card = (learned[0] / "card.md").read_text(encoding="utf-8")
    assert card.startswith("# studio ")
    for told in (
        "on top of base",
        "| hats | 1 |",
        "ΔE00 on the product",
        "possible at best",
        "Licence",
        "wrong was not",
    ):
        assert told in card


def test_categories_are_told_from_photos(pairs: Path, learned: tuple[Path, dict[str, Any]]) -> None:
    pack, account = Pack(learned[0]), learned[1]
    assert pack.recognition is not None
    assert {kind.name for kind in pack.recognition.kinds if kind.rarity == 1} == set(account["learned_from"])
    assert sum(one["photos"] for one in account["told"].values()) == account["held_out"]
    told = {line.id: predict(Photo.open(line.before), pack).category for line in read_pairs(pairs).pairs}
    right = [told[line.id] == line.category for line in read_pairs(pairs).pairs]
    assert sum(right) > 0.6 * len(right), told  # a photo or two a category, and what the base knows
    assert "Which category is it?" in (learned[0] / "report.html").read_text(encoding="utf-8")


def test_canvases_are_those_of_the_afters(pairs: Path, learned: tuple[Path, dict[str, Any]]) -> None:
    pack = Pack(learned[0])
    style = load_style(learned[0] / "style.toml")
    known = json.loads((learned[0] / "work" / "account.json").read_text())["learned_from"]
    for line in (json.loads(text) for text in (SAMPLES / "pairs.jsonl").read_text().splitlines()):
        if line["category"] in known:
            before, after = (Photo.open(pairs / line[side]) for side in ("before", "after"))
            house = style.house(line["category"], pack.habits(line["category"])).for_photo(before.size)
            assert house.canvas() == after.size


def test_nothing_is_dropped_silently(learned: tuple[Path, dict[str, Any]]) -> None:
    account = learned[1]
    notes = "\n".join(account["notes"])
    assert account["left_out"] == 3
    for what in ("after/none.jpg", "repeats the id 'mug-0'", "line 15", "wrong was not learned from"):
        assert what in notes
    assert account["learned"] + account["held_out"] in (12, 13)


def test_it_is_scored_on_products_that_it_has_not_seen(learned: tuple[Path, dict[str, Any]]) -> None:
    out, account = learned
    scores = account["scores"]["all"]
    assert account["held_out"] >= 2
    assert {"packshot", "untouched", "mean", "fitted"} <= set(scores)
    assert scores["fitted"]["delta_e"]["median"] < scores["untouched"]["delta_e"]["median"]
    assert "ΔE00" in (out / "report.html").read_text(encoding="utf-8")


def test_each_categorys_own_hand_is_compared_with_one_for_all(learned: tuple[Path, dict[str, Any]]) -> None:
    out, account = learned
    rows = account["own_or_one"]
    assert {row["figure"] for row in rows} == {"frame", "sharpening", "noise", "color"}
    assert {row["category"] for row in rows} == set(account["learned_from"])
    assert {row["verdict"] for row in rows} == {"cannot tell"}  # a product or two of each category
    assert "A category's own hand, or one for all" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("knows_light", [False, True])
def test_learning_one_category_moves_no_other(
    pairs: Path, learned: tuple[Path, dict[str, Any]], tmp_path: Path, knows_light: bool
) -> None:
    base = learned[0] if knows_light else make_pack(tmp_path / "tiny")
    shutil.copytree(learned[0] / "work" / "fits" / "readings", tmp_path / "pack" / "work" / "fits" / "readings")
    found = read_pairs(pairs)
    few = replace(found, pairs=tuple(pair for pair in found.pairs if pair.id in ("tshirt-0", "sweater-0", "cap-0")))
    learn(few, LearnOptions(tmp_path / "pack", base, "tops", minutes=0.1, workers=1), lambda *_: None)
    before, after = Pack(base), Pack(tmp_path / "pack")
    assert after.verify() == []
    assert "Nothing is known of how good this pack is" in (tmp_path / "pack" / "report.html").read_text()
    assert "nothing could be set aside" in (tmp_path / "pack" / "card.md").read_text()
    photo = Photo.open(pairs / "before" / "cap-0.jpg")
    for category in ("hats", "glassware", "never seen"):
        assert decided(photo, after, category) == decided(photo, before, category)
    assert predict(photo, after, category="tops").color.measured_from == "pairs"
    assert decided(photo, after, "tops") != decided(photo, before, "tops")


def decided(photo: Photo, pack: Pack, category: str) -> dict[str, Any]:
    """A recipe without the name of its pack, numbers rounded."""
    told = predict(photo, pack, category=category).model_dump(mode="json")
    rounded = json.loads(json.dumps(told), parse_float=lambda text: round(float(text), 3))
    return {name: part for name, part in rounded.items() if name != "by"}


def test_pairs_that_are_none_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "pairs.jsonl").write_text("")
    options = LearnOptions(tmp_path / "pack", BASE_PACK)
    with pytest.raises(LearningError, match="holds no pair that can be used"):
        learn(read_pairs(tmp_path / "pairs"), options, lambda *_: None)
    answer = CliRunner().invoke(app, ["learn", str(tmp_path), "--out", str(tmp_path / "pack")])
    assert answer.exit_code == 2
    assert "needs a file pairs.jsonl" in answer.output


def test_a_light_model_of_another_kind_is_not_learned_further_and_that_is_told(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(make_pack(tmp_path / "tiny")), tmp_path / "pack")
    (bench.folder / "light.onnx").write_bytes((bench.folder / "product.onnx").read_bytes())
    bench.add_model("light", "light.onnx")
    options = LearnOptions(tmp_path / "pack", tmp_path / "tiny", "hats")
    run = Learning(PairSet(tmp_path, ()), options, lambda *_: None)
    assert base_light(run, bench) is None
    assert "hats has a light model of its own: light.onnx is not packshot's own light model" in run.notes[0]
