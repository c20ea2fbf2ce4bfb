"""What the commands that use a catalog share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, fail

if TYPE_CHECKING:
    from packshot.catalog import Catalog
    from packshot.catalog.recording import CatalogRecorder

CatalogUrl = Annotated[
    str,
    typer.Option("--catalog", envvar="PACKSHOT_CATALOG", help="The catalog: a file, or postgresql://USER@HOST/NAME."),
]


@contextmanager
def opened(url: str, audit: float = 0.0) -> Iterator[Catalog]:
    """A catalog for a command, which ends with a sentence where it cannot be opened or goes away."""
    try:
        from packshot.catalog import Catalog, CatalogError, Chance
    except ImportError as error:
        fail(f"a catalog needs more than is installed ({error}): pip install 'packshot[catalog]'")
    try:
        catalog = Catalog.open(url, Chance(audit))
    except CatalogError as error:
        fail(str(error))
    with catalog:
        try:
            yield catalog
        except CatalogError as error:
            fail(f"stopped: {error}. What is done is kept; run the same command again to go on", ExitStatus.SOME_FAILED)


@contextmanager
def recorder_of(url: str | None, audit: float) -> Iterator[CatalogRecorder | None]:
    """What notes a run in a catalog; None without one."""
    if url is None:
        yield None
        return
    with opened(url, audit) as catalog:
        from packshot.catalog.recording import CatalogRecorder

        yield CatalogRecorder(catalog)
