"""A correction of colour on one photo of a product, for its other photos that wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from packshot.batch import RunSettings, run
from packshot.carrying import Corrected, carry
from packshot.catalog import Answer, Catalog, Chance, Conflict, Entry
from packshot.catalog.feedback import corrections_as_pairs
from packshot.catalog.figures import report
from packshot.catalog.finishing import finished_files
from packshot.photo import Photo
from packshot.pipeline import correct, render
from packshot.recipe import Recipe
from packshot.review.folder import made_in
from packshot.shift import Shift
from tests.catalog.desk import prediction_of
from tests.catalog.shots import made
from tests.tiny import make_pack, make_photos

WARMER = Shift(warmth=0.2, exposure=0.3)


def fill(catalog: Catalog, tmp_path: Path, products: str, **changes: object) -> list[Entry]:
    """A photo for each letter, which is its product; a blank is none."""
    out = tmp_path / "out"
    carried = [{} if letter == " " else {"product": letter} for letter in products]
    catalog.add([made(out, number, carried=one, **changes) for number, one in enumerate(carried)])
    return sorted(catalog.queue(limit=50), key=lambda entry: entry.source)


def corrects(catalog: Catalog, entry: Entry, shift: Shift = WARMER, who: str = "ann", **more: object) -> str:
    """Somebody's correction of colour; returns its key."""
    prediction = prediction_of(entry)
    changes = shift.changes(Recipe.model_validate_json(str(prediction.recipe_json)))
    answer = Answer("correct", prediction.id, changes=changes, **more)  # type: ignore[arg-type]
    catalog.decide(entry.id, who, answer)
    return answer.key


def carried_to(catalog: Catalog, entries: list[Entry]) -> dict[str, str]:
    """By name, the photo whose colour is carried there."""
    names = {entry.id: prediction_of(entry).name for entry in entries}
    return {names[photo]: one.name for photo, one in catalog.carrying(names).items()}


def test_a_correction_is_carried_to_waiting_photos_of_the_product_alone(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aab a")
    assert carried_to(catalog, entries) == {}
    key = corrects(catalog, entries[0])
    assert carried_to(catalog, entries) == {"photo-001": "photo-000", "photo-004": "photo-000"}
    (found, _) = catalog.carrying([entries[1].id, entries[4].id]).values()
    assert (found.key, found.editor, found.shift, found.by_lot) == (key, "ann", WARMER, False)
    assert catalog.mates(entries[0].id) == {"review": 2}
    assert catalog.mates(entries[3].id) == {}


def test_undone_it_is_as_before_and_the_correction_before_counts_again(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aaaa")
    before = catalog.carrying([entry.id for entry in entries])
    corrects(catalog, entries[0])
    corrects(catalog, entries[1], Shift(warmth=-0.1))
    assert carried_to(catalog, entries) == {"photo-002": "photo-001", "photo-003": "photo-001"}
    catalog.undo("ann")
    assert carried_to(catalog, entries) == {f"photo-00{number}": "photo-000" for number in (1, 2, 3)}
    catalog.undo("ann")
    assert catalog.carrying([entry.id for entry in entries]) == before == {}


def test_sent_twice_is_once(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aa")
    key = corrects(catalog, entries[0])
    once = catalog.carrying([entries[1].id])
    assert corrects(catalog, entries[0], key=key) == key
    assert catalog.carrying([entries[1].id]) == once


def test_what_people_decided_is_never_touched(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aaaaa")
    catalog.decide(entries[1].id, "bob", Answer("accept", prediction_of(entries[1]).id))
    catalog.decide(entries[2].id, "bob", Answer("reject", prediction_of(entries[2]).id, reason="dust"))
    corrects(catalog, entries[3], Shift(tint=0.1), "bob")
    rows = [catalog.entry(entry.id) for entry in entries[1:4]]
    corrects(catalog, entries[0])
    assert carried_to(catalog, entries) == {"photo-004": "photo-000"}
    assert [catalog.entry(entry.id) for entry in entries[1:4]] == rows
    (item,) = [one for one in catalog.take_publications("p", 9, 60) if one.entry.id == entries[1].id]
    assert item.decision is not None
    assert item.decision.recipe_json is None


def test_under_another_editors_hands_a_photo_stays_what_it_was(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, "aa")
    (mine,) = catalog.lease("ann", 1, 60)
    (theirs,) = catalog.lease("bob", 1, 60)
    corrects(catalog, mine)
    assert catalog.entry(theirs.id) == theirs, "nothing of it changed"
    key = catalog.carrying([theirs.id])[theirs.id].key
    with pytest.raises(Conflict, match="bob holds"):
        catalog.decide(theirs.id, "ann", Answer("accept", prediction_of(theirs).id, carried=key))
    decision = catalog.decide(theirs.id, "bob", Answer("accept", prediction_of(theirs).id))
    assert decision.changes == {}


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_the_order_of_photos_does_not_matter(catalog: Catalog, tmp_path: Path, order: tuple[int, ...]) -> None:
    entries = fill(catalog, tmp_path, "aaaa")
    key = corrects(catalog, entries[0])
    found = catalog.carrying([entries[at].id for at in order])
    assert {entries[at].id for at in order} == set(found)
    assert {one.key for one in found.values()} == {key}
    for at in order:
        # Kept as it came, or moved on: each is a person's word, and what is noted says where it came from.
        corrects(catalog, entries[at], WARMER, carried=key)
    assert [catalog.entry(entry.id).state for entry in entries] == ["publish"] * 4


def test_what_is_no_correction_of_colour_is_not_carried(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aaaa")
    turned = Answer("correct", prediction_of(entries[0]).id, changes={"alignment": {"angle": 3.0}})
    catalog.decide(entries[0].id, "ann", turned)
    same = Answer("correct", prediction_of(entries[1]).id, changes={"color": {"confidence": 0.5}})
    catalog.decide(entries[1].id, "ann", same)
    catalog.decide(entries[2].id, "ann", Answer("accept", prediction_of(entries[2]).id))
    assert carried_to(catalog, entries) == {}


def test_another_packs_photos_have_errors_of_their_own(catalog: Catalog, tmp_path: Path) -> None:
    one, other = made(tmp_path / "out", 0), made(tmp_path / "out", 1, pack_digest="e" * 64)
    catalog.add([replace(each, carried={"product": "a"}) for each in (one, other)])
    entries = sorted(catalog.queue(), key=lambda entry: entry.source)
    corrects(catalog, entries[0])
    assert carried_to(catalog, entries) == {}


def test_kept_or_taken_back_is_noted_and_who_takes_it_back_has_the_last_word(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aaaa")
    key = corrects(catalog, entries[0])
    corrects(catalog, entries[1], Shift(warmth=0.1), carried=key)
    kept = catalog.history(entries[1].id)[2].detail["changes"]["carried"]
    assert kept == {"key": key, "from": "photo-000", "kept": True, "moved": True}
    assert carried_to(catalog, entries) == {"photo-002": "photo-001", "photo-003": "photo-001"}
    refused = catalog.decide(entries[2].id, "ann", Answer("accept", prediction_of(entries[2]).id, carried=key))
    assert refused.changes == {"carried": {"key": key, "from": "photo-000", "kept": False, "moved": False}}
    assert carried_to(catalog, entries) == {}
    assert report(catalog).corrected == {"color": 2, "lighting": 1}
    catalog.undo("ann")
    assert carried_to(catalog, entries) == {"photo-002": "photo-001", "photo-003": "photo-001"}


def test_what_is_accepted_as_it_was_carried_does_not_fade_from_photo_to_photo(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "aaa")
    key = corrects(catalog, entries[0])
    corrects(catalog, entries[1], Shift(warmth=0.08, exposure=0.03), carried=key, as_carried=True)
    assert carried_to(catalog, entries) == {"photo-002": "photo-000"}
    assert catalog.carrying([entries[2].id])[entries[2].id].shift == WARMER


def test_what_was_never_a_correction_of_the_product_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    entries = fill(catalog, tmp_path, "ab")
    key = corrects(catalog, entries[1])
    for wrong in (key, "no such key"):
        with pytest.raises(ValueError, match="no correction of this product"):
            catalog.decide(entries[0].id, "ann", Answer("accept", prediction_of(entries[0]).id, carried=wrong))
    assert catalog.entry(entries[0].id).state == "review"


def test_photos_drawn_by_lot_are_told_apart(url: str, tmp_path: Path) -> None:
    with Catalog.open(url, Chance(share=0.5, seed="s")) as catalog:
        entries = fill(catalog, tmp_path, "a" * 12)
        drawn = {entry.id for entry in entries if entry.priority == 2.0}
        corrects(catalog, entries[0])
        found = catalog.carrying([entry.id for entry in entries])
        assert {photo for photo, one in found.items() if one.by_lot} == drawn - {entries[0].id}
        assert 0 < len(drawn) < 12


def test_from_decision_to_file_and_pair(tmp_path: Path) -> None:
    catalog = Catalog.open(str(tmp_path / "catalog.sqlite"))
    make_photos(tmp_path / "in", 2, step=3)
    run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=make_pack(tmp_path / "pack"), workers=1))
    catalog.add([replace(one, carried={"product": "a"}) for one in made_in(tmp_path / "out")])
    first, second = sorted(catalog.queue(), key=lambda entry: entry.source)
    key = corrects(catalog, first, Shift(exposure=0.4))
    found = catalog.carrying([second.id])[second.id]
    changes = found.changes(second)
    catalog.decide(second.id, "ann", Answer("correct", prediction_of(second).id, changes=changes, carried=key))
    item = next(one for one in catalog.take_publications("p", 9, 60) if one.entry.id == second.id)
    assert item.decision is not None
    recipe = Recipe.model_validate_json(str(item.decision.recipe_json))
    assert recipe.by == "human, carried from photo-000"
    before = prediction_of(first).recipe()
    source = Corrected(first.photo(), before, correct(before, Shift(exposure=0.4).changes(before)))
    wanted = carry(second.photo(), prediction_of(second).recipe(), source)
    assert recipe.lighting == wanted.lighting
    (content,) = finished_files(item).values()
    shown = Photo.open(content, name="finished").pixels(1.0)
    assert abs(shown.astype(float) - render(second.photo(), wanted)).mean() < 1.5
    pairs = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert [pair.stages for pair in pairs] == [{"lighting": 1.0}] * 2
