from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from packshot.catalog import Catalog
from tests.catalog.postgres import Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # A socket's path may have 107 bytes, which pytest's own folders exceed; and the server's user must reach it.
    with tempfile.TemporaryDirectory(prefix="packshot-") as place:
        Path(place).chmod(0o755)
        server = Server(Path(place) / "pg")
        server.start()
        yield server
        server.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty catalog on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "catalog.sqlite")
    server: Server = request.getfixturevalue("postgres")
    return server.empty_database()


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with Catalog.open(url) as opened:
        yield opened
