from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A window of the one real Chromium that all tests share."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()
