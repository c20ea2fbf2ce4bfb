"""``packshot run``."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, counted, duration, fail, say
from packshot.commands.styles import StyleFile

if TYPE_CHECKING:
    from packshot.batch import Recorder, RunSettings, Summary

Inputs = Annotated[list[Path] | None, typer.Argument(metavar="INPUT...", help="Photos, and folders with photos.")]


def run(
    inputs: Inputs = None,
    out: Annotated[Path, typer.Option(help="Folder for the finished shots, recipes, mattes and the page.")] = ...,  # type: ignore[assignment]
    pack: Annotated[
        str | None, typer.Option(help="Pack folder, or a name; else the catalog's champion, or base.")
    ] = None,
    category: Annotated[str, typer.Option(help="Of all photos the manifest gives none; auto: predicted.")] = "auto",
    manifest: Annotated[Path | None, typer.Option(help="CSV with the columns source and category.")] = None,
    style: StyleFile = None,
    engine: Annotated[str, typer.Option(help="local: processes of this machine.")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Photos at a time; one per core if not given.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which a photo is given up.")] = 300,
    catalog: Annotated[
        str | None, typer.Option(envvar="PACKSHOT_CATALOG", help="Catalog to write to: a file or postgresql://...")
    ] = None,
    audit: Annotated[
        float, typer.Option(min=0, max=1, help="Share of all photos that people see by lot, whatever the gate says.")
    ] = 0.05,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell which photos would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Retouch photos. Run again, it skips what is done."""
    from packshot.batch import RunSettings
    from packshot.commands.catalogs import recorder_of
    from packshot.commands.packs import find_pack

    if not inputs and manifest is None:
        fail("no photos are given: name photos, folders, or a manifest")
    folder = None if pack is None else find_pack(pack)
    settings = RunSettings(folder, category, manifest, style, engine, workers, timeout)
    if dry_run:
        return _foretell(inputs or [], out, settings, json)
    with recorder_of(catalog, audit) as recorder:
        if folder is None and recorder is not None:
            settings = replace(settings, pack=recorder.champion())
        summary = _watched(inputs or [], out, settings, recorder)
    answer_json({"out": str(out), **summary.as_json()}) if json else _tell(summary, out)
    raise typer.Exit(ExitStatus.SOME_FAILED if summary.failed else ExitStatus.DONE)


def _watched(inputs: list[Path], out: Path, settings: RunSettings, recorder: Recorder | None) -> Summary:
    from packshot.batch import UsageError
    from packshot.batch import run as run_batch
    from packshot.commands.progress import Shown
    from packshot.engines import EngineError

    shown = Shown()
    try:
        with _terminated_like_interrupted() as ending:
            return run_batch(inputs, out, settings, shown, recorder)
    except UsageError as error:
        fail(str(error))
    except EngineError as error:
        fail(f"stopped: {error}. What is done is kept; run the same command again to go on", ExitStatus.SOME_FAILED)
    except KeyboardInterrupt:
        shown.ends()
        say("Stopped. What is done is kept; run the same command again to go on.")
        raise typer.Exit(ending.status) from None
    finally:
        shown.ends()


class _Ending:
    status = ExitStatus.INTERRUPTED


@contextmanager
def _terminated_like_interrupted() -> Iterator[_Ending]:
    """Within the block SIGTERM stops as Ctrl-C does: cleanly."""
    ending = _Ending()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        ending.status = ExitStatus.TERMINATED
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield ending
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(summary: Summary, out: Path) -> None:
    counts = f"{summary.published} published, {summary.review} to review, {summary.failed} failed"
    done = f", {summary.skipped} of them done before" if summary.skipped else ""
    answer(f"{counted(summary.photos)} in {duration(summary.seconds)}: {counts}{done}.")
    answer(f"See {out / 'index.html'}")
    if summary.review:
        answer(f"Decide on them in the browser: {_reviewing(out)}")
    if summary.review and not summary.published:
        say("Nothing is published unseen until `packshot calibrate` has proven the pack on your own photos.")


def _reviewing(out: Path) -> str:
    """The line that leads to the pages, with what to install before where that is missing."""
    from importlib.util import find_spec

    from packshot.extras import extra_with

    command = f"packshot review {shlex.quote(str(out))}"
    absent = [module for module in ("fastapi", "sqlalchemy") if find_spec(module) is None]
    extra = extra_with("fastapi") if absent else None
    return command if extra is None else f"{extra.installing}, then {command}"


def _foretell(inputs: list[Path], out: Path, settings: RunSettings, json: bool) -> None:
    """What a run would do."""
    from packshot.batch import UsageError, foresee

    try:
        foreseen = foresee(inputs, out, settings)
    except UsageError as error:
        fail(str(error))
    if json:
        todo = [{"source": item.source, "name": item.name, "category": item.category} for item in foreseen.todo]
        return answer_json({"todo": todo, "done": foreseen.done, "remarks": foreseen.remarks})
    for text in (*foreseen.remarks, *(f"would fail: {item.problem}" for item in foreseen.todo if item.problem)):
        say(text)
    answer(f"{counted(len(foreseen.todo))} to do, {foreseen.done} done already. Nothing was written.")
    return None
