"""Progress of work in steps: a bar per step where a person watches, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from packshot.commands.output import say
from packshot.commands.progress import BAR_AFTER, LINE_EVERY


class Steps:
    """Shown on standard error from the third second on."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._begun = self._spoke = time.monotonic()

    def advance(self, label: str, done: int, total: int) -> None:
        """``done`` of ``total`` in the step ``label``."""
        now = time.monotonic()
        if self._console.is_terminal and sys.stderr.isatty():
            if now - self._begun >= BAR_AFTER:
                self._draw(label, done, total)
        elif now - self._spoke >= LINE_EVERY:
            self._spoke = now
            say(f"{label}: {done} of {total}")

    def ends(self) -> None:
        """Takes the bars away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, label: str, done: int, total: int) -> None:
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
        known = {task.description: task.id for task in self._bar.tasks}
        task = known[label] if label in known else self._bar.add_task(label, total=total)
        self._bar.update(task, completed=done)
