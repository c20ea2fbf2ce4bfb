"""The catalog: every photo's history, the queue for people, and the outbox. The class is the whole of its surface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

from packshot.catalog import carrying, deciding, histories, intake, outbox, waiting
from packshot.catalog.carrying import Carrying
from packshot.catalog.database import Database
from packshot.catalog.entries import Answer, Counters, Decision, Entry, Event, Filter, Made
from packshot.catalog.intake import Chance
from packshot.catalog.outbox import Publication
from packshot.catalog.problems import CatalogError
from packshot.catalog.rows import read_entries


class Catalog:
    """A catalog in use; safe for several threads and processes at once. Each method is one transaction.

    ``chance``: the share of all photos that is drawn for people's eyes whatever the gate says: blind audits of what
    was published, and the only decisions that may calibrate.
    """

    def __init__(self, database: Database, chance: Chance | None = None) -> None:
        self.database = database
        self.chance = chance or Chance()

    @classmethod
    def open(cls, url: str, chance: Chance | None = None) -> Catalog:
        """Opens or makes a catalog: a file, ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``; migrates it.

        Raises CatalogError.
        """
        return cls(Database.open(url), chance)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self.database.close()

    def see(self, sources: Mapping[str, str | None]) -> None:
        """Notes that photos have arrived: by source, with their category where it is known."""
        intake.see(self.database, sources)

    def add(self, made: Iterable[Made], worker: str | None = None) -> None:
        """Notes what was made of photos, and frees those that ``worker`` held for it.

        The same again changes nothing, and what people decided stays decided.
        """
        intake.add(self.database, made, self.chance, worker)

    def settled(self, sources: Iterable[str]) -> dict[str, set[str]]:
        """Those of the sources that people decided on or that are published, with the sha256 they had then."""
        return intake.settled(self.database, sources)

    def entry(self, photo: int) -> Entry:
        """A photo as it stands. Raises CatalogError when there is none."""
        found = self.database.read(lambda transaction: read_entries(transaction, [photo]))
        if not found:
            raise CatalogError(f"there is no photo {photo} in the catalog")
        return found[0]

    def queue(self, which: Filter | None = None, limit: int = 50, offset: int = 0) -> list[Entry]:
        """The photos that wait for a person, in order, those that are held too."""
        return waiting.queue(self.database, which or Filter(), limit, offset)

    def counters(self) -> Counters:
        """How many photos stand where, at one moment."""
        return waiting.counters(self.database)

    def skipped(self, editor: str) -> int:
        """How many of the waiting photos this editor has skipped; ``Filter.skipped`` leases them again."""
        return waiting.skipped(self.database, editor)

    def lease(self, editor: str, count: int, seconds: float, which: Filter | None = None) -> list[Entry]:
        """Up to ``count`` waiting photos that nobody holds, for this editor alone, for so long.

        Photos that the editor skipped do not come again.
        """
        return waiting.lease(self.database, editor, count, seconds, which or Filter())

    def lease_work(self, worker: str, count: int, seconds: float) -> list[Entry]:
        """Up to ``count`` photos that wait to be retouched, for this worker alone."""
        return waiting.lease_work(self.database, worker, count, seconds)

    def lease_sources(self, worker: str, sources: Iterable[str], seconds: float) -> set[str]:
        """Those of these photos that nobody else holds, for this worker, whatever became of them so far."""
        return waiting.lease_sources(self.database, worker, sources, seconds)

    def held(self, holder: str) -> list[Entry]:
        """What somebody holds, such as an editor whose page was closed: ``lease`` gives only what nobody holds."""
        return waiting.held(self.database, holder)

    def renew(self, holder: str, seconds: float, photos: Iterable[int] | None = None) -> set[int]:
        """Holds these photos (or all the holder's) for longer; returns those that are still the holder's."""
        return waiting.renew(self.database, holder, photos, seconds)

    def release(self, holder: str, photos: Iterable[int] | None = None) -> None:
        """Gives these photos (or all the holder's) back."""
        waiting.release(self.database, holder, photos)

    def decide(self, photo: int, editor: str, answer: Answer) -> Decision:
        """Notes an editor's answer. The same answer (by its key) sent again gives the same decision.

        Raises Conflict when somebody else holds the photo, it was decided, or retouched anew; ValueError when the
        answer is not whole.
        """
        return deciding.decide(self.database, photo, editor, answer)

    def undo(self, editor: str, key: str | None = None) -> Decision | None:
        """Takes the editor's last standing decision back and holds its photo for the editor; None: there is none.

        ``key``: the same for the same wish sent again. Raises Conflict when its publication has begun.
        """
        return deciding.undo(self.database, editor, key or uuid4().hex)

    def carrying(self, photos: Iterable[int]) -> dict[int, Carrying]:
        """What a person corrected of colour or light on another photo of the product, for each of these photos that
        waits for a decision; photos to which nothing is carried are left out."""
        return carrying.carrying(self.database, photos)

    def mates(self, photo: int) -> dict[str, int]:
        """How many other photos of this photo's product stand where, by state."""
        return carrying.mates(self.database, photo)

    def history(self, photo: int) -> list[Event]:
        """Everything that happened to a photo, oldest first."""
        return histories.history(self.database, photo)

    def take_publications(self, publisher: str, count: int, seconds: float, settle: float = 0) -> list[Publication]:
        """Up to ``count`` photos due for publication (for ``settle`` seconds or longer), for this publisher alone."""
        return outbox.take(self.database, publisher, count, seconds, settle)

    def intend(self, publisher: str, publication: Publication, hashes: Mapping[str, str]) -> bool:
        """Notes the files about to be written; False when the publication is no longer this publisher's to do."""
        return outbox.intend(self.database, publisher, publication, hashes)

    def mark_published(self, publisher: str, publication: Publication, locations: Mapping[str, str]) -> bool:
        """Notes that a publication is done; False when another publisher took it over."""
        return outbox.mark(self.database, publisher, publication, locations)

    def give_up(self, publisher: str, publication: Publication, error: str) -> None:
        """Notes why a publication failed; it stays due, and this publisher's until it lets go."""
        outbox.give_up(self.database, publisher, publication, error)

    def let_go(self, publisher: str) -> None:
        """Gives back what a publisher took and did not finish."""
        outbox.let_go(self.database, publisher)

    def held_by_other_publishers(self, publisher: str, settle: float = 0) -> int:
        """How many due publications others are at."""
        return outbox.held_by_others(self.database, publisher, settle)

    def now(self) -> datetime:
        """The catalog's own time."""
        return self.database.read(lambda transaction: transaction.now)
