"""A correction of colour on one photo of a product, entered on its others: by keyboard in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from sqlalchemy import select

from packshot.catalog import Catalog
from packshot.catalog.schema import decisions
from packshot.recipe import Recipe
from packshot.review.app import make_app
from packshot.review.carrier import Mode
from packshot.review.corrections import Edit
from packshot.review.folder import CATALOG_FILE, made_in
from packshot.review.promoting import Grounds
from packshot.review.shop import Shop
from tests.review.shops import MARKED, local_guard, served
from tests.review.visits import Visit, eventually

TOKEN = {"X-CSRF-Token": "the-token-of-tests"}
CHECKS = Path(__file__).with_name("page_checks.js").read_text()
WARMER = ("y", *["ArrowRight"] * 10, "l", *["ArrowRight"] * 8, "Escape")


@pytest.fixture
def coats(out: Path) -> Iterator[Catalog]:
    """The run's photos, all of one product but the last."""
    made = list(made_in(out))
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        names = ["coat"] * (len(made) - 1) + ["boot"]
        marked = [replace(one, reasons=(*one.reasons, MARKED)) for one in made]
        catalog.add([replace(one, carried={"product": name}) for one, name in zip(marked, names, strict=True)])
        yield catalog


@contextmanager
def visiting(chromium: Browser, catalog: Catalog, carry: Mode = "on", pack: Path | None = None) -> Iterator[Visit]:
    """The page, its photos in the order of their names."""
    with served(catalog, local_guard(), Grounds((pack,)) if pack else None, carry) as address:
        visit = Visit(chromium, address)
        visit.waits_for_photo()
        visit.page.locator("#filters select[name=order]").select_option("path")
        eventually(lambda: visit.name == "photo-000")
        yield visit
        visit.all_sent()
        assert visit.troubles == []
        visit.close()


def rows(catalog: Catalog) -> list[Any]:
    with catalog.database.reading() as connection:
        return list(connection.execute(select(decisions).order_by(decisions.c.id)).all())


def carried_row(visit: Visit) -> str:
    row = visit.page.locator("#carried")
    return " ".join(row.inner_text().split()) if row.is_visible() else ""


def amounts(visit: Visit) -> dict[str, str]:
    names = ("warmth", "tint", "exposure")
    return {name: visit.page.locator(f"[name={name}] + output").inner_text() for name in names}


def accept_words(visit: Visit) -> str:
    return visit.page.locator("#accept-what").inner_text()


def test_the_next_photo_of_the_product_comes_with_its_colour(chromium: Browser, coats: Catalog) -> None:
    with visiting(chromium, coats) as visit:
        visit.press(*WARMER, "a")
        eventually(lambda: carried_row(visit) == "Colour carried from photo-000 Take back ,")
        assert visit.name == "photo-001"
        assert amounts(visit)["warmth"].startswith("+0.0")
        assert accept_words(visit) == "Accept carried"
        eventually(lambda: "4 more of coat go by it" in visit.said)
        entry = coats.entry(next(one.id for one in coats.queue(limit=9) if one.source.stem == "photo-001"))
        shop = Shop(coats)
        (told,) = shop.carried([entry]).values()
        wanted = shop.corrected(entry, Edit.model_validate(told["edit"]))
        visit.page.wait_for_timeout(350)
        visit.press("a")
        eventually(lambda: visit.name == "photo-002")
        eventually(lambda: "Colour carried from photo-000" in carried_row(visit))
        visit.all_sent()
        first, second = rows(coats)
    recipe = Recipe.model_validate_json(second.recipe)
    assert (recipe.color, recipe.lighting) == (wanted.color, wanted.lighting)
    assert recipe.by == "human, carried from photo-000"
    assert second.changes["carried"] == {"key": first.key, "from": "photo-000", "kept": True, "moved": False}
    assert first.changes.keys() == {"color", "lighting"}


def test_one_key_takes_it_back_and_enters_it_again(chromium: Browser, coats: Catalog) -> None:
    with visiting(chromium, coats) as visit:
        visit.press(*WARMER, "a")
        eventually(lambda: accept_words(visit) == "Accept carried")
        entered = amounts(visit)
        picture = visit.page.locator("[data-kind=after] .layer img")
        eventually(lambda: "/carried?" in str(picture.get_attribute("src")) and visit.shown() == [])
        visit.press(",")
        assert accept_words(visit) == "Accept"
        assert set(amounts(visit).values()) == {"0"}
        assert carried_row(visit) == "photo-000 was corrected Carry its colour ,"
        eventually(lambda: "/after?" in str(picture.get_attribute("src")))
        visit.press(",")
        assert (amounts(visit), accept_words(visit)) == (entered, "Accept carried")
        visit.press("Control+z", "Control+z", "Control+z")
        assert accept_words(visit) == "Accept"
        visit.page.wait_for_timeout(350)
        visit.press("a")
        eventually(lambda: visit.name == "photo-002")
        visit.all_sent()
        eventually(lambda: carried_row(visit) == "", 10)
        assert rows(coats)[1].outcome == "accept"
        assert rows(coats)[1].changes["carried"]["kept"] is False


def test_undoing_the_correction_withdraws_it(chromium: Browser, coats: Catalog) -> None:
    with visiting(chromium, coats) as visit:
        visit.press(*WARMER, "a")
        eventually(lambda: accept_words(visit) == "Accept carried")
        visit.press("u")
        eventually(lambda: visit.name == "photo-000")
        visit.all_sent()
        assert accept_words(visit) == "Accept corrected", "the hand's own work is kept"
        visit.press("s")
        eventually(lambda: visit.name == "photo-001")
        eventually(lambda: carried_row(visit) == "")
        assert accept_words(visit) == "Accept"


def test_another_product_has_its_own_colour(chromium: Browser, coats: Catalog) -> None:
    with visiting(chromium, coats) as visit:
        visit.press(*WARMER, "a")
        eventually(lambda: accept_words(visit) == "Accept carried")
        visit.page.wait_for_timeout(350)
        visit.press("s", "s", "s", "s")
        eventually(lambda: visit.name == "photo-005")
        assert carried_row(visit) == ""


def test_it_is_only_offered_where_that_is_wished(chromium: Browser, coats: Catalog) -> None:
    with visiting(chromium, coats, "ask") as visit:
        visit.press(*WARMER, "a")
        eventually(lambda: carried_row(visit) == "photo-000 was corrected Carry its colour ,")
        assert accept_words(visit) == "Accept"
        visit.page.wait_for_timeout(350)
        visit.press("a")
        eventually(lambda: visit.name == "photo-002")
        visit.all_sent()
        assert rows(coats)[1].changes == {}, "not taken is not taken back"
        eventually(lambda: "was corrected" in carried_row(visit))
        visit.press(",")
        assert accept_words(visit) == "Accept carried"


def test_a_carried_shot_is_judged_anew(chromium: Browser, coats: Catalog, finished_run: Path) -> None:
    with visiting(chromium, coats, pack=finished_run.parent / "pack") as visit:
        marked = visit.page.locator("#reasons").inner_text()
        assert "left margin" in marked
        visit.press(*WARMER, "a")
        eventually(lambda: accept_words(visit) == "Accept carried")
        # The mark was put there by hand: whoever judges the shot does not find it.
        reasons = visit.page.locator("#reasons")
        eventually(lambda: "left margin" not in reasons.inner_text())
        visit.press(",")
        assert "left margin" in reasons.inner_text()
        visit.press(",")
        eventually(lambda: "left margin" not in reasons.inner_text())


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160)])
def test_nothing_is_cut_off_and_all_can_read_it(chromium: Browser, coats: Catalog, size: tuple[int, int]) -> None:
    with visiting(chromium, coats) as visit:
        visit.page.set_viewport_size({"width": size[0], "height": size[1]})
        visit.press(*WARMER, "a")
        eventually(lambda: accept_words(visit) == "Accept carried")
        assert visit.page.evaluate(f"{CHECKS} overflows()") == [[0, 0], [0, 0]]
        assert visit.page.evaluate(f"{CHECKS} [...pale(), ...unnamed()]") == []


def test_without_it_the_page_knows_nothing(coats: Catalog) -> None:
    with TestClient(make_app(coats, local_guard(), carry="off"), base_url="http://localhost", headers=TOKEN) as client:
        cards = client.post("/api/take", json={"count": 2}).json()["cards"]
        first, second = cards
        body = {
            "key": "key-of-one-answer",
            "photo": first["id"],
            "prediction": first["prediction"],
            "outcome": "correct",
        }
        told = client.post("/api/decide", json={**body, "edit": {"warmth": 0.2}}).json()
        assert told["product"] == {}
        asked = client.post("/api/carried", json={"photos": [second["id"]]}).json()
        assert asked == {"carried": {str(second["id"]): None}}


def test_an_uncarried_photo_has_no_carried_picture(coats: Catalog) -> None:
    with TestClient(make_app(coats, local_guard()), base_url="http://localhost", headers=TOKEN) as client:
        (card,) = client.post("/api/take", json={"count": 1}).json()["cards"]
        assert client.get(f"/photos/{card['id']}/carried?long=400").status_code == 204


def test_a_photo_whose_file_is_gone_gets_nothing_carried(coats: Catalog) -> None:
    shop = Shop(coats)
    first, second = sorted(coats.queue(limit=2), key=lambda entry: entry.source)
    with TestClient(make_app(coats, local_guard()), base_url="http://localhost", headers=TOKEN) as client:
        assert first.prediction is not None
        body = {"key": "key-of-one-answer", "photo": first.id, "prediction": first.prediction.id, "outcome": "correct"}
        assert client.post("/api/decide", json={**body, "edit": {"warmth": 0.2}}).json()["product"]["waiting"] == 4
    first.source.unlink()
    assert shop.carried([second]) == {}
