"""Another category brings its own light, as a run told of it would have, save where the hand has been before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from sqlalchemy import select

from packshot.catalog import Catalog
from packshot.catalog.feedback import corrections_as_pairs
from packshot.catalog.figures import report
from packshot.catalog.schema import decisions
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.pipeline import predict
from packshot.recipe import Recipe
from packshot.review.app import make_app
from packshot.review.corrections import Edit
from packshot.review.promoting import Grounds
from packshot.review.shop import Shop
from packshot.style import Style
from tests.review.shops import local_guard, served, taken_for
from tests.review.visits import Visit, eventually
from tests.tiny import make_pack

TOKEN = {"X-CSRF-Token": "the-token-of-tests"}
LIGHT = ("color", "lighting", "detailing")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack of the run, which has learned that blues are to be vivid, bright and sharp."""
    folder = make_pack(tmp_path / "known")
    content = json.loads((folder / "pack.json").read_text())
    bright = {"exposure_target": -0.5, "exposure_share": 0.8, "saturation": 1.4, "shadows": 0.3}
    content["look"] = {"blues": bright, "default": {"saturation": 1.1}}
    content["habits"]["blues"] = {"sharpening": 1.5, "heal": False}
    (folder / "pack.json").write_text(json.dumps(content))
    return folder


def test_light_is_that_of_a_run_with_the_category_given(catalog: Catalog, pack: Path) -> None:
    entry, shop = taken_for(catalog, "reds"), Shop(catalog, Grounds((pack,)))
    made = shop.corrected(entry, Edit(category="blues"))
    told = predict(Photo.open(entry.source), Pack(pack), Style(), "blues")
    for part in LIGHT:
        assert getattr(made, part) == getattr(told, part)
    before = shop.prediction(entry).recipe()
    assert made.lighting.exposure > before.lighting.exposure
    assert made.color.saturation == 1.4
    assert made.detailing.sharpening == 1.5
    assert (made.background, made.alignment) == (before.background, before.alignment)


@pytest.mark.parametrize("part", LIGHT)
def test_what_the_hand_had_changed_before_stays(catalog: Catalog, pack: Path, part: str) -> None:
    entry, shop = taken_for(catalog, "reds"), Shop(catalog, Grounds((pack,)))
    hand: dict[str, object] = {"color": {"warmth": 0.1}, "lighting": {"exposure": 0.2}}.get(part, {})
    if part == "detailing":
        hand = {"spots_added": [{"x": 9, "y": 9, "radius": 3}]}
    before = shop.corrected(entry, Edit.model_validate(hand))
    other = shop.corrected(entry, Edit(category="blues"))
    made = shop.corrected(entry, Edit.model_validate({**hand, "category": "blues", "kept": {part: None}}))
    assert getattr(made, part) == getattr(before, part)
    for name in set(LIGHT) - {part}:
        assert getattr(made, name) == getattr(other, name)
    later = shop.corrected(entry, Edit.model_validate({**hand, "category": "blues"}))
    assert getattr(later, part) not in (getattr(made, part), getattr(other, part)), "moved from the category's own"
    kept = shop.corrected(entry, Edit.model_validate({**hand, "category": "reds", "kept": {part: "blues"}}))
    assert getattr(kept, part) == getattr(later, part)


def test_the_categorys_light_is_not_held_against_light(catalog: Catalog, pack: Path, tmp_path: Path) -> None:
    entry = taken_for(catalog, "reds")
    assert entry.prediction is not None
    shown: dict[str, object] = {"key": "key-of-one-answer", "photo": entry.id, "prediction": entry.prediction.id}
    with TestClient(
        make_app(catalog, local_guard(), Grounds((pack,))), base_url="http://localhost", headers=TOKEN
    ) as client:
        body = {**shown, "outcome": "correct", "edit": {"category": "blues", "exposure": 0.6}}
        assert client.post("/api/decide", json=body).status_code == 200
    (pair,) = corrections_as_pairs(catalog, tmp_path / "pairs").pairs
    assert set(pair.stages) == {"category", "lighting"}
    assert min(pair.stages.values()) > 0.05
    assert report(catalog).corrected == {"category": 1, "lighting": 1}


def test_nothing_unknown_is_kept(catalog: Catalog, pack: Path) -> None:
    entry = taken_for(catalog, "reds")
    with TestClient(
        make_app(catalog, local_guard(), Grounds((pack,))), base_url="http://localhost", headers=TOKEN
    ) as client:
        for kept in ({"color": "<b>"}, {"cropping": None}, {"color": 1}):
            body = {"what": "after", "edit": {"category": "blues", "kept": kept}, "width": 60, "height": 80}
            assert client.post(f"/photos/{entry.id}/draft", json=body).status_code == 422


def test_by_keyboard_light_follows_the_category_and_the_hand_stays(
    chromium: Browser, catalog: Catalog, pack: Path
) -> None:
    with served(catalog, local_guard(), Grounds((pack,))) as address:
        visit = Visit(chromium, address)
        visit.waits_for_photo()
        visit.page.locator("#filters select[name=category]").select_option("reds")
        eventually(lambda: visit.page.locator("#photo-facts").inner_text().startswith("reds"))
        # As fast as it goes: what is accepted before the server has told of the category is accepted for it.
        visit.press("y", *["ArrowRight"] * 5, "f", "b", "Escape", "l", "ArrowRight", "ArrowRight", "Escape", "a")
        visit.all_sent()
        assert visit.troubles == []
        visit.close()
    with catalog.database.reading() as connection:
        (row,) = connection.execute(select(decisions)).all()
    recipe = Recipe.model_validate_json(row.recipe)
    assert recipe.category == "blues"
    entry, shop = catalog.entry(row.photo_id), Shop(catalog, Grounds((pack,)))
    predicted, other = shop.prediction(entry).recipe(), shop.corrected(entry, Edit(category="blues"))
    assert recipe.color == shop.corrected(entry, Edit(warmth=0.1)).color
    assert recipe.color.saturation == predicted.color.saturation
    assert recipe.lighting.exposure == pytest.approx(other.lighting.exposure + 0.1)
    assert recipe.detailing == other.detailing
