from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from packshot.catalog import Catalog
from tests.review.shops import make_run, open_catalog


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over six small photos, never to be written to."""
    return make_run(tmp_path_factory.mktemp("review"), 6)


@pytest.fixture
def out(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of that run, with its photos beside it."""
    shutil.copytree(finished_run.parent, tmp_path / "studio")
    return tmp_path / "studio" / "out"


@pytest.fixture
def catalog(out: Path) -> Iterator[Catalog]:
    """That run's catalog, nothing decided yet."""
    with open_catalog(out) as opened:
        yield opened
