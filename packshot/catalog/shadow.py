"""A challenger in the champion's shadow: it retouches new photos too, and nothing of that leaves the catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy import exists, select

from packshot.catalog.catalog import Catalog
from packshot.catalog.database import Transaction
from packshot.catalog.entries import Entry, Made
from packshot.catalog.rows import read_entries
from packshot.catalog.schema import photos, predictions
from packshot.evaluation.metrics import delta_e
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.pipeline import judge, predict, render
from packshot.recipe import Reason, Recipe
from packshot.style import Style

SIDE = 480


@dataclass(frozen=True)
class ShadowSettings:
    """``newest``: how many photos, from the newest on. ``style``: the house style the champion runs with."""

    newest: int = 200
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class Shadowed:
    """What the challenger did in the shadow, of photos that the champion could do.

    failed: sources it could not do, with the reason. would_publish: how many each judge would let through. moved: mean
    CIEDE2000 between both pictures, by category.
    """

    photos: int
    failed: dict[str, str]
    champion_would_publish: int
    challenger_would_publish: int
    moved: dict[str, float]


def shadow(
    catalog: Catalog,
    challenger: Pack,
    settings: ShadowSettings | None = None,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> Shadowed:
    """Lets a pack retouch the newest photos that it has not seen; its predictions are kept and change nothing."""
    settings = settings or ShadowSettings()
    entries = catalog.database.read(
        lambda transaction: _unseen(transaction, challenger.content_digest, settings.newest)
    )
    failed: dict[str, str] = {}
    moved: dict[str, list[float]] = {}
    liked = [0, 0]
    for number, entry in enumerate(entries, 1):
        assert entry.prediction is not None
        made, distance = _one(entry, challenger, settings.style)
        catalog.add([made])
        if distance is None:
            failed[str(entry.source)] = made.reasons[0].sentence
        else:
            moved.setdefault(entry.category, []).append(distance)
        liked[0] += bool(entry.prediction.would_publish)
        liked[1] += bool(made.would_publish)
        tell("in the shadow", number, len(entries))
    means = {name: round(float(np.mean(values)), 3) for name, values in sorted(moved.items())}
    return Shadowed(len(entries), failed, liked[0], liked[1], means)


def _unseen(transaction: Transaction, digest: str, newest: int) -> list[Entry]:
    seen = exists().where(predictions.c.photo_id == photos.c.id, predictions.c.pack_digest == digest)
    done = photos.c.state.in_(("review", "publish", "published", "rejected"))
    query = select(photos.c.id).where(done, ~seen).order_by(photos.c.seen_at.desc(), photos.c.id.desc()).limit(newest)
    return read_entries(transaction, list(transaction.execute(query).scalars()))


def _one(entry: Entry, pack: Pack, style: Style) -> tuple[Made, float | None]:
    """What the challenger makes of a photo, and how far its picture is from the champion's."""
    assert entry.prediction is not None
    try:
        photo = Photo.open(entry.source)
        recipe = predict(photo, pack, style, entry.category)
        picture = render(photo, recipe)
        verdict = judge(recipe, picture, pack, style)
        distance = _distance(photo, recipe, entry.prediction.recipe())
    except (PhotoError, ValueError, OSError) as error:
        reason = Reason(code="shadow", sentence=str(error))
        return _made(entry, pack, None, (reason,)), None
    recipe = recipe.model_copy(update={"verdict": verdict})
    return _made(entry, pack, recipe, verdict.reasons), distance


def _made(entry: Entry, pack: Pack, recipe: Recipe | None, reasons: tuple[Reason, ...]) -> Made:
    assert entry.prediction is not None
    verdict = None if recipe is None else recipe.verdict
    return Made(
        source=str(entry.source),
        sha256=entry.sha256,
        folder=Path(entry.prediction.folder),
        name=entry.prediction.name,
        category=entry.category,
        pack=pack.label,
        pack_digest=pack.content_digest,
        route="failed" if verdict is None else verdict.route,
        quality=None if verdict is None else verdict.quality,
        would_publish=None if verdict is None else verdict.would_publish,
        reasons=reasons,
        recipe=None if recipe is None else recipe.model_dump_json(),
        shadow=True,
    )


def _distance(photo: Photo, first: Recipe, second: Recipe) -> float:
    one, two = (render(photo, recipe, SIDE) for recipe in (first, second))
    height, width = (min(one.shape[axis], two.shape[axis]) for axis in (0, 1))
    return float(delta_e(one[:height, :width], two[:height, :width]).mean())


def shadow_failures(catalog: Catalog, digest: str) -> tuple[int, int]:
    """How many photos a pack has seen in the shadow, and how many of them it could not do."""

    def work(transaction: Transaction) -> tuple[int, int]:
        mine = predictions.c.shadow & (predictions.c.pack_digest == digest)
        routes = list(transaction.execute(select(predictions.c.route).where(mine)).scalars())
        return len(routes), routes.count("failed")

    return catalog.database.read(work)
