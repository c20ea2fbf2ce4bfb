"""One photo's way through the catalog, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from packshot.catalog import Answer, Catalog, CatalogError, Chance, Conflict, Filter
from tests.catalog.shots import made


def fill(catalog: Catalog, folder: Path, count: int) -> None:
    catalog.add([made(folder / "out", number) for number in range(count)])


def accept(prediction: int, **more: object) -> Answer:
    return Answer("accept", prediction, **more)  # type: ignore[arg-type]


def first(catalog: Catalog, editor: str = "ann") -> tuple[int, int]:
    (entry,) = catalog.lease(editor, 1, 60)
    assert entry.prediction is not None
    return entry.id, entry.prediction.id


def test_what_was_added_is_what_is_read(catalog: Catalog, tmp_path: Path) -> None:
    one = made(tmp_path / "out", 3, carried={"product": "P-7", "seller": "acme"})
    catalog.add([one])
    (entry,) = catalog.queue()
    assert entry.prediction is not None
    assert entry.source == Path(one.source)
    assert (entry.sha256, entry.category, entry.product, entry.state) == (one.sha256, "tops", "P-7", "review")
    assert entry.carried == {"product": "P-7", "seller": "acme"}
    assert (entry.prediction.folder, entry.prediction.name) == (one.folder, one.name)
    assert (entry.prediction.recipe_json, entry.prediction.files) == (one.recipe, one.files)
    assert entry.prediction.reasons == one.reasons
    assert (entry.prediction.pack, entry.prediction.quality, entry.purpose) == ("tiny 1", 0.3, "review")
    assert entry.seen_at == entry.prediction.made_at
    assert abs(catalog.now() - entry.seen_at) < timedelta(minutes=1)


def test_adding_again_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 5)
    before = catalog.queue()
    fill(catalog, tmp_path, 5)
    assert catalog.queue() == before
    assert [event.what for event in catalog.history(before[0].id)] == ["seen", "retouched"]


def test_a_photo_retouched_anew_waits_with_the_new_prediction(catalog: Catalog, tmp_path: Path) -> None:
    old = made(tmp_path / "out", 1)
    catalog.add([old])
    photo, prediction = first(catalog)
    catalog.add([replace(old, pack="tiny 2", pack_digest="e" * 64, quality=0.9)])
    with pytest.raises(Conflict, match="retouched anew"):
        catalog.decide(photo, "ann", accept(prediction))
    now = catalog.entry(photo).prediction
    assert now is not None
    assert (now.pack, now.quality) == ("tiny 2", 0.9)
    assert [event.by for event in catalog.history(photo) if event.what == "retouched"] == ["tiny 1", "tiny 2"]


def test_what_a_person_decided_stays_though_the_photo_is_retouched_anew(catalog: Catalog, tmp_path: Path) -> None:
    old = made(tmp_path / "out", 1)
    catalog.add([old])
    photo, prediction = first(catalog)
    catalog.decide(photo, "ann", Answer("reject", prediction, reason="dust"))
    catalog.add([replace(old, pack="tiny 2", pack_digest="e" * 64, route="publish")])
    assert catalog.entry(photo).state == "rejected"
    assert catalog.take_publications("p", 9, 60) == []


def test_a_failed_photo_that_works_later_is_the_same_photo(catalog: Catalog, tmp_path: Path) -> None:
    whole = made(tmp_path / "out", 1)
    catalog.see({whole.source: None})
    catalog.add([replace(whole, sha256="", route="failed", recipe=None, quality=None)])
    assert catalog.counters().states == {"failed": 1}
    catalog.add([whole])
    assert catalog.counters().states == {"review": 1}


def test_queue_filters_and_orders(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 12)
    names = lambda which: [entry.prediction.name for entry in catalog.queue(which) if entry.prediction]  # noqa: E731
    assert names(Filter(category="tops", order="oldest")) == [f"photo-{number:03}" for number in range(1, 12, 2)]
    assert names(Filter(reason="matte_doubt", order="oldest")) == [f"photo-{number:03}" for number in (0, 3, 6, 9)]
    assert names(Filter(order="doubtful"))[:2] == ["photo-000", "photo-010"]
    assert names(Filter())[0] == "photo-005", "the judge is least sure at 0.5"
    assert names(Filter(order="newest"))[0] == "photo-011"
    assert len(catalog.queue(limit=5, offset=10)) == 2
    counters = catalog.counters()
    assert (counters.waiting, counters.by_category) == (12, {"shoes": 6, "tops": 6})
    assert counters.by_reason == {"matte_doubt": 4}


def test_a_held_photo_is_not_given_to_another(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 6)
    mine, yours = catalog.lease("ann", 4, 60), catalog.lease("bob", 4, 60)
    assert (len(mine), len(yours)) == (4, 2)
    assert not {entry.id for entry in mine} & {entry.id for entry in yours}
    assert catalog.held("ann") == mine
    assert mine[0].lease is not None
    assert mine[0].lease.owner == "ann"
    assert catalog.counters().held == 6
    assert mine[0].prediction is not None
    with pytest.raises(Conflict, match="ann holds"):
        catalog.decide(mine[0].id, "bob", accept(mine[0].prediction.id))
    catalog.release("ann", [mine[0].id])
    assert [entry.id for entry in catalog.lease("bob", 4, 60)] == [mine[0].id]


def test_a_lease_that_ran_out_is_lost_to_whoever_comes_and_harmless_if_nobody_does(
    catalog: Catalog, tmp_path: Path
) -> None:
    fill(catalog, tmp_path, 2)
    one, two = catalog.lease("ann", 2, -1)
    assert [entry.id for entry in catalog.lease("bob", 1, 60)] == [one.id]
    assert catalog.renew("ann", 60) == {two.id}
    assert one.prediction is not None
    assert two.prediction is not None
    with pytest.raises(Conflict):
        catalog.decide(one.id, "ann", accept(one.prediction.id))
    assert catalog.decide(two.id, "ann", accept(two.prediction.id)).outcome == "accept"


def test_an_answer_sent_twice_counts_once(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 1)
    photo, prediction = first(catalog)
    answer = accept(prediction, seconds=4.5)
    decided = catalog.decide(photo, "ann", answer)
    assert catalog.decide(photo, "ann", answer) == decided
    with pytest.raises(Conflict, match="no longer waits"):
        catalog.decide(photo, "ann", accept(prediction))
    assert decided.seconds == 4.5
    assert [event.what for event in catalog.history(photo)] == ["seen", "retouched", "accept", "due"]


def test_undo_takes_back_one_decision_at_a_time_and_holds_the_photo(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 2)
    decided = []
    for _ in range(2):
        photo, prediction = first(catalog)
        decided.append(catalog.decide(photo, "ann", accept(prediction)))
    back = catalog.undo("ann", key="once")
    assert back is not None
    assert back.undoes == decided[1].id
    assert catalog.undo("ann", key="once") == back
    assert catalog.entry(decided[1].photo_id).state == "review"
    assert catalog.lease("bob", 9, 60) == []
    assert [item.entry.id for item in catalog.take_publications("p", 9, 60)] == [decided[0].photo_id]
    again = catalog.undo("ann")
    assert again is not None
    assert again.undoes == decided[0].id, "taken, but nothing is written yet: it can still be taken back"
    assert catalog.undo("ann") is None
    photo = decided[1].photo_id
    catalog.decide(photo, "ann", Answer("reject", decided[1].prediction_id, reason="dust"))
    assert [event.what for event in catalog.history(photo)][2:] == ["accept", "undo", "reject"]


def test_a_skipped_photo_goes_to_others(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 2)
    photo, prediction = first(catalog)
    catalog.decide(photo, "ann", Answer("skip", prediction))
    assert photo not in {entry.id for entry in catalog.lease("ann", 9, 60)}
    assert [entry.id for entry in catalog.lease("bob", 9, 60)] == [photo]
    catalog.decide(photo, "bob", accept(prediction))
    assert catalog.undo("ann") is None, "bob has decided it: there is nothing to take back"


def test_publication_is_taken_once_and_marked_once(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add([made(tmp_path / "out", 1, route="publish")])
    (item,) = catalog.take_publications("one", 9, 60)
    assert catalog.take_publications("two", 9, 60) == []
    assert (item.name, item.decision) == ("photo-001", None)
    assert not catalog.intend("two", item, {"photo-001.jpg": "a"})
    assert catalog.intend("one", item, {"photo-001.jpg": "a"})
    assert catalog.mark_published("one", item, {"photo-001.jpg": "/shop/photo-001.jpg"})
    assert not catalog.mark_published("one", item, {})
    assert catalog.entry(item.entry.id).state == "published"
    assert [event.what for event in catalog.history(item.entry.id)][-1] == "published"


def test_a_stalled_publisher_loses_to_the_next(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add([made(tmp_path / "out", 1, route="publish")])
    (stalled,) = catalog.take_publications("slow", 9, -1)
    (item,) = catalog.take_publications("quick", 9, 60)
    assert not catalog.intend("slow", stalled, {})
    assert catalog.intend("quick", item, {})
    assert catalog.mark_published("quick", item, {})


def test_what_is_being_published_cannot_be_taken_back(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, 1)
    photo, prediction = first(catalog)
    catalog.decide(photo, "ann", accept(prediction))
    (item,) = catalog.take_publications("p", 1, 60)
    assert catalog.intend("p", item, {})
    with pytest.raises(Conflict, match="published already"):
        catalog.undo("ann")
    assert catalog.entry(photo).state == "publish"


def test_decisions_settle_before_they_are_carried_out(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add([made(tmp_path / "out", 1, route="publish")])
    assert catalog.take_publications("p", 1, 60, settle=60) == []
    assert len(catalog.take_publications("p", 1, 60)) == 1


def test_two_photos_of_one_name_are_published_under_two(catalog: Catalog, tmp_path: Path) -> None:
    monday, tuesday = tmp_path / "monday" / "out", tmp_path / "tuesday" / "out"
    catalog.add([made(monday, 1, route="publish"), made(tuesday, 1, route="publish")])
    names = {item.name for item in catalog.take_publications("p", 9, 60)}
    assert len(names) == 2
    assert "photo-001" in names
    assert all(name.startswith("photo-001") for name in names)


def test_a_share_drawn_by_lot_is_audited_blindly_after_publication(url: str, tmp_path: Path) -> None:
    with Catalog.open(url, Chance(share=0.3, seed="s")) as catalog:
        catalog.add([made(tmp_path / "out", number, route="publish") for number in range(60)])
        for item in catalog.take_publications("p", 999, 60):
            assert catalog.intend("p", item, {})
            assert catalog.mark_published("p", item, {})
        audits = catalog.queue(limit=999)
        assert 8 < len(audits) < 30
        assert {entry.purpose for entry in audits} == {"audit"}
        photo, prediction = first(catalog)
        catalog.decide(photo, "ann", Answer("reject", prediction, reason="halo"))
        assert catalog.entry(photo).state == "published"
        assert catalog.counters().audits == len(audits) - 1
        assert catalog.undo("ann") is not None
        assert catalog.counters().audits == len(audits)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("reject", 1), "reason"),
        (Answer("correct", 1), "changes"),
        (Answer("edited", 1), "after"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(catalog: Catalog, tmp_path: Path, answer: Answer, words: str) -> None:
    fill(catalog, tmp_path, 1)
    photo, prediction = first(catalog)
    with pytest.raises(ValueError, match=words):
        catalog.decide(photo, "ann", replace(answer, prediction_id=prediction))
    assert catalog.entry(photo).state == "review"


def test_no_such_photo(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="no photo 99"):
        catalog.entry(99)
    with pytest.raises(CatalogError, match="no photo 99"):
        catalog.decide(99, "ann", accept(1))


@pytest.mark.parametrize(
    "bad", ["mysql://host/name", "postgresql://127.0.0.1:1/x", "/nowhere/at/all/c.sqlite", "x://y"]
)
def test_what_is_no_catalog_is_refused_with_a_sentence(bad: str) -> None:
    with pytest.raises(CatalogError, match="catalog"):
        Catalog.open(bad)


def test_workers_share_what_has_arrived(catalog: Catalog, tmp_path: Path) -> None:
    sources = [str(tmp_path / f"{number}.jpg") for number in range(6)]
    catalog.see(dict.fromkeys(sources))
    catalog.see(dict.fromkeys(sources))
    assert catalog.counters().states == {"seen": 6}
    one, two = catalog.lease_work("one", 4, 60), catalog.lease_work("two", 4, 60)
    assert [len(one), len(two)] == [4, 2]
    assert catalog.lease_sources("one", sources, 60) == {str(entry.source) for entry in one}
