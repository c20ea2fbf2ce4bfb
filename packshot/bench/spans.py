"""Where the time goes: named functions timed while they run, each without what it spends in the others."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """A function to be timed: the attribute ``name`` of ``owner`` (a module or a class)."""

    step: str
    owner: Any
    name: str


@dataclass
class Spans:
    """CPU seconds of each step so far."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inner: list[float] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Counts the block under ``name``, less the steps inside it."""
        self._inner.append(0.0)
        begun = time.process_time()
        try:
            yield
        finally:
            taken = time.process_time() - begun
            self.seconds[name] += taken - self._inner.pop()
            if self._inner:
                self._inner[-1] += taken


@contextmanager
def timed(places: list[Place]) -> Iterator[Spans]:
    """Times the places within the block; the code that calls them needs to know nothing of it."""
    spans = Spans()
    before = [(place, vars(place.owner)[place.name]) for place in places]
    for place, function in before:
        setattr(place.owner, place.name, _watched(spans, place.step, function))
    try:
        yield spans
    finally:
        for place, function in before:
            setattr(place.owner, place.name, function)


def _watched(spans: Spans, step: str, function: Any) -> Any:
    inner = function.__func__ if isinstance(function, classmethod) else function

    @functools.wraps(inner)
    def watched(*arguments: Any, **named: Any) -> Any:
        with spans.step(step):
            return inner(*arguments, **named)

    return classmethod(watched) if isinstance(function, classmethod) else watched
