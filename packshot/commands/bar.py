"""A bar on standard error where a person watches, and a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn

from packshot.commands.output import say

BAR_AFTER = 2.0
LINE_EVERY = 30.0


class Bar:
    """How far work has come. On a terminal a bar after two seconds; elsewhere a line every half minute."""

    def __init__(self, *columns: ProgressColumn) -> None:
        self._columns = columns
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._begun = self._spoke = time.monotonic()

    def begin(self) -> None:
        """Other work begins: what is shown goes away, and time counts from now."""
        self.end()
        self._begun = self._spoke = time.monotonic()

    def seconds(self) -> float:
        """Since the work began; never none at all."""
        return max(1e-6, time.monotonic() - self._begun)

    def show(self, done: int, total: int, line: str, **fields: Any) -> None:
        """Tells how far it has come: ``line`` where there is no bar, ``fields`` for the bar's own columns."""
        now = time.monotonic()
        if self._console.is_terminal and sys.stderr.isatty():
            self._draw(done, total, fields)
        elif now - self._spoke >= LINE_EVERY:
            self._spoke = now
            say(line)

    def tell(self, text: str) -> None:
        """A remark, above the bar where there is one."""
        if self._bar is None:
            say(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, done: int, total: int, fields: dict[str, Any]) -> None:
        if self._bar is None and self.seconds() >= BAR_AFTER:
            self._bar = Progress(*self._columns, console=self._console, transient=True, speed_estimate_period=120)
            self._bar.add_task("", total=total, **fields)
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, **fields)
