"""Takes the pictures of the review pages that the docs show, from the sample photos.

Run: python -m tools.review_shots --out docs/pictures
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select, update

from packshot.batch import RunSettings, run
from packshot.catalog import Answer, Catalog, Chance
from packshot.catalog.schema import photos, predictions, publications
from packshot.review.folder import CATALOG_FILE, made_in
from packshot.review.queue import REJECTIONS
from tools.measure_review import SWITCHES, served, until

WIDTH = 960
SAMPLES = Path(__file__).parents[1] / "samples"
Show = Callable[[Browser, str, Path, str], None]
SIZES = {"": (1280, 800), "-large": (3840, 2160)}


def make_catalogs(folder: Path) -> tuple[Path, Path]:
    """A queue of all samples, and a catalog with a fortnight behind it, each sample standing for many photos."""
    out = folder / "out"
    run([SAMPLES / "before"], out, RunSettings(manifest=SAMPLES / "manifest.csv"))
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        catalog.add(made_in(out))
    return out / CATALOG_FILE, _with_history(out)


def _with_history(out: Path) -> Path:
    path = out / "history.sqlite"
    draw = random.Random(0)
    with Catalog.open(str(path), Chance(share=1.0, seed="docs")) as catalog:
        made = list(made_in(out))
        for day in range(14):
            catalog.add(one.__class__(**{**vars(one), "sha256": f"{day:02}{one.sha256[2:]}"}) for one in made)
        for entry in catalog.lease("anna", 140, 3600):
            assert entry.prediction is not None
            bad = draw.random() < 0.12
            reason = draw.choice(list(REJECTIONS)) if bad else None
            answer = Answer("reject" if bad else "accept", entry.prediction.id, reason=reason, seconds=draw.gauss(9, 2))
            catalog.decide(entry.id, "anna", answer)
        _spread(catalog, draw)
    return path


def _spread(catalog: Catalog, draw: random.Random) -> None:
    """Photos arrived day by day and were published hours later; the judge's qualities differ."""
    with catalog.database.writing() as connection:
        for row in connection.execute(select(photos.c.id, photos.c.seen_at, photos.c.prediction_id)).all():
            seen = row.seen_at - timedelta(days=14 * (1 - row.id / 168), hours=2)
            connection.execute(update(photos).where(photos.c.id == row.id).values(seen_at=seen))
            quality = {"quality": min(1.0, max(0.0, draw.gauss(0.8, 0.12)))}
            connection.execute(update(predictions).where(predictions.c.id == row.prediction_id).values(quality))
            done = {"done_at": seen + timedelta(hours=draw.expovariate(0.4)), "state": "done"}
            due = publications.c.photo_id == row.id
            if connection.execute(update(publications).where(due).values(done)).rowcount:
                connection.execute(update(photos).where(photos.c.id == row.id).values(state="published"))


@contextmanager
def opened(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """A page of its own."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(address)
    yield page
    page.close()


def keep(page: Page, path: Path) -> None:
    """A picture of the page, 960 pixels wide, as JPEG."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    height = round(picture.height * WIDTH / picture.width)
    picture.resize((WIDTH, height), Image.Resampling.LANCZOS).save(path, quality=66, optimize=True)


def review(browser: Browser, address: str, out: Path, mark: str) -> None:
    """The review page as it comes, while correcting, with matte and brush, and its legend."""
    with opened(browser, address, SIZES[mark]) as page:
        until(page, "performance.getEntriesByName('packshot:shown').length > 0")
        page.wait_for_timeout(1500)
        keep(page, out / f"review{mark}.jpg")
        for key in ("3", "l", *["ArrowRight"] * 8, "t", *["ArrowRight"] * 12):
            page.keyboard.press(key)
        page.wait_for_timeout(2500)
        keep(page, out / f"review-correcting{mark}.jpg")
        for key in ("Escape", "v", "v", "5", "q"):
            page.keyboard.press(key)
        page.mouse.move(0.35 * SIZES[mark][0], 0.5 * SIZES[mark][1])
        page.wait_for_timeout(2500)
        keep(page, out / f"review-matte{mark}.jpg")
        for key in ("Escape", "v", "1", "?"):
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        keep(page, out / f"review-keys{mark}.jpg")


def manage(browser: Browser, address: str, out: Path, mark: str) -> None:
    """The manager's page."""
    with opened(browser, address.replace("/review", "/manage"), SIZES[mark]) as page:
        page.wait_for_timeout(1500)
        keep(page, out / f"manage{mark}.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        queue, history = make_catalogs(Path(folder))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES.split())
        shown: tuple[tuple[Path, Show], ...] = ((queue, review), (history, manage))
        for catalog, show in shown:
            for mark in SIZES:
                with served(catalog) as address:
                    show(browser, address, out, mark)
        browser.close()


if __name__ == "__main__":
    main()
