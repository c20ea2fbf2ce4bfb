"""One run in a folder at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packshot.batch.problems import UsageError

LOCK_NAME = ".packshot.lock"


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Holds the folder's lock. It dies with its process, however that ends. Raises UsageError where it is held."""
    path = folder / LOCK_NAME
    descriptor = _acquire(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not _lock(descriptor):
            os.close(descriptor)
            raise UsageError(f"another run is writing to {path.parent}: wait for it, or give another --out")
        # A run that ended just now took its lock file away: a lock on that one guards nothing.
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
