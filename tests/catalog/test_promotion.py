"""Champion and challenger: promoted is what is better beyond chance and worse nowhere; going back is one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from packshot.catalog import Catalog, CatalogError
from packshot.catalog.champions import champion, crown, reigns, roll_back
from packshot.catalog.contest import Contest, Outcome, promote, reigning
from packshot.catalog.promotion import CategoryVerdict, PromotionRules, assemble, weigh
from packshot.catalog.shadow import ShadowSettings, shadow, shadow_failures
from packshot.evaluation.bar import Bar
from packshot.learning.pack_making import Workbench
from packshot.learning.proof.pair_score import PairScore
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.photo import Photo
from packshot.pipeline import predict
from packshot.recognition import Kind, Recognition
from tests.catalog.desk import retouch
from tests.tiny import make_pack, make_photos


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(str(tmp_path / "catalog.sqlite")) as opened:
        yield opened


def darker(folder: Path, version: str = "2") -> Pack:
    """A tiny pack whose house shows reds on grey."""
    path = make_pack(folder) / "pack.json"
    content = json.loads(path.read_text())
    content["version"] = version
    content["habits"]["reds"] = {"background": [128, 128, 128]}
    path.write_text(json.dumps(content))
    return Pack(folder)


def scores(errors: Mapping[str, np.ndarray], seed: int = 0, **figures: float) -> list[PairScore]:
    """Scores with these colour errors by category, every pair a group of its own."""
    draw = np.random.default_rng(seed)
    plain = {"iou": 0.99, "corner": 0.5, "angle": 0.2, "ssim": 0.9} | figures
    return [
        PairScore(
            f"{name}-{number}",
            name,
            f"{name}-{number}",
            {"packshot": {**plain, "delta_e": float(error + draw.normal(0, 1e-6))}},
            "review",
            False,
            0.5,
            1.0,
        )
        for name, values in errors.items()
        for number, error in enumerate(values)
    ]


def verdicts(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> dict[str, CategoryVerdict]:
    return weigh(scores(before), scores(after, 1), Bar())


OLD = np.random.default_rng(1).normal(3, 0.6, 30)


def test_what_is_better_is_promoted_and_the_rest_stays() -> None:
    found = verdicts({"shoes": OLD, "tops": OLD}, {"shoes": OLD - 0.8, "tops": OLD})
    assert found["shoes"].promoted
    assert "better beyond chance" in found["shoes"].why
    assert not found["tops"].promoted
    assert found["tops"].why == "it is not better beyond chance"


def test_chance_promotes_nothing() -> None:
    promoted = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        after = {name: OLD + draw.normal(0, 0.5, 30) for name in ("shoes", "tops", "bags")}
        promoted += any(one.promoted for one in verdicts(dict.fromkeys(after, OLD), after).values())
    assert promoted <= 5, "5 % of 40 families, and a little luck"


def test_better_in_one_figure_and_worse_in_another_is_not_promoted() -> None:
    before, after = scores({"shoes": OLD}), scores({"shoes": OLD - 0.8}, 1, corner=1.8)
    verdict = weigh(before, after, Bar())["shoes"]
    assert (verdict.promoted, verdict.why) == (False, "corner may be worse")


def test_what_may_be_worse_is_not_promoted_though_it_is_not_proven() -> None:
    draw = np.random.default_rng(2)
    before, after = scores({"shoes": OLD}), scores({"shoes": OLD - 0.8}, 1)
    shaken = [
        PairScore(
            **{**vars(one), "figures": {"packshot": {**one.figures["packshot"], "angle": abs(draw.normal(0.2, 1))}}}
        )
        for one in after
    ]
    verdict = weigh(before, shaken, Bar())["shoes"]
    assert not verdict.promoted
    assert "angle" in verdict.why


def test_few_pairs_prove_nothing() -> None:
    assert "needed" in verdicts({"shoes": OLD[:9]}, {"shoes": OLD[:9] - 2})["shoes"].why
    lax = PromotionRules(least_pairs=4)
    found = weigh(scores({"shoes": OLD[:4]}), scores({"shoes": OLD[:4] - 2}, 1), Bar(), lax)["shoes"]
    assert not found.promoted, "four groups cannot be rarer than one in twenty"


def test_an_assembled_pack_is_the_challenger_for_its_categories_alone(tmp_path: Path) -> None:
    old, new = Pack(make_pack(tmp_path / "old", {"proven": "for old"})), darker(tmp_path / "new")
    made = assemble(old, new, ["reds"], tmp_path / "made")
    assert made.verify() == []
    assert made.file.certificates == ()
    assert made.label == "tiny 1+1"
    assert made.habits("reds")["background"] == [128, 128, 128]
    assert "background" not in made.habits("greens")
    red, green = (Photo.open(path) for path in make_photos(tmp_path / "in", 2))
    ours, theirs = predict(red, made), predict(red, new)
    assert (ours.category, ours.background.color) == ("reds", (128, 128, 128))
    assert ours.model_copy(update={"by": "", "category_confidence": 0}) == theirs.model_copy(
        update={"by": "", "category_confidence": 0}
    )
    assert predict(green, made).model_copy(update={"by": ""}) == predict(green, old).model_copy(update={"by": ""})
    assert ours.by == "tiny 1+1"
    with pytest.raises(ValueError, match="there already"):
        assemble(old, new, ["reds"], tmp_path / "made")


def test_a_new_category_is_told_from_photos_once_it_is_promoted(tmp_path: Path) -> None:
    packs = {"old": ("reds", "greens"), "new": ("reds", "watches", "belts")}
    for number, (name, told) in enumerate(packs.items()):
        bench = Workbench.from_base(Pack(make_pack(tmp_path / "tiny")), tmp_path / name)
        kinds = tuple(Kind(name=one, mean=(number, 1), products=3) for one in told)
        bench.add_recognition(
            Recognition(network=bench.file.models["product"].sha256, kinds=kinds, axes=((1, 0), (0, 1)))
        )
    old, new = (Pack(tmp_path / name) for name in packs)
    made = assemble(old, new, ["watches"], tmp_path / "made")
    assert made.verify() == []
    assert made.told_categories == ("reds", "greens", "watches")
    assert made.recognition is not None
    assert {kind.name: kind.mean[0] for kind in made.recognition.kinds} == {"reds": 0, "greens": 0, "watches": 1}


def test_promotions_stack_and_a_damaged_own_pack_is_found(tmp_path: Path) -> None:
    old = Pack(make_pack(tmp_path / "old"))
    first = assemble(old, darker(tmp_path / "new"), ["reds"], tmp_path / "first")
    second = assemble(first, Pack(make_pack(tmp_path / "newest")), ["greens"], tmp_path / "second")
    assert second.label == "tiny 1+2"
    assert sorted(second.file.own) == ["greens", "reds"]
    assert second.habits("reds")["background"] == [128, 128, 128]
    assert second.verify() == []
    (second.folder / "own" / "reds" / "product.onnx").write_bytes(b"another")
    assert any("reds" in problem for problem in Pack(second.folder).verify())


def test_an_own_pack_outside_the_pack_is_refused(tmp_path: Path) -> None:
    path = make_pack(tmp_path / "pack") / "pack.json"
    content = json.loads(path.read_text())
    content["own"] = {"reds": {"folder": "../elsewhere", "digest": "d"}}
    path.write_text(json.dumps(content))
    with pytest.raises(PackError, match="outside"):
        Pack(tmp_path / "pack")


def test_champions_follow_one_another_and_going_back_goes_back(url: str, tmp_path: Path) -> None:
    catalog = Catalog.open(url)
    one, two, three = (darker(tmp_path / f"pack-{version}", f"{version}") for version in (1, 2, 3))
    with pytest.raises(CatalogError, match="nothing to go back to"):
        roll_back(catalog, "ann")
    crown(catalog, one, "ann")
    crown(catalog, two, "ann", ["reds"], {"why": "better"})
    crown(catalog, three, "ann", ["greens"])
    assert roll_back(catalog, "bob").folder == two.folder
    assert roll_back(catalog, "bob").folder == one.folder
    with pytest.raises(CatalogError):
        roll_back(catalog, "bob")
    reign = champion(catalog)
    assert reign is not None
    assert reign.pack == one.label
    assert [step.action for step in reigns(catalog)] == ["begin", "promote", "promote", "rollback", "rollback"]
    assert reigns(catalog)[1].evidence == {"why": "better"}
    catalog.close()


def test_a_champion_that_was_changed_is_not_gone_back_to(catalog: Catalog, tmp_path: Path) -> None:
    one, two = darker(tmp_path / "one", "1"), darker(tmp_path / "two", "2")
    crown(catalog, one, "ann")
    crown(catalog, two, "ann")
    darker(tmp_path / "one", "changed")
    with pytest.raises(CatalogError, match="restore it"):
        roll_back(catalog, "ann")


def test_a_challenger_in_the_shadow_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    entries = retouch(catalog, make_photos(tmp_path / "in", 3), tmp_path)
    challenger = darker(tmp_path / "new")
    told = shadow(catalog, challenger)
    assert (told.photos, told.failed) == (3, {})
    assert told.moved["reds"] > 5
    assert told.moved["greens"] == 0
    assert sorted(catalog.queue(), key=lambda entry: entry.source) == entries
    assert [event.what for event in catalog.history(entries[0].id)] == ["seen", "retouched", "shadowed"]
    assert shadow(catalog, challenger).photos == 0, "what it has seen it has seen"
    assert shadow_failures(catalog, challenger.content_digest) == (3, 0)


def test_a_challenger_that_fails_where_the_champion_does_not_wins_nothing(catalog: Catalog, tmp_path: Path) -> None:
    entries = retouch(catalog, make_photos(tmp_path / "in", 1), tmp_path)
    entries[0].source.unlink()
    challenger = darker(tmp_path / "new")
    assert list(shadow(catalog, challenger, ShadowSettings(newest=5)).failed) == [str(entries[0].source)]
    won = CategoryVerdict("reds", True, "better", 30)
    failures = shadow_failures(catalog, challenger.content_digest)
    outcome = Outcome("tiny 1", "tiny 2", 30, 0, failures, {"reds": won}, {})
    old = reigning(catalog, "ann")
    assert promote(catalog, Contest(challenger.folder, tmp_path), outcome, old, (tmp_path / "won", "ann")) is None
    assert not (tmp_path / "won").exists()
