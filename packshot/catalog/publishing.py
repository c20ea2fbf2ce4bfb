"""Carrying out what was decided: each photo once, whatever dies in between."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from uuid import uuid4

from packshot.catalog.catalog import Catalog
from packshot.catalog.finishing import finished_files
from packshot.catalog.outbox import Publication
from packshot.publication.sinks import Sink


@dataclass(frozen=True)
class PublishSettings:
    """``settle``: seconds that a decision must be old, so that it can still be taken back.

    ``hold``: seconds for one photo; after them another publisher may do it. ``wait``: whether to wait for what other
    publishers hold: one that was killed holds its last photo for that long.
    """

    settle: float = 0.0
    hold: float = 60.0
    wait: bool = True


@dataclass
class Published:
    """What became of what was due: locations of the main files by name, and the problems by source."""

    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many photos were seen to."""
        return len(self.done) + len(self.failed)


def publish(
    catalog: Catalog,
    sink: Sink,
    settings: PublishSettings | None = None,
    tell: Callable[[Published], None] = lambda _: None,
) -> Published:
    """Publishes what is due; one photo's failure is noted and tried again by the next call. ``tell``: after each."""
    settings, published = settings or PublishSettings(), Published()
    who = f"publish {socket.gethostname()} {os.getpid()} {uuid4().hex[:8]}"
    try:
        while True:
            taken = catalog.take_publications(who, 1, settings.hold, settings.settle)
            for item in taken:
                _carry_out(catalog, sink, who, item, published)
                tell(published)
            if not taken and not _others_are_at_it(catalog, who, settings):
                return published
    finally:
        catalog.let_go(who)


def _others_are_at_it(catalog: Catalog, who: str, settings: PublishSettings) -> bool:
    if not settings.wait or not catalog.held_by_other_publishers(who, settings.settle):
        return False
    time.sleep(min(1.0, settings.hold / 4))
    return True


def _carry_out(catalog: Catalog, sink: Sink, who: str, item: Publication, published: Published) -> None:
    """Notes what is to be written, writes it, notes that it is: killed anywhere, it is done again to the same end."""
    try:
        files = finished_files(item)
        if not catalog.intend(who, item, {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}):
            return
        locations = _written(sink, files)
    except (ValueError, OSError) as error:
        sentence = f"{item.entry.source.name}: {error}"
        catalog.give_up(who, item, sentence)
        published.failed[str(item.entry.source)] = sentence
        return
    if catalog.mark_published(who, item, locations):
        published.done[item.name] = next(iter(locations.values()))


def _written(sink: Sink, files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sink.write(PurePosixPath(name), data) for name, data in files.items()}
