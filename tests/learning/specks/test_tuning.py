from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import PairSet
from packshot.learning.specks import tuning
from packshot.learning.specks.check import LEVELS, Finds, compared, finds_of
from packshot.learning.specks.examples import SpeckExample, cropped, every, speck_example
from packshot.learning.specks.files import export_speck_network
from packshot.learning.specks.labels import TAKEN
from packshot.learning.specks.network import SpeckNetwork
from packshot.learning.specks.tuning import SpeckTuning, examples_within, tune_specks
from packshot.learning.steps.making import tune_specks_of
from packshot.learning.steps.run import Learning, LearnOptions
from packshot.pack import Pack
from packshot.recipe import Background, Detailing, Recipe, Source, Spot
from packshot.stages.background import encode_matte, png_asset
from tests.tiny import make_pack

WIDTHS = (4, 6, 8)


def pair(folder: Path, number: int) -> PairFit:
    """A block of rough cloth with six grains of white dust that the retoucher took away."""
    draw = np.random.default_rng(number)
    after = np.full((200, 180, 3), 225, np.uint8)
    after[20:180, 20:160] = 70 + draw.normal(0, 3, (160, 140, 1))
    before = after.copy()
    places = draw.permutation(np.stack(np.meshgrid(range(46, 140, 24), range(46, 160, 24)), -1).reshape(-1, 2))[:6]
    for x, y in places:
        cv2.circle(before, (int(x), int(y)), 2, (235, 235, 235), -1)
    paths = [folder / f"{number}-{name}.png" for name in ("before", "after")]
    for path, picture in zip(paths, (before, after), strict=True):
        cv2.imwrite(str(path), picture)
    matte = np.zeros((200, 180), np.float32)
    matte[20:180, 20:160] = 1
    content = encode_matte(matte)
    asset = png_asset(content, "matte", (180, 200))
    recipe = Recipe(
        source=Source(name=paths[0].name, sha256="0" * 64, size=(180, 200)),
        background=Background(matte=asset),
        detailing=Detailing(spots=tuple(Spot(x=float(x), y=float(y), radius=3.5) for x, y in places)),
        assets={asset.sha256: content},
    )
    return PairFit(f"{number}", "tops", f"seller {number}", str(paths[0]), str(paths[1]), True, recipe=recipe)


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> list[PairFit]:
    folder = tmp_path_factory.mktemp("pairs")
    return [pair(folder, number) for number in range(18)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned nothing, as a pack's file."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("network") / "specks.onnx"
    network = SpeckNetwork(WIDTHS)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias, std=0.2)
    export_speck_network(network, path)
    return path


def test_a_pair_gives_its_specks(fits: list[PairFit]) -> None:
    example = speck_example(fits[0])
    assert example is not None
    assert len(example.spots) == 6
    assert len(example.learned.stamps) == 6
    for spot in example.spots:
        assert example.learned.code[round(spot.y), round(spot.x)] >= TAKEN
    assert every(fits, 5) == fits[::4]


def test_a_photo_that_is_gone_is_left_out(fits: list[PairFit]) -> None:
    gone = replace(fits[0], before="nowhere.jpg")
    assert len(examples_within([gone, *fits[1:3]], 60, lambda *_: None)) == 2


def test_tuning_lowers_the_loss_and_is_measured_on_groups_left_out(
    exported: Path, fits: list[PairFit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_RATE", 1e-2)  # this network has learned nothing yet
    tuned = tune_specks(exported, fits, SpeckTuning(1, "cpu", 1, batch=4, side=96, steps=40), lambda *_: None)
    assert tuned is not None
    assert tuned.loss[1] < 0.9 * tuned.loss[0]
    assert tuned.specks >= 60
    assert tuned.as_json()["kept"] == tuned.compared.better
    assert not tuned.compared.better or tuned.compared.after > tuned.compared.before


def test_too_few_specks_are_not_tuned_on(exported: Path, fits: list[PairFit]) -> None:
    assert tune_specks(exported, fits[:5], SpeckTuning(1, "cpu", 1), lambda *_: None) is None


class Knows(torch.nn.Module):
    """Takes what is bright for dust, ``sure`` or not."""

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.sure = torch.nn.Parameter(torch.tensor(sure))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (image.mean(1, keepdim=True) - 0.2) * self.sure


def test_what_a_network_finds_is_counted_by_group_at_few_false_marks(fits: list[PairFit]) -> None:
    examples = [example for fit in fits[:4] if (example := speck_example(fit)) is not None]
    good, none = finds_of(Knows(30.0), examples), finds_of(Knows(-30.0), examples)
    assert good.specks.sum() == 24
    assert good.share()[0] == 1
    assert none.share()[0] == 0
    found = compared(none, good, 1)
    assert found.better
    assert found.beyond_chance
    assert not compared(good, none, 1).better
    assert not compared(good, good, 1).better


def test_a_gain_that_hangs_on_one_group_is_not_enough() -> None:
    photos, specks = np.full(9, 2.0), np.full(9, 10.0)
    found = np.full((9, len(LEVELS)), 5.0)
    more = found + np.array([9.0] + [-1.0] * 8)[:, None]
    found_before, found_after = (Finds(one, np.zeros_like(one), specks, photos) for one in (found, more))
    one_lucky = compared(found_before, found_after, 1)
    assert one_lucky.after > one_lucky.before
    assert not one_lucky.better


def test_many_false_marks_are_no_finds() -> None:
    found = np.tile(np.linspace(10, 4, len(LEVELS)), (3, 1))
    false = np.tile(np.linspace(8, 0, len(LEVELS)), (3, 1))
    share = Finds(found, false, np.full(3, 10.0), np.full(3, 2.0)).share()[0]
    assert share == pytest.approx((found[0] / 10)[false[0] <= 1].max())


def test_a_network_that_finds_less_is_not_kept_and_that_is_told(
    exported: Path, fits: list[PairFit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(network: SpeckNetwork, *_: object) -> SpeckNetwork:
        with torch.no_grad():
            network.marks.weight += 1
        return network

    def counted(network: SpeckNetwork, _: list[SpeckExample]) -> Finds:
        first = not seen
        seen.append(network)
        share = np.full((2, len(LEVELS)), 8.0 if first else keeps)
        return Finds(share, np.zeros_like(share), np.full(2, 10.0), np.full(2, 2.0))

    for keeps in (5.0, 9.0):
        seen: list[SpeckNetwork] = []
        monkeypatch.setattr(tuning, "finds_of", counted)
        monkeypatch.setattr(tuning, "train_specks", changed)
        bench = Workbench.from_base(Pack(make_pack(tmp_path / f"tiny {keeps}")), tmp_path / f"pack {keeps}")
        (bench.folder / "specks.onnx").write_bytes(exported.read_bytes())
        bench.add_model("specks", "specks.onnx", preprocessing=bench.file.models["product"].preprocessing)
        digest = bench.file.models["specks"].sha256
        run = Learning(PairSet(tmp_path, ()), LearnOptions(bench.folder, tmp_path, minutes=60), lambda *_: None)
        tune_specks_of(run, bench, fits)
        kept = run.account["speck_network"]["kept"]
        assert kept == (keeps > 8)
        assert ("stays as it was" in run.account["speck_network"]["words"]) != kept
        assert bool(run.notes) != kept
        assert ((bench.folder / "specks.onnx").read_bytes() == exported.read_bytes()) != kept
        assert (bench.file.models["specks"].sha256 == digest) != kept
        assert bench.pack().verify() == []


def test_a_clean_crop_of_the_product_is_what_stays_in_memory(fits: list[PairFit]) -> None:
    example = speck_example(fits[0])
    assert example is not None
    small = cropped(example.learned)
    assert small.image.shape[:2] == small.code.shape
    assert (small.code > 0).sum() == (example.learned.code > 0).sum()
    assert small.code.size < example.learned.code.size
