"""How a run shows that it goes on: a bar where a person watches, quiet lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from packshot.batch.ledger import Line
from packshot.batch.runs import Watcher
from packshot.commands.output import say

BAR_AFTER = 2.0
LINE_EVERY = 30.0


class Shown(Watcher):
    """Progress on standard error: failures at once; a bar after two seconds on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._total = self._done = 0
        self._begun = self._spoke = time.monotonic()

    def begins(self, todo: int, done_before: int, remarks: Sequence[str]) -> None:
        """Says what is to be done."""
        for remark in remarks:
            say(remark)
        if done_before:
            say(f"{done_before} photos are done already and are skipped.")
        self._total = todo
        self._begun = self._spoke = time.monotonic()

    def finished(self, line: Line) -> None:
        """Counts a photo."""
        self._done += 1
        if line["route"] == "failed":
            self._tell(f"failed: {line['error']}")
        now = time.monotonic()
        if self._console.is_terminal and sys.stderr.isatty():
            self._draw(now)
        elif now - self._spoke >= LINE_EVERY:
            self._spoke = now
            say(f"{self._done} of {self._total} photos, {self._rate(now)}")

    def ends(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, text: str) -> None:
        if self._bar is None:
            say(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def _draw(self, now: float) -> None:
        if self._bar is None and now - self._begun >= BAR_AFTER:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._console, transient=True, speed_estimate_period=120)
            self._bar.add_task("photos", total=self._total, rate="")
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, rate=self._rate(now))

    def _rate(self, now: float) -> str:
        seconds = max(1e-6, now - self._begun)
        return f"{self._done / seconds:.1f} photos/s"
