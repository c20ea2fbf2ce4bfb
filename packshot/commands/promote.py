"""``packshot shadow``, ``promote`` and ``rollback``: how a new pack takes over, and how it goes."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.catalogs import CatalogUrl, opened
from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.steps import Steps
from packshot.commands.styles import StyleFile

if TYPE_CHECKING:
    from packshot.catalog.contest import Outcome

Challenger = Annotated[str, typer.Argument(help="The new pack: a folder, or the name of one that ships.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def shadow(
    challenger: Challenger,
    catalog: CatalogUrl,
    newest: Annotated[int, typer.Option(min=1, help="So many of the newest photos.")] = 200,
    style: StyleFile = None,
    json: Json = False,
) -> None:
    """Let a pack retouch new photos in the champion's shadow: noted in the catalog, published nowhere."""
    from packshot.catalog.shadow import ShadowSettings
    from packshot.catalog.shadow import shadow as let_shadow
    from packshot.commands.packs import find_pack
    from packshot.pack import Pack
    from packshot.pack_file import PackError
    from packshot.style import Style, load_style

    try:
        pack = Pack(find_pack(challenger))
        house = Style() if style is None else load_style(style)
    except (PackError, ValueError, OSError) as error:
        fail(str(error))
    with opened(catalog) as found, Steps() as steps:
        told = let_shadow(found, pack, ShadowSettings(newest, house), steps)
    if json:
        answer_json(vars(told))
    else:
        answer(f"{told.photos} photos in the shadow, {len(told.failed)} failed.")
        answer(
            f"Its judge would publish {told.challenger_would_publish}, the champion's {told.champion_would_publish}."
        )
        for category, distance in told.moved.items():
            answer(f"  {category}: mean difference {distance:.2f} (CIEDE2000)")
    raise typer.Exit(ExitStatus.SOME_FAILED if told.failed else ExitStatus.DONE)


def promote(
    challenger: Challenger,
    catalog: CatalogUrl,
    out: Annotated[Path, typer.Option(help="Folder for the new champion; what was measured: OUT.work.")],
    frozen: Annotated[Path | None, typer.Option(help="Pairs that the challenger did not learn from.")] = None,
    style: StyleFile = None,
    by: Annotated[str | None, typer.Option(help="Who promotes; your user name if not given.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per core if not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only compare.")] = False,
    json: Json = False,
) -> None:
    """Compare a new pack with the champion; promote it in the categories where it is better and nothing is worse."""
    from packshot.catalog.contest import Contest, compare, reigning
    from packshot.catalog.contest import promote as take_over
    from packshot.commands.packs import find_pack
    from packshot.engines import EngineError
    from packshot.pack_file import PackError

    contest = Contest(find_pack(challenger), out.with_name(f"{out.name}.work"), frozen, style, workers=workers)
    who = by or getpass.getuser()
    try:
        with opened(catalog) as found, Steps() as steps:
            old = reigning(found, who)
            outcome = compare(found, contest, old, steps)
            pack = None if dry_run else take_over(found, contest, outcome, old, (out, who))
    except (PackError, ValueError, FileNotFoundError) as error:
        fail(str(error))
    except (EngineError, OSError) as error:
        fail(str(error), ExitStatus.SOME_FAILED)
    if json:
        answer_json({**outcome.as_json(), "pack": None if pack is None else str(pack.folder)})
        return
    _tell(outcome)
    if pack is not None:
        answer(f"{pack.label} in {out} is the champion now. It has no certificate: run packshot calibrate on it.")


def _tell(outcome: Outcome) -> None:
    for name, why in outcome.left_out.items():
        say(f"left out: {name}: {why}")
    answer(
        f"{outcome.challenger} against {outcome.champion}, on {outcome.frozen} frozen pairs "
        f"and {outcome.reviews} reviews:"
    )
    for name, one in outcome.categories.items():
        answer(f"  {name}: {'promoted' if name in outcome.won else 'stays'} ({one.why}; {one.pairs} pairs)")
    seen, failed = outcome.shadow
    if failed:
        answer(f"In the shadow it failed on {failed} of {seen} photos that the champion could do: nothing is promoted.")


def rollback(
    catalog: CatalogUrl,
    by: Annotated[str | None, typer.Option(help="Who goes back; your user name if not given.")] = None,
) -> None:
    """Make the champion's predecessor champion again."""
    from packshot.catalog.champions import roll_back
    from packshot.catalog.problems import CatalogError
    from packshot.pack_file import PackError

    with opened(catalog) as found:
        try:
            reign = roll_back(found, by or getpass.getuser())
        except (CatalogError, PackError) as error:
            fail(str(error))
    answer(f"{reign.pack} in {reign.folder} is the champion again.")
