"""How a command of several steps shows that it goes on: a bar where a person watches, quiet lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from packshot.commands.output import say

BAR_AFTER = 2.0
LINE_EVERY = 30.0


class Steps:
    """Progress on standard error. Call it with what is being done, how much of it is done, and how much there is."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._begun = self._spoke = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tells of one step."""
        now = time.monotonic()
        if what != self._what:
            self._end_bar()
            self._what, self._begun, self._spoke = what, now, now
        if self._console.is_terminal and sys.stderr.isatty():
            self._draw(now, done, total)
        elif now - self._spoke >= LINE_EVERY:
            self._spoke = now
            say(f"{what}: {done} of {total}")

    def _draw(self, now: float, done: int, total: int) -> None:
        if self._bar is None and now - self._begun >= BAR_AFTER:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._console, transient=True, speed_estimate_period=120)
            self._task = self._bar.add_task(self._what, total=total)
            self._bar.start()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None
