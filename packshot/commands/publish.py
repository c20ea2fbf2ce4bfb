"""``packshot publish``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.catalogs import CatalogInstead, RunFolder, opened_either
from packshot.commands.output import ExitStatus, answer, answer_json, counted, fail, say
from packshot.commands.steps import Steps

if TYPE_CHECKING:
    from packshot.catalog.publishing import Published


def publish(
    out: RunFolder = None,
    catalog: CatalogInstead = None,
    to: Annotated[Path, typer.Option(help="Folder that the finished shots go to.")] = ...,  # type: ignore[assignment]
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds a decision must be old, so that it can be taken back till then.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Publish what the gate and people have let through, each photo once."""
    from packshot.catalog.alarm import heed
    from packshot.catalog.publishing import PublishSettings
    from packshot.catalog.publishing import publish as carry_out
    from packshot.publication.sinks import FolderSink

    with opened_either(out, catalog) as found, Steps() as steps:
        try:
            to.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fail(f"the folder {to} cannot be made: {error.strerror or error}")
        for alarm in heed(found):
            say(f"{alarm.pack}: {alarm.sentence}. {alarm.recalled} photos go to a person instead.")
        due = found.counters().states.get("publish", 0)
        settings = PublishSettings(settle)
        published = carry_out(found, FolderSink(to), settings, lambda so_far: steps("published", so_far.count, due))
        waiting = found.counters().waiting
    if json:
        answer_json({"published": published.done, "failed": published.failed})
    else:
        _tell(published, to)
        if waiting:
            whose = f"{out}" if out else f"--catalog {catalog}"
            answer(f"{counted(waiting)} still to be decided on by a person: packshot review {whose}")
    raise typer.Exit(ExitStatus.SOME_FAILED if published.failed else ExitStatus.DONE)


def _tell(published: Published, to: Path) -> None:
    for sentence in published.failed.values():
        say(f"failed: {sentence}")
    failed = f", {len(published.failed)} failed" if published.failed else ""
    answer(f"{counted(len(published.done))} published to {to}{failed}.")
