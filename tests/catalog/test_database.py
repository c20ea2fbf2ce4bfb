"""Opening a catalog: its tables are made once, are those of the schema, and what is no catalog is told."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from packshot.catalog import Catalog, CatalogError
from packshot.catalog.database import Database
from packshot.catalog.schema import metadata
from tests.catalog.postgres import Server

fork = multiprocessing.get_context("fork")


def open_and_write(url: str, number: int) -> None:
    with Catalog.open(url) as catalog:
        catalog.see({f"/photos/{number}.jpg": "tops", "/photos/shared.jpg": None})


def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    database = Database.open(url)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _ours})
        assert compare_metadata(context, metadata) == []
    database.close()


def _ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name in metadata.tables


def test_several_processes_may_make_the_same_catalog_at_once(url: str) -> None:
    openers = [fork.Process(target=open_and_write, args=(url, number)) for number in range(4)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
        assert opener.exitcode == 0
    with Catalog.open(url) as catalog:
        assert catalog.counters().states == {"seen": 5}


def test_tables_of_a_later_packshot_are_left_alone(url: str) -> None:
    database = Database.open(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(CatalogError, match="later packshot"):
        Catalog.open(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look like a file of one " * 20)
    with pytest.raises(CatalogError, match=r"notes\.txt"):
        Catalog.open(str(tmp_path / "notes.txt"))


def test_a_password_is_not_told() -> None:
    with pytest.raises(CatalogError) as told:
        Catalog.open("postgresql://ann:secret@127.0.0.1:1/studio")
    assert "secret" not in str(told.value)


def test_a_database_that_was_away_is_waited_for(postgres: Server) -> None:
    with Catalog.open(postgres.empty_database()) as catalog:
        catalog.see({"/photos/1.jpg": None})
        postgres.kill()
        postgres.start()
        assert catalog.counters().states == {"seen": 1}
        catalog.see({"/photos/2.jpg": None})
        assert catalog.counters().states == {"seen": 2}
