"""Who else is told of a run, such as a catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packshot.batch.job import Item, Retouching
from packshot.batch.ledger import Line


class Recorder:
    """Is told what a run sees and makes, and says what is not the run's to do; this one keeps nothing."""

    def begins(self, work: Retouching, todo: Sequence[Item]) -> dict[str, str]:
        """Before the first photo. Returns photos, by ``source``, that are to be left alone, and why."""
        del work, todo
        return {}

    def made(self, lines: Iterable[Line]) -> None:
        """After the lines are in ``run.jsonl``: also those of earlier runs, which a kill may have kept from it."""

    def ends(self) -> None:
        """At the end, also of a run that was stopped."""
