from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from packshot.learning.networks.export import LARGEST_FILE, check_agreement, check_size, export_product_network
from packshot.learning.networks.product import ProductNetwork
from packshot.pack import Pack
from tests.learning.networks.test_product import TINY
from tests.pictures import product_photo


@pytest.fixture(scope="module")
def network() -> ProductNetwork:
    """A tiny network that has seen a little, so that its normalisation is not trivial."""
    torch.manual_seed(4)
    made = ProductNetwork(TINY)
    for _ in range(3):
        made(torch.randn(2, 8, 64, 64) * 1.5 + 0.2)
    return made.eval()


@pytest.fixture(scope="module")
def exported(network: ProductNetwork, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("export") / "product.onnx"
    return path, export_product_network(network, path)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 416), (384, 288)])
def test_both_answer_alike_at_any_size(
    network: ProductNetwork, exported: tuple[Path, str], height: int, width: int
) -> None:
    planes = torch.randn(1, 8, height, width, generator=torch.Generator().manual_seed(1))
    session = onnxruntime.InferenceSession(str(exported[0]), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = network(planes)
    for one, two in zip(wanted, session.run(None, {"planes": planes.numpy()}), strict=True):
        assert one.numpy() == pytest.approx(two, abs=1e-4)


def test_the_digest_is_the_files(exported: tuple[Path, str]) -> None:
    assert exported[1] == hashlib.sha256(exported[0].read_bytes()).hexdigest()
    assert list(exported[0].parent.iterdir()) == [exported[0]]


def test_a_pack_uses_it(exported: tuple[Path, str]) -> None:
    path, digest = exported
    card = {"file": path.name, "sha256": digest, "category_output": 1}
    card["preprocessing"] = {"planes": "packshot", "long_side": 128}
    pack = {"name": "tiny", "version": "1", "categories": ["a", "b", "c"], "models": {"product": card}}
    (path.parent / "pack.json").write_text(json.dumps(pack))
    answer = Pack(path.parent).ask(product_photo((150, 210))[0])
    (path.parent / "pack.json").unlink()
    assert answer.matte.shape == (210, 150)
    assert answer.categories is not None
    assert sum(answer.categories) == pytest.approx(1)


def test_a_network_that_answers_otherwise_is_refused(network: ProductNetwork, exported: tuple[Path, str]) -> None:
    other = ProductNetwork(TINY)
    other.load_state_dict(network.state_dict())
    check_agreement(other.eval(), exported[0])
    with torch.no_grad():
        other.matte.weight += 0.05
    with pytest.raises(ValueError, match=r"differ by .* in matte"):
        check_agreement(other, exported[0])


def test_a_file_too_large_for_a_pack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "product.onnx"
    path.touch()
    os.truncate(path, LARGEST_FILE)
    check_size(path)
    os.truncate(path, LARGEST_FILE + 1)
    with pytest.raises(ValueError, match="16000001 bytes"):
        check_size(path)


def test_exporting_leaves_the_answer_as_it_was(network: ProductNetwork, exported: tuple[Path, str]) -> None:
    assert exported[0].is_file()
    assert not network.training
    planes = torch.zeros(1, 8, 64, 64)
    with torch.no_grad():
        first, second = network(planes)[0].numpy(), network(planes)[0].numpy()
    assert np.array_equal(first, second)
