"""The page in a real browser, opened from disk as people open it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from packshot.publication.contact import write_page
from tests.publication.contact.runs import as_name, finished, long_run, small_run, written


class Visit:
    """One page open in the browser, with everything it asked for and complained of."""

    def __init__(self, browser: BrowserContext, path: Path) -> None:
        self.page: Page = browser.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(path.as_uri())

    def names(self) -> list[str]:
        return self.page.locator(".card .name").all_inner_texts()

    def open(self, name: str) -> None:
        self.page.locator(".card", has_text=name).click()
        self.page.wait_for_function("document.getElementById('after').naturalWidth > 0")

    def box(self, identity: str) -> dict[str, float]:
        box = self.page.locator(f"#{identity}").bounding_box()
        assert box is not None
        return {key: float(value) for key, value in box.items()}

    def clip(self) -> str:
        return str(self.page.locator("#over").evaluate("over => getComputedStyle(over).clipPath"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("autumn"))


@pytest.fixture
def visit(browser: BrowserContext, run: Path) -> Iterator[Visit]:
    visit = Visit(browser, run)
    yield visit
    visit.page.close()
    assert visit.complaints == []
    assert all(url.startswith(("file:", "data:")) for url in visit.requests)


def test_the_summary_counts_and_the_list_starts_with_what_needs_attention(visit: Visit) -> None:
    expect(visit.page.locator("h1")).to_have_text("Autumn")
    figures = visit.page.locator("#figures").inner_text().split()
    assert " ".join(figures) == (
        "Photos 7 Published 3 43 % To review 3 1 would be published Failed 1 14 % Shop 1 of 2 meet its rules"
    )
    assert visit.names() == ["b1.jpg", "b2.jpg", "b3.jpg", "c.nef", "a2.jpg", "a1.jpg", "a10.jpg"]
    expect(visit.page.locator(".card", has_text="c.nef")).to_contain_text("c.nef is cut off; copy it again.")
    expect(visit.page.locator(".card", has_text="b3.jpg").locator(".would")).to_have_text("would be published")


def test_equal_names_are_told_apart_by_their_folders(browser: BrowserContext, tmp_path: Path) -> None:
    rows = [
        {**finished(tmp_path, "a.jpg"), "source": f"{place}/a.jpg", "name": f"{place}/a"} for place in ("one", "two")
    ]
    (tmp_path / "run.jsonl").write_text("".join(json.dumps({**row, "route": "review"}) + "\n" for row in rows))
    visit = Visit(browser, write_page(tmp_path))
    expect(visit.page.locator(".card", has_text="two")).to_have_count(1)
    visit.page.locator("#facets").get_by_role("button", name="one").click()
    expect(visit.page.locator("#count")).to_have_text("1 of 2")
    visit.page.close()


def test_a_long_folder_leaves_room_for_the_badge(browser: BrowserContext, tmp_path: Path) -> None:
    folder = "a-folder-with-quite-a-long-name-for-a-card"
    row = {**finished(tmp_path, "a.jpg"), "source": f"{folder}/a.jpg", "name": f"{folder}/a"}
    (tmp_path / "run.jsonl").write_text(json.dumps({**row, "route": "review", "would_publish": True}) + "\n")
    visit = Visit(browser, write_page(tmp_path))
    card, badge = (visit.page.locator(name).first.bounding_box() for name in (".card", ".card .would"))
    assert card is not None
    assert badge is not None
    assert badge["x"] + badge["width"] <= card["x"] + card["width"]
    visit.page.close()


def test_filters_narrow_the_list_and_each_other(visit: Visit) -> None:
    facets = visit.page.locator("#facets")
    facets.get_by_role("button", name="Halo").click()
    assert visit.names() == ["b1.jpg", "b2.jpg"]
    expect(visit.page.locator("#count")).to_have_text("2 of 7")
    expect(facets.get_by_role("button", name="Published")).to_contain_text("0")
    facets.get_by_role("button", name="Specks are left").click()
    assert visit.names() == ["b2.jpg"]
    facets.get_by_role("button", name="Specks are left").click()
    facets.get_by_role("button", name="shoes").click()
    assert visit.names() == ["c.nef", "a1.jpg"]
    facets.get_by_role("button", name="Published").click()
    assert visit.names() == ["a1.jpg"]
    visit.page.get_by_role("button", name="Clear filters").click()
    facets.get_by_role("button", name="Would be published").click()
    assert visit.names() == ["b3.jpg"]


def test_searching_and_sorting(visit: Visit) -> None:
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("A")
    visit.page.get_by_label("Sort").select_option("name")
    assert visit.names() == ["a1.jpg", "a2.jpg", "a10.jpg"]
    visit.page.get_by_label("Sort").select_option("best")
    assert visit.names() == ["a10.jpg", "a1.jpg", "a2.jpg"]
    visit.page.get_by_label("Search name or folder").fill("nothing")
    expect(visit.page.locator("#nothing")).to_be_visible()
    visit.page.get_by_label("Sort").select_option("run")
    visit.page.get_by_label("Search name or folder").fill("")
    assert visit.names()[:2] == ["a1.jpg", "a2.jpg"]


def test_before_and_after_line_up_under_the_divider(visit: Visit) -> None:
    visit.open("b1.jpg")
    assert visit.box("after") == visit.box("over-before")
    assert visit.clip() == "inset(0px 50% 0px 0px)"
    handle, pane = visit.box("handle"), visit.box("pane-after")
    visit.page.mouse.move(handle["x"] + handle["width"] / 2, 300)
    visit.page.mouse.down()
    visit.page.mouse.move(pane["x"] + pane["width"] * 0.2, 300)
    visit.page.mouse.up()
    assert visit.page.locator("#handle").get_attribute("aria-valuenow") == "20"
    visit.page.keyboard.press("Shift+ArrowRight")
    assert visit.page.locator("#handle").get_attribute("aria-valuenow") == "22"
    assert visit.page.locator("#position").inner_text() == "1 of 7"


def test_the_keys_do_what_the_legend_says(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".card:focus .name")).to_have_text("b2.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("#viewer-name")).to_have_text("b2.jpg")
    page.keyboard.press("Space")
    assert (visit.clip(), page.locator("#tag-left").inner_text()) == ("inset(0px 0% 0px 0px)", "Before")
    page.keyboard.press("Space")
    assert (visit.clip(), page.locator("#tag-left").inner_text()) == ("inset(0px 100% 0px 0px)", "After")
    page.keyboard.press("z")
    assert visit.box("after")["width"] == pytest.approx(300)
    expect(page.locator("#zoom-now")).to_have_text("100 %")
    page.keyboard.press("z")
    assert visit.box("after")["height"] > 500
    page.keyboard.press("b")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "side")
    page.keyboard.press("s")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "slider")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#viewer-name")).to_have_text("b1.jpg")
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    expect(page.locator(".card:focus .name")).to_have_text("b1.jpg")


def test_a_click_leaves_the_space_bar_to_flipping(visit: Visit) -> None:
    visit.open("b1.jpg")
    visit.page.locator("#next").click()
    expect(visit.page.locator("#viewer-name")).to_have_text("b2.jpg")
    visit.page.keyboard.press("Space")
    expect(visit.page.locator("#viewer-name")).to_have_text("b2.jpg")
    expect(visit.page.locator("#stage")).to_have_attribute("data-mode", "flip")


def test_the_wheel_zooms_where_the_mouse_is(visit: Visit) -> None:
    visit.open("b1.jpg")
    before = visit.box("after")
    share = (400 - before["x"]) / before["width"], (300 - before["y"]) / before["height"]
    visit.page.mouse.move(400, 300)
    visit.page.mouse.wheel(0, -600)
    visit.page.wait_for_function(f"document.getElementById('after').clientWidth > {before['width'] * 1.5}")
    after = visit.box("after")
    assert after["x"] + after["width"] * share[0] == pytest.approx(400, abs=0.5)
    assert after["y"] + after["height"] * share[1] == pytest.approx(300, abs=0.5)
    assert visit.box("over-before") == after


def test_side_by_side_zooms_and_pans_together(visit: Visit) -> None:
    visit.open("b1.jpg")
    visit.page.keyboard.press("b")
    for _ in range(6):
        visit.page.keyboard.press("+")
    visit.page.mouse.move(200, 400)
    visit.page.mouse.down()
    visit.page.mouse.move(120, 340, steps=3)
    visit.page.mouse.up()
    left, right = visit.box("side-before"), visit.box("after")
    panes = visit.box("pane-before"), visit.box("pane-after")
    assert left["width"] == right["width"] > panes[0]["width"]
    assert left["x"] - panes[0]["x"] == pytest.approx(right["x"] - panes[1]["x"], abs=0.5)
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] / 2 < panes[0]["x"] + panes[0]["width"] / 2 - 40


def test_the_original_framing_shows_the_photo_itself(visit: Visit) -> None:
    visit.open("b1.jpg")
    visit.page.keyboard.press("o")
    expect(visit.page.locator("#framing")).to_have_attribute("aria-pressed", "true")
    assert str(visit.page.locator("#side-before").get_attribute("src")) == "photos/b1.jpg"
    visit.page.keyboard.press("s")
    expect(visit.page.locator("#framing")).to_have_attribute("aria-pressed", "false")
    assert visit.page.locator("#side-before").get_attribute("src") == "previews/b1.jpg.jpg"


def test_the_verdict_stands_beside_the_picture(visit: Visit) -> None:
    visit.open("b2.jpg")
    panel = visit.page.locator("#panel")
    expect(panel).to_contain_text("Sent to review")
    expect(panel).to_contain_text("0.60")
    expect(panel.locator(".reasons li")).to_have_text(
        ["A halo is left along 2 % of the outline.", "7 specks are left."]
    )
    panel.get_by_role("button", name="A halo").hover()
    region, picture = visit.box("region"), visit.box("after")
    assert region["x"] == pytest.approx(picture["x"] + 0.25 * picture["width"], abs=1)
    assert region["height"] == pytest.approx(0.25 * picture["height"], abs=1)
    visit.page.mouse.move(300, 400)
    expect(visit.page.locator("#region")).to_be_hidden()


def test_marketplaces_say_what_they_lack(visit: Visit) -> None:
    visit.page.locator('button[data-facet="preset"][data-value="Shop"]').click()
    assert visit.names() == ["a2.jpg"]
    visit.page.locator(".card").first.click()
    panel = visit.page.locator("#verdict .preset")
    expect(panel.locator("summary")).to_contain_text("does not meet its rules")
    expect(panel.locator("li")).to_have_text(["It is 900 pixels long.", "It fills little of the frame."])
    expect(panel.locator("li").first).to_be_visible()


def test_a_failed_photo_says_why_and_what_to_do(visit: Visit) -> None:
    visit.page.locator(".card", has_text="c.nef").click()
    panel = visit.page.locator("#panel")
    expect(panel).to_contain_text("c.nef is cut off; copy it again.")
    expect(panel).to_contain_text("What to do:")
    expect(visit.page.locator("#pane-before .missing")).to_be_visible()
    visit.page.keyboard.press("z")
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("ArrowRight")
    expect(visit.page.locator("#viewer-name")).to_have_text("a2.jpg")


def test_a_photo_can_be_linked_to(visit: Visit) -> None:
    visit.open("b2.jpg")
    address = visit.page.url
    assert "#" in address
    visit.page.keyboard.press("Escape")
    visit.page.goto("about:blank")
    visit.page.goto(address)
    expect(visit.page.locator("#viewer-name")).to_have_text("b2.jpg")


def test_the_surround_can_be_light_mid_or_dark(visit: Visit) -> None:
    def surround() -> Any:
        return visit.page.locator("main").evaluate("main => getComputedStyle(main).backgroundColor")

    seen = [surround()]
    for _ in range(2):
        visit.page.keyboard.press("d")
        seen.append(surround())
    assert len(set(seen)) == 3
    for color in seen:
        red, green, blue = color.removeprefix("rgb(").removesuffix(")").split(", ")
        assert red == green == blue


def test_hostile_names_are_shown_and_not_obeyed(browser: BrowserContext, tmp_path: Path) -> None:
    names = [
        "</script><script>hacked=1<",
        '"><img src=x onerror=hacked=1>.jpg',
        "100% #1?.jpg",
        "javascript:hacked=1;.jpg",
        as_name(b"not-\xff.jpg"),
    ]
    rows = []
    for name in names:
        safe = name.replace("/", "\u2215")
        rows.append(
            {**finished(tmp_path, safe), "route": "review", "category": name, "reasons": [name, {"code": name}]}
        )
    visit = Visit(browser, written(tmp_path, rows))
    page = visit.page
    page.get_by_label("Sort").select_option("run")
    assert len(visit.names()) == len(names)
    assert visit.names()[2] == "100% #1?.jpg"
    page.wait_for_function("[...document.querySelectorAll('.card img')].every(image => image.naturalWidth > 0)")
    for index in range(len(names)):
        page.locator(".card").nth(index).click()
        page.wait_for_function("document.getElementById('after').naturalWidth > 0")
        page.keyboard.press("Escape")
    assert page.evaluate("typeof hacked") == "undefined"
    assert visit.complaints == []
    page.close()


def test_without_a_preview_both_stand_side_by_side(browser: BrowserContext, tmp_path: Path) -> None:
    row = {key: value for key, value in finished(tmp_path, "a.jpg").items() if key != "preview"}
    visit = Visit(browser, written(tmp_path, [{**row, "route": "review"}]))
    visit.open("a.jpg")
    expect(visit.page.locator("#stage")).to_have_attribute("data-mode", "side")
    visit.page.keyboard.press("Space")
    expect(visit.page.locator("#stage")).to_have_attribute("data-mode", "side")
    assert visit.complaints == []
    visit.page.close()


def test_an_output_that_is_gone_is_said(browser: BrowserContext, tmp_path: Path) -> None:
    row = finished(tmp_path, "a.jpg")
    (tmp_path / row["output"]).unlink()
    visit = Visit(browser, written(tmp_path, [{**row, "route": "publish"}]))
    visit.page.locator(".card").click()
    expect(visit.page.locator("#pane-after .missing")).to_contain_text("cannot show this file")
    visit.page.close()


def test_thousands_of_photos_stay_quick(browser: BrowserContext, tmp_path: Path) -> None:
    visit = Visit(browser, long_run(tmp_path, 3000))
    page = visit.page
    assert page.locator("#grid li").count() < 60
    # On an idle machine both take about a fifth of this.
    assert page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive") < 3000
    assert page.evaluate("{ const start = performance.now(); refresh(); performance.now() - start; }") < 500
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = scroller.scrollHeight; }")
    expect(page.locator(".card").last).to_have_attribute("data-at", "2999")
    assert page.locator("#grid li").count() < 60
    page.get_by_label("Search name or folder").fill("02999")
    assert visit.names() == ["02999.jpg"]
    page.close()
