from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from packshot.pack import BASE_PACK, Pack, prepare
from packshot.pack_file import PackError, Preprocessing
from tests.pictures import product_photo

SIDE = 64


def users_model(weights: tuple[float, float, float] = (0.0, 0.0, 1.0), output: str = "same") -> bytes:
    """A network that weighs red, green and blue into matte logits, as (1, 1, H, W), or at a quarter of the size."""
    nodes = [helper.make_node("Conv", ["photo", "weights"], ["logits"])]
    if output == "quarter":
        nodes = [
            helper.make_node("Conv", ["photo", "weights"], ["full"]),
            helper.make_node("AveragePool", ["full"], ["logits"], kernel_shape=[4, 4], strides=[4, 4]),
        ]
    graph = helper.make_graph(
        nodes,
        "users",
        [helper.make_tensor_value_info("photo", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1, None, None])],
        [numpy_helper.from_array(np.array(weights, np.float32).reshape(1, 3, 1, 1), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def users_pack(folder: Path, content: bytes | None = None, **changes: Any) -> Path:
    """A pack that names the user's model: rgb planes, squeezed square, normalised as most published models are."""
    folder.mkdir(parents=True, exist_ok=True)
    content = users_model() if content is None else content
    (folder / "mine.onnx").write_bytes(content)
    preprocessing = {"planes": "rgb", "long_side": SIDE, "square": True, "mean": [0.5] * 3, "deviation": [0.1] * 3}
    card = {"file": "mine.onnx", "sha256": hashlib.sha256(content).hexdigest(), "preprocessing": preprocessing}
    pack = {"name": "mine", "version": "2", "categories": ["tops"], "models": {"product": card | changes}}
    (folder / "pack.json").write_text(json.dumps(pack))
    return folder


def test_a_users_model_takes_the_networks_place(tmp_path: Path) -> None:
    """It answers that blue is product: the drawn shirt is, its grey paper lies at one half by the mean given."""
    image, matte = product_photo(colour=(20, 20, 230), backdrop=(60, 60, 60))
    answer = Pack(users_pack(tmp_path)).ask(image)
    assert answer.matte.shape == matte.shape
    assert answer.matte.dtype == np.float32
    assert answer.categories is None
    assert answer.matte[matte > 0.99].mean() > 0.9
    assert answer.matte[matte < 0.01].mean() < 0.1


def test_a_model_may_answer_at_a_smaller_size(tmp_path: Path) -> None:
    image, matte = product_photo(colour=(20, 20, 230), backdrop=(60, 60, 60))
    answer = Pack(users_pack(tmp_path, users_model(output="quarter"))).ask(image)
    assert answer.matte.shape == matte.shape
    assert ((answer.matte > 0.5) == (matte > 0.5)).mean() > 0.95


def test_a_model_that_answers_in_shares_is_not_bent_again(tmp_path: Path) -> None:
    image = np.full((SIDE, SIDE, 3), 191, np.uint8)
    plain = {"planes": "rgb", "long_side": SIDE, "square": True, "mean": [0.0] * 3, "deviation": [1.0] * 3}
    answer = Pack(users_pack(tmp_path, preprocessing=plain, logits=False)).ask(image)
    assert answer.matte == pytest.approx(np.full((SIDE, SIDE), 191 / 255), abs=1e-5)


def test_a_pack_rewritten_in_place_answers_anew(tmp_path: Path) -> None:
    image = np.full((SIDE, SIDE, 3), 200, np.uint8)
    first = Pack(users_pack(tmp_path, users_model((0, 0, 1)))).ask(image)
    second = Pack(users_pack(tmp_path, users_model((0, 0, -1)))).ask(image)
    assert first.matte.mean() > 0.9
    assert second.matte.mean() < 0.1


@pytest.mark.parametrize(("planes", "count"), [("rgb", 3), ("packshot", 8)])
def test_preparing_keeps_the_aspect_unless_squeezed(planes: str, count: int) -> None:
    image, _ = product_photo(size=(480, 600))
    how = Preprocessing.model_validate({"planes": planes, "long_side": 320, "multiple": 32})
    assert prepare(image, how).shape == (count, 320, 256)
    assert prepare(image, how.model_copy(update={"square": True})).shape == (count, 320, 320)


def test_normalisation_is_by_mean_and_deviation() -> None:
    how = Preprocessing(long_side=32, mean=(0.2, 0.4, 0.6), deviation=(0.5, 0.25, 0.1))
    planes = prepare(np.full((32, 32, 3), 255, np.uint8), how)
    assert planes[:, 0, 0] == pytest.approx([1.6, 2.4, 4.0], rel=1e-5)


def test_a_whole_pack_has_no_problems_and_says_its_name(tmp_path: Path) -> None:
    pack = Pack(users_pack(tmp_path))
    assert pack.verify() == []
    assert pack.label == "mine 2"


def test_a_tampered_file_is_reported(tmp_path: Path) -> None:
    pack = Pack(users_pack(tmp_path))
    (tmp_path / "mine.onnx").write_bytes(users_model((1, 0, 0)))
    (problem,) = pack.verify()
    assert "mine.onnx" in problem
    assert "sha256 differs" in problem


def test_a_missing_file_is_reported_and_told_in_use(tmp_path: Path) -> None:
    pack = Pack(users_pack(tmp_path))
    (tmp_path / "mine.onnx").unlink()
    assert "missing" in pack.verify()[0]
    with pytest.raises(PackError, match="not whole"):
        pack.ask(product_photo()[0])


@pytest.mark.parametrize("place", ["../mine.onnx", "sub/mine.onnx", "/etc/hostname"])
def test_a_path_outside_the_pack_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(PackError, match="outside the pack"):
        Pack(users_pack(tmp_path, file=place))


def test_a_link_that_leads_out_of_the_pack_is_refused(tmp_path: Path) -> None:
    users_pack(tmp_path / "pack")
    (tmp_path / "mine.onnx").write_bytes(users_model())
    (tmp_path / "pack" / "mine.onnx").unlink()
    (tmp_path / "pack" / "mine.onnx").symlink_to(tmp_path / "mine.onnx")
    with pytest.raises(PackError, match="outside the pack"):
        Pack(tmp_path / "pack")


def test_without_a_product_model_the_way_out_is_told(tmp_path: Path) -> None:
    (tmp_path / "pack.json").write_text('{"name": "empty", "version": "1", "categories": []}')
    with pytest.raises(PackError, match="no 'product' model"):
        Pack(tmp_path).ask(product_photo()[0])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "cannot be read"),
        (b"{}", "name"),
        (b'{"name": "a", "version": "1", "categories": [], "treshholds": {}}', "treshholds"),
        (b'{"name": "\xff", "version": "1", "categories": []}', "cannot be read"),
    ],
)
def test_a_pack_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "pack.json").write_bytes(content)
    with pytest.raises(PackError, match=told):
        Pack(tmp_path)


def test_what_is_wrong_with_a_pack_is_one_sentence(tmp_path: Path) -> None:
    settings = {"name": "a", "version": "1", "categories": [], "thresholds": {"clipping": "much", "margin": "wide"}}
    (tmp_path / "pack.json").write_text(json.dumps(settings))
    with pytest.raises(PackError) as caught:
        Pack(tmp_path)
    assert "\n" not in str(caught.value)
    assert "thresholds.clipping: " in str(caught.value)
    assert "(and 1 more). Correct it" in str(caught.value)


def test_a_folder_without_pack_file_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no pack"):
        Pack(tmp_path / "nowhere")


def test_looks_and_habits_fall_back_on_the_default(tmp_path: Path) -> None:
    settings = {
        "name": "a",
        "version": "1",
        "categories": ["tops", "shoes"],
        "look": {"default": {"shadows": 0.1}, "shoes": {"shadows": 0.3}},
        "habits": {"default": {"aspect": 0.8, "long_side": 900}, "shoes": {"aspect": 1.0}},
    }
    (tmp_path / "pack.json").write_text(json.dumps(settings))
    pack = Pack(tmp_path)
    assert (pack.look("tops").shadows, pack.look("shoes").shadows) == (0.1, 0.3)
    assert pack.habits("tops") == {"aspect": 0.8, "long_side": 900}
    assert pack.habits("shoes") == {"aspect": 1.0, "long_side": 900}


def test_the_digest_names_the_packs_content(tmp_path: Path) -> None:
    first, same = Pack(users_pack(tmp_path / "a")), Pack(users_pack(tmp_path / "b"))
    other = Pack(users_pack(tmp_path / "c", users_model((1, 0, 0))))
    assert first.digest == same.digest != other.digest


def test_the_content_digest_changes_with_every_threshold_but_not_with_the_certificate(tmp_path: Path) -> None:
    pack = Pack(users_pack(tmp_path / "a"))
    settings = json.loads((tmp_path / "a" / "pack.json").read_text())
    for limit in ({"second_look": 0.0}, {"second_look": 0.1}, {"align_unsure": 0.25}):
        (tmp_path / "a" / "pack.json").write_text(json.dumps(settings | {"thresholds": limit}))
        assert Pack(tmp_path / "a").content_digest != pack.content_digest
    (tmp_path / "a" / "pack.json").write_text(json.dumps(settings | {"certificates": [{"promise": 0.05}]}))
    assert Pack(tmp_path / "a").content_digest == pack.content_digest


def test_the_base_pack_is_whole_and_small() -> None:
    pack = Pack.base()
    assert pack.verify() == []
    assert all((BASE_PACK / card.file).stat().st_size <= 16_000_000 for card in pack.file.models.values())
    assert set(pack.file.habits) - {"default"} <= set(pack.file.categories)
