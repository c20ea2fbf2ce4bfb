"""``packshot calibrate`` from end to end: verdicts in a file, and pairs of a tiny pack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from packshot.cli import app
from packshot.evaluation.certificate import Certificate, certificate_for, certificates_of
from packshot.evaluation.gate import unfitting
from packshot.evaluation.verdicts import read_verdicts
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import judge, predict, render
from packshot.style import Style
from tests.tiny import make_pack, product_picture

RUN = CliRunner()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return make_pack(tmp_path / "pack")


@pytest.fixture
def verdicts(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    rows = []
    for index in range(160):
        bad = index % 5 == 0
        quality = float(np.clip(draw.normal(0.1 if bad else 0.5, 0.05), 0, 1))
        verdict = "bad" if bad else "good"
        rows.append({"source": f"{index}.jpg", "quality": quality, "verdict": verdict, "category": "reds"})
    path = tmp_path / "verdicts.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def calibrate(*arguments: object) -> tuple[int, str]:
    result = RUN.invoke(app, ["calibrate", *map(str, arguments)])
    return result.exit_code, result.stdout + result.stderr


def test_a_certificate_is_written_and_opens_the_gate(pack: Path, verdicts: Path) -> None:
    status, told = calibrate(pack, verdicts, "--risk", 0.05)
    assert status == 0
    assert "at most 0.05 of what is published is bad" in told
    assert "published from quality" in told
    opened = Pack(pack)
    certificate = certificate_for(opened)
    assert certificate is not None
    assert certificate.verdicts == len(read_verdicts(verdicts)) == 160
    photo = Photo.from_pixels(product_picture(1), "photo")
    recipe = predict(photo, opened, category="reds")
    assert judge(recipe, render(photo, recipe), opened).route == "publish"


def test_as_json_with_curve_and_what_if(pack: Path, verdicts: Path) -> None:
    status, told = calibrate(pack, verdicts, "--risk", 0.05, "--json")
    assert status == 0
    answer = json.loads(told)
    assert answer["written"]
    assert certificate_for(Pack(pack)) == Certificate.model_validate(answer["certificate"])
    assert answer["curve"][-1]["published"] == 1
    published = [row["published"] for row in answer["what_if"]]
    assert [row["risk"] for row in answer["what_if"]] == [0.01, 0.02, 0.05, 0.1, 0.2]
    assert {(row["bad"], row["auc"]) for row in answer["what_if"]} == {(0.2, 1.0)}
    assert published == sorted(published)
    assert published[-1] >= 0.8


def test_a_dry_run_leaves_the_pack_alone(pack: Path, verdicts: Path) -> None:
    before = (pack / "pack.json").read_bytes()
    status, told = calibrate(pack, verdicts, "--dry-run")
    assert status == 0
    assert "Nothing was written" in told
    assert (pack / "pack.json").read_bytes() == before


def test_too_few_say_how_many_more(pack: Path, verdicts: Path) -> None:
    status, told = calibrate(pack, verdicts, "--risk", 0.01, "--confidence", 0.99)
    assert status == 0
    assert "more verdicts are needed" in told
    assert certificate_for(Pack(pack)).groups[0].quality is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "told"),
    [("", "holds no verdict"), ("{}", "no verdict"), ("nonsense", "not JSON"), ('{"verdict": "good"}', "no quality")],
)
def test_bad_files_are_told_and_nothing_is_written(pack: Path, tmp_path: Path, content: str, told: str) -> None:
    before = (pack / "pack.json").read_bytes()
    (tmp_path / "v.jsonl").write_text(content)
    status, text = calibrate(pack, tmp_path / "v.jsonl")
    assert status == 2
    assert told in text
    assert (pack / "pack.json").read_bytes() == before


@pytest.mark.parametrize("arguments", [("--risk", "0"), ("--risk", "2"), ("--confidence", "1")])
def test_impossible_promises_are_refused(pack: Path, verdicts: Path, arguments: tuple[str, str]) -> None:
    assert calibrate(pack, verdicts, *arguments)[0] == 2


def test_missing_data_is_told(pack: Path, tmp_path: Path) -> None:
    status, told = calibrate(pack, tmp_path / "nowhere")
    assert status == 2
    assert "nowhere" in told


def test_pairs_that_the_pack_did_not_learn_from_calibrate_it(pack: Path, tmp_path: Path) -> None:
    """The afters are the pack's own shots, one of them spoilt: it is the bad one."""
    from packshot.evaluation.judge_model import digest_of_group
    from packshot.learning.judging.training import add_judge
    from tests.learning.judging.test_training import judge as trained

    folder = tmp_path / "pairs"
    _write_pairs(folder, pack, 5)
    seen = (digest_of_group("product-4"),)
    add_judge(pack, trained().model_copy(update={"projection": None, "hard": None, "seen": seen}))
    status, told = calibrate(pack, folder, "--workers", 1, "--kept", tmp_path / "kept", "--json")
    assert "1 of 5 pairs are left out: the pack learned from their groups." in told
    answer, _ = json.JSONDecoder().raw_decode(told[told.index("{") :])
    assert status == 0
    (group,) = answer["certificate"]["groups"]
    assert (group["verdicts"], group["bad"]) == (4, 1)
    assert answer["certificate"]["bar"]["delta_e"] == 4
    bars = {(row["delta_e"], row["corner"]) for row in answer["what_if"]}
    assert {(4, 2), (6, 3), (4, None), (None, 2), (None, None)} < bars


def test_another_bar_is_what_the_judge_is_held_to_from_then_on(pack: Path, tmp_path: Path) -> None:
    """Whatever is calibrated is what the judge says of a shot afterwards; a dry run leaves it with its own bar."""
    from packshot.evaluation.judge import serving_judge
    from packshot.learning.judging.training import add_judge
    from tests.learning.judging.test_training import judge as trained

    folder, how = tmp_path / "pairs", ("--delta-e", 12, "--corner", 5, "--workers", 1, "--kept", tmp_path / "kept")
    _write_pairs(folder, pack, 2)
    add_judge(pack, trained().model_copy(update={"projection": None, "hard": None, "seen": ()}))
    assert calibrate(pack, folder, *how, "--dry-run")[0] == 0
    assert serving_judge(Pack(pack), Style()).bar == trained().bar  # type: ignore[union-attr]
    status, told = calibrate(pack, folder, *how)
    assert status == 0
    assert "  12  0.95        5" in told
    opened = Pack(pack)
    held, certificate = serving_judge(opened, Style()), certificate_for(opened)
    assert held is not None
    assert certificate is not None
    assert certificate.bar is not None
    assert (held.bar, held.bar.delta_e, held.bar.corner) == (certificate.bar, 12, 5)
    assert unfitting(certificate, opened) is None
    assert opened.verify() == []
    other = serving_judge(opened, Style(default={"margin_top": 0.2}))
    assert other is not None
    assert other.bar == trained().bar, "of other styles nothing was said"


def test_a_style_is_held_only_to_what_it_does(pack: Path, tmp_path: Path) -> None:
    """The cut-out alone leaves colour and frame to the photo, so the bar asks for neither, and has a certificate of its
    own beside that of the pack's style."""
    from packshot.learning.judging.training import add_judge
    from tests.learning.judging.test_training import judge as trained

    folder, how = tmp_path / "pairs", ("--workers", 1, "--kept", tmp_path / "kept")
    _write_pairs(folder, pack, 2)
    add_judge(pack, trained().model_copy(update={"projection": None, "hard": None, "seen": ()}))
    assert calibrate(pack, folder, *how)[0] == 0
    status, told = calibrate(pack, folder, "--style", "cutout", *how, "--json")
    assert status == 0
    answer, _ = json.JSONDecoder().raw_decode(told[told.index("{") :])
    (group,) = answer["certificate"]["groups"]
    assert (group["verdicts"], group["bad"]) == (2, 0), "the spoilt colour is not held against it"
    own, cutout = certificates_of(Pack(pack))
    assert (own.style, cutout.style) == ("", "cutout")
    assert own.bar is not None
    assert cutout.bar is not None
    assert (own.bar.delta_e, own.bar.iou, own.bar.corner) == (4, 0.95, 2)
    assert (cutout.bar.delta_e, cutout.bar.iou, cutout.bar.corner) == (None, 0.95, None)


def _write_pairs(folder: Path, pack: Path, count: int) -> None:
    (folder / "before").mkdir(parents=True)
    (folder / "after").mkdir()
    opened, lines = Pack(pack), []
    for index in range(count):
        pixels = _patterned(index)
        photo = Photo.from_pixels(pixels, str(index))
        recipe = predict(photo, opened, category="reds")
        after = render(photo, recipe)
        if index == 1:
            product = after.min(2) < 250
            after[product] = (after[product] * 0.6).astype(np.uint8)
        for name, picture in (("before", pixels), ("after", after)):
            cv2.imwrite(str(folder / name / f"{index}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        line = {"id": str(index), "category": "reds", "group": f"product-{index}"}
        lines.append(json.dumps({**line, "before": f"before/{index}.png", "after": f"after/{index}.png"}))
    (folder / "pairs.jsonl").write_text("\n".join(lines))


def _patterned(index: int) -> np.ndarray:
    """A product with drawing enough to be found again."""
    picture = product_picture(3 * index, (450, 600)).astype(np.float64)
    draw = np.random.default_rng(index)
    drawing = cv2.GaussianBlur(draw.normal(0, 1, (600, 450)), (0, 0), 3)
    product = np.ptp(picture, axis=2) > 60
    picture[product] *= (1 + 1.2 * drawing / drawing.std() * 0.2)[product][:, None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_a_copied_pack_keeps_its_certificate(tmp_path: Path) -> None:
    one = make_pack(tmp_path / "one", certified=True)
    two = shutil.copytree(one, tmp_path / "two")
    assert certificate_for(Pack(two)) == certificate_for(Pack(one))
    assert Pack(one).content_digest == Pack(Path(two)).content_digest


def test_a_bar_that_asks_for_no_corners_has_none_in_the_what_if() -> None:
    from packshot.evaluation.bar import Bar
    from packshot.learning.judging.what_if import other_bars

    assert {bar.corner for bar in other_bars(Bar(corner=None))} == {None}
    assert max(bar.corner or 0 for bar in other_bars(Bar(corner=4))) == 16
    assert other_bars(Bar())[0] == Bar()
