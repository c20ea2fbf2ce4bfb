"""Promotion from the manager's page: what ``packshot promote`` does, beside the pages, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from packshot.catalog import Catalog, CatalogError, Conflict
from packshot.catalog.contest import Contest, Outcome, compare, promote, reigning
from packshot.engines import EngineError
from packshot.pack import Pack

Standing = Literal["runs", "done", "failed"]


@dataclass(frozen=True)
class Grounds:
    """What whoever serves the pages settles. out: folder for new champions and what was measured; None: no promotion.

    packs: folders of packs that do not ship, the challengers among them. frozen: pairs that no challenger learned from.
    style: the house style's file.
    """

    packs: tuple[Path, ...] = ()
    out: Path | None = None
    frozen: Path | None = None
    style: Path | None = None


@dataclass(frozen=True)
class Wish:
    """Compare ``challenger`` with the champion whose label is ``champion``; promote it only where ``promote``."""

    challenger: Pack
    champion: str
    promote: bool
    by: str


@dataclass(frozen=True)
class Attempt:
    """How far a comparison has come. ``step``, ``done``, ``of``: what it is at. ``said``: how it ended, a sentence."""

    challenger: str
    by: str
    promote: bool
    standing: Standing = "runs"
    step: str = "begins"
    done: int = 0
    of: int = 0
    said: str = ""
    outcome: Outcome | None = None

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        plain = asdict(replace(self, outcome=None))
        return {**plain, "outcome": None if self.outcome is None else self.outcome.as_json()}


class Promoter:
    """Runs one comparison at a time in a thread; the measuring itself is done by other processes.

    A server that ends in the middle leaves the champion as it was: a new pack appears whole, and then reigns, or not.
    """

    def __init__(self, catalog: Catalog, grounds: Grounds) -> None:
        self._catalog = catalog
        self.grounds = grounds
        self._guard = threading.Lock()
        self._attempt: Attempt | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The comparison that runs, or the last one since the pages are served."""
        with self._guard:
            return self._attempt

    def begin(self, wish: Wish, ended: Callable[[Attempt], None] = lambda _: None) -> Attempt:
        """Begins to compare, and promotes where that is wished and won. ``ended`` is told the outcome.

        Raises Conflict when one runs already, ValueError when the pages were not given a folder for new champions.
        """
        if self.grounds.out is None:
            raise ValueError("there is no folder for new champions: serve the pages with --champions FOLDER")
        with self._guard:
            if self._attempt is not None and self._attempt.standing == "runs":
                raise Conflict(f"{self._attempt.challenger} is being compared already: wait until that has ended")
            self._attempt = Attempt(wish.challenger.label, wish.by, wish.promote)
            begun = self._attempt
        threading.Thread(target=self._work, args=(wish, self.grounds.out, ended), daemon=True).start()
        return begun

    def _work(self, wish: Wish, out: Path, ended: Callable[[Attempt], None]) -> None:
        try:
            outcome, said = self._compare(wish, out)
            self._note(standing="done", outcome=outcome, said=said)
        except (ValueError, OSError, CatalogError, EngineError) as error:
            self._note(standing="failed", said=str(error))
        except BaseException as error:
            self._note(standing="failed", said=f"it broke off: {error!r}")
            raise
        finally:
            attempt = self.attempt
            assert attempt is not None
            ended(attempt)

    def _compare(self, wish: Wish, out: Path) -> tuple[Outcome, str]:
        out.mkdir(parents=True, exist_ok=True)
        work = out / "compared" / wish.challenger.content_digest[:16]
        contest = Contest(wish.challenger.folder, work, self.grounds.frozen, self.grounds.style)
        old = reigning(self._catalog, wish.by)
        _require_same(old, wish.champion)
        outcome = compare(self._catalog, contest, old, self._step)
        if not outcome.won or not wish.promote:
            return outcome, _said(outcome)
        _require_same(reigning(self._catalog, wish.by), wish.champion)
        pack = promote(self._catalog, contest, outcome, old, (out / f"champion-{uuid4().hex[:12]}", wish.by))
        assert pack is not None
        return outcome, f"{pack.label} is the champion now. It has no certificate: run packshot calibrate on it."

    def _step(self, step: str, done: int, of: int) -> None:
        self._note(step=step, done=done, of=of)

    def _note(self, **changes: Any) -> None:
        with self._guard:
            assert self._attempt is not None
            self._attempt = replace(self._attempt, **changes)


def _require_same(champion: Pack, label: str) -> None:
    if champion.label != label:
        raise CatalogError(f"the champion is {champion.label} by now: load the page again")


def _said(outcome: Outcome) -> str:
    if outcome.shadow[1]:
        return f"It failed on {outcome.shadow[1]} of {outcome.shadow[0]} photos in the shadow: it wins nothing."
    if not outcome.won:
        return "It is better beyond chance in no category, so the champion stays."
    return f"It would win {', '.join(outcome.won)}. Nothing was promoted: that was not asked for."
