"""Fitting a set of pairs: every pair read, the studio's common look found, every pair's recipe settled with it.

Two passes, both resumable. A pair's reading is a file of its own in `readings/`; a pair's line in `fits.jsonl` is
written after its recipe. Killed at any point and run again, it goes on and ends with the same files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packshot.engines import Engine, EngineSettings, Reserve, make_engine
from packshot.learning.fitting.look import CommonLook, common_look
from packshot.learning.fitting.pair import DEFAULT_LIMITS, FitLimits, PairFit, file_stem, fit_pair
from packshot.learning.fitting.reading import Reading, load_reading, read_pair, save_reading
from packshot.learning.pairs import Pair
from packshot.photo import write_atomic
from packshot.recipe import Recipe

__all__ = [
    "FITS",
    "FitLimits",
    "FitSettings",
    "PairFit",
    "fit_pair",
    "fit_pairs",
    "read_fits",
    "read_kept",
    "read_look",
]

FITS, LOOK = "fits.jsonl", "look.json"
READING_VERSION, FIT_VERSION = 2, 6  # of what is written; another one reads or fits all pairs anew


@dataclass(frozen=True)
class FitSettings:
    """``workers``: processes, None for one per core. ``timeout``: seconds a pair may take."""

    workers: int | None = None
    timeout: float = 120.0
    limits: FitLimits = DEFAULT_LIMITS


Progress = Callable[[str, int, int], None]
"""Told of each step: what is being done, how much of it is done, and how much there is."""


def fit_pairs(
    pairs: Sequence[Pair], out: Path, settings: FitSettings = FitSettings(), progress: Progress | None = None
) -> list[PairFit]:
    """Fits all pairs into the folder ``out``, and gives what `read_fits` then reads, in the pairs' order.

    A pair that cannot be fitted has its line with the reason. Raises EngineError when no worker can go on.
    """
    folder = Path(out)
    for name in ("readings", "recipes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    engine = make_engine("local", EngineSettings(settings.workers, settings.timeout))
    tell = progress or _silent
    crashed = _read_all(pairs, folder, engine, tell)
    look = _settle_look([pair for pair in pairs if pair.id not in crashed], folder)
    lines = _fit_all(pairs, folder, _Fitting(folder, look, settings.limits), (engine, tell, crashed))
    _keep(folder, [lines[pair.id] for pair in pairs])
    return read_fits(folder)


def read_fits(folder: Path, recipes: bool = True) -> list[PairFit]:
    """The fits of a folder, with their recipes where they have one. Raises ValueError where it holds none."""
    folder = Path(folder)
    if not (folder / FITS).is_file():
        raise ValueError(
            f"{folder} holds no fits: it has no {FITS}. Make them with `packshot fit PAIRS --out {folder}`"
        )
    found = []
    for line in _lines(folder):
        fit = _as_fit(line)
        if recipes and fit.recipe_file:
            fit = replace(fit, recipe=Recipe.load(folder / fit.recipe_file))
        found.append(fit)
    return found


def read_kept(folder: Path, fit: PairFit) -> Reading:
    """What was read of a fitted pair, as `fit_pairs` left it in the folder. Raises ValueError where it is gone."""
    pair = Pair(fit.id, fit.category, fit.group, Path(fit.before), Path(fit.after))
    return load_reading(_reading_path(Path(folder), pair), pair)


def read_look(folder: Path) -> CommonLook:
    """The common look of a folder of fits."""
    return CommonLook.from_json(json.loads((Path(folder) / LOOK).read_text("utf-8")))


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


def _as_fit(line: Mapping[str, Any]) -> PairFit:
    own = {key: value for key, value in line.items() if key not in ("recipe", "stamp", "look")}
    return PairFit(**own, recipe_file=line["recipe"])


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of `fits.jsonl`; one that a kill cut off is no line."""
    path = folder / FITS
    if not path.is_file():
        return
    for text in path.read_bytes().split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("id"):
            yield line


def _keep(folder: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    write_atomic(folder / FITS, b"".join(_as_bytes(line) for line in lines))


def _as_bytes(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def stamp(pair: Pair) -> str:
    """Changes whenever one of the two files does, or the way they are read."""
    parts: list[Any] = [READING_VERSION, pair.id]
    for path in (pair.before, pair.after):
        try:
            found = path.stat()
            parts += [str(path), found.st_size, found.st_mtime_ns]
        except OSError:
            parts += [str(path), None]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _reading_path(folder: Path, pair: Pair) -> Path:
    return folder / "readings" / f"{file_stem(pair.id)}.{stamp(pair)}.npz"


@dataclass(frozen=True)
class _ReadPair:
    """Work of the first pass: reads a pair and leaves its file."""

    folder: Path

    def prepare(self) -> Callable[[Pair, Reserve], dict[str, Any]]:
        return self._do

    def _do(self, pair: Pair, reserve: Reserve) -> dict[str, Any]:
        del reserve
        write_atomic(_reading_path(self.folder, pair), save_reading(read_pair(pair)), durable=False)
        return {}


@dataclass(frozen=True)
class _Fitting:
    """Work of the second pass: settles a pair's recipe and leaves it; the answer is its line."""

    folder: Path
    look: CommonLook
    limits: FitLimits

    @property
    def mark(self) -> str:
        """Changes with all that a fit hangs on but the pair."""
        told = json.dumps([FIT_VERSION, self.look.as_json(), vars(self.limits)], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:20]

    def prepare(self) -> Callable[[Pair, Reserve], dict[str, Any]]:
        return self._do

    def _do(self, pair: Pair, reserve: Reserve) -> dict[str, Any]:
        del reserve
        reading = load_reading(_reading_path(self.folder, pair), pair)
        fit = fit_pair(pair, self.look.of(pair.category), reading, self.limits)
        if fit.recipe is not None:
            # Recipes name their mattes beside themselves: recipes/mattes/<id>.png.
            fit.recipe.save(self.folder / fit.recipe_file)
        return self.line(fit, pair)

    def line(self, fit: PairFit, pair: Pair) -> dict[str, Any]:
        return {**fit.as_json(), "stamp": stamp(pair), "look": self.mark}


def _read_all(pairs: Sequence[Pair], folder: Path, engine: Engine, tell: Progress) -> dict[str, tuple[str, str]]:
    """Reads what is not read yet; gives the pairs that stopped their worker: (fault, sentence) by id."""
    missing = [pair for pair in pairs if not _reading_path(folder, pair).is_file()]
    done, failed = len(pairs) - len(missing), {}
    tell("reading pairs", done, len(pairs))
    for outcome in engine.outcomes(_ReadPair(folder), missing):
        done += 1
        if outcome.answer is None:
            failed[outcome.task.id] = (outcome.problem or "", outcome.sentence or "")
        tell("reading pairs", done, len(pairs))
    return failed


def _settle_look(pairs: Sequence[Pair], folder: Path) -> CommonLook:
    taken = []
    for pair in pairs:
        reading = load_reading(_reading_path(folder, pair), pair)
        if not reading.fault:
            taken.append((pair.category, reading.samples))
    look = common_look(taken)
    write_atomic(folder / LOOK, json.dumps(look.as_json(), indent=1).encode())
    return look


def _fit_all(
    pairs: Sequence[Pair],
    folder: Path,
    work: _Fitting,
    how: tuple[Engine, Progress, Mapping[str, tuple[str, str]]],
) -> dict[str, Mapping[str, Any]]:
    engine, tell, crashed = how
    wanted = {pair.id: stamp(pair) for pair in pairs}
    lines: dict[str, Mapping[str, Any]] = {
        line["id"]: line
        for line in _lines(folder)
        if line.get("look") == work.mark and wanted.get(line["id"]) == line.get("stamp")
    }
    _keep(folder, list(lines.values()))
    for pair in pairs:
        if pair.id in crashed:
            lines[pair.id] = work.line(_broken(pair, *crashed[pair.id]), pair)
    todo = [pair for pair in pairs if pair.id not in lines]
    tell("fitting recipes", len(lines), len(pairs))
    with (folder / FITS).open("ab") as file:
        for outcome in engine.outcomes(work, todo):
            line = outcome.answer
            if line is None:
                fit = _broken(outcome.task, outcome.problem or "", outcome.sentence or "")
                line = work.line(fit, outcome.task)
            lines[outcome.task.id] = line
            file.write(_as_bytes(line))
            file.flush()
            os.fsync(file.fileno())
            tell("fitting recipes", len(lines), len(pairs))
    return lines


def _broken(pair: Pair, fault: str, reason: str) -> PairFit:
    return PairFit(
        pair.id, pair.category, pair.group, str(pair.before), str(pair.after), False, fault=fault, reason=reason
    )
