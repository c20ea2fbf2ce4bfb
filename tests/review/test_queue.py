from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from packshot.catalog import Answer, Catalog, Conflict
from packshot.review.queue import REJECTIONS, Asked, Decided, Desk, card_of
from tests.review.shops import open_catalog


@pytest.fixture
def catalog(out: Path) -> Catalog:
    return open_catalog(out, 12)


def accept(desk: Desk, photo: int, prediction: int, key: str) -> None:
    desk.decide(photo, Answer("accept", prediction, key=key))


def test_two_editors_at_once_share_two_hundred_photos_and_never_collide(out: Path) -> None:
    catalog = open_catalog(out, 200)

    def work(name: str) -> list[int]:
        desk, done = Desk(catalog, name), []
        while entries := desk.take(8, Asked(), anew=False):
            for entry in entries:
                assert entry.prediction is not None
                accept(desk, entry.id, entry.prediction.id, f"{name}-{entry.id:08}")
                done.append(entry.id)
        return done

    with ThreadPoolExecutor(2) as pool:
        anna, ben = pool.map(work, ["anna", "ben"])
    assert not set(anna) & set(ben)
    assert len(anna) + len(ben) == 200
    assert catalog.counters().waiting == 0


def test_a_page_loaded_again_gets_its_photos_back(catalog: Catalog) -> None:
    desk = Desk(catalog, "anna")
    first = [entry.id for entry in desk.take(5, Asked(), anew=True)]
    assert [entry.id for entry in desk.take(5, Asked(), anew=True)] == first
    assert not set(first) & {entry.id for entry in desk.take(5, Asked(), anew=False)}


def test_skipped_photos_wait_for_others_and_come_again_when_asked_for(catalog: Catalog) -> None:
    anna, ben = Desk(catalog, "anna"), Desk(catalog, "ben")
    for entry in anna.take(12, Asked(), anew=False):
        assert entry.prediction is not None
        anna.decide(entry.id, Answer("skip", entry.prediction.id, key=f"skip-{entry.id:04}"))
    assert (anna.skipped(), ben.skipped(), anna.counters().waiting) == (12, 0, 12)
    assert anna.take(12, Asked(), anew=False) == []
    assert len(ben.take(4, Asked(), anew=False)) == 4
    assert len(anna.take(12, Asked(skipped=True), anew=False)) == 8


def test_photos_come_by_path_and_are_found_by_it(catalog: Catalog) -> None:
    desk = Desk(catalog, "anna")
    paths = [str(entry.source) for entry in desk.take(12, Asked(order="path"), anew=False)]
    assert paths == sorted(paths)
    name = paths[0].rpartition("/")[2]
    found = desk.take(12, Asked(find=f" {name.upper()} "), anew=True)
    assert {str(entry.source) for entry in found} == {paths[0]}
    assert desk.take(12, Asked(find="%"), anew=True) == []


def test_holding_tells_what_was_lost(catalog: Catalog) -> None:
    desk = Desk(catalog, "anna")
    entries = desk.take(2, Asked(), anew=False)
    catalog.release("anna", [entries[0].id])
    assert desk.hold([entry.id for entry in entries]) == [entries[0].id]


def test_undo_sent_again_takes_back_once(catalog: Catalog) -> None:
    desk = Desk(catalog, "anna")
    one, two = desk.take(2, Asked(), anew=False)
    for entry in (one, two):
        assert entry.prediction is not None
        accept(desk, entry.id, entry.prediction.id, f"accept-{entry.id:04}")
    assert desk.undo(f"accept-{two.id:04}", "undo-000001")
    assert not desk.undo(f"accept-{two.id:04}", "undo-000001")
    assert catalog.entry(one.id).state == "publish"
    assert catalog.entry(two.id).state == "review"


def test_undo_never_takes_back_another_decision_than_was_meant(catalog: Catalog) -> None:
    desk = Desk(catalog, "anna")
    one, two = desk.take(2, Asked(), anew=False)
    for entry in (one, two):
        assert entry.prediction is not None
        accept(desk, entry.id, entry.prediction.id, f"accept-{entry.id:04}")
    for key in (f"accept-{one.id:04}", "never-arrived"):
        with pytest.raises(Conflict):
            desk.undo(key, "undo-000002")
    with pytest.raises(Conflict):
        Desk(catalog, "ben").undo(f"accept-{two.id:04}", "undo-000003")
    assert catalog.entry(one.id).state == catalog.entry(two.id).state == "publish"


def test_a_card_names_what_the_page_needs_and_an_audits_card_no_verdict(catalog: Catalog) -> None:
    entry = catalog.queue(limit=1)[0]
    card = card_of(entry)
    assert card["reasons"]
    assert card["predicted"]["scale"] > 0
    assert card["canvas"] == entry.prediction.recipe().geometry.size  # type: ignore[union-attr]


@pytest.mark.parametrize("wrong", [{"reason": "<script>"}, {"outcome": "publish"}, {"key": "x y"}, {"seconds": -1}])
def test_answers_that_no_page_sends_are_refused(wrong: dict) -> None:
    right = {"key": "12345678", "photo": 1, "prediction": 1, "outcome": "reject", "reason": next(iter(REJECTIONS))}
    Decided.model_validate(right)
    with pytest.raises(ValueError):
        Decided.model_validate({**right, **wrong})
