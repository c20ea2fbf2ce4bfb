"""A whole session in a real browser, by keyboard, and what is in the catalog after it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import select

from packshot.catalog import Catalog
from packshot.catalog.schema import decisions, photos
from packshot.review.folder import CATALOG_FILE
from tests.review.shops import local_guard, open_catalog, served
from tests.review.visits import Visit, eventually

Row = tuple[int, str, str | None, tuple[str, ...]]


def rows(catalog: Catalog) -> list[Row]:
    """Photo, outcome, reason and corrected stages of every decision, in order."""
    with catalog.database.reading() as connection:
        found = connection.execute(select(decisions).order_by(decisions.c.id)).all()
    return [(row.photo_id, row.outcome, row.reason, tuple(sorted(row.changes))) for row in found]


CORRECTIONS = {
    "warmer": (["y", *["ArrowRight"] * 4, "a"], ("color",)),
    "turned": (["t", *["ArrowLeft"] * 6, "a"], ("alignment",)),
    "cropped": (["k", "ArrowUp", "ArrowLeft", "+", "a"], ("cropping",)),
    "brushed": (["q", "Space", "a"], ("background",)),
    "healed": (["d", "ArrowRight", "Space", "a"], ("detailing",)),
}


def test_fifty_photos_by_keyboard_are_exactly_those_rows(chromium: Browser, out: Path) -> None:
    catalog = open_catalog(out, 54)
    order = [entry.id for entry in catalog.queue(limit=60)]
    expected: list[Row] = []
    with served(catalog, local_guard()) as address:
        visit = Visit(chromium, address)
        for at in range(50):
            visit.waits_for_photo()
            photo = order[at]
            kind = list(CORRECTIONS)[at // 9] if at % 9 == 4 and at // 9 < 5 else ""
            if kind:
                keys, stages = CORRECTIONS[kind]
                visit.press(*keys)
                expected.append((photo, "correct", None, stages))
            elif at % 9 == 5:
                visit.press("r", "3")
                expected.append((photo, "reject", "edge", ()))
            elif at % 9 == 6:
                visit.press("s")
                expected.append((photo, "skip", None, ()))
            elif at == 20:
                visit.file = catalog.entry(photo).prediction.file("output")  # type: ignore[union-attr]
                visit.press("i")
                eventually(lambda: "ploaded" in visit.said or "Taken" in visit.said or "Not taken" in visit.said)
                if "Not taken" in visit.said:
                    visit.press("i")
                    eventually(lambda: "Taken though" in visit.said)
                expected.append((photo, "edited", None, ()))
            else:
                visit.press("a")
                expected.append((photo, "accept", None, ()))
        visit.press("u", "u")
        expected += [(order[49], "undo", None, ()), (order[48], "undo", None, ())]
        visit.press("r", "1", "a")
        expected += [(order[48], "reject", "color", ()), (order[49], "accept", None, ())]
        visit.all_sent()
        assert visit.troubles == []
        visit.close()
    assert rows(catalog) == expected


def test_two_editors_never_meet_in_the_browser(chromium: Browser, out: Path) -> None:
    catalog = open_catalog(out, 40)
    with served(catalog, local_guard("anna")) as first, served(catalog, local_guard("ben")) as second:
        visits = [Visit(chromium, first), Visit(chromium, second)]
        for visit in visits:
            visit.waits_for_photo()
        while catalog.counters().waiting:
            for visit in visits:
                visit.press("a")
        for visit in visits:
            visit.all_sent()
            assert "Not taken" not in visit.said
            visit.close()
    done = [photo for photo, _, _, _ in rows(catalog)]
    assert len(done) == len(set(done)) == 40
    with catalog.database.reading() as connection:
        names = connection.execute(select(decisions.c.editor)).scalars().all()
    assert min(names.count("anna"), names.count("ben")) >= 8


@contextmanager
def running(out: Path, port: int) -> Iterator[str]:
    """The address of a server of its own; it is killed at the end, as a power cut would."""
    command = [sys.executable, "-m", "packshot", "review", str(out), "--port", str(port), "--editor", "anna"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[1].removesuffix("/review")
    finally:
        server.kill()
        server.wait()


def lasting_port() -> int:
    """A free port that nobody is given by chance while the server is away: below those of outgoing connections."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def test_a_killed_server_loses_no_decision(chromium: Browser, out: Path) -> None:
    open_catalog(out, 30).close()
    with running(out, lasting_port()) as address:
        visit = Visit(chromium, address)
        visit.waits_for_photo()
        visit.press("a", "a", "a")
        visit.all_sent()
    visit.press("a", "a")
    eventually(lambda: "2 decisions kept here" in visit.page.locator("#connection").inner_text())
    with running(out, int(address.rpartition(":")[2])):
        visit.all_sent()
        visit.press("u")
        visit.all_sent()
    visit.close()
    with Catalog.open(str(out / CATALOG_FILE)) as catalog:
        outcomes = [outcome for _, outcome, _, _ in rows(catalog)]
        assert outcomes == ["accept"] * 5 + ["undo"]
        with catalog.database.reading() as connection:
            states = connection.execute(select(photos.c.state)).scalars().all()
    assert states.count("publish") == 4
