"""The pages over a team's catalog in PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from packshot.catalog import Answer, Catalog
from packshot.review.accounts import Accounts
from packshot.review.folder import made_in
from packshot.review.queue import Asked, Desk
from tests.catalog.postgres import Server

WORDS = "seven quiet herons wade"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="packshot-") as place:
        Path(place).chmod(0o755)
        server = Server(Path(place) / "pg")
        server.start()
        yield server.empty_database()
        server.kill()


def test_accounts_and_queue_of_several_servers_at_once(url: str, finished_run: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        catalogs = list(pool.map(lambda _: Catalog.open(url), range(3)))
        people = list(pool.map(lambda catalog: Accounts(catalog.database), catalogs))
    people[0].add("eva", WORDS, "editor", "the test")
    token = people[1].sign_in("eva", WORDS, "10.0.0.1")
    assert token is not None
    session = people[2].session(token)
    assert session is not None
    assert session.identity.name == "eva"
    catalogs[0].add(made_in(finished_run))
    desks = [Desk(catalog, name) for catalog, name in zip(catalogs, ("eva", "ben", "eva"), strict=True)]
    taken = [desk.take(3, Asked(), anew=False) for desk in desks[:2]]
    assert len({entry.id for entries in taken for entry in entries}) == 6
    first = taken[0][0]
    assert first.prediction is not None
    desks[0].decide(first.id, Answer("accept", first.prediction.id, key="the-key-of-it"))
    assert desks[2].undo("the-key-of-it", "undo-of-it")
    assert not desks[0].undo("the-key-of-it", "undo-of-it")
    people[2].sign_out(token)
    assert people[0].session(token) is None
    assert [line.what for line in people[1].trail()] == ["signed out", "signed in", "account added"]
    for catalog in catalogs:
        catalog.close()
