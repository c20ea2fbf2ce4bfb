"""How much memory photos may take together, so that many large ones do not bring the machine down."""

from __future__ import annotations

import os
import threading
from pathlib import Path

SHARE = 0.6
"""Of the free memory at the start: the rest is for the workers' own code and models, and for others."""

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")


def free_megabytes() -> float:
    """Memory that can be taken without swapping: the machine's, or its container's when that is less."""
    free = [value for value in (_free_of_machine(), _free_of_container()) if value is not None]
    return min(free) if free else _physical() / 2


def _free_of_machine() -> float | None:
    if not _MEMINFO.is_file():
        return None
    for line in _MEMINFO.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return None


def _free_of_container() -> float | None:
    """Control groups version 2: what is left below the limit."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        used = int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else (int(limit) - used) / 2**20


def _physical() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


class Budget:
    """Megabytes shared by tasks. One that asks for more than there is runs alone."""

    def __init__(self, megabytes: float) -> None:
        self.megabytes = megabytes
        self._taken = 0.0
        self._change = threading.Condition()
        self._closed = False

    def take(self, megabytes: float) -> bool:
        """Waits for room. False when the budget was closed meanwhile."""
        megabytes = min(megabytes, self.megabytes)
        with self._change:
            self._change.wait_for(lambda: self._closed or self._taken + megabytes <= self.megabytes)
            if self._closed:
                return False
            self._taken += megabytes
            return True

    def give_back(self, megabytes: float) -> None:
        """Frees what ``take`` took."""
        with self._change:
            self._taken -= min(megabytes, self.megabytes)
            self._change.notify_all()

    def close(self) -> None:
        """Lets all who wait go without room."""
        with self._change:
            self._closed = True
            self._change.notify_all()
