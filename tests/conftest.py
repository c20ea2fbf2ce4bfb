from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

# No deadline: a busy machine is no failure. Derandomised: the same examples on every machine and every day.
settings.register_profile("packshot", deadline=None, derandomize=True, max_examples=60, database=None)
settings.load_profile("packshot")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes share the cores: threads of each of them would only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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
