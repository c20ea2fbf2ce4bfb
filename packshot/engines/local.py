"""The local engine: a process per core of this machine."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator, Iterable
from typing import Any, Generic

from packshot.engines import EngineError, EngineSettings, Outcome, Task, Work
from packshot.engines.memory import SHARE, Budget, free_megabytes
from packshot.engines.process import WorkerCrashedError, WorkerHungError, WorkerProcess

_TRIES = 2


class LocalEngine:
    """Works on tasks in processes of this machine, one thread each.

    A worker that dies is replaced and its task tried once more, alone with the memory; a task that hangs is given up.
    """

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.settings = settings or EngineSettings()

    def outcomes(self, work: Work[Task], tasks: Iterable[Task]) -> Generator[Outcome[Task], None, None]:
        """Each task's outcome as it ends. Raises EngineError when no worker can go on."""
        waiting = list(tasks)
        crew = _Crew(work, waiting, self.settings)
        try:
            for _ in range(len(waiting)):
                yield crew.next_outcome()
        finally:
            crew.dismiss()


class _Crew(Generic[Task]):
    """Threads that each keep one worker process busy."""

    def __init__(self, work: Work[Task], tasks: list[Task], settings: EngineSettings) -> None:
        self._work = work
        self._timeout = settings.timeout
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome[Task] | EngineError] = queue.SimpleQueue()
        self._budget = Budget(SHARE * free_megabytes())
        self._workers: dict[int, WorkerProcess] = {}
        self._dismissed = threading.Event()
        for task in tasks:
            self._tasks.put(task)
        count = min(settings.workers or usable_cores(), len(tasks))
        self._threads = [threading.Thread(target=self._serve, args=(number,), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def next_outcome(self) -> Outcome[Task]:
        """The next task's outcome, whichever ends first."""
        outcome = self._outcomes.get()
        if isinstance(outcome, EngineError):
            raise outcome
        return outcome

    def dismiss(self) -> None:
        """Ends all workers."""
        self._dismissed.set()
        self._budget.close()
        for worker in list(self._workers.values()):
            worker.kill()
        for thread in self._threads:
            thread.join()

    def _serve(self, number: int) -> None:
        try:
            while not self._dismissed.is_set():
                self._outcomes.put(self._finish(number, self._tasks.get_nowait()))
        except queue.Empty:
            pass
        except EngineError as error:
            self._outcomes.put(error)
        finally:
            self._replace(number)

    def _finish(self, number: int, task: Task) -> Outcome[Task]:
        problem, sentence = "", ""
        for attempt in range(_TRIES):
            try:
                worker = self._workers.get(number) or self._hire(number)
                return Outcome(task, worker.do(task, self._timeout, alone=attempt > 0))
            except WorkerHungError:
                self._replace(number)
                return Outcome(task, None, "hung", f"it took longer than {self._timeout:g} s and was given up")
            except WorkerCrashedError as error:
                self._replace(number)
                problem, sentence = "crashed", f"the process working on it died {_TRIES} times ({error})"
            if self._dismissed.is_set():
                break
        return Outcome(task, None, problem, sentence)

    def _hire(self, number: int) -> WorkerProcess:
        worker = self._workers[number] = WorkerProcess(self._budget)
        if self._dismissed.is_set():
            worker.kill()
        worker.prepare(self._work)
        return worker

    def _replace(self, number: int) -> None:
        worker = self._workers.pop(number, None)
        if worker is not None:
            worker.close()


def usable_cores() -> int:
    """Cores this process may run on."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
