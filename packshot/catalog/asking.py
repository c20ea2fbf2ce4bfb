"""Which photos to ask people about first: near the threshold 60 %, unlike the others 20 %, by lot 20 %.

Decisions near the threshold move it most; the diverse ones show what no one has looked at yet; both are chosen, so only
those that came by lot say how good the pack is, and only they may calibrate it (`verdicts.cases`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, update

from packshot.catalog.catalog import Catalog
from packshot.catalog.database import Transaction
from packshot.catalog.entries import Entry, Filter
from packshot.catalog.schema import draws, photos
from packshot.photo import Photo, PhotoError

Floats = NDArray[np.float32]
Embed = Callable[[Entry], Floats]

_CELLS = 6
_FIRST, _NEXT = 2.0, 1.5  # priorities: by lot before chosen, chosen before the rest (at most 1)


@dataclass(frozen=True)
class Question:
    """How many photos to choose, of which the shares are near the threshold and unlike the others; the rest by lot."""

    count: int = 100
    threshold: float = 0.5
    near: float = 0.6
    diverse: float = 0.2
    category: str | None = None
    candidates: int = 5000


@dataclass(frozen=True)
class Asked:
    """The photos chosen, by why."""

    near: tuple[int, ...]
    diverse: tuple[int, ...]
    random: tuple[int, ...]


def ask(
    catalog: Catalog, question: Question | None = None, embed: Embed | None = None, seed: int | None = None
) -> Asked:
    """Chooses among the waiting photos and puts them first in the queue. ``seed``: for a draw that can be repeated.

    The lot is drawn first, among all candidates, with a probability that is noted; a photo is chosen once.
    """
    question = question or Question()
    waiting = catalog.queue(Filter(category=question.category, purpose="review", order="oldest"), question.candidates)
    entries = [entry for entry in waiting if entry.prediction is not None]
    count = min(question.count, len(entries))
    by_lot = _by_lot(entries, count - round(count * (question.near + question.diverse)), seed)
    rest = [entry for entry in entries if entry not in by_lot]
    near = nearest(rest, question.threshold, round(count * question.near))
    rest = [entry for entry in rest if entry not in near]
    diverse = _diverse(rest, [*by_lot, *near], count - len(by_lot) - len(near), embed or embedding)
    probability = len(by_lot) / len(entries) if entries else 0.0
    chosen = {"random": by_lot, "near": near, "diverse": diverse}
    catalog.database.write(lambda transaction: _note(transaction, chosen, probability))
    return Asked(*(tuple(entry.id for entry in chosen[why]) for why in ("near", "diverse", "random")))


def _by_lot(entries: Sequence[Entry], count: int, seed: int | None) -> list[Entry]:
    draw = random.SystemRandom() if seed is None else random.Random(seed)
    return draw.sample(list(entries), count)


def nearest(entries: Sequence[Entry], threshold: float, count: int) -> list[Entry]:
    """Those whose quality is nearest to the threshold."""

    def distance(entry: Entry) -> tuple[float, int]:
        quality = entry.prediction.quality if entry.prediction else None
        return (abs((quality if quality is not None else 0.0) - threshold), entry.id)

    return sorted(entries, key=distance)[:count]


def _diverse(entries: Sequence[Entry], known: Sequence[Entry], count: int, embed: Embed) -> list[Entry]:
    if not entries or count <= 0:
        return []
    points = np.stack([embed(entry) for entry in entries])
    centres = np.stack([embed(entry) for entry in known]) if known else None
    return [entries[index] for index in farthest_first(points, count, centres)]


def farthest_first(points: Floats, count: int, centres: Floats | None = None) -> list[int]:
    """k-centre: each next point (n, d) is the one farthest from all before and from ``centres`` (m, d).

    Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985): within twice of the best covering.
    """
    distance = np.full(len(points), np.inf)
    for centre in () if centres is None else centres:
        distance = np.minimum(distance, np.linalg.norm(points - centre, axis=1))
    chosen: list[int] = []
    for _ in range(min(count, len(points))):
        finite = distance if np.isfinite(distance).any() else np.linalg.norm(points - points.mean(0), axis=1)
        index = int(np.argmax(np.where(np.isin(np.arange(len(points)), chosen), -1.0, finite)))
        chosen.append(index)
        distance = np.minimum(distance, np.linalg.norm(points - points[index], axis=1))
    return chosen


def embedding(entry: Entry) -> Floats:
    """What a photo looks like, coarsely: its preview in cells, 0..1, and the judge's quality. (109,) float32."""
    quality = entry.prediction.quality if entry.prediction else None
    path = entry.prediction.file("preview") if entry.prediction else None
    cells = np.full((_CELLS, _CELLS, 3), 0.5, np.float32)
    try:
        if path is not None:
            cells = _cells(Photo.open(path).pixels(0.05))
    except PhotoError:
        path = None  # a preview that is gone says nothing: the photo counts as average
    return np.concatenate([cells.ravel(), np.array([0.5 if quality is None else quality], np.float32)])


def _cells(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Floats:
    import cv2

    most = np.iinfo(pixels.dtype).max
    scaled = pixels.astype(np.float32) / most
    return np.asarray(cv2.resize(scaled, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA), np.float32)


def _note(transaction: Transaction, chosen: dict[str, list[Entry]], probability: float) -> None:
    for why, entries in chosen.items():
        for entry in entries:
            _choose(transaction, entry, why, probability if why == "random" else None)


def _choose(transaction: Transaction, entry: Entry, why: str, probability: float | None) -> None:
    """Notes why a photo is asked about, unless it has been retouched anew meanwhile."""
    assert entry.prediction is not None
    same = (photos.c.id == entry.id, photos.c.prediction_id == entry.prediction.id)
    priority = _FIRST if why == "random" else _NEXT
    moved = transaction.execute(update(photos).where(*same).values(priority=priority))
    if moved.rowcount and not _is_noted(transaction, entry, why):
        values = {"photo_id": entry.id, "prediction_id": entry.prediction.id, "purpose": why}
        transaction.execute(insert(draws).values(**values, probability=probability, at=transaction.now))


def _is_noted(transaction: Transaction, entry: Entry, why: str) -> bool:
    assert entry.prediction is not None
    mine = (draws.c.prediction_id == entry.prediction.id, draws.c.purpose == why)
    return transaction.execute(draws.select().where(*mine)).first() is not None
