"""How a command of several steps shows that it goes on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from packshot.commands.bar import Bar


class Steps:
    """Progress on standard error. Call it with what is being done, how much of it is done, and how much there is."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.fields[what]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns)
        self._what = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.end()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tells of one step."""
        if what != self._what:
            self._what = what
            self._bar.begin()
        self._bar.show(done, total, f"{what}: {done} of {total}", what=what)
