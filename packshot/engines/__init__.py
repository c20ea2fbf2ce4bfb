"""Engines: where a run's photos are worked on. They share one contract, so results are the same on each.

An engine takes a ``Work``, which travels to its workers by pickle, and tasks; it gives an ``Outcome`` for each task, in
the order they end. A task whose worker dies or hangs fails alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Task = TypeVar("Task")
TaskOfWork = TypeVar("TaskOfWork", contravariant=True)

Reserve = Callable[[float], None]
"""Called by a task before it takes much memory, with the megabytes it will need in all; returns when there is room."""

Answer = dict[str, Any]


class EngineError(RuntimeError):
    """The work cannot go on, through no task's fault. The message says what to do."""


class Work(Protocol[TaskOfWork]):
    """What is done with each task. ``prepare`` runs once in each worker and loads what all tasks need.

    What a task raises stops the whole run with its message: a task's own failures belong in its answer.
    """

    def prepare(self) -> Callable[[TaskOfWork, Reserve], Answer]:
        """The function that does one task."""


@dataclass(frozen=True)
class Outcome(Generic[Task]):
    """What became of a task: an ``answer``, or the ``problem`` (``crashed`` or ``hung``) with a sentence."""

    task: Task
    answer: Answer | None = None
    problem: str | None = None
    sentence: str | None = None


class Engine(Protocol):
    """Where tasks are worked on."""

    def outcomes(self, work: Work[Task], tasks: Iterable[Task]) -> Generator[Outcome[Task], None, None]:
        """Each task's outcome as it ends. Closing it abandons what is under way. Raises EngineError."""


@dataclass(frozen=True)
class EngineSettings:
    """``workers``: how many tasks at a time, None for one per core. ``timeout``: seconds for one task."""

    workers: int | None = None
    timeout: float = 300.0


ENGINES = ("local",)


def make_engine(name: str, settings: EngineSettings) -> Engine:
    """An engine by its name. Raises ValueError for another name."""
    from packshot.engines.local import LocalEngine

    if name != "local":
        raise ValueError(f"there is no engine {name!r} in this release: use {' or '.join(ENGINES)}")
    return LocalEngine(settings)
