"""Takes the pictures of all pages for people that the docs show, from the sample photos.

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
from typing import cast

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select, update

from packshot.batch import RunSettings, run
from packshot.blindtest.making import Plan
from packshot.blindtest.making import make_test as make_blind_test
from packshot.catalog import Answer, Catalog, Chance
from packshot.catalog.schema import photos, predictions, publications
from packshot.learning.pairs import read_pairs
from packshot.pack import Pack
from packshot.review.access import Role
from packshot.review.accounts import Accounts
from packshot.review.folder import CATALOG_FILE, made_in
from packshot.review.queue import REJECTIONS
from packshot.style import Style
from tools.measure_review import SWITCHES, served, until

WIDTH = 1600
SAMPLES = Path(__file__).parents[1] / "samples"
WORDS = "seven quiet herons wade"
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


def make_test(folder: Path) -> Path:
    """A blind test of the samples."""
    make_blind_test(read_pairs(SAMPLES).pairs, Pack.base(), Style(), Plan(products=6), folder / "test")
    return folder / "test"


@contextmanager
def opened(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """A page of its own."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(address)
    yield page
    page.close()


def keep(page: Page, path: Path) -> None:
    """A picture of the page, at most 1600 pixels wide, as WebP."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    width = min(WIDTH, picture.width)
    size = (width, round(picture.height * width / picture.width))
    picture.resize(size, Image.Resampling.LANCZOS).save(path, quality=60, method=6)


def review(browser: Browser, address: str, out: Path, mark: str) -> None:
    """The review page as it comes, while correcting, with matte and brush, and its legend."""
    with opened(browser, address, SIZES[mark]) as page:
        until(page, "performance.getEntriesByName('packshot:shown').length > 0")
        page.wait_for_timeout(1500)
        keep(page, out / f"review{mark}.webp")
        for key in ("3", "l", *["ArrowRight"] * 8, "t", *["ArrowRight"] * 12):
            page.keyboard.press(key)
        page.wait_for_timeout(2500)
        keep(page, out / f"review-correcting{mark}.webp")
        for key in ("Escape", "v", "v", "5", "q"):
            page.keyboard.press(key)
        page.mouse.move(0.35 * SIZES[mark][0], 0.5 * SIZES[mark][1])
        page.wait_for_timeout(2500)
        keep(page, out / f"review-matte{mark}.webp")
        for key in ("Escape", "v", "1", "?"):
            page.keyboard.press(key)
        page.wait_for_timeout(1500)
        keep(page, out / f"review-keys{mark}.webp")


def manage(browser: Browser, address: str, out: Path, mark: str) -> None:
    """The manager's page."""
    with opened(browser, address.replace("/review", "/manage"), SIZES[mark]) as page:
        page.wait_for_load_state("networkidle")
        keep(page, out / f"manage{mark}.webp")


def accounts(browser: Browser, address: str, out: Path, mark: str) -> None:
    """Signing in, and the admins' page."""
    with opened(browser, address, SIZES[mark]) as page:
        keep(page, out / f"login{mark}.webp")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(WORDS)
        page.get_by_role("button", name="Sign in").click()
        page.goto(address.replace("/review", "/accounts"))
        page.wait_for_timeout(500)
        keep(page, out / f"accounts{mark}.webp")


def blind_test(browser: Browser, address: str, out: Path, mark: str) -> None:
    """A trial of the blind test, whole and close up."""
    with opened(browser, address, SIZES[mark]) as page:
        page.get_by_label("Your name").fill(f"rater {mark}")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_selector("#trial[data-ready=yes]")
        for key in ("ArrowRight", "a", "k"):
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        keep(page, out / f"blindtest{mark}.webp")
        page.mouse.move(0.25 * SIZES[mark][0], 0.4 * SIZES[mark][1])
        page.mouse.wheel(0, -600)
        page.wait_for_timeout(500)
        keep(page, out / f"blindtest-close{mark}.webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        queue, history = make_catalogs(Path(folder))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES.split())
        with Catalog.open(str(history)) as catalog:
            for name, role in (("ada", "admin"), ("mia", "manager"), ("eva", "editor")):
                Accounts(catalog.database).add(name, WORDS, cast(Role, role), "the command line")
        of_catalog = ["review", "--editor", "anna", "--catalog"]
        shown: tuple[tuple[list[str], Show], ...] = (
            ([*of_catalog, str(queue)], review),
            ([*of_catalog, str(history)], manage),
            (["review", "--accounts", "--catalog", str(history)], accounts),
            (["blindtest", "serve", str(make_test(Path(folder)))], blind_test),
        )
        for command, show in shown:
            for mark in SIZES:
                with served(command) as address:
                    show(browser, address, out, mark)
        browser.close()


if __name__ == "__main__":
    main()
