"""What the page asks the server for, over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from psd_tools import PSDImage

from packshot.catalog import Catalog, CatalogError
from packshot.photo import Photo, encode_jpeg
from packshot.recipe import Recipe
from packshot.review.app import make_app
from packshot.review.handover import plain_name
from tests.review.shops import local_guard

TOKEN = {"X-CSRF-Token": "the-token-of-tests"}


@pytest.fixture
def client(catalog: Catalog) -> Iterator[TestClient]:
    with TestClient(make_app(catalog, local_guard()), base_url="http://localhost", headers=TOKEN) as opened:
        yield opened


def take(client: TestClient, count: int = 1) -> list[dict[str, Any]]:
    cards: list[dict[str, Any]] = client.post("/api/take", json={"count": count}).json()["cards"]
    return cards


def pixels(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), np.int16)


def draft(client: TestClient, photo: int, **view: Any) -> httpx.Response:
    return client.post(f"/photos/{photo}/draft", json={"what": "after", "width": 160, "height": 200, **view})


def test_decisions_sent_twice_count_once(client: TestClient, catalog: Catalog) -> None:
    card = take(client)[0]
    body = {"key": "k" * 12, "photo": card["id"], "prediction": card["prediction"], "outcome": "accept"}
    first, second = (client.post("/api/decide", json=body) for _ in range(2))
    assert first.json() == second.json()
    assert catalog.entry(card["id"]).state == "publish"


def test_a_correction_is_kept_as_a_recipe_by_human(client: TestClient, catalog: Catalog, out: Path) -> None:
    card = take(client)[0]
    stroke = {"mode": "remove", "radius": 30, "points": [[150, 200]]}
    body = {"key": "k" * 12, "photo": card["id"], "prediction": card["prediction"], "outcome": "correct"}
    answer = client.post("/api/decide", json={**body, "edit": {"exposure": 0.4, "strokes": [stroke]}})
    assert answer.status_code == 200, answer.text
    decided = next(event for event in catalog.history(card["id"]) if event.what in ("correct", "decision", "decided"))
    assert decided.by == "anna"
    predicted = catalog.entry(card["id"]).prediction
    assert predicted is not None
    assert list((out / "corrections").glob("*.png"))


def test_a_conflict_and_an_unknown_photo_are_told_in_a_sentence(client: TestClient) -> None:
    card = take(client)[0]
    body = {"photo": card["id"], "prediction": card["prediction"], "outcome": "accept"}
    assert client.post("/api/decide", json={**body, "key": "a" * 12}).status_code == 200
    twice = client.post("/api/decide", json={**body, "key": "b" * 12})
    assert (twice.status_code, "waits" in twice.json()["detail"]) == (409, True)
    unknown = client.get("/photos/999/before?long=640")
    assert (unknown.status_code, "no photo 999" in unknown.json()["detail"]) == (404, True)


def test_a_catalog_that_does_not_answer_is_to_be_asked_again(client: TestClient, monkeypatch: Any) -> None:
    card = take(client)[0]

    def away(*_: object) -> None:
        raise CatalogError("the catalog does not answer: try again") from OSError("connection refused")

    monkeypatch.setattr(Catalog, "decide", away)
    body = {"key": "a" * 12, "photo": card["id"], "prediction": card["prediction"], "outcome": "accept"}
    assert client.post("/api/decide", json=body).status_code == 503


def test_pictures_follow_the_edit(client: TestClient) -> None:
    card = take(client)[0]
    plain = pixels(draft(client, card["id"]))
    assert plain.shape == (200, 160, 3)
    bright = pixels(draft(client, card["id"], edit={"exposure": 0.5}))
    assert bright.mean() > plain.mean() + 1
    warm = pixels(draft(client, card["id"], edit={"warmth": 0.8})) - plain
    assert warm[..., 0].mean() > warm[..., 2].mean() + 1
    emptied = draft(client, card["id"], edit={"strokes": [{"mode": "remove", "radius": 900, "points": [[150, 200]]}]})
    assert (pixels(emptied) == 255).all()


def test_the_matte_tints_the_backdrop_alone(client: TestClient) -> None:
    card = take(client)[0]
    before, tinted = (pixels(draft(client, card["id"], what=what)) for what in ("before", "matte"))
    change = np.abs(before - tinted).sum(2)
    assert change[5, 5] > 60
    assert change[100, 80] < 20


def test_what_the_matte_cut_off_has_not_the_products_colour(client: TestClient) -> None:
    tints = set()
    for card in take(client, 6):
        before, tinted = (pixels(draft(client, card["id"], what=what)) for what in ("before", "matte"))
        bluer = tinted[5, 5, 2] - before[5, 5, 2] > tinted[5, 5, 0] - before[5, 5, 0]
        tints.add((card["category"], "blue" if bluer else "orange"))
    assert tints == {("reds", "blue"), ("greens", "blue"), ("blues", "orange")}


@pytest.mark.parametrize("what", ["before", "after"])
def test_whole_pictures_come_as_large_as_asked_and_may_be_kept(client: TestClient, what: str) -> None:
    card = take(client)[0]
    answer = client.get(f"/photos/{card['id']}/{what}?long=64")
    assert max(pixels(answer).shape) == 64
    assert "immutable" in answer.headers["cache-control"]


def test_a_package_holds_layers_matte_recipe_and_photo(client: TestClient, catalog: Catalog, tmp_path: Path) -> None:
    card = take(client)[0]
    answer = client.post(f"/photos/{card['id']}/package", json={"edit": {"exposure": 0.3}})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.glob("photo-*")
    recipe = Recipe.load(folder / "recipes" / f"{folder.name}.json")
    assert recipe.by == "human"
    original = folder / f"{folder.name}.original.jpg"
    assert original.read_bytes() == catalog.entry(card["id"]).source.read_bytes()
    layered = PSDImage.open(folder / f"{folder.name}.psd")
    assert layered.size == tuple(card["canvas"])
    assert [(layer.name, layer.visible, layer.has_mask()) for layer in layered] == [
        ("Photo as it came", False, False),
        ("Backdrop", True, False),
        ("Retouched product", True, True),
    ]
    merged, made = (
        np.asarray(each.convert("RGB"), np.int16) for each in (layered.topil(), layered.composite(force=True))
    )
    assert (merged[0, 0] == 255).all()
    assert np.abs(merged - made).mean() < 2  # only the edge's own colours differ


def upload(client: TestClient, card: dict[str, Any], content: bytes, **more: str) -> httpx.Response:
    fields = {"key": "u" * 12, "prediction": str(card["prediction"]), "seconds": "3", **more}
    return client.post(f"/photos/{card['id']}/after", data=fields, files={"after": ("a.jpg", content, "image/jpeg")})


def test_an_upload_of_another_shot_is_refused_until_it_is_insisted_on(client: TestClient, catalog: Catalog) -> None:
    card = take(client)[0]
    grain = np.random.default_rng(0).integers(0, 255, (300, 240, 3), np.uint8)
    refused = upload(client, card, encode_jpeg(grain, 90))
    assert refused.status_code == 422
    assert catalog.entry(card["id"]).state == "review"
    taken = upload(client, card, encode_jpeg(grain, 90), anyway="true")
    assert taken.status_code == 200, taken.text
    assert catalog.entry(card["id"]).state == "publish"


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff" + bytes(200), b"PK\x03\x04" * 9])
def test_an_upload_that_is_no_photo_is_refused(client: TestClient, catalog: Catalog, content: bytes) -> None:
    card = take(client)[0]
    assert upload(client, card, content, anyway="true").status_code == 422
    assert catalog.entry(card["id"]).state == "review"


def test_a_handed_in_after_is_shown_beside_when_the_photo_comes_back(client: TestClient, catalog: Catalog) -> None:
    card = take(client)[0]
    finished = Photo.open(catalog.entry(card["id"]).prediction.file("output")).pixels()  # type: ignore[union-attr, arg-type]
    darker = (finished * 0.7).astype(np.uint8)
    assert upload(client, card, encode_jpeg(darker, 92), anyway="true").status_code == 200
    assert client.post("/api/undo", json={"key": "x" * 12, "of": "u" * 12}).json() == {"undone": True}
    again = next(each for each in client.post("/api/take", json={"count": 9, "anew": True}).json()["cards"])
    assert again["human"]
    assert abs(pixels(client.get(f"/photos/{again['id']}/human?long=200")).mean() - darker.mean()) < 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\ä b.jpg", "b"),
        ("...", "photo"),
        ("a/b/c.tif", "c"),
        ("é" * 99, "photo"),
    ],
)
def test_names_become_plain(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_sessions_tell_the_page_its_token(client: TestClient) -> None:
    assert json.loads(client.get("/api/session").text) == {"csrf": "the-token-of-tests", "editor": "anna"}
