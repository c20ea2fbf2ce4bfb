"""How often one may ask: a bucket of tries that fills up again steadily."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000


class RateLimit:
    """``burst`` tries at once for each key, and ``per_second`` more as time goes on. Safe for threads.

    Of very many keys those asked for longest ago are forgotten, so that memory stays bounded.
    """

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = float(burst), per_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._guard = threading.Lock()

    def allows(self, key: str) -> bool:
        """Takes one try; False when none is left."""
        with self._guard:
            now = self._clock()
            left, at = self._left.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._rate)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            while len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
            return allowed
