"""SQLite or PostgreSQL, opened so that several processes may write and a kill at any moment loses nothing answered."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, create_engine, event, make_url, select, text
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.sql import func

from packshot.catalog.places import Places
from packshot.catalog.problems import CatalogError

T = TypeVar("T")

WAIT_SECONDS = 30
"""How long a writer waits for another one before it gives up."""

_MIGRATION_LOCK = 7_224_751_846
"""Any number, the same in every process: who migrates a PostgreSQL catalog holds it."""


class Transaction:
    """One transaction's view: statements, the time, and how paths are noted."""

    def __init__(self, connection: Connection, places: Places) -> None:
        self._connection = connection
        self.places = places

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Runs a statement; ``rows`` where one is to be inserted for each."""
        result = self._connection.execute(statement, rows)
        assert isinstance(result, CursorResult)
        return result

    @cached_property
    def now(self) -> datetime:
        """The time, the same for the whole transaction: the server's own, so that leases do not hang on many clocks."""
        if self._connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)


class Database:
    """Transactions on one catalog. Readers see a consistent moment; writers never overwrite each other."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.places = Places(self.home)

    @classmethod
    def open(cls, url: str) -> Database:
        """Connects and brings the tables up to date. Raises CatalogError."""
        parsed = parse_url(url)
        try:
            database = cls(_engine(parsed))
            database.migrate()
        except ImportError as error:
            raise CatalogError(
                f"{error}: install what this catalog needs with pip install 'packshot[postgres]'"
            ) from error
        except SQLAlchemyError as error:
            raise CatalogError(
                f"the catalog {_shown(parsed)} cannot be opened: {_first_line(error)}. Check the address, and that the "
                "database runs and lets you in"
            ) from error
        return database

    @property
    def home(self) -> Path | None:
        """The folder of an SQLite file: what lies below it is noted relative to it, so both may move together."""
        name = self._engine.url.database
        return Path(name).resolve().parent if self.is_sqlite and name else None

    def read(self, work: Callable[[Transaction], T]) -> T:
        """What ``work`` reads in one transaction. Raises CatalogError when the database stays away."""
        return self._patiently(self.reading, work)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What ``work`` does in one transaction: all of it or nothing.

        It is done again when another writer was quicker to the same rows, and when the connection broke: then it may
        have been done already, so ``work`` must be such that twice is as once. Raises CatalogError.
        """
        return self._patiently(self.writing, work)

    def _patiently(
        self, begin: Callable[[], AbstractContextManager[Connection]], work: Callable[[Transaction], T]
    ) -> T:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with begin() as connection:
                    return work(Transaction(connection, self.places))
            except (OperationalError, InterfaceError, IntegrityError) as error:
                if time.monotonic() > deadline:
                    raise CatalogError(f"the catalog does not answer ({_first_line(error)}): try again") from error
                time.sleep(random.uniform(0.05, 0.5))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; it waits for nobody."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of the block or nothing of it."""
        with self._engine.connect().execution_options(packshot_writes=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Brings the tables up to date, once, whoever else opens the catalog at the same moment."""
        from packshot.catalog.migrations import at_head, upgrade

        with self.reading() as connection:
            if at_head(connection):
                return
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            upgrade(connection)

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()


def _shown(url: URL) -> str:
    """An address as a person gives it: a file's path, or the URL without password and driver."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def parse_url(url: str) -> URL:
    """A database URL, or the path of an SQLite file. Raises CatalogError."""
    if "://" not in url:
        return URL.create("sqlite", database=str(Path(url).absolute()))
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise CatalogError(
                f"a catalog is kept in SQLite or PostgreSQL, not in {parsed.get_backend_name()}: "
                "give a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
            )
    except (ArgumentError, NoSuchModuleError) as error:
        raise CatalogError(
            f"{url!r} is no catalog: give a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")


def _sqlite(url: URL) -> Engine:
    if url.database:
        folder = Path(url.database).parent
        if not folder.is_dir():
            raise CatalogError(f"the catalog's folder {folder} is not there: make it, or check the path")
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: Any) -> None:
    """One connection's settings. A decision that was answered outlives a power cut: synchronous is FULL."""
    connection.isolation_level = None  # the driver begins nothing itself: `_begin` does
    cursor = connection.cursor()
    # First of all: the switch to WAL waits for others too.
    for pragma in (f"busy_timeout={WAIT_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Writers queue from their first word: one that had read before it writes could be refused half-way."""
    writes = connection.get_execution_options().get("packshot_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
