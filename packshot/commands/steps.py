"""How a command of several steps shows that it goes on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from packshot.commands.bar import BAR_AFTER, Bar
from packshot.commands.output import duration, say

DETAIL = " · "
"""Between a step's name and what changes while it lasts, such as a loss."""


class Steps:
    """Progress on standard error. Call it with what is being done, how much of it is done, and how much there is.

    A step that took longer than a bar takes to appear is noted when it ends, with its time.
    """

    def __init__(self) -> None:
        columns = (TextColumn("{task.fields[what]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns)
        self._name, self._what = "", ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(done=error is None)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tells of one step; what stands behind ``DETAIL`` in ``what`` may change from call to call."""
        name = what.partition(DETAIL)[0]
        if name != self._name:
            self._end(done=True)
            self._name = name
            self._bar.begin()
        self._what = what
        self._bar.show(done, total, f"{what}: {done} of {total}", what=what)

    def _end(self, done: bool) -> None:
        """Takes the bar away, and says how long the step took if a person had to wait for it."""
        self._bar.end()
        if self._name and done and self._bar.seconds() >= BAR_AFTER:
            say(f"{self._what}: done in {duration(self._bar.seconds())}")
        self._name = ""
