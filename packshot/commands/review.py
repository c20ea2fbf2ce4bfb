"""``packshot review`` and ``packshot serve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import answer, fail, say
from packshot.commands.styles import StyleFile

if TYPE_CHECKING:
    from packshot.catalog import Catalog
    from packshot.review.promoting import Grounds


def review(
    out: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="Folder that `packshot run` wrote; its catalog lies in it.")
    ] = None,
    catalog: Annotated[str | None, typer.Option(help="Catalog: an SQLite file or postgresql://USER@HOST/NAME.")] = None,
    listen: Annotated[str, typer.Option(help="Address; one that others reach demands accounts.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8765,
    editor: Annotated[str | None, typer.Option(help="Your name in the decisions; only without accounts.")] = None,
    accounts: Annotated[bool, typer.Option(help="Demand accounts on this machine too.")] = False,
    host: Annotated[
        list[str] | None, typer.Option(help="Name under which browsers reach the pages; may be repeated.")
    ] = None,
    pack: Annotated[
        list[Path] | None,
        typer.Option(help="Pack folder that the run was made with, or that managers may promote; may be repeated."),
    ] = None,
    champions: Annotated[
        Path | None, typer.Option(help="Folder for packs that managers promote; inside OUT if not given.")
    ] = None,
    frozen: Annotated[Path | None, typer.Option(help="Pairs that no challenger learned from.")] = None,
    style: StyleFile = None,
    carry: Annotated[
        str,
        typer.Option(
            help="A correction of colour or light on the product's other photos: on (entered), ask (offered) or off."
        ),
    ] = "on",
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM.")] = None,
    private_key: Annotated[Path | None, typer.Option(help="TLS private key, PEM.")] = None,
) -> None:
    """Serve the pages for people: the review queue with corrections in place."""
    try:
        from packshot.review.carrier import MODES
        from packshot.review.promoting import Grounds
        from packshot.review.serving import Listening, serve
    except ImportError as error:
        fail(f"{error}: install what the pages need with pip install 'packshot[serve]'")
    place = champions or (None if out is None else out / "champions")
    grounds = Grounds(tuple(pack or ()), place, frozen, style)
    mode = next((each for each in MODES if each == carry), None)
    if mode is None:
        fail(f"--carry is {', '.join(MODES)}, not {carry!r}")
    listening = Listening(listen, port, tuple(host or ()), certificate, private_key, grounds, mode)
    opened = _opened(out, catalog, grounds)
    try:
        serve(opened, listening, editor, accounts, tell=answer)
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"the address {listen}:{port} cannot be used: {error.strerror or error}. Choose another with --port")
    finally:
        opened.close()


def _opened(out: Path | None, url: str | None, grounds: Grounds) -> Catalog:
    """The catalog, with a run's photos in it."""
    from packshot.catalog import Catalog, CatalogError
    from packshot.commands.steps import Steps
    from packshot.pack_file import PackError
    from packshot.review.folder import CATALOG_FILE, Known, note_run, require_run

    if (out is None) == (url is None):
        fail("give the folder of a run, or --catalog URL, and not both")
    try:
        if out is None:
            return Catalog.open(str(url))
        require_run(out)
        catalog = Catalog.open(str(out / CATALOG_FILE))
        with Steps() as steps:
            note_run(catalog, out, steps, Known.named(grounds.packs, grounds.style))
    except (CatalogError, PackError, OSError, ValueError) as error:
        fail(str(error))
    say(f"{catalog.counters().waiting} photos wait for you.")
    return catalog


__all__ = ["review"]
