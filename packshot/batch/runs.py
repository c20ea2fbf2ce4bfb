"""A run: photos in; finished shots, recipes and a page out. Killed at any point, it loses and doubles nothing.

What is done is what ``run.jsonl`` says and whose files are there: a photo's line is written after its files, and every
file appears whole or not at all. So there is no other state, and an interrupted run is ended by giving it again.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from packshot.batch.inputs import located
from packshot.batch.job import ROUTE_FOLDERS, Item, Retouching, failed_line, require_presets, settings_of
from packshot.batch.ledger import Ledger, Line
from packshot.batch.lock import only_run_in
from packshot.batch.manifest import read_manifest
from packshot.batch.planning import Asked, named_items, plan_run, unknown_category
from packshot.batch.problems import UsageError
from packshot.batch.recording import Recorder
from packshot.engines import Engine, EngineSettings, Outcome, make_engine
from packshot.engines.local import usable_cores
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.photo import PhotoError, PhotoLimits, write_atomic
from packshot.photo.files import read_limited
from packshot.publication.contact.page import PAGE, render_page
from packshot.publication.contact.rows import read_run
from packshot.style import Style, load_style

_HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{12}\.part")
FILE_KEYS = ("output", "recipe", "matte", "preview", "thumb")
FOLDERS = ("published", "review", "recipes", "mattes", "shadows", "previews", "thumbs", "variants")


@dataclass(frozen=True)
class RunSettings:
    """How to run.

    ``pack``: a folder, None for the one that ships. ``category``: of photos to which the manifest gives none, "auto" or
    None to predict it. ``workers``: None for one per core. ``timeout``: seconds after which a photo is given up.
    """

    pack: Path | None = None
    category: str | None = None
    manifest: Path | None = None
    style: Path | None = None
    engine: str = "local"
    workers: int | None = None
    timeout: float = 300.0


class Watcher:
    """Is told of a run's progress; this one says nothing."""

    def begins(self, todo: int, done_before: int, remarks: Sequence[str]) -> None:
        """Before the first photo."""

    def finished(self, line: Line) -> None:
        """After each photo."""


@dataclass(frozen=True)
class Summary:
    """What became of a run's photos. ``skipped`` were done by an earlier run and are counted under their route too."""

    photos: int
    published: int
    review: int
    failed: int
    skipped: int
    seconds: float
    failures: tuple[Line, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines: as the fields, with what to know of each failure."""
        failures = [{key: line.get(key) for key in ("source", "problem", "error")} for line in self.failures]
        return {**asdict(replace(self, failures=())), "failures": failures}


def run(
    inputs: Iterable[Path | str],
    out: Path | str,
    settings: RunSettings | None = None,
    watcher: Watcher | None = None,
    recorder: Recorder | None = None,
) -> Summary:
    """Retouches photos and folders of photos into ``out``; what an earlier run has done is skipped.

    ``recorder`` is told of every photo and may have some left alone. Raises UsageError, before anything is written,
    when it cannot begin, and EngineError when it cannot go on.
    """
    settings, watcher, begun = settings or RunSettings(), watcher or Watcher(), time.monotonic()
    work = _work(Path(out), settings)
    engine, recorder = _engine(settings), recorder or Recorder()
    plan = plan_run(_asked(inputs, work, settings))
    with _folder(work.out), Ledger(work.out / "run.jsonl") as ledger:
        items = named_items(plan, ledger)
        todo = _todo(items, ledger, work)
        alone = recorder.begins(work, todo)
        todo = [item for item in todo if item.source not in alone]
        _forget(todo, items, ledger)
        ours = {item.source for item in items} - alone.keys()
        recorder.made(line for line in ledger.lines if line["source"] in ours)
        watcher.begins(len(todo), len(items) - len(todo) - len(alone), (*plan.remarks, *_left_alone(alone)))
        try:
            for line in _lines(todo, work, engine):
                if line["route"] == "failed":
                    withdraw(work.out, str(line["name"]))
                ledger.add(line)
                recorder.made([line])
                watcher.finished(line)
        except KeyboardInterrupt:
            _conclude(work.out, ledger)
            raise
        finally:
            recorder.ends()
        _conclude(work.out, ledger)
    return _summary(items, todo, ledger, time.monotonic() - begun)


@dataclass(frozen=True)
class Foreseen:
    """What a run would do. ``done``: how many photos are done already and would be skipped."""

    todo: tuple[Item, ...]
    done: int
    remarks: tuple[str, ...]


def foresee(inputs: Iterable[Path | str], out: Path | str, settings: RunSettings | None = None) -> Foreseen:
    """Which photos ``run`` would work on; writes nothing. Raises UsageError as ``run`` does."""
    settings = settings or RunSettings()
    work = _work(Path(out), settings)
    plan = plan_run(_asked(inputs, work, settings))
    ledger = Ledger(work.out / "run.jsonl")
    items = named_items(plan, ledger)
    todo = _todo(items, ledger, work)
    return Foreseen(tuple(todo), len(items) - len(todo), plan.remarks)


def _work(out: Path, settings: RunSettings) -> Retouching:
    folder = settings.pack or Pack.base().folder
    try:
        pack, style = Pack(folder), Style() if settings.style is None else load_style(settings.style)
        problems = pack.verify()
        require_presets(style, pack)
    except (PackError, ValueError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"the style {settings.style} cannot be read: {error.strerror or error}") from error
    if problems:
        raise UsageError(f"the pack {folder} is not whole: {'; '.join(problems)}. Copy it again")
    named = hashlib.sha256(f"{pack.digest}\n{style.digest()}".encode()).hexdigest()
    return Retouching(located(out), folder.resolve(), style, named)


def _asked(inputs: Iterable[Path | str], work: Retouching, settings: RunSettings) -> Asked:
    known = frozenset((*Pack(work.pack).categories, *work.style.categories))
    if settings.category not in (None, "auto", *known):
        raise UsageError(unknown_category(str(settings.category), known))
    manifest = None if settings.manifest is None else read_manifest(settings.manifest)
    return Asked(tuple(Path(path) for path in inputs), work.out, settings.category, manifest, known)


def _engine(settings: RunSettings) -> Engine:
    try:
        return make_engine(settings.engine, EngineSettings(settings.workers, settings.timeout))
    except ValueError as error:
        raise UsageError(str(error)) from error


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """The run's folder, made, locked, and free of what killed writers left."""
    try:
        for folder in ROUTE_FOLDERS.values():
            (out / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder {out} cannot be made: {error.strerror or error}") from error
    with only_run_in(out):
        sweep(out)
        try:
            yield
        finally:
            sweep(out)


def withdraw(out: Path, name: str) -> None:
    """Takes away what an earlier run finished of a photo that fails now: what has no line has no output."""
    for folder in ROUTE_FOLDERS.values():
        finished = out / folder / f"{name}.jpg"
        if os.path.exists(finished):
            finished.unlink()


def sweep(out: Path) -> None:
    """Removes half-written files. Only for who holds the folder's lock: no writer of them is alive."""
    for folder in (".", *FOLDERS):
        for path in (out / folder).glob("*.part" if folder == "." else "**/*.part"):
            if _HALF_WRITTEN.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _todo(items: Sequence[Item], ledger: Ledger, work: Retouching) -> list[Item]:
    """What is not done: not noted, failed, its files gone, or made from another photo, pack, style or category."""
    noted = [item for item in items if _may_be_done(item, ledger.about(item.source), work)]
    with ThreadPoolExecutor(usable_cores()) as pool:
        same = pool.map(lambda item: _same_photo(item, ledger.about(item.source)), noted)
        done = {item.source for item, is_same in zip(noted, same, strict=True) if is_same}
    return [item for item in items if item.source not in done]


def _may_be_done(item: Item, line: Line | None, work: Retouching) -> bool:
    if line is None or item.problem is not None or line.get("route") == "failed":
        return False
    files = [line[key] for key in FILE_KEYS if line.get(key) is not None]
    files += [made["output"] for made in line.get("presets", {}).values()]
    return line.get("settings") == settings_of(work, item) and all((work.out / path).is_file() for path in files)


def _same_photo(item: Item, line: Line | None) -> bool:
    """Whether the photo is the one that was done. One that is gone meanwhile stays done."""
    if not os.path.exists(item.path):
        return True
    try:
        content = read_limited(item.path, PhotoLimits())
    except PhotoError:
        return False
    return line is not None and hashlib.sha256(content).hexdigest() == line.get("sha256")


def _forget(todo: Sequence[Item], items: Sequence[Item], ledger: Ledger) -> None:
    """Drops the lines of photos to be done again, and brings the manifest's columns up to date in the others."""
    again = {item.source for item in todo}
    carried = {item.source: item.carried for item in items}
    ledger.keep(
        {**line, **carried.get(str(line["source"]), {})} for line in ledger.lines if line["source"] not in again
    )


def _left_alone(alone: Mapping[str, str]) -> list[str]:
    return [f"{count} photos are left alone: {why}." for why, count in sorted(Counter(alone.values()).items())]


def _lines(todo: Sequence[Item], work: Retouching, engine: Engine) -> Iterator[Line]:
    for item in todo:
        if item.problem is not None:
            yield failed_line(item, item.problem, "input")
    doable = [item for item in todo if item.problem is None]
    with closing(engine.outcomes(work, doable)) as outcomes:
        for outcome in outcomes:
            yield _line_of(outcome)


def _line_of(outcome: Outcome[Item]) -> Line:
    if outcome.answer is not None:
        return outcome.answer
    item = outcome.task
    return failed_line(item, f"{item.path.name}: {outcome.sentence}", str(outcome.problem))


def _conclude(out: Path, ledger: Ledger) -> None:
    """Puts ``run.jsonl`` in order, then writes the page from it."""
    ledger.close()
    write_page(out)


def write_page(out: Path) -> None:
    """Writes ``index.html`` from ``run.jsonl``. It holds no times, so that equal results make equal pages."""
    write_atomic(out / PAGE, render_page(read_run(out / "run.jsonl"), "packshot").encode())


def _summary(items: Sequence[Item], todo: Sequence[Item], ledger: Ledger, seconds: float) -> Summary:
    lines = [line for item in items if (line := ledger.about(item.source)) is not None]
    count = Counter(str(line["route"]) for line in lines)
    return Summary(
        photos=len(items),
        published=count["publish"],
        review=count["review"],
        failed=count["failed"],
        skipped=len(items) - len(todo),
        seconds=round(seconds, 2),
        failures=tuple(line for line in lines if line["route"] == "failed"),
    )
