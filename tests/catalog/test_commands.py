"""The commands around a catalog, as a person gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from packshot.catalog import Catalog
from packshot.cli import app
from tests.catalog.desk import correct, decide, prediction_of
from tests.tiny import make_pack, make_photos


def packshot(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalog of three photos: one accepted, one corrected, one waiting."""
    folder = tmp_path_factory.mktemp("studio")
    make_photos(folder / "in", 3)
    make_pack(folder / "pack")
    url = folder / "catalog.sqlite"
    told = packshot(
        "run", folder / "in", "--out", folder / "out", "--pack", folder / "pack", "--catalog", url, "--audit", 1
    )
    assert told.exit_code == 0, told.output
    with Catalog.open(str(url)) as catalog:
        accepted, corrected, _ = sorted(catalog.queue(), key=lambda entry: entry.source)
        decide(catalog, accepted)
        exposure = prediction_of(corrected).recipe().lighting.exposure
        correct(catalog, corrected, lighting={"exposure": exposure + 0.5})
    return folder


def test_publish_publishes_once(studio: Path) -> None:
    first = packshot("publish", "--catalog", studio / "catalog.sqlite", "--to", studio / "shop", "--json")
    assert first.exit_code == 0, first.output
    assert sorted(json.loads(first.stdout)["published"]) == ["photo-000", "photo-001"]
    again = packshot("publish", "--catalog", studio / "catalog.sqlite", "--to", studio / "shop")
    assert again.stdout.startswith(f"0 photos published to {studio / 'shop'}.\n1 photo still to be decided on")
    assert sorted(path.name for path in (studio / "shop").iterdir()) == ["photo-000.jpg", "photo-001.jpg"]


def test_a_run_s_folder_is_published_and_reported_without_more(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 2)
    out = tmp_path / "out"
    assert packshot("run", tmp_path / "in", "--out", out, "--pack", make_pack(tmp_path / "pack")).exit_code == 0
    waiting = packshot("publish", out, "--to", tmp_path / "shop")
    assert waiting.exit_code == 0, waiting.output
    assert f"2 photos still to be decided on by a person: packshot review {out}" in waiting.stdout
    with Catalog.open(str(out / "catalog.sqlite")) as catalog:
        decide(catalog, catalog.queue()[0])
    assert json.loads(packshot("publish", out, "--to", tmp_path / "shop", "--json").stdout)["published"]
    assert json.loads(packshot("report", "--catalog", out, "--json").stdout)["all"]["photos"] == 2


@pytest.mark.parametrize("words", [("publish", "--to", "shop"), ("report",), ("ask",)])
def test_a_slip_of_the_pen_makes_no_empty_catalog(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = packshot(*words, "--catalog", tmp_path / "ctalog.sqlite")
    assert (told.exit_code, "there is no catalog" in told.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("publish", "--to", "shop"), ("report",)])
def test_a_catalog_is_named_one_way(tmp_path: Path, words: tuple[str, ...]) -> None:
    for place in ((), (tmp_path, "--catalog", "x.sqlite")):
        told = packshot(*words, *place)
        assert (told.exit_code, "give the folder of a run, or --catalog" in told.stderr) == (2, True)


def test_feedback_writes_pairs_and_the_verdicts_that_may_calibrate(studio: Path) -> None:
    out, verdicts = studio / "pairs", studio / "verdicts.jsonl"
    told = packshot(
        "feedback", "--catalog", studio / "catalog.sqlite", "--out", out, "--accepted", "--json",
        "--verdicts", verdicts, "--pack", studio / "pack",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"pairs": 2, "left_out": {}, "stages": {"lighting": 1.0}, "verdicts": 2}
    said = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert [(line["verdict"], line["category"]) for line in said] == [("good", "reds"), ("bad", "greens")]


def test_calibrate_reads_the_verdicts_of_a_catalog(studio: Path) -> None:
    url = studio / "catalog.sqlite"
    told = packshot("calibrate", studio / "pack", "--catalog", url, "--dry-run", "--json")
    assert told.exit_code == 0, told.output
    certificate = json.loads(told.stdout)["certificate"]
    assert (certificate["verdicts"], sum(group["bad"] for group in certificate["groups"])) == (2, 1)
    assert certificate["bar"] is None, "people's own verdicts, no bar of figures"


def test_calibrate_refuses_what_is_about_another_pack(studio: Path) -> None:
    other = make_pack(studio / "another") / "pack.json"
    other.write_text(other.read_text().replace('"tiny"', '"other"'))
    told = packshot("calibrate", studio / "another", "--catalog", studio / "catalog.sqlite")
    assert told.exit_code == 2
    assert "2 decisions are left out: they are about another pack's shots." in told.stderr
    assert "holds no verdict that may calibrate" in told.stderr


@pytest.mark.parametrize("arguments", [(), ("verdicts.jsonl", "--catalog", "catalog.sqlite")])
def test_calibrate_takes_one_source_of_verdicts(studio: Path, arguments: tuple[str, ...]) -> None:
    told = packshot("calibrate", studio / "pack", *arguments)
    assert told.exit_code == 2
    assert "give one source of verdicts" in told.stderr


def test_ask_tells_how_many_of_each_kind(studio: Path) -> None:
    told = packshot("ask", "--catalog", studio / "catalog.sqlite", "--count", 5, "--json")
    assert sum(len(photos) for photos in json.loads(told.stdout).values()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback",), "nothing to go back to"),
        (("promote", "nowhere", "--out", "new"), "no pack"),
        (("shadow", "nowhere"), "no pack"),
        (("report", "--costs", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(studio: Path, arguments: tuple[str, ...], words: str) -> None:
    told = packshot(*arguments, "--catalog", studio / "catalog.sqlite")
    assert told.exit_code == 2
    assert words in told.stderr
    assert "Traceback" not in told.output


def test_a_run_into_no_catalog_does_not_begin(studio: Path) -> None:
    told = packshot("run", studio / "in", "--out", studio / "other", "--catalog", "mysql://host/name")
    assert told.exit_code == 2
    assert "SQLite or PostgreSQL" in told.stderr
    assert not (studio / "other").exists()


def test_learn_takes_pairs_or_a_catalog(studio: Path) -> None:
    told = packshot("learn", "--out", studio / "new")
    assert told.exit_code == 2
    assert "--from-catalog" in told.stderr
