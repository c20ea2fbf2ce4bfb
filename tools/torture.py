"""Kills runs with SIGKILL at random moments, lets them go on, and compares the result with an undisturbed run.

    python tools/torture.py --photos 60 --kills 10

Every file must be the same, byte for byte; in run.jsonl all but each photo's seconds. Exit status 1 when one differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from packshot.bench.photo import make_photo


@dataclass(frozen=True)
class Trial:
    """A run of ``photos`` into ``out``, with more of the command line in ``options``."""

    photos: Path
    out: Path
    options: tuple[str, ...] = ()

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the run as the leader of a process group of its own."""
        command = [sys.executable, "-m", "packshot", "run", str(self.photos), "--out", str(self.out), *self.options]
        return subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=Path.cwd()
        )

    def finish(self) -> float:
        """Runs to the end; returns the seconds it took. Raises RuntimeError when it does not succeed."""
        begun = time.monotonic()
        process = self.start()
        _, errors = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"the run ended with status {process.returncode}: {errors.decode()}")
        return time.monotonic() - begun

    def done(self) -> int:
        """Photos noted so far."""
        path = self.out / "run.jsonl"
        return path.read_bytes().count(b"\n") if path.is_file() else 0

    def killed(self, photos: int, seconds: float) -> bool:
        """Starts the run, kills its process group ``seconds`` after ``photos`` are noted; False if it ended before."""
        process = self.start()
        while process.poll() is None and self.done() < photos:
            time.sleep(0.005)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the run ended with status {process.returncode}: {errors.decode()}")
        return process.returncode != 0


@dataclass
class Report:
    """What the kills left: photos done at each, and the differences from the undisturbed run."""

    done_at_kills: list[int] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def torture(trial: Trial, undisturbed: Path, kills: int, chance: random.Random) -> Report:
    """Kills ``trial`` until ``kills`` kills have met it at work, then lets it finish and compares.

    The moments are spread over the run's whole length: its start, its photos, and its last writes.
    """
    report = Report()
    Trial(trial.photos, undisturbed, trial.options).finish()
    count = len(list(trial.photos.iterdir()))
    while len(report.done_at_kills) < kills:
        share = (len(report.done_at_kills) + chance.random()) / kills
        if trial.killed(round(share * count), chance.expovariate(2.0)):
            report.done_at_kills.append(trial.done())
        else:
            remove_some(trial.out, chance)
    trial.finish()
    report.differences = differences(undisturbed, trial.out)
    return report


def remove_some(out: Path, chance: random.Random) -> None:
    """Takes a third of the finished shots away, so that there is work again to be killed at."""
    finished = sorted(out.glob("published/*")) + sorted(out.glob("review/*"))
    for path in chance.sample(finished, len(finished) // 3):
        path.unlink()


def differences(left: Path, right: Path) -> list[str]:
    """What is not the same in two folders of runs, a sentence each."""
    files = [{path.relative_to(each) for path in each.rglob("*") if path.is_file()} for each in (left, right)]
    found = [f"{path} is in only one of them" for path in sorted(files[0] ^ files[1])]
    for path in sorted(files[0] & files[1]):
        same = _timeless(left / path) == _timeless(right / path)
        if not same:
            found.append(f"{path} differs")
    doubled = Counter(line["source"] for line in map(json.loads, (right / "run.jsonl").read_text().splitlines()))
    return found + [f"{source} has {count} lines" for source, count in doubled.items() if count > 1]


def _timeless(path: Path) -> object:
    if path.name != "run.jsonl":
        return path.read_bytes()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def main() -> int:
    """Makes photos, tortures a run over them, tells the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pack", type=Path, help="a pack folder; the base pack if not given")
    arguments = parser.parse_args()
    options = ("--workers", "2", *(() if arguments.pack is None else ("--pack", str(arguments.pack))))
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for number in range(arguments.photos):
            make_photo(photos / f"{number:03}.jpg", 0.12, seed=number)
        trial = Trial(photos, Path(folder) / "killed", options)
        report = torture(trial, Path(folder) / "undisturbed", arguments.kills, random.Random(arguments.seed))
    print(f"{arguments.photos} photos, {arguments.kills} kills, done at each: {report.done_at_kills}")
    print("\n".join(report.differences) or "every file is the same as after an undisturbed run")
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
