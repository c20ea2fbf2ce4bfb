"""The worker's side: a process that does one task at a time, and ends with the process that started it."""

from __future__ import annotations

import faulthandler
import os
import pickle
import queue
import sys
import threading
from typing import Any, BinaryIO

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VIPS_CONCURRENCY"), "1")
"""One thread a worker: a process per core is quicker than threads that share a photo."""


class Channel:
    """Messages with the parent. They are read on a thread of their own, so the parent's end is noticed mid-task."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._sink = sink
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: BinaryIO) -> None:
        while True:
            try:
                self._inbox.put(pickle.load(source))
            except EOFError:
                # The parent is gone or has no more work: whatever is under way is done again by the next run.
                os._exit(0)

    def receive(self) -> Any:
        """The next message."""
        return self._inbox.get()

    def send(self, *message: Any) -> None:
        """A message to the parent."""
        pickle.dump(message, self._sink)
        self._sink.flush()

    def reserve(self, megabytes: float) -> None:
        """Waits until the parent has room for a task's memory."""
        self.send("reserve", megabytes)
        self.receive()


def main() -> None:
    """Takes the work, then task after task."""
    faulthandler.enable()
    # Native libraries may print: what they say must not get between the messages.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    channel = Channel(sys.stdin.buffer, sink)
    try:
        do = _prepared(channel.receive())
        channel.send("ready")
        while True:
            channel.send("answer", do(channel.receive(), channel.reserve))
    except Exception as error:  # noqa: BLE001 - whatever stops a worker is told to the run, which stops with its words
        channel.send("stop", f"{error}" if isinstance(error, (ValueError, RuntimeError)) else repr(error))


def _prepared(work: Any) -> Any:
    import cv2

    cv2.setNumThreads(1)
    return work.prepare()


if __name__ == "__main__":
    main()
