"""One run of learning: what is wanted, how much time is left, and what there is to tell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packshot.learning.pairs import PairSet
from packshot.photo import write_atomic

WORK = "work"
Tell = Callable[[str, int, int], None]


class LearningError(ValueError):
    """Nothing can be learned from these pairs; the message says why and what to do."""


@dataclass(frozen=True)
class LearnOptions:
    """What is to be learned into where. ``minutes``: for all of it; what does not fit in is left out and named.
    ``spoilt``: rows of photos spoilt on purpose (``training/spoil_photos.py``) that light is learned from as well."""

    out: Path
    base: Path
    category: str | None = None
    minutes: float = 45.0
    device: str = "cpu"
    seed: int = 1
    workers: int | None = None
    spoilt: Path | None = None


@dataclass
class Learning:
    """One run of learning: what it works on and what it has to tell."""

    found: PairSet
    options: LearnOptions
    tell: Tell
    begun: float = field(default_factory=time.monotonic)
    notes: list[str] = field(default_factory=list)
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The folder of intermediate results; a run that was stopped goes on from there."""
        return self.options.out / WORK

    def minutes_left(self) -> float:
        """Until the budget is spent."""
        return self.options.minutes - (time.monotonic() - self.begun) / 60

    def note(self, sentence: str) -> None:
        """Something for the report and the person who watches."""
        self.notes.append(sentence)

    def keep_account(self) -> None:
        """Writes the account of the run into its folder of intermediate results."""
        self.account["minutes"] = round((time.monotonic() - self.begun) / 60, 2)
        told = {**self.account, "notes": self.notes}
        write_atomic(self.work / "account.json", json.dumps(told, indent=1).encode())
