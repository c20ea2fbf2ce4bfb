"""Promotion from the manager's page: a challenger of the server's own list, compared beside the pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from packshot.catalog import Catalog
from packshot.catalog.champions import champion, crown, reigns
from packshot.catalog.contest import Outcome
from packshot.catalog.promotion import CategoryVerdict
from packshot.pack import Pack
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import predict, render
from packshot.review import promoting
from packshot.review.app import make_app
from packshot.review.folder import CATALOG_FILE
from packshot.review.promoting import Grounds, Promoter
from tests.review.shops import kept_guard, local_guard, served
from tests.review.visits import eventually
from tests.tiny import make_pack, make_photos

TOKEN = "the-token-of-tests"


def roomier(folder: Path) -> Pack:
    """A tiny pack that gives reds more room at the left."""
    path = make_pack(folder) / "pack.json"
    content = json.loads(path.read_text())
    content["version"] = "2"
    content["habits"]["reds"] = {"margin_left": 0.3}
    path.write_text(json.dumps(content))
    return Pack(folder)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion, a challenger, and ten frozen pairs of reds as the challenger makes them."""
    folder = tmp_path_factory.mktemp("promoting")
    make_pack(folder / "old")
    new = roomier(folder / "new")
    (folder / "frozen" / "after").mkdir(parents=True)
    lines = []
    for path in make_photos(folder / "frozen" / "before", 10, step=3):
        photo = Photo.open(path)
        (folder / "frozen" / "after" / path.name).write_bytes(encode_jpeg(render(photo, predict(photo, new)), 97))
        names = {"id": path.stem, "group": path.stem, "category": "reds"}
        lines.append({**names, "before": f"before/{path.name}", "after": f"after/{path.name}"})
    (folder / "frozen" / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def catalog(studio: Path, tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(str(tmp_path / CATALOG_FILE)) as opened:
        crown(opened, Pack(studio / "old"), "mia")
        yield opened


@pytest.fixture
def grounds(studio: Path, tmp_path: Path) -> Grounds:
    return Grounds((studio / "new",), tmp_path / "champions", studio / "frozen")


def wish(studio: Path, how: str = "promote", **changed: str) -> dict[str, str]:
    digest = Pack(studio / "new").content_digest
    return {"csrf": TOKEN, "pack": "tiny 1", "challenger": digest, "how": how} | changed


def test_a_manager_compares_promotes_and_goes_back(
    chromium: Browser, studio: Path, catalog: Catalog, grounds: Grounds
) -> None:
    with served(catalog, local_guard(), grounds) as address:
        page = chromium.new_page()
        troubles: list[str] = []
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(f"{address}/manage")
        page.get_by_role("button", name="Compare, and promote where it is better").click()
        eventually(lambda: page.locator(".attempt[data-standing=done]").count() == 1, 180)
        assert "tiny 1+1 is the champion now" in page.locator(".attempt").inner_text()
        assert re.search(r"reds\s+10\s+wins", page.locator(".attempt table").inner_text())
        reign = champion(catalog)
        assert reign is not None
        assert (reign.pack, reign.categories, reign.by) == ("tiny 1+1", ("reds",), "anna")
        assert reign.evidence["won"] == ["reds"]
        assert Pack(reign.folder).habits("reds")["margin_left"] == 0.3
        page.get_by_role("button", name="Go back to the pack before tiny 1+1").click()
        eventually(lambda: page.get_by_text("rollback").count() == 1)
        assert troubles == []
        page.close()
    reign = champion(catalog)
    assert reign is not None
    assert reign.folder == studio / "old"


def test_only_comparing_promotes_nothing_and_one_runs_at_a_time(
    studio: Path, catalog: Catalog, grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = threading.Event()

    def compare(*_: object) -> Outcome:
        measured.wait(60)
        return Outcome("tiny 1", "tiny 2", 10, 0, (0, 0), {"reds": CategoryVerdict("reds", True, "better", 10)}, {})

    monkeypatch.setattr(promoting, "compare", compare)
    app = make_app(catalog, local_guard(), grounds)
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        assert client.post("/manage/promote", data=wish(studio, "compare")).status_code == 303
        assert client.post("/manage/promote", data=wish(studio)).status_code == 409
        assert client.get("/manage/promotion").json()["attempt"]["standing"] == "runs"
        assert "is being compared" in client.get("/manage").text
        measured.set()
        eventually(lambda: client.get("/manage/promotion").json()["attempt"]["standing"] == "done")
        told = client.get("/manage/promotion").json()["attempt"]
    assert told["outcome"]["won"] == ["reds"]
    assert "would win reds" in told["said"]
    assert [reign.action for reign in reigns(catalog)] == ["begin"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"csrf": "guessed"}, 403),
        ({"challenger": "../../elsewhere"}, 422),
        ({"challenger": "0" * 64}, 422),
        ({"how": "anyhow"}, 422),
    ],
)
def test_only_the_servers_own_packs_and_the_page_itself_may_ask(
    studio: Path, catalog: Catalog, grounds: Grounds, changed: dict[str, str], status: int
) -> None:
    app = make_app(catalog, local_guard(), grounds)
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        assert client.post("/manage/promote", data=wish(studio, **changed)).status_code == status
    assert app.state.shop.promoter.attempt is None


def test_editors_may_not_promote_and_promotions_are_in_the_trail(
    studio: Path, catalog: Catalog, grounds: Grounds
) -> None:
    guard = kept_guard(catalog)
    assert guard.accounts is not None
    guard.accounts.add("ed", "a long enough password", "editor", "tests")
    guard.accounts.add("mia", "a long enough password", "manager", "tests")
    app = make_app(catalog, guard, grounds)
    with TestClient(app, follow_redirects=False) as client:
        for name, status in (("ed", 403), ("mia", 303)):
            client.cookies.clear()
            client.post("/login", data={"name": name, "password": "a long enough password"})
            csrf = client.get("/api/session").json()["csrf"]
            wanted = wish(studio, pack="another", csrf=csrf)
            assert client.post("/manage/promote", data=wanted).status_code == status
        promoter: Promoter = app.state.shop.promoter
        eventually(lambda: promoter.attempt is not None and promoter.attempt.standing == "failed")
        assert promoter.attempt is not None
        assert "the champion is tiny 1 by now" in promoter.attempt.said
        eventually(lambda: {"promotion begun", "promotion ended"} <= {each.what for each in guard.accounts.trail()})


def test_without_a_folder_for_champions_nothing_is_offered(studio: Path, catalog: Catalog) -> None:
    app = make_app(catalog, local_guard(), Grounds((studio / "new",)))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        assert "--champions FOLDER" in client.get("/manage").text
        answer = client.post("/manage/promote", data=wish(studio))
    assert (answer.status_code, "--champions" in answer.json()["detail"]) == (422, True)
