from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from packshot.catalog import Answer, Catalog, Chance
from packshot.catalog.champions import champion, crown, reigns
from packshot.pack import Pack
from packshot.review.app import make_app
from packshot.review.folder import CATALOG_FILE, made_in
from packshot.review.managing import as_csv, overview
from tests.review.shops import local_guard, served
from tests.review.visits import eventually
from tests.tiny import make_pack

TOKEN = "the-token-of-tests"


@pytest.fixture
def catalog(out: Path) -> Catalog:
    """Six photos that came by lot: four accepted, one rejected, one waiting."""
    opened = Catalog.open(str(out / CATALOG_FILE), Chance(share=1.0, seed="tests"))
    opened.add(made_in(out))
    for at, entry in enumerate(opened.lease("anna", 5, 60)):
        assert entry.prediction is not None
        outcome = "reject" if at == 4 else "accept"
        opened.decide(entry.id, "anna", Answer(outcome, entry.prediction.id, reason="edge" if at == 4 else None))
    return opened


@pytest.fixture
def client(catalog: Catalog) -> Iterator[TestClient]:
    app = make_app(catalog, local_guard())
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as opened:
        yield opened


def test_the_page_tells_what_waits_and_what_went_wrong(client: TestClient, catalog: Catalog) -> None:
    page = unescape(client.get("/manage").text)
    assert re.search(r"Waiting for a person</dt><dd>1 ", page)
    worst = overview(catalog).worst
    assert [(case.outcome, case.reason) for case in worst] == [("reject", "edge")]
    assert "Rejected: Edge of the product" in page
    assert worst[0].name in page


def test_what_people_changed_is_told_in_their_words(catalog: Catalog) -> None:
    entry = catalog.lease("anna", 1, 60)[0]
    assert entry.prediction is not None
    light = entry.prediction.recipe().lighting.model_dump(mode="json")
    follows = {**light, "exposure": 0.5}
    changes = {"lighting": follows, "alignment": {"angle": 2.0}}
    answer = Answer(
        "correct",
        entry.prediction.id,
        changes=changes,
        category="hats",
        house={"quality": 90},
        light={"lighting": follows},
    )
    catalog.decide(entry.id, "anna", answer)
    assert overview(catalog).worst[0].said == "Corrected: category, hats, turn"


def test_figures_as_csv_are_those_of_the_page_and_never_formulas(client: TestClient, catalog: Catalog) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/manage.csv").text)))
    assert (rows[0]["of"], rows[0]["photos"], rows[0]["waiting"], rows[0]["rejected"]) == ("all", "6", "1", "1")
    told = overview(catalog).report
    assert len(rows) == 1 + len(told.categories) + len(told.packs)
    evil = told.categories[0].__class__(**{**vars(told.categories[0]), "name": "=HYPERLINK(1)"})
    assert "'=HYPERLINK(1)" in as_csv(told.__class__(**{**vars(told), "categories": (evil,)}))


def test_the_curve_needs_verdicts_of_the_champion(client: TestClient, catalog: Catalog, tmp_path: Path) -> None:
    assert "there is nothing to draw" in client.get("/manage").text
    pack = make_pack(tmp_path / "another")
    crown(catalog, Pack(pack), "mia")
    with catalog.database.writing() as connection:
        from packshot.catalog.schema import predictions

        connection.execute(predictions.update().values(pack_digest=Pack(pack).content_digest))
    found = re.search(r'data-points="([^"]+)"', client.get("/manage").text)
    assert found is not None
    points = json.loads(unescape(found[1]))
    assert points[-1]["published"] == 1.0
    assert points[-1]["bad"] == pytest.approx(0.2)
    assert all(point["bound"] >= point["bad"] for point in points)
    told = re.sub(r"<[^>]+>", "", client.get("/manage").text)
    assert re.search(r"at most 1 % bad would publish \d+ %,.*at most 10 % bad would publish \d+ %\.", told)


def test_going_back_needs_the_page_and_the_champion_it_showed(
    client: TestClient, catalog: Catalog, tmp_path: Path
) -> None:
    old, new = Pack(make_pack(tmp_path / "old")), Pack(make_pack(tmp_path / "new", {"any": "certificate"}))
    for pack in (old, new):
        crown(catalog, pack, "mia")
    assert client.post("/manage/rollback", data={"csrf": "guessed", "pack": new.label}).status_code == 403
    assert client.post("/manage/rollback", data={"csrf": TOKEN, "pack": "another"}).status_code == 422
    assert client.post("/manage/rollback", data={"csrf": TOKEN, "pack": new.label}).status_code == 303
    reign = champion(catalog)
    assert reign is not None
    assert reign.folder == old.folder
    assert (reigns(catalog)[-1].action, reigns(catalog)[-1].by) == ("rollback", "anna")
    assert client.post("/manage/rollback", data={"csrf": TOKEN, "pack": old.label}).status_code == 404


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160)])
def test_everybody_can_read_it(chromium: Browser, catalog: Catalog, size: tuple[int, int]) -> None:
    checks = Path(__file__).with_name("page_checks.js").read_text()
    with served(catalog, local_guard()) as address:
        page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        troubles: list[str] = []
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(f"{address}/manage")
        eventually(lambda: page.locator(".worst img").count() == 2)
        page.locator(".worst").scroll_into_view_if_needed()
        eventually(lambda: bool(page.evaluate("[...document.images].every(each => each.naturalWidth > 0)")))
        assert page.evaluate(f"{checks} unnamed()") == []
        assert page.evaluate(f"{checks} pale()") == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert troubles == []
        page.close()
