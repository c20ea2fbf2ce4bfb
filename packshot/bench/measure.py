"""The benchmark: what one photo costs, step by step, on one thread of a process of its own."""

from __future__ import annotations

import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packshot import pipeline
from packshot.batch import RunSettings, Watcher, job, run
from packshot.batch.job import Item, Retouching
from packshot.batch.ledger import Line
from packshot.bench.photo import make_photo
from packshot.bench.spans import Place, timed
from packshot.engines import Answer, EngineError, EngineSettings, Reserve, Work
from packshot.engines.local import LocalEngine
from packshot.pack import Pack
from packshot.photo import Photo, encode_jpeg
from packshot.recipe import Recipe
from packshot.render import to_bytes
from packshot.style import Style

OUTPUT = (2000, 2500)
_SIDES = ("margin_top", "margin_bottom", "margin_left", "margin_right")
# Margins of its own, or which category a pack takes the product for would decide how much of the photo is decoded.
FRAME = {"aspect": OUTPUT[0] / OUTPUT[1], "long_side": max(OUTPUT), **dict.fromkeys(_SIDES, 0.1)}
_SECONDS_AT_MOST = 3600.0


@dataclass(frozen=True)
class Report:
    """What was measured. Times are CPU milliseconds of one thread, medians of ``runs``; ``wall_ms`` are by the clock.

    decode_encode_ms: the floor, decoding the photo as the run does and encoding its output. ratio: total over floor.
    steps_ms: the parts of the total, none counted twice. throughput: photos an hour by number of workers, if measured.
    """

    megapixels: float
    photo_bytes: int
    output: tuple[int, int]
    runs: int
    decode_encode_ms: float
    steps_ms: dict[str, float]
    total_ms: float
    ratio: float
    wall_ms: dict[str, float]
    peak_rss_mb: float
    photos_per_hour: dict[int, float]

    def as_json(self) -> dict[str, Any]:
        """For machines; the steps stand beside the totals too."""
        return asdict(self)


@dataclass(frozen=True)
class Settings:
    """What to measure: ``runs`` rounds on one photo; then, if any, how many photos an hour each of ``workers`` does."""

    megapixels: float = 24.0
    runs: int = 5
    pack: Path | None = None
    workers: tuple[int, ...] = ()


def bench(settings: Settings) -> Report:
    """Measures on a photo made for it, in processes of their own. Raises EngineError when that fails."""
    with tempfile.TemporaryDirectory(prefix="packshot-bench-") as folder:
        photo = Path(folder) / "photo.jpg"
        _in_own_process(_Making(settings.megapixels), photo)
        measured = _in_own_process(_Measuring(settings.pack or Pack.base().folder, settings.runs), photo)
        rates = {count: _photos_per_hour(photo, Path(folder), count, settings.pack) for count in settings.workers}
        return Report(
            settings.megapixels, photo.stat().st_size, OUTPUT, settings.runs, **measured, photos_per_hour=rates
        )


def _in_own_process(work: Work[Path], photo: Path) -> Answer:
    engine = LocalEngine(EngineSettings(workers=1, timeout=_SECONDS_AT_MOST))
    outcome = next(iter(engine.outcomes(work, [photo])))
    if outcome.answer is None:
        raise EngineError(f"the measurement failed: {outcome.sentence}")
    return outcome.answer


@dataclass(frozen=True)
class _Making:
    """Makes the photo, apart from the measurement, whose memory it must not count in."""

    megapixels: float

    def prepare(self) -> Callable[[Path, Reserve], Answer]:
        return self._make

    def _make(self, photo: Path, reserve: Reserve) -> Answer:
        reserve(64 * self.megapixels)
        make_photo(photo, self.megapixels)
        return {}


@dataclass(frozen=True)
class _Measuring:
    """Measures floor and whole in turns, so that a machine's moods meet both."""

    pack: Path
    runs: int

    def prepare(self) -> Callable[[Path, Reserve], Answer]:
        return self._measure

    def _measure(self, photo: Path, reserve: Reserve) -> Answer:
        pack, style = Pack(self.pack), Style(default=FRAME)
        work = Retouching(photo.parent / "out", self.pack, style, "bench")
        floors, rounds = [], []
        for number in range(self.runs + 1):
            floor = _floor(photo)
            whole = _whole(work, pack, photo, reserve)
            if number:  # the first round loads libraries and the network
                floors.append(floor)
                rounds.append(whole)
        return _summed(floors, rounds)


@dataclass(frozen=True)
class _Round:
    """CPU and clock seconds of one round, and CPU seconds by step."""

    cpu: float
    wall: float
    steps: dict[str, float]


def _summed(floors: list[_Round], rounds: list[_Round]) -> Answer:
    floor, total = _median([each.cpu for each in floors]), _median([each.cpu for each in rounds])
    names = dict.fromkeys(name for each in rounds for name in each.steps)
    return {
        "decode_encode_ms": floor,
        "steps_ms": {name: _median([each.steps.get(name, 0.0) for each in rounds]) for name in names},
        "total_ms": total,
        "ratio": round(total / floor, 2),
        "wall_ms": {
            "decode_encode": _median([each.wall for each in floors]),
            "total": _median([each.wall for each in rounds]),
        },
        "peak_rss_mb": peak_megabytes(),
    }


def _median(seconds: list[float]) -> float:
    return round(1000 * statistics.median(seconds), 1)


def _floor(path: Path) -> _Round:
    """What no edit can do without: the photo decoded at the scale its output needs, and an output encoded."""
    cpu, wall = time.process_time(), time.perf_counter()
    photo = Photo.open(path)
    pixels = to_bytes(photo.pixels(0.5))
    encode_jpeg(pixels[: OUTPUT[1], : OUTPUT[0]], 92, photo.metadata)
    return _Round(time.process_time() - cpu, time.perf_counter() - wall, {})


def _whole(work: Retouching, pack: Pack, path: Path, reserve: Reserve) -> _Round:
    """What a run does with a photo, all of it."""
    shutil.rmtree(work.out, ignore_errors=True)
    item = Item(path, path.name, path.stem)
    with timed(_places()) as spans:
        cpu, wall = time.process_time(), time.perf_counter()
        with spans.step("other"):
            line = job.retouch(work, pack, item, reserve)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if line["route"] == "failed":
        raise EngineError(f"the measurement failed: {line['error']}")
    return _Round(cpu, wall, dict(spans.seconds))


def _places() -> list[Place]:
    plan = sys.modules["packshot.render"]
    stages = [Place(f"predict {stage.name}", type(stage), "predict") for stage in pipeline.STAGES]
    return [
        Place("open", Photo, "open"),
        Place("decode", Photo, "pixels"),
        Place("view", sys.modules["packshot.view"].View, "of"),
        Place("network", Pack, "ask"),
        *stages,
        Place("render warp and colour", plan.RenderPlan, "develop"),
        Place("render heal", plan, "heal"),
        Place("render sharpen", plan, "sharpen"),
        Place("render composite", plan, "composite"),
        Place("judge", job, "judge"),
        Place("encode", job, "encode_jpeg"),
        Place("recipe and matte", Recipe, "save"),
        Place("preview and thumbnail", job, "write_pictures"),
        Place("write", job, "_write_output"),
    ]


def peak_megabytes() -> float:
    """The most memory this process has held at a time."""
    status = Path("/proc/self/status")
    if status.is_file():  # ru_maxrss would count the process that started this one
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return round(int(peak.split()[1]) / 1024, 1)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / 2**20 if sys.platform == "darwin" else size / 1024, 1)


class _Clock(Watcher):
    """Notes when each photo ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def finished(self, line: Line) -> None:
        del line
        self.times.append(time.monotonic())


def _photos_per_hour(photo: Path, folder: Path, workers: int, pack: Path | None) -> float:
    """Of a run of copies, from the first photo's end to the last's: starting the workers does not count."""
    copies = folder / f"copies-{workers}"
    copies.mkdir()
    for number in range(6 * workers + 1):
        (copies / f"{number}.jpg").hardlink_to(photo)
    clock = _Clock()
    run([copies], folder / f"out-{workers}", RunSettings(pack=pack, workers=workers), clock)
    return round(3600 * (len(clock.times) - 1) / (clock.times[-1] - clock.times[0]), 0)
