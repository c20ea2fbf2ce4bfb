"""The review page in a real browser: what is shown, and that it can be used by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from packshot.catalog import Catalog
from packshot.review.folder import CATALOG_FILE, made_in
from tests.review.shops import MARKED, local_guard, open_catalog, served
from tests.review.visits import Visit, eventually

CHECKS = Path(__file__).with_name("page_checks.js").read_text()


@pytest.fixture(scope="module")
def shared_run(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    place = tmp_path_factory.mktemp("page") / "studio"
    shutil.copytree(finished_run.parent, place)
    return place / "out"


@pytest.fixture(scope="module")
def address(shared_run: Path) -> Iterator[str]:
    with served(open_catalog(shared_run), local_guard()) as where:
        yield where


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    opened = Visit(chromium, address)
    opened.waits_for_photo()
    yield opened
    assert opened.troubles == []
    opened.close()


def test_the_picture_follows_sliders_and_comes_back(visit: Visit) -> None:
    visit.press("l", *["ArrowRight"] * 8)
    eventually(lambda: visit.shown() != [])
    bright = visit.shown()
    visit.press(*["ArrowLeft"] * 16)
    eventually(lambda: sum(visit.shown()) < sum(bright) - 3)
    assert "changed" in str(visit.page.locator("[data-stage=lighting]").get_attribute("class"))
    assert visit.page.locator("#accept-what").inner_text() == "Accept corrected"
    visit.press("Backspace")
    eventually(lambda: visit.shown() == [])
    assert visit.page.locator("#accept-what").inner_text() == "Accept"


def test_corrections_are_taken_back_one_by_one(visit: Visit) -> None:
    visit.press("y", "ArrowRight", "Escape", "t", "ArrowRight", "Escape")
    output = visit.page.locator("[name=angle] + output")
    assert output.inner_text() == "0.1° ↻"
    visit.press("Control+z")
    assert output.inner_text() == "0"
    assert visit.page.locator("[name=warmth] + output").inner_text() == "+0.02"
    visit.press("Control+z")
    assert visit.page.locator("fieldset.changed").count() == 0


def lies_alike(visit: Visit) -> bool:
    """Whether the parts shown of both pictures lie at the same place of their panes; each comes when it has come."""
    panes = (visit.page.locator(f"[data-kind={kind}]") for kind in ("before", "after"))
    boxes = [(pane.bounding_box(), pane.locator("canvas").bounding_box()) for pane in panes]
    (left, one), (right, two) = boxes
    assert left is not None
    assert right is not None
    if one is None or two is None:
        return False
    across, down = (two[side] - one[side] - (right[side] - left[side]) for side in ("x", "y"))
    return abs(across) <= 2 and abs(down) <= 1


def test_zooming_is_linked_and_asks_for_the_part_at_full_size(visit: Visit) -> None:
    visit.page.mouse.move(700, 400)
    for _ in range(12):
        visit.page.mouse.wheel(0, -300)
    eventually(lambda: bool(visit.shown("before") and visit.shown("after")))
    eventually(lambda: lies_alike(visit))
    visit.press("0")
    eventually(lambda: visit.shown() == [])


@pytest.mark.parametrize(
    ("key", "view"), [("2", "after"), ("3", "slider"), ("4", "flicker"), ("5", "matte"), ("6", "difference")]
)
def test_views_by_key(visit: Visit, key: str, view: str) -> None:
    visit.press(key)
    assert visit.page.locator("#stage").get_attribute("data-view") == view
    assert visit.page.locator(f"button[data-view={view}]").get_attribute("aria-pressed") == "true"
    if view == "matte":
        eventually(lambda: visit.shown("before") != [])
    if view == "flicker":
        seen = set()
        eventually(lambda: len(seen.add(visit.page.locator("#stage").get_attribute("data-shows")) or seen) == 2)


def test_the_matte_is_gone_as_soon_as_another_view_is_chosen(visit: Visit) -> None:
    visit.press("t", "ArrowRight", "Escape")
    eventually(lambda: visit.shown("before") != [])
    plain = visit.shown("before")
    visit.press("5")
    eventually(lambda: visit.shown("before") not in ([], plain))
    visit.page.route("**/draft", lambda _: None)  # the server takes its time
    visit.press("1")
    assert visit.shown("before") == []
    visit.page.unroute("**/draft")


def test_crop_box_by_mouse(visit: Visit) -> None:
    visit.press("k")
    crop = visit.page.locator("[data-kind=after] rect.crop")
    whole = crop.bounding_box()
    assert whole is not None
    right, bottom = whole["x"] + whole["width"], whole["y"] + whole["height"]
    visit.page.mouse.move(right, bottom)
    visit.page.mouse.down()
    visit.page.mouse.move(right - 60, bottom - 60, steps=4)
    visit.page.mouse.up()
    box = crop.bounding_box()
    assert box is not None
    assert whole["width"] - 80 < box["width"] < whole["width"] - 30
    assert box["width"] / box["height"] == pytest.approx(whole["width"] / whole["height"], rel=0.02)
    assert (box["x"], box["y"]) == pytest.approx((whole["x"], whole["y"]), abs=2)


def test_brush_and_spots_by_mouse(visit: Visit) -> None:
    middle = visit.page.locator("[data-kind=after] .layer img").bounding_box()
    assert middle is not None
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    visit.press("q")
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 30, y + 10, steps=3)
    visit.page.mouse.up()
    eventually(lambda: visit.shown() != [])
    visit.press("Escape", "d")
    visit.page.mouse.click(x - 40, y)
    assert visit.page.locator("[data-kind=after] circle.new").count() == 1
    visit.page.mouse.click(x - 40, y)
    assert visit.page.locator("[data-kind=after] circle.new").count() == 0


def test_a_hair_is_healed_by_drawing_along_it_and_taken_back_at_once(visit: Visit) -> None:
    page = visit.page
    visit.press("d", *["["] * 8)
    box = page.locator(".pane[data-kind=after]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=12)
    page.mouse.up()
    rings = page.locator(".pane[data-kind=after] circle.new")
    assert 5 <= rings.count() <= 13
    visit.press("Control+z")
    assert rings.count() == 0


def test_shift_moves_a_slider_by_ten_steps(visit: Visit) -> None:
    visit.press("t", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "Shift+ArrowLeft")
    assert visit.page.locator("[name=angle] + output").inner_text() == "1.1° ↻"


def test_regions_are_marked_and_examined(visit: Visit) -> None:
    assert visit.page.locator("[data-kind=after] rect.region").count() == 1
    fitted = visit.page.locator("#zoom").inner_text()
    visit.press("e")
    assert visit.page.locator("[data-kind=after] rect.told").count() == 1
    assert visit.page.locator("#zoom").inner_text() != fitted
    visit.press("e")
    assert visit.page.locator("#zoom").inner_text() == fitted
    visit.press("g")
    assert visit.page.locator("[data-kind=after] rect.region").count() == 0
    visit.press("g")


def test_a_box_around_the_whole_product_is_drawn_only_when_pointed_at(
    chromium: Browser, shared_run: Path, tmp_path: Path
) -> None:
    whole = MARKED.model_copy(update={"region": (0.1, 0.1, 0.9, 0.9)})
    with Catalog.open(str(tmp_path / CATALOG_FILE)) as catalog:
        catalog.add([replace(next(iter(made_in(shared_run))), reasons=(whole,))])
        with served(catalog, local_guard()) as where:
            visit = Visit(chromium, where)
            visit.waits_for_photo()
            boxes = visit.page.locator("[data-kind=after] rect.region")
            assert boxes.count() == 0
            visit.page.locator("#reasons button").hover()
            assert boxes.count() == 1
            visit.close()


def test_a_stroke_goes_on_in_the_pane_where_it_began(visit: Visit) -> None:
    page = visit.page
    box = page.locator(".pane[data-kind=before]").bounding_box()
    assert box is not None
    right, middle = box["x"] + box["width"], box["y"] + box["height"] / 2
    visit.press("p")
    page.mouse.move(right - 60, middle)
    page.mouse.down()
    page.mouse.move(right + 40, middle, steps=5)
    stroke = page.locator(".pane[data-kind=before] path.stroke").get_attribute("d")
    page.mouse.up()
    across = [float(point.split(" ")[0]) for point in str(stroke)[1:].split("L")]
    assert across == sorted(across)
    assert across[-1] > across[0]


def test_a_small_picture_comes_nearer_with_the_key_of_full_size(visit: Visit) -> None:
    fitted = visit.page.locator("#zoom").inner_text()
    visit.press("z")
    assert int(visit.page.locator("#zoom").inner_text().split(" ")[0]) > int(fitted.split(" ")[0])
    visit.press("z")
    assert visit.page.locator("#zoom").inner_text() == fitted


def test_enter_leaves_a_list_so_that_letters_are_keys_again(visit: Visit) -> None:
    visit.press("j", "Enter")
    assert visit.page.evaluate("document.activeElement.id") == "stage"
    assert visit.page.locator("#accept-what").inner_text() == "Accept"


def test_to_the_right_turns_clockwise(visit: Visit) -> None:
    asked: list[float] = []
    visit.page.on(
        "request",
        lambda request: asked.append(request.post_data_json["edit"]["angle"]) if "/draft" in request.url else 0,
    )
    visit.press("t", "ArrowRight", "Escape")
    eventually(lambda: asked != [])
    assert asked[-1] == -0.1  # a recipe counts angles the other way round
    visit.press("Control+z")


def test_what_was_skipped_still_waits_and_can_be_seen_again(
    chromium: Browser, shared_run: Path, tmp_path: Path
) -> None:
    with Catalog.open(str(tmp_path / CATALOG_FILE)) as catalog:
        catalog.add(list(made_in(shared_run))[:2])
        with served(catalog, local_guard()) as where:
            visit = Visit(chromium, where)
            visit.waits_for_photo()
            visit.press("s", "s")
            again = visit.page.locator("#again")
            eventually(again.is_visible)
            assert visit.page.locator("#waiting").inner_text() == "2 waiting"
            again.click()
            visit.waits_for_photo()
            visit.all_sent()
            visit.close()


def test_photos_are_found_by_their_path(visit: Visit) -> None:
    page, wanted = visit.page, visit.name
    visit.press("s")
    eventually(lambda: visit.name not in ("", wanted))
    visit.press("/")
    page.keyboard.type(wanted.upper())
    visit.press("Enter")
    eventually(lambda: f"{wanted.upper()}" in page.locator("#blank").inner_text())
    visit.press("u", "/", "Control+a", "Delete", "Enter")
    eventually(lambda: visit.name == wanted)


def test_filters_choose_what_comes(visit: Visit) -> None:
    select = visit.page.locator("#filters select[name=category]")
    category = select.locator("option").nth(1).get_attribute("value")
    select.select_option(category)
    eventually(lambda: str(category) in visit.page.locator("#photo-facts").inner_text())


def test_markup_in_names_and_reasons_stays_text(chromium: Browser, shared_run: Path, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>{{7*7}}"
    with Catalog.open(str(tmp_path / CATALOG_FILE)) as catalog:
        one = next(iter(made_in(shared_run)))
        reason = replace_sentence(evil)
        catalog.add([replace(one, name=one.name, category=evil, carried={"product": evil}, reasons=(reason,))])
        with served(catalog, local_guard(name="<b>anna</b>")) as where:
            visit = Visit(chromium, where)
            visit.waits_for_photo()
            assert evil in visit.page.locator("#photo-facts").inner_text()
            assert evil in visit.page.locator("#reasons").inner_text()
            assert evil in visit.page.locator("#filters select[name=category]").inner_text()
            assert visit.page.locator("#photo-facts img, #reasons img, aside b").count() == 0
            assert visit.troubles == []
            visit.close()


def test_an_empty_queue_says_so_and_fills_by_itself(chromium: Browser, shared_run: Path, tmp_path: Path) -> None:
    with Catalog.open(str(tmp_path / CATALOG_FILE)) as catalog, served(catalog, local_guard()) as where:
        visit = Visit(chromium, where)
        eventually(lambda: "Nothing waits" in visit.page.locator("#blank").inner_text())
        assert not visit.page.locator("#controls").is_visible()
        assert visit.page.evaluate(f"{CHECKS} [...pale(), ...unnamed()]") == []
        visit.press("a", "r", "u", "k", "e", "m", "x", "i", "Backspace")
        catalog.add([next(iter(made_in(shared_run)))])
        visit.waits_for_photo()
        visit.close()


def replace_sentence(sentence: str) -> object:
    return MARKED.model_copy(update={"sentence": sentence})


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160)])
def test_nothing_is_cut_off(chromium: Browser, address: str, size: tuple[int, int]) -> None:
    visit = Visit(chromium, address, size)
    visit.waits_for_photo()
    overflow = visit.page.evaluate(f"{CHECKS} overflows()")
    assert overflow == [[0, 0], [0, 0]]
    stage = visit.page.locator("#stage").bounding_box()
    assert stage is not None
    assert stage["width"] * stage["height"] > 0.62 * size[0] * size[1]
    visit.close()


def test_in_a_low_window_the_panel_scrolls_alone(chromium: Browser, address: str) -> None:
    visit = Visit(chromium, address, (1280, 520))
    visit.waits_for_photo()
    assert visit.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert visit.page.evaluate("(panel => panel.scrollHeight > panel.clientHeight)(document.querySelector('aside'))")
    visit.close()


def test_controls_have_names_and_text_has_contrast_in_every_surround(visit: Visit) -> None:
    visit.press("y", "ArrowRight")
    assert visit.page.evaluate(f"{CHECKS} unnamed()") == []
    for _ in range(3):
        assert visit.page.evaluate(f"{CHECKS} pale()") == []
        visit.press("v")
    for key, dialog in (("?", "legend"), ("r", "rejecting")):
        visit.press(key)
        eventually(lambda name=dialog: visit.page.locator(f"#{name}").is_visible())  # type: ignore[misc]
        assert visit.page.evaluate(f"{CHECKS} pale()") == []
        visit.press("Escape")


def test_surroundings_are_neutral_grey(visit: Visit) -> None:
    for _ in range(3):
        colors = visit.page.evaluate(f"{CHECKS} grounds()")
        for color in colors:
            channels = [part.strip() for part in color.removesuffix(")").split("(")[1].split(",")][:3]
            assert len(set(channels)) == 1, color
        visit.press("v")
