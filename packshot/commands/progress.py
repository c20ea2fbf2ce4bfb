"""How a run shows that it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from packshot.batch.ledger import Line
from packshot.batch.runs import Watcher
from packshot.commands.bar import Bar
from packshot.commands.output import counted, duration, say


class Shown(Watcher):
    """Progress on standard error, with the photos per second; failures are told at once."""

    def __init__(self) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        self._bar = Bar(*columns)
        self._total = self._done = 0

    def begins(self, todo: int, done_before: int, remarks: Sequence[str]) -> None:
        """Says what is to be done."""
        for remark in remarks:
            say(remark)
        if done_before:
            say(f"{counted(done_before)} done already and skipped.")
        self._total = todo
        self._bar.begin()

    def finished(self, line: Line) -> None:
        """Counts a photo."""
        self._done += 1
        if line["route"] == "failed":
            self._bar.tell(f"failed: {line['error']}")
        pace = self._done / self._bar.seconds()
        rate = f"{pace:.1f} photos/s"
        left = f"about {duration((self._total - self._done) / pace)} left"
        self._bar.show(self._done, self._total, f"{self._done} of {self._total} photos, {rate}, {left}", rate=rate)

    def ends(self) -> None:
        """Takes the bar away."""
        self._bar.end()
