"""Driving the review page as an editor does: by keyboard, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Waits until something holds. The page's content security policy forbids the browser's own way of waiting."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


class Visit:
    """The review page, open at the first photo. ``troubles``: what the browser complained about."""

    def __init__(self, browser: Browser, address: str, size: tuple[int, int] = (1280, 800)) -> None:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda line: self.troubles.append(line.text) if line.type == "error" else None)
        # Listened to for good: Chromium asks Playwright only while somebody listens, and begins to do so too late.
        self.file: Path | None = None
        self.page.on("filechooser", lambda chooser: chooser.set_files(str(self.file)))
        self.page.goto(f"{address}/review")

    @property
    def name(self) -> str:
        name = self.page.locator("#photo-name").inner_text()
        return "" if name == "No photo" else name

    @property
    def said(self) -> str:
        return self.page.locator("#said").inner_text()

    def waits_for_photo(self) -> None:
        eventually(lambda: self.name != "")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def kept(self) -> int:
        """Decisions that the server has not answered yet."""
        return int(self.page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('packshot:')).length"))

    def all_sent(self) -> None:
        eventually(lambda: self.kept() == 0)

    def shown(self, pane: str = "after") -> list[float]:
        """The mean colour of what a pane shows over it: the server's view under the current corrections."""
        return list(
            self.page.evaluate(
                """kind => { const canvas = document.querySelector(`[data-kind=${kind}] canvas`);
                if (canvas.hidden || !canvas.width) return [];
                const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                const sums = [0, 0, 0];
                for (let at = 0; at < data.length; at++) if (at % 4 < 3) sums[at % 4] += data[at];
                return sums.map(sum => sum / data.length * 4); }""",
                pane,
            )
        )

    def close(self) -> None:
        self.page.context.close()
