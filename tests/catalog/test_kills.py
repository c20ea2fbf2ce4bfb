"""Processes and the database itself are killed at random moments: what was answered is there, once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from packshot.catalog import Answer, Catalog
from packshot.catalog.publishing import PublishSettings, publish
from packshot.catalog.schema import decisions, photos, publications
from packshot.publication.sinks import FolderSink
from tests.catalog.postgres import Server
from tests.catalog.shots import made

PHOTOS, KILLS = 200, 10
fork = multiprocessing.get_context("fork")  # a child that must import everything anew would die while importing


def decide_all(url: str, folder: Path) -> None:
    """An editor: rejects every fifth photo, and notes each answer once the catalog has taken it."""
    with Catalog.open(url) as catalog, (folder / "answered").open("ab", buffering=0) as answered:
        while entries := catalog.held("ann") or catalog.lease("ann", 3, 60):
            for entry in entries:
                assert entry.prediction is not None
                outcome, reason = ("reject", "dust") if entry.id % 5 == 0 else ("accept", None)
                answer = Answer(outcome, entry.prediction.id, reason, key=f"answer-{entry.id}")  # type: ignore[arg-type]
                catalog.decide(entry.id, "ann", answer)
                answered.write(f"{entry.id}\n".encode())


def publish_all(url: str, folder: Path) -> None:
    with Catalog.open(url) as catalog:
        while True:
            publish(catalog, FolderSink(folder / "shop"), PublishSettings(hold=1.0))
            counters = catalog.counters()
            if counters.waiting == 0 and counters.states.get("publish", 0) == 0:
                return
            time.sleep(0.05)


class Killed:
    """A process that is started again whenever it was killed."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self._work, self._arguments = work, arguments
        self._start()

    def _start(self) -> None:
        self.process = fork.Process(target=self._work, args=self._arguments)
        self.process.start()

    def kill(self) -> bool:
        """Whether it was at work when it was killed."""
        assert self.process.pid is not None
        alive = self.process.is_alive()
        os.kill(self.process.pid, signal.SIGKILL) if alive else None
        self.process.join()
        if alive:
            self._start()
        return alive

    def end(self) -> None:
        """Waits until all is done; it is started again when it found the database away."""
        for _ in range(KILLS):
            self.process.join(120)
            if self.process.exitcode == 0:
                return
            self._start()
        raise AssertionError(f"{self._work.__name__} does not come to an end")


def test_kills_lose_and_double_nothing(url: str, tmp_path: Path, request: Any) -> None:
    with Catalog.open(url) as catalog:
        catalog.add([made(tmp_path / "out", number) for number in range(PHOTOS)])
    server: Server | None = request.getfixturevalue("postgres") if url.startswith("postgresql") else None
    chance = random.Random(7)
    workers = [Killed(decide_all, url, tmp_path), Killed(publish_all, url, tmp_path)]
    at_work = 0
    for number in range(KILLS):
        time.sleep(chance.uniform(0.02, 0.25))
        if server is not None and number % 3 == 2:
            server.kill()
            server.start()
            at_work += 1
        else:
            at_work += workers[number % 2].kill()
    for worker in workers:
        worker.end()
    assert at_work >= KILLS - 2, "the kills came while there was work"
    require_everything_once(url, tmp_path)


def require_everything_once(url: str, folder: Path) -> None:
    answered = Counter(int(line) for line in (folder / "answered").read_text().split())
    accepted = {number for number in range(PHOTOS) if (number + 1) % 5}
    with Catalog.open(url) as catalog:
        rows = catalog.database.read(lambda transaction: transaction.execute(select(decisions)).all())
        decided = Counter(row.photo_id for row in rows)
        assert set(decided.values()) == {1}
        assert len(decided) == PHOTOS
        assert set(answered) <= set(decided), "what was answered is there"
        assert set(answered.values()) == {1}
        assert len(answered) >= PHOTOS - KILLS, "only the answer under way is not noted by the editor itself"
        done = catalog.database.read(lambda transaction: transaction.execute(select(publications)).all())
        assert {row.state for row in done} == {"done"}
        assert {row.name for row in done} == {f"photo-{number:03}" for number in accepted}
        states = catalog.database.read(lambda transaction: transaction.execute(select(photos.c.state)).scalars().all())
        assert Counter(states) == {"published": len(accepted), "rejected": PHOTOS - len(accepted)}
        assert sum(event.what == "published" for event in catalog.history(done[0].photo_id)) == 1
    shop = {path.name: path.read_bytes() for path in (folder / "shop").iterdir() if not path.name.startswith(".")}
    assert shop == {f"photo-{number:03}.jpg": f"output {number}".encode() for number in accepted}


def hold_some(url: str, folder: Path, name: str) -> None:
    with Catalog.open(url) as catalog:
        held = [entry.id for _ in range(20) for entry in catalog.lease(name, 3, 60)]
        (folder / f"held-{name}").write_text("\n".join(map(str, held)))


def test_several_processes_never_hold_the_same_photo(url: str, tmp_path: Path) -> None:
    with Catalog.open(url) as catalog:
        catalog.add([made(tmp_path / "out", number) for number in range(150)])
    workers = [fork.Process(target=hold_some, args=(url, tmp_path, f"worker-{number}")) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    shares = [[int(line) for line in path.read_text().split()] for path in tmp_path.glob("held-*")]
    held = [photo for share in shares for photo in share]
    assert sum(bool(share) for share in shares) >= 2, "several were at it at once"
    assert len(held) == len(set(held)) == 150
