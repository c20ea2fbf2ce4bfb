from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from packshot.blindtest.trials import BlindTestFolder
from packshot.review.blindtest_routes import make_blindtest_app
from tests.blindtest.sets import small_test
from tests.review.shops import local_guard


@contextmanager
def served(folder: BlindTestFolder) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(make_blindtest_app(folder, local_guard()), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def begin(page: Page, address: str, rater: str) -> None:
    page.goto(f"{address}/blindtest")
    page.get_by_label("Your name").fill(rater)
    page.get_by_role("button", name="Begin").click()


def test_a_rater_answers_by_keyboard_stops_and_goes_on(chromium: Browser, tmp_path: Path) -> None:
    folder = small_test(tmp_path, ai=3, human=1, check=1)
    with served(folder) as address:
        page = chromium.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        begin(page, address, "anna")
        for count in range(2):
            page.wait_for_selector("#trial[data-ready=yes]")
            assert page.get_by_role("button", name="Next").is_disabled()
            for key in ("ArrowLeft", "a", "l", "Enter"):
                page.keyboard.press(key)
            expect(page.locator("#progress")).to_have_text(f"{count + 1} of 5")
        page.close()
        page = chromium.new_page()
        begin(page, address, "anna")
        expect(page.locator("#progress")).to_have_text("2 of 5")
        for count in range(2, 5):
            page.wait_for_selector("#trial[data-ready=yes]")
            for button in page.get_by_role("button", name="This is the studio's").all()[:1]:
                button.click()
            for group in ("Left", "Right"):
                page.get_by_label(f"{group}: would you publish it?").get_by_role("button", name="Yes").click()
            page.get_by_role("button", name="Next").click()
            expect(page.locator("#progress")).to_have_text(f"{count + 1} of 5")
        page.wait_for_selector("#end:not([hidden])")
        assert errors == []
        page.close()
    kept = BlindTestFolder(tmp_path).answers
    assert len(kept) == 5
    assert {answer.rater for answer in kept} == {"anna"}
    for answer in kept:
        trial = next(trial for trial in folder.test.trials if trial.id == answer.trial)
        assert answer.recognised == (folder.test.studio_side("anna", trial) == "left")


def test_nothing_in_the_page_tells_whose_picture_is_whose(chromium: Browser, tmp_path: Path) -> None:
    folder = small_test(tmp_path)
    with served(folder) as address:
        page = chromium.new_page()
        seen: list[str] = []
        page.on("response", lambda response: seen.append(response.url))
        begin(page, address, "ben")
        page.wait_for_selector("#trial[data-ready=yes]")
        text = page.content() + " ".join(seen)
        assert "t0" not in folder.test.secret
        for word in ("check", '"ai"', "human", "control", folder.test.pack, "other"):
            assert word not in text.replace("mother", "")
        assert page.request.get(f"{address}/blindtest/pictures/..%2Ftest.json").status == 404
        page.close()


PLACES = """[...document.querySelectorAll('#trial img')].map(image => {
    const [box, view] = [image, image.parentElement].map(each => each.getBoundingClientRect());
    return [box.left - view.left, box.top - view.top, box.width, box.height]; })"""


def places(page: Page) -> list[list[float]]:
    """Where both pictures lie in their views: left, top, width, height. Both the same, or it is no pair."""
    left, right = page.evaluate(PLACES)
    assert left == pytest.approx(right, abs=1.1)
    return [left, right]


def test_both_zoom_and_move_as_one_without_asking_the_server(chromium: Browser, tmp_path: Path) -> None:
    with served(small_test(tmp_path, size=(1800, 2200))) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        begin(page, address, "cleo")
        page.wait_for_selector("#trial[data-ready=yes]")
        expect(page.locator("#progress")).to_have_text("0 of 9")
        page.wait_for_load_state("networkidle")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        whole = places(page)
        assert whole[0][3] < 800
        page.keyboard.press("z")
        expect(page.locator("#zoom")).to_have_text("100 %")
        assert places(page)[0][2:] == [1800, 2200]
        before = places(page)[0]
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
        assert [now - then for now, then in zip(places(page)[0][:2], before[:2], strict=True)] == [-80, 80]
        assert page.locator("[data-studio][aria-pressed=true]").count() == 0
        page.mouse.move(900, 300)
        page.mouse.down()
        page.mouse.move(940, 330)
        page.mouse.up()
        assert [now - then for now, then in zip(places(page)[0][:2], before[:2], strict=True)] == [-40, 110]
        page.keyboard.press("-")
        expect(page.locator("#zoom")).to_have_text("80 %")
        page.keyboard.press("0")
        assert places(page) == whole
        page.mouse.wheel(0, -400)
        assert places(page)[0][2] > whole[0][2] * 1.5
        assert asked == []
        for key in ("ArrowLeft", "a", "l", "Enter"):
            page.keyboard.press(key)
        expect(page.locator("#progress")).to_have_text("1 of 9")
        page.wait_for_selector("#trial[data-ready=yes]")
        assert places(page) == whole  # every trial begins as a whole
        page.close()
