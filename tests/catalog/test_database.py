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
from packshot.catalog.migrations import upgrade
from packshot.catalog.schema import metadata
from packshot.review.accounts import Accounts
from tests.catalog.postgres import Server

fork = multiprocessing.get_context("fork")


def open_and_write(url: str, number: int) -> None:
    with Catalog.open(url) as catalog:
        catalog.see({f"/photos/{number}.jpg": "tops", "/photos/shared.jpg": None})


def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    database = Database.open(url)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


FORMER_TABLES = (
    "CREATE TABLE review_accounts (name VARCHAR(40) NOT NULL, role VARCHAR(16) NOT NULL, password TEXT NOT NULL, "
    "active BOOLEAN NOT NULL, made_at {time} NOT NULL, PRIMARY KEY (name))",
    "CREATE TABLE review_sessions (token VARCHAR(64) NOT NULL, name VARCHAR(40) NOT NULL, csrf VARCHAR(64) NOT NULL, "
    "made_at {time} NOT NULL, seen_at {time} NOT NULL, PRIMARY KEY (token))",
    "CREATE INDEX ix_review_sessions_name ON review_sessions (name)",
    "CREATE TABLE review_audit (id {number}, at {time} NOT NULL, who VARCHAR(64) NOT NULL, what VARCHAR(32) NOT NULL, "
    "about TEXT, address VARCHAR(64), detail JSON NOT NULL{primary})",
    "CREATE INDEX ix_review_audit_at ON review_audit (at)",
)
"""How the tables of accounts were made before they were a migration."""


@pytest.mark.parametrize("with_accounts", [True, False])
def test_a_catalog_from_before_keeps_its_accounts(
    url: str, with_accounts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "migrate", lambda _: None)
    former = Database.open(url)
    words = {"time": "DATETIME", "number": "INTEGER NOT NULL", "primary": ", PRIMARY KEY (id)"}
    if not former.is_sqlite:
        words = {"time": "TIMESTAMP WITH TIME ZONE", "number": "SERIAL PRIMARY KEY", "primary": ""}
    with former.writing() as connection:
        upgrade(connection, "0001")
        for statement in FORMER_TABLES if with_accounts else ():
            connection.execute(text(statement.format(**words)))
    monkeypatch.undo()
    if with_accounts:
        people = Accounts(former)
        people.add("eva", "seven quiet herons wade", "editor", "the test")
        token = people.sign_in("eva", "seven quiet herons wade", "10.0.0.1")
    former.close()
    database = Database.open(url)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    people = Accounts(database)
    assert [account.name for account in people.all()] == (["eva"] if with_accounts else [])
    if with_accounts:
        assert token is not None
        assert people.session(token) is not None
        assert [line.what for line in people.trail()] == ["signed in", "account added"]
    people.add("ben", "eight quiet herons wade", "admin", "the test")
    assert next(line.about for line in people.trail()) == "ben"
    database.close()


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


def test_a_database_that_is_not_there_is_named_as_given_and_keeps_its_password() -> None:
    with pytest.raises(CatalogError) as caught:
        Catalog.open("postgresql://anna:quiet@127.0.0.1:1/studio")
    assert "postgresql://anna:***@127.0.0.1:1/studio cannot be opened" in str(caught.value)
    assert "Check the address" in str(caught.value)
