from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from packshot.learning.pack_making import Workbench
from packshot.pack import BASE_PACK, Pack
from packshot.pack_file import Look, OwnPack, PackError, own_light
from packshot.recognition import Kind, Recognition
from packshot.style import Style
from packshot.view import View
from tests.pictures import product_photo


def test_a_copy_is_whole_and_holds_no_promise_of_its_base(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(BASE_PACK), tmp_path / "new")
    assert bench.pack().verify() == []
    assert bench.pack().file.certificates == ()
    assert bench.pack().file.judge is None
    assert bench.file.models["product"].embedding_output == 2


def test_changes_are_in_the_file_and_leave_the_rest(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(BASE_PACK), tmp_path / "new")
    bench.change(look={**bench.file.look, "hats": Look(shadows=0.2)}, name="mine")
    read = Pack(tmp_path / "new")
    assert read.look("hats").shadows == 0.2
    assert read.look("tops") == Pack(BASE_PACK).look("tops")
    assert read.file.name == "mine"
    assert read.file.thresholds == Pack(BASE_PACK).file.thresholds


def test_a_model_taken_anew_keeps_its_card(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(BASE_PACK), tmp_path / "new")
    before = bench.file.models["product"]
    (tmp_path / "new" / before.file).write_bytes(b"another")
    assert bench.pack().verify()
    bench.add_model("product", before.file)
    after = bench.pack().file.models["product"]
    assert bench.pack().verify() == []
    assert after.sha256 != before.sha256
    assert after.preprocessing == before.preprocessing


def test_packs_of_their_own_come_along_but_for_the_category_learned_again(tmp_path: Path) -> None:
    base = Workbench.from_base(Pack(BASE_PACK), tmp_path / "base")
    own = {}
    for name in ("hats", "bags"):
        inner = Workbench.from_base(Pack(BASE_PACK), tmp_path / "base" / "own" / name)
        own[name] = OwnPack(folder=f"own/{name}", digest=inner.pack().content_digest)
    content = {**json.loads((tmp_path / "base" / "pack.json").read_text())}
    content["own"] = {name: one.model_dump() for name, one in own.items()}
    (tmp_path / "base" / "pack.json").write_text(json.dumps(content))
    copied = Workbench.from_base(Pack(base.folder), tmp_path / "new", relearned="hats").pack()
    assert set(copied.file.own) == {"bags"}
    assert copied.verify() == []
    assert Workbench.from_base(Pack(base.folder), tmp_path / "all").file.own == {}


def test_the_light_of_one_category_goes_when_all_are_learned(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(BASE_PACK), tmp_path / "base")
    for name in ("hats", "bags"):
        (bench.folder / f"{name}.onnx").write_bytes(name.encode())
        bench.add_model(own_light(name), f"{name}.onnx")
    again = Workbench.from_base(bench.pack(), tmp_path / "again", relearned="hats")
    assert set(again.file.models) - set(Pack(BASE_PACK).file.models) == {own_light("bags")}
    assert again.pack().verify() == []
    assert set(Workbench.from_base(bench.pack(), tmp_path / "all").file.models) == set(Pack(BASE_PACK).file.models)


def recognising(bench: Workbench) -> View:
    """A view of a photo that is made to be a watch, next to which the pack knows hats."""
    photo, _ = product_photo()
    view = View(photo, (photo.shape[1], photo.shape[0]), bench.pack(), Style())
    embedding = view.answer.embedding
    assert embedding is not None
    means = {"hats": embedding + 1, "watches": embedding}
    kinds = tuple(Kind(name=name, mean=tuple(map(float, mean)), products=9) for name, mean in means.items())
    axes = tuple(tuple(map(float, row)) for row in np.eye(8, len(embedding)))
    bench.add_recognition(Recognition(network=bench.file.models["product"].sha256, kinds=kinds, axes=axes))
    return View(photo, view.source, bench.pack(), Style())


def test_a_pack_tells_categories_by_what_was_learned(tmp_path: Path) -> None:
    view = recognising(Workbench.from_base(Pack(BASE_PACK), tmp_path / "new"))
    name, share = view.category
    assert name == "watches"
    assert 0.9 < share <= 1
    assert view.pack.told_categories == ("hats", "watches")
    assert set(view.pack.categories) == {*Pack(BASE_PACK).categories, "watches"}
    assert view.pack.verify() == []
    copied = Workbench.from_base(view.pack, tmp_path / "copy").pack()
    assert copied.recognise(view.answer) == view.pack.recognise(view.answer)


def test_another_network_takes_recognition_away_and_a_stale_one_is_told(tmp_path: Path) -> None:
    bench = Workbench.from_base(Pack(BASE_PACK), tmp_path / "new")
    stale = recognising(bench).pack.file.recognition
    product = bench.folder / "product.onnx"
    product.write_bytes(product.read_bytes() + b" ")
    bench.add_model("product", "product.onnx")
    assert bench.pack().file.recognition is None
    bench.change(recognition=stale)
    assert "of another product network: learn it again" in bench.pack().verify()[0]
    with pytest.raises(PackError, match="of another product network"):
        _ = bench.pack().told_categories
