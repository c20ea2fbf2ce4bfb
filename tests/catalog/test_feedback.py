"""Corrections become pairs, credited to the stage that was wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from packshot.catalog import Catalog, Chance, Entry
from packshot.catalog.feedback import WITH_ACCEPTED, corrections_as_pairs
from packshot.catalog.standing import Choice
from packshot.catalog.verdicts import cases
from packshot.learning.pairs import read_pairs
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import render
from tests.catalog.desk import correct, decide, prediction_of, retouch
from tests.tiny import make_photos


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    with Catalog.open(str(folder / "catalog.sqlite"), Chance(share=0.5)) as catalog:
        retouch(catalog, make_photos(folder / "in", 4, (600, 800)), folder)
    return folder


@pytest.fixture
def catalog(run_once: Path, tmp_path: Path) -> Iterator[Catalog]:
    # Photos, outputs and an SQLite catalog that lie together may be moved together.
    shutil.copytree(run_once, tmp_path, dirs_exist_ok=True)
    with Catalog.open(str(tmp_path / "catalog.sqlite")) as opened:
        yield opened


@pytest.fixture
def entries(catalog: Catalog, tmp_path: Path) -> list[Entry]:
    found = sorted(catalog.queue(), key=lambda entry: entry.source)
    assert all(entry.source.is_relative_to(tmp_path) for entry in found)
    return found


def test_a_correction_is_a_pair_whose_after_is_its_render(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    exposure = prediction_of(entries[0]).recipe().lighting.exposure + 0.7
    correct(catalog, entries[0], lighting={"exposure": exposure})
    decide(catalog, entries[1], "reject", reason="dust")
    decide(catalog, entries[2])
    feedback = corrections_as_pairs(catalog, tmp_path / "pairs")
    (pair,) = feedback.pairs
    assert (pair.category, pair.outcome, pair.editor, pair.stages) == ("reds", "correct", "ann", {"lighting": 1.0})
    assert feedback.problems == {}
    found = read_pairs(tmp_path / "pairs").pairs
    assert [one.id for one in found] == [pair.id]
    assert found[0].before.read_bytes() == entries[0].source.read_bytes()
    recipe = prediction_of(entries[0]).recipe()
    recipe = recipe.model_copy(update={"lighting": recipe.lighting.model_copy(update={"exposure": exposure})})
    wanted = render(Photo.open(entries[0].source), recipe).astype(float)
    assert np.abs(simplejpeg.decode_jpeg(found[0].after.read_bytes()) - wanted).mean() < 1.5


def test_several_stages_share_the_blame_by_what_is_seen(catalog: Catalog, entries: list[Entry], tmp_path: Path) -> None:
    recipe = prediction_of(entries[0]).recipe()
    red, green, blue = recipe.color.white_gain
    correct(
        catalog,
        entries[0],
        lighting={"exposure": recipe.lighting.exposure + 1},
        color={"white_gain": (red * 1.02, green, blue)},
    )
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert pair.stages["lighting"] > 0.8
    assert 0 < pair.stages["color"] < 0.2
    assert sum(pair.stages.values()) == pytest.approx(1, abs=1e-3)


def test_a_turn_is_the_alignments_fault_though_everything_moves(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    correct(catalog, entries[0], alignment={"angle": 6.0}, detailing={"sharpening": 0.4})
    feedback = corrections_as_pairs(catalog, tmp_path / "pairs")
    assert feedback.pairs[0].stages["alignment"] > 0.9
    assert feedback.by_stage()["alignment"] > 0.9


def test_an_after_edited_elsewhere_is_fitted_and_credited(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    recipe = prediction_of(entries[1]).recipe()
    lighter = recipe.lighting.model_copy(update={"exposure": recipe.lighting.exposure + 0.8})
    after = encode_jpeg(render(Photo.open(entries[1].source), recipe.model_copy(update={"lighting": lighter})), 95)
    decide(catalog, entries[1], "edited", after=after)
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert (tmp_path / "pairs" / pair.after).read_bytes() == after
    assert max(pair.stages, key=lambda stage: pair.stages[stage]) in ("lighting", "color")


def test_an_after_of_another_photo_gives_no_pair_and_says_why(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    decide(catalog, entries[0], "edited", after=encode_jpeg(draw.integers(0, 255, (400, 300, 3)).astype(np.uint8), 90))
    feedback = corrections_as_pairs(catalog, tmp_path / "pairs")
    assert feedback.pairs == ()
    (why,) = feedback.problems.values()
    assert "its after cannot be used" in why


def test_accepted_photos_are_pairs_where_they_are_wanted(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    decide(catalog, entries[0])
    correct(catalog, entries[1], alignment={"angle": 2.0})
    feedback = corrections_as_pairs(catalog, tmp_path / "pairs", WITH_ACCEPTED)
    assert [(pair.outcome, sorted(pair.stages)) for pair in feedback.pairs] == [
        ("accept", []),
        ("correct", ["alignment"]),
    ]
    assert corrections_as_pairs(catalog, tmp_path / "blues", Choice(("correct",), category="blues")).pairs == ()


def test_a_decision_that_was_taken_back_is_no_pair(catalog: Catalog, entries: list[Entry], tmp_path: Path) -> None:
    correct(catalog, entries[0], alignment={"angle": 2.0})
    correct(catalog, entries[1], alignment={"angle": 2.0})
    before = corrections_as_pairs(catalog, tmp_path / "pairs")
    catalog.undo("ann")
    after = corrections_as_pairs(catalog, tmp_path / "pairs")
    assert (len(before.pairs), after.pairs) == (2, before.pairs[:1])


def test_the_same_decisions_give_the_same_set_and_what_is_there_is_not_made_again(
    catalog: Catalog, entries: list[Entry], tmp_path: Path
) -> None:
    correct(catalog, entries[0], alignment={"angle": 2.0})
    corrections_as_pairs(catalog, tmp_path / "pairs")
    after = next((tmp_path / "pairs" / "after").iterdir())
    moment, text = after.stat().st_mtime_ns, (tmp_path / "pairs" / "pairs.jsonl").read_text()
    corrections_as_pairs(catalog, tmp_path / "pairs")
    assert after.stat().st_mtime_ns == moment
    assert (tmp_path / "pairs" / "pairs.jsonl").read_text() == text


def test_only_what_came_by_lot_calibrates(catalog: Catalog, entries: list[Entry]) -> None:
    for entry in entries:
        decide(catalog, entry)
    drawn = [entry for entry in entries if "drawn" in [event.what for event in catalog.history(entry.id)]]
    assert 0 < len(drawn) < 4
    digest = prediction_of(entries[0]).pack_digest
    found = cases(catalog, digest)
    assert {case.group for case in found} == {f"photo-{entry.id}" for entry in drawn}
    assert {case.bad for case in found} == {False}
    assert cases(catalog, "another pack") == []
