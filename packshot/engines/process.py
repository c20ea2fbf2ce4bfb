"""The parent's side of one worker process."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from packshot.engines import Answer, EngineError
from packshot.engines.memory import Budget
from packshot.engines.worker import THREADS

START_SECONDS = 120.0
_KEPT_FROM_WORKERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class WorkerCrashedError(Exception):
    """The worker died."""


class WorkerHungError(Exception):
    """The worker took too long and was killed."""


class WorkerProcess:
    """A started worker. Used by one thread; ``kill`` may come from any."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._hung = False
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._process = self._start()

    def prepare(self, work: Any) -> None:
        """Hands over the work and waits until the worker is ready. Raises EngineError when it cannot be."""
        try:
            with self._limit(START_SECONDS):
                self._send(work)
                self._receive()
        except (WorkerCrashedError, WorkerHungError) as error:
            raise EngineError(f"a worker process could not start ({error}): {self._last_words()}") from error

    def _start(self) -> subprocess.Popen[bytes]:
        # The working process alone answers Ctrl-C; workers end when it closes their input.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, _KEPT_FROM_WORKERS)
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "packshot.engines.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env={**os.environ, **THREADS, "PYTHONPATH": paths},
        )

    def do(self, task: Any, seconds: float, alone: bool = False) -> Answer:
        """One task's answer. Raises when the worker dies, hangs, or says that no task can be done (EngineError)."""
        if self._hung:
            raise WorkerCrashedError("it was stopped as its last task ended")
        message, taken = task, 0.0
        try:
            while True:
                with self._limit(seconds):  # waiting for memory does not count against the task
                    self._send(message)
                    kind, content = self._receive()
                if kind == "answer":
                    answer: Answer = content
                    return answer
                self._budget.give_back(taken)
                taken = 0.0
                taken = self._take(self._budget.megabytes if alone else content)
                message = "granted"
        finally:
            self._budget.give_back(taken)

    def _take(self, megabytes: float) -> float:
        if not self._budget.take(megabytes):
            raise WorkerCrashedError("the run was stopped")
        return megabytes

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except OSError as error:
            raise self._end() from error

    def _receive(self) -> tuple[str, Any]:
        assert self._process.stdout is not None
        try:
            kind, *content = pickle.load(self._process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise self._end() from error
        if kind == "stop":
            raise EngineError(content[0])
        return kind, content[0] if content else None

    def _end(self) -> WorkerCrashedError | WorkerHungError:
        """Why the worker is gone."""
        self.kill()
        code = self._process.wait()
        if self._hung:
            return WorkerHungError("it took too long")
        return WorkerCrashedError(signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit status {code}")

    @contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        """Kills the worker when the block takes longer."""
        timer = threading.Timer(seconds, self._kill_hung)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill_hung(self) -> None:
        self._hung = True
        self.kill()

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Ends the process and frees what it held."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._noise):
            if stream is not None:
                _close(stream)

    def _last_words(self) -> str:
        self._noise.seek(0, os.SEEK_END)
        self._noise.seek(max(0, self._noise.tell() - 2000))
        lines = self._noise.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _close(stream: Any) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        # What was still to be sent has no reader any more.
        return
