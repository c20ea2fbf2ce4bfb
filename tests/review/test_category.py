"""A photo taken for something else: corrected on the page, and carried by all that follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from sqlalchemy import select

from packshot.catalog import Catalog, Entry
from packshot.catalog.feedback import corrections_as_pairs
from packshot.catalog.figures import report
from packshot.catalog.finishing import finished_files
from packshot.catalog.schema import decisions
from packshot.photo import Photo
from packshot.recipe import Recipe
from packshot.review.app import make_app
from packshot.review.promoting import Grounds
from tests.review.shops import local_guard, served, taken_for
from tests.review.visits import Visit, eventually
from tests.tiny import make_pack

TOKEN = {"X-CSRF-Token": "the-token-of-tests"}
WIDE = {"aspect": 1.6, "margin_left": 0.2, "margin_right": 0.2, "margin_top": 0.1, "margin_bottom": 0.1}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack of the run, which has learned that blues lie on a wide canvas."""
    folder = make_pack(tmp_path / "known")
    content = json.loads((folder / "pack.json").read_text())
    content["habits"]["blues"] = WIDE
    (folder / "pack.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def client(catalog: Catalog, pack: Path) -> Iterator[TestClient]:
    app = make_app(catalog, local_guard(), Grounds((pack,)))
    with TestClient(app, base_url="http://localhost", headers=TOKEN) as opened:
        yield opened


def decide(client: TestClient, entry: Entry, edit: dict[str, object], key: str = "key-of-one-answer") -> int:
    assert entry.prediction is not None
    body = {"key": key, "photo": entry.id, "prediction": entry.prediction.id, "outcome": "correct", "edit": edit}
    return int(client.post("/api/decide", json=body).status_code)


def test_another_category_is_cropped_by_the_packs_habits_for_it(client: TestClient, catalog: Catalog) -> None:
    entry = taken_for(catalog, "reds")
    answer = client.post(f"/photos/{entry.id}/category", json={"category": "blues"}).json()
    assert answer["canvas"][0] / answer["canvas"][1] == pytest.approx(1.6, abs=0.02)
    same = client.post(f"/photos/{entry.id}/category", json={"category": "reds"}).json()
    assert entry.prediction is not None
    predicted = entry.prediction.recipe()
    # The recipe's own matte, its edge placed, is not quite the one the first crop was made from.
    assert tuple(same["canvas"]) == pytest.approx(predicted.geometry.size, rel=0.06)
    assert same["centre"] == pytest.approx(predicted.cropping.centre, abs=1.0)
    assert same["scale"] == pytest.approx(predicted.cropping.scale, rel=0.01)


def test_recipe_picture_photo_and_pairs_carry_it_and_undoing_takes_it_back(
    client: TestClient, catalog: Catalog, tmp_path: Path
) -> None:
    entry = taken_for(catalog, "reds")
    assert decide(client, entry, {"category": "blues", "zoom": 0.9}) == 200
    with catalog.database.reading() as connection:
        row = connection.execute(select(decisions)).one()
    recipe = Recipe.model_validate_json(row.recipe)
    assert (recipe.category, recipe.category_confidence, recipe.by) == ("blues", 1.0, "human")
    assert row.changes["category"]["name"] == "blues"
    assert row.changes["category"]["house"]["aspect"] == 1.6
    assert catalog.entry(entry.id).category == "blues"
    assert catalog.counters().by_category["reds"] == 1
    (due,) = catalog.take_publications("publisher", 1, 60)
    (content,) = finished_files(due).values()
    assert Photo.open(content, name="finished").size == recipe.geometry.size
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert (pair.category, set(pair.stages)) == ("blues", {"category", "cropping"}), "the zoom was a hand's own"
    assert report(catalog).corrected == {"category": 1, "cropping": 1}
    catalog.let_go("publisher")
    assert catalog.undo("anna") is not None
    assert catalog.entry(entry.id).category == "reds"


def test_the_crop_that_follows_is_the_categorys_fault_alone(
    client: TestClient, catalog: Catalog, tmp_path: Path
) -> None:
    entry = taken_for(catalog, "reds")
    assert decide(client, entry, {"category": "blues"}) == 200
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert pair.stages == {"category": 1.0}
    assert report(catalog).corrected == {"category": 1}


def test_what_else_was_wrong_is_still_told_apart(client: TestClient, catalog: Catalog, tmp_path: Path) -> None:
    entry = taken_for(catalog, "reds")
    assert decide(client, entry, {"category": "blues", "exposure": 0.8}) == 200
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert set(pair.stages) == {"category", "lighting"}
    assert min(pair.stages.values()) > 0.05
    assert report(catalog).corrected == {"category": 1, "lighting": 1}


def test_a_category_nobody_knows_is_refused(client: TestClient, catalog: Catalog) -> None:
    entry = taken_for(catalog, "reds")
    assert client.post(f"/photos/{entry.id}/category", json={"category": "<b>hats</b>"}).status_code == 422
    assert decide(client, entry, {"category": "../hats"}) == 422
    assert catalog.entry(entry.id).state == "review"


def test_without_its_pack_the_category_is_kept_and_the_crop_stays(catalog: Catalog) -> None:
    entry = taken_for(catalog, "reds")
    assert entry.prediction is not None
    with TestClient(make_app(catalog, local_guard()), base_url="http://localhost", headers=TOKEN) as client:
        assert decide(client, entry, {"category": "bags"}) == 200
    with catalog.database.reading() as connection:
        row = connection.execute(select(decisions)).one()
    assert row.changes == {"category": {"name": "bags", "house": {}}}
    assert Recipe.model_validate_json(row.recipe).cropping == entry.prediction.recipe().cropping


def test_an_edit_made_elsewhere_carries_it_too(client: TestClient, catalog: Catalog) -> None:
    entry = taken_for(catalog, "reds")
    assert entry.prediction is not None
    output = entry.prediction.file("output")
    assert output is not None
    form = {"key": "key-of-one-answer", "prediction": entry.prediction.id, "anyway": True, "category": "blues"}
    answer = client.post(f"/photos/{entry.id}/after", data=form, files={"after": output.read_bytes()})
    assert answer.status_code == 200
    assert catalog.entry(entry.id).category == "blues"


def test_by_keyboard_the_canvas_follows_and_resets(chromium: Browser, catalog: Catalog, pack: Path) -> None:
    with served(catalog, local_guard(), Grounds((pack,))) as address:
        visit = Visit(chromium, address)
        visit.waits_for_photo()
        visit.page.locator("#filters select[name=category]").select_option("reds")
        eventually(lambda: visit.page.locator("#photo-facts").inner_text().startswith("reds"))
        chosen = visit.page.locator("#controls select[name=category]")
        visit.press("f", "b")
        eventually(lambda: visit.page.locator("#accept-what").inner_text() == "Accept corrected")
        eventually(lambda: bool(visit.shown()) and bool(visit.shown("before")))
        shape = "(() => { const c = document.querySelector('[data-kind=after] canvas'); return c.width / c.height })()"
        assert visit.page.evaluate(shape) == pytest.approx(1.6, abs=0.03)
        visit.press("Escape", "Control+z")
        eventually(lambda: visit.page.locator("#accept-what").inner_text() == "Accept")
        assert chosen.input_value() == "reds"
        visit.press("f", "b")
        eventually(lambda: visit.page.locator("#accept-what").inner_text() == "Accept corrected")
        visit.press("Escape", "a")
        visit.all_sent()
        assert visit.troubles == []
        visit.close()
    with catalog.database.reading() as connection:
        (row,) = connection.execute(select(decisions)).all()
    assert row.changes["category"]["name"] == "blues"
