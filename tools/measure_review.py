"""Measures the review page in a real Chromium: key to next photo, slider to picture, memory over many photos.

Run: python tools/measure_review.py [--queue 10000] [--photos 500] [--width 1280 --height 800] [--json]
It makes its own 24-megapixel photos, retouches them with the base pack, and queues them under many names.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from packshot.batch import run
from packshot.bench.photo import make_photo
from packshot.catalog import Catalog
from packshot.review.folder import CATALOG_FILE, made_in

SWITCHES = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --enable-precise-memory-info"""
DIFFERENT = 6


def make_queue(folder: Path, count: int, megapixels: float) -> Path:
    """A run of a few photos, then a catalog in which each stands under many names."""
    photos = folder / "photos"
    photos.mkdir()
    for number in range(DIFFERENT):
        make_photo(photos / f"shot-{number}.jpg", megapixels, seed=number)
    out = folder / "out"
    run([photos], out)
    made = [one for one in made_in(out) if one.route != "failed"]
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        for start in range(0, count, 1000):
            some = [(at, made[at % len(made)]) for at in range(start, min(count, start + 1000))]
            catalog.add(replace(one, source=_named(photos, one.source, at)) for at, one in some)
    return out / CATALOG_FILE


def _named(photos: Path, source: str, at: int) -> str:
    path = photos / f"queued-{at:05}.jpg"
    os.link(source, path)
    return str(path)


@contextmanager
def served(words: list[str]) -> Iterator[str]:
    """The address of a server of its own, started by a command of packshot's."""
    with subprocess.Popen(
        [sys.executable, "-m", "packshot", *words, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        try:
            yield line.split()[1]
        finally:
            server.terminate()


def durations(page: Page, name: str) -> list[float]:
    """Milliseconds of the page's own measurements, and forgets them."""
    found = page.evaluate(
        "name => { const all = performance.getEntriesByName(name).map(each => each.duration);"
        " performance.clearMeasures(name); return all; }",
        name,
    )
    return [float(value) for value in found]


def until(page: Page, condition: str, seconds: float = 30) -> None:
    """Waits until an expression holds."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        page.wait_for_timeout(20)


def walk(page: Page, count: int, pause: float) -> list[float]:
    """Accepts ``count`` photos, ``pause`` milliseconds after each is seen; key to picture, in milliseconds."""
    seen = []
    for _ in range(count):
        page.keyboard.press("a")
        until(page, "performance.getEntriesByName('packshot:shown').length > 0")
        seen += durations(page, "packshot:shown")
        page.wait_for_timeout(pause)
    return seen


def slide(page: Page, key: str, steps: int) -> list[float]:
    """Moves one slider step by step; each move to its picture, in milliseconds."""
    followed = []
    page.keyboard.press(key)
    for step in range(steps):
        page.keyboard.press("ArrowRight" if step % 8 < 5 else "ArrowLeft")  # never back at the prediction itself
        until(page, "performance.getEntriesByName('packshot:followed').length > 0")
        page.wait_for_timeout(250)
        followed += durations(page, "packshot:followed")[:1]
    page.keyboard.press("Escape")
    return followed


def memory(page: Page) -> dict[str, float]:
    """The page's script memory in MB, and its nodes. Its process's: `tools/measure_page_memory.py`."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    client.send("Performance.enable")
    told = {each["name"]: each["value"] for each in client.send("Performance.getMetrics")["metrics"]}
    return {"script_mb": told["JSHeapUsedSize"] / 1e6, "nodes": told["Nodes"]}


def told(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and number."""
    low, high = np.percentile(values, [50, 95])
    return {"median_ms": round(float(low), 1), "p95_ms": round(float(high), 1), "n": len(values)}


def measure(address: str, options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES.split())
        page = browser.new_page(viewport={"width": options.width, "height": options.height})
        page.goto(address)
        until(page, "performance.getEntriesByName('packshot:shown').length > 0")
        durations(page, "packshot:shown")
        page.wait_for_timeout(2000)
        figures: dict[str, Any] = {"load": os.getloadavg()[0], "queue": options.queue}
        figures["next photo, 1 a second"] = told(walk(page, 60, 1000))
        figures["next photo, at once"] = told(walk(page, 60, 0))
        page.wait_for_timeout(3000)
        for name, key in (("warmer", "y"), ("brighter", "l"), ("turn", "t")):
            page.wait_for_timeout(500)
            figures[f"slider {name}"] = told(slide(page, key, 24))
            page.keyboard.press("Control+z")
        figures["memory"] = {0: memory(page)}
        for done in range(100, options.photos + 1, 100):
            walk(page, 100, 0)
            figures["memory"][done] = memory(page)
        browser.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queue", type=int, default=10_000)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    with tempfile.TemporaryDirectory() as folder:
        options = parser.parse_args()
        catalog = make_queue(Path(folder), options.queue, options.megapixels)
        with served(["review", "--catalog", str(catalog), "--editor", "me"]) as address:
            print(json.dumps(measure(address, options), indent=1))


if __name__ == "__main__":
    main()
