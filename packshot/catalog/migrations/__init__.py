"""The tables' versions (Alembic). They ship in the package and run when a catalog is opened."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from packshot.catalog.problems import CatalogError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def at_head(connection: Connection) -> bool:
    """Whether the tables are of this version of packshot."""
    heads = set(ScriptDirectory.from_config(_config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs what is missing, in the connection's own transaction. Raises CatalogError for tables of a later packshot."""
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise CatalogError(f"the catalog was written by a later packshot ({error}): install that one") from error
