"""Works for the engine's tests: what workers do, well or badly."""

# ruff: noqa: ARG002 - each verb takes what every verb may need
from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packshot.engines import Reserve


@dataclass(frozen=True)
class Doing:
    """Each task says what is to be done: a verb and a value."""

    folder: Path

    def prepare(self) -> Callable[[tuple[str, Any], Reserve], dict[str, Any]]:
        return self._do

    def _do(self, task: tuple[str, Any], reserve: Reserve) -> dict[str, Any]:
        verb, value = task
        answer: dict[str, Any] = getattr(self, verb)(value, reserve) or {}
        return {"value": value, "process": os.getpid(), **answer}

    def echo(self, value: int, reserve: Reserve) -> None:
        print("noise on standard output must not disturb the answers")

    def crash(self, value: int, reserve: Reserve) -> None:
        ctypes.string_at(0)

    def leave(self, value: int, reserve: Reserve) -> None:
        os._exit(3)

    def crash_once(self, value: int, reserve: Reserve) -> None:
        mark = self.folder / f"{value}.tried"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def hang(self, value: int, reserve: Reserve) -> None:
        time.sleep(600)

    def stop(self, value: int, reserve: Reserve) -> None:
        raise RuntimeError("the disk is full")

    def hold(self, megabytes: float, reserve: Reserve) -> dict[str, Any]:
        """Holds memory for a moment, and notes when."""
        reserve(megabytes)
        begun = time.monotonic()
        time.sleep(0.2)
        return {"from": begun, "to": time.monotonic()}

    def count_threads(self, value: int, reserve: Reserve) -> dict[str, Any]:
        import cv2

        return {"threads": cv2.getNumThreads(), "omp": os.environ["OMP_NUM_THREADS"]}

    def mark_and_sleep(self, value: int, reserve: Reserve) -> None:
        (self.folder / f"{os.getpid()}.begun").touch()
        time.sleep(600)


@dataclass(frozen=True)
class Unprepared:
    """Cannot load what it needs."""

    def prepare(self) -> Callable[[int, Reserve], dict[str, Any]]:
        raise ValueError("the pack is not whole: copy it again")


@dataclass(frozen=True)
class DyingEarly:
    """Dies before its first task."""

    def prepare(self) -> Callable[[int, Reserve], dict[str, Any]]:
        os.write(2, b"some library complains\n")
        os._exit(9)
