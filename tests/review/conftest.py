from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.review.shops import make_run

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium: PACKSHOT_CHROMIUM, one on the path, or the one that Playwright installed."""
    found = os.environ.get("PACKSHOT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over six small photos, never to be written to."""
    return make_run(tmp_path_factory.mktemp("review"), 6)


@pytest.fixture
def out(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of that run, with its photos beside it."""
    shutil.copytree(finished_run.parent, tmp_path / "studio")
    return tmp_path / "studio" / "out"
