"""A small studio for tests: photos retouched by the tiny pack, their catalog, and the pages served for real."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn

from packshot.batch import RunSettings, run
from packshot.catalog import Catalog, Entry
from packshot.recipe import Reason
from packshot.review.access import Identity
from packshot.review.accounts import Accounts, Session
from packshot.review.app import make_app
from packshot.review.carrier import Mode
from packshot.review.folder import CATALOG_FILE, made_in
from packshot.review.guard import LOCAL_HOSTS, Guard
from packshot.review.promoting import Grounds
from tests.tiny import make_pack, make_photos

MARKED = Reason(code="margin", sentence="The left margin is <b>too</b> small.", region=(0.1, 0.1, 0.4, 0.5))


def make_run(folder: Path, photos: int, size: tuple[int, int] = (300, 400)) -> Path:
    """The folder of a run over so many photos."""
    make_photos(folder / "photos", photos, size)
    out = folder / "out"
    run([folder / "photos"], out, RunSettings(pack=make_pack(folder / "pack"), workers=1))
    return out


def open_catalog(out: Path, count: int | None = None) -> Catalog:
    """The run's catalog; with ``count`` its photos stand under that many names."""
    made = [replace(one, reasons=(*one.reasons, MARKED)) for one in made_in(out)]
    if count is not None:
        made = [
            replace(made[at % len(made)], source=f"{made[at % len(made)].source}", sha256=f"{at:064}")
            for at in range(count)
        ]
    catalog = Catalog.open(str(out / CATALOG_FILE))
    catalog.add(made)
    return catalog


def taken_for(catalog: Catalog, category: str) -> Entry:
    """A photo of that predicted category, held by the editor."""
    catalog.lease("anna", 50, 60)
    return next(entry for entry in catalog.queue() if entry.category == category)


def local_guard(name: str = "anna") -> Guard:
    """Pages for this machine, ``name`` at them."""
    return Guard(None, Session(Identity(name, "admin"), "the-token-of-tests"))


def kept_guard(catalog: Catalog) -> Guard:
    """Pages for people with accounts."""
    return Guard(Accounts(catalog.database), Session(Identity("nobody", "editor"), "-"), LOCAL_HOSTS | {"testserver"})


@contextmanager
def served(catalog: Catalog, guard: Guard, grounds: Grounds | None = None, carry: Mode = "on") -> Iterator[str]:
    """The address of the pages, served by a thread."""
    app = make_app(catalog, guard, grounds, carry)
    config = uvicorn.Config(app, port=0, log_level="warning", loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
