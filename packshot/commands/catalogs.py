"""What the commands that use a catalog share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, fail

if TYPE_CHECKING:
    from packshot.catalog import Catalog
    from packshot.catalog.recording import CatalogRecorder

URL_VARIABLE = "PACKSHOT_CATALOG"
CatalogUrl = Annotated[
    str,
    typer.Option(
        "--catalog", envvar=URL_VARIABLE, help="The catalog: a file, a run's folder, or postgresql://USER@HOST/NAME."
    ),
]
RunFolder = Annotated[
    Path | None, typer.Argument(metavar="[OUT]", help="Folder that `packshot run` wrote; its catalog lies in it.")
]
CatalogInstead = Annotated[
    str | None,
    typer.Option("--catalog", envvar=URL_VARIABLE, help="Instead of OUT: a file, or postgresql://USER@HOST/NAME."),
]


@contextmanager
def opened(url: str, audit: float = 0.0, new: bool = False) -> Iterator[Catalog]:
    """A catalog for a command, which ends with a sentence where it cannot be opened or goes away.

    Unless it may be ``new``, it must be there: a slip of the pen makes no empty catalog.
    """
    from packshot.catalog import Catalog, CatalogError, Chance
    from packshot.review.folder import catalog_of

    place = catalog_of(url)
    if not new and "://" not in place and not Path(place).is_file():
        fail(f"there is no catalog {place}: check the path; `packshot run --catalog FILE` makes one")
    try:
        catalog = Catalog.open(place, Chance(audit))
    except CatalogError as error:
        fail(str(error))
    with catalog:
        try:
            yield catalog
        except CatalogError as error:
            fail(f"stopped: {error}. What is done is kept; run the same command again to go on", ExitStatus.SOME_FAILED)


@contextmanager
def opened_either(out: Path | None, url: str | None) -> Iterator[Catalog]:
    """The catalog in a run's folder, with all the run's photos noted, or the one that is named instead."""
    if out is not None and url is not None and url != os.environ.get(URL_VARIABLE):
        fail("give the folder of a run, or --catalog URL, and not both")
    if out is None:
        if url is None:
            fail("give the folder of a run, or --catalog URL")
        with opened(url) as catalog:
            yield catalog
        return
    with opened(str(_noted(out)), new=True) as catalog:
        yield catalog


def _noted(out: Path) -> Path:
    """A run's folder, its photos in the catalog that lies there."""
    from packshot.catalog import Catalog, CatalogError
    from packshot.commands.steps import Steps
    from packshot.review.folder import CATALOG_FILE, note_run, require_run

    try:
        require_run(out)
        with Catalog.open(str(out / CATALOG_FILE)) as catalog, Steps() as steps:
            note_run(catalog, out, steps)
    except (CatalogError, OSError, ValueError) as error:
        fail(str(error))
    return out


@contextmanager
def recorder_of(url: str | None, audit: float) -> Iterator[CatalogRecorder | None]:
    """What notes a run in a catalog; None without one."""
    if url is None:
        yield None
        return
    with opened(url, audit, new=True) as catalog:
        from packshot.catalog.recording import CatalogRecorder

        yield CatalogRecorder(catalog)
