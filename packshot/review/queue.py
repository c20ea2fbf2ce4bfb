"""The queue as the page sees it: photos taken in lots, decided once, taken back; all of it kept in the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import select

from packshot.catalog import Answer, Catalog, Conflict, Counters, Decision, Entry, Filter
from packshot.catalog.schema import decisions
from packshot.evaluation.judge import NO_CERTIFICATE
from packshot.recipe import Frozen, Reason, Recipe
from packshot.review.corrections import Edit

HOLD_SECONDS = 900.0
"""How long a taken photo is kept from colleagues when its page is not heard of: as long as a connection may be lost."""

Key = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Words = Annotated[str, Field(max_length=64)]

REJECTIONS = {
    "color": "Colour is wrong",
    "light": "Too bright or too dark",
    "edge": "Edge of the product: cut into, halo, backdrop left",
    "not_product": "Wrong object cut out, or part of it missing",
    "crooked": "Crooked",
    "crop": "Crop or margins",
    "spots": "Dust, lint, damage",
    "photo": "The photo itself: blurred, cut off, wrong product",
    "other": "Something else",
}
"""What an editor may reject for, by the word kept in the catalog."""


class Asked(Frozen):
    """Which photos an editor wants to see, and in what order."""

    category: Words | None = None
    reason: Words | None = None
    order: Literal["priority", "oldest", "newest", "doubtful", "path"] = "priority"
    find: Words | None = None
    skipped: bool = False

    def filter(self) -> Filter:
        """As the catalog takes it."""
        find = (self.find or "").strip() or None
        return Filter(self.category or None, self.reason or None, order=self.order, find=find, skipped=self.skipped)


class Decided(Frozen):
    """An editor's answer as the page sends it, again until it is heard. ``key`` is the same each time."""

    key: Key
    photo: int
    prediction: int
    outcome: Literal["accept", "reject", "skip", "correct"]
    reason: Words | None = None
    edit: Edit = Edit()
    carried: Key | None = None
    as_carried: bool = False
    seconds: float | None = Field(None, ge=0, le=86_400)

    @field_validator("reason")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in REJECTIONS:
            raise ValueError(f"a reason is one of {', '.join(REJECTIONS)}")
        return value


@dataclass(frozen=True)
class Desk:
    """One editor's place at the queue."""

    catalog: Catalog
    editor: str

    def take(self, count: int, asked: Asked, anew: bool) -> list[Entry]:
        """More photos for this editor alone; ``anew`` first gives back those held: the page was loaded again."""
        if anew:
            self.catalog.release(self.editor)
        return self.catalog.lease(self.editor, count, HOLD_SECONDS, asked.filter())

    def hold(self, photos: list[int]) -> list[int]:
        """Keeps photos for longer; returns those that are lost to somebody else."""
        kept = self.catalog.renew(self.editor, HOLD_SECONDS, photos)
        return [photo for photo in photos if photo not in kept]

    def counters(self) -> Counters:
        """How many wait, by category and reason."""
        return self.catalog.counters()

    def skipped(self) -> int:
        """How many of them this editor has skipped."""
        return self.catalog.skipped(self.editor)

    def decide(self, photo: int, answer: Answer) -> Decision:
        """Notes an answer. Raises Conflict, ValueError or CatalogError with a sentence for the editor."""
        return self.catalog.decide(photo, self.editor, answer)

    def undo(self, of: str, key: str) -> bool:
        """Takes back the decision sent under the key ``of``; False when that was done already.

        Raises Conflict when it is not the editor's last one that stands, or its publication has begun.
        """
        with self.catalog.database.reading() as connection:
            sent = connection.execute(select(decisions).where(decisions.c.key == of)).first()
            if sent is None:
                raise Conflict("that decision never arrived, so there is nothing to take back")
            undone = connection.execute(select(decisions.c.id).where(decisions.c.undoes == sent.id)).first()
            later = select(decisions.c.id).where(decisions.c.editor == self.editor, decisions.c.id > sent.id)
            taken_back = select(decisions.c.undoes).where(decisions.c.undoes.is_not(None))
            standing = later.where(decisions.c.outcome != "undo", decisions.c.id.not_in(taken_back))
            blocked = sent.editor != self.editor or connection.execute(standing).first() is not None
        if undone is not None:
            return False
        if blocked:
            raise Conflict("decisions are taken back one by one, the last one first")
        return self.catalog.undo(self.editor, key) is not None


def told(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """The reasons, those that say something of this photo first: that a pack has no certificate, all photos share."""
    ordered = sorted(reasons, key=lambda reason: reason.code == NO_CERTIFICATE.code)
    return [reason.model_dump(exclude_none=True) for reason in ordered]


def card_of(entry: Entry) -> dict[str, Any]:
    """What the page knows of a photo. A photo that is audited blindly comes without its verdict."""
    prediction = entry.prediction
    assert prediction is not None
    recipe = prediction.recipe()
    blind = entry.purpose == "audit"
    alignment, cropping, background = recipe.alignment.effective(), recipe.cropping, recipe.background
    return {
        "id": entry.id,
        "prediction": prediction.id,
        "version": f"{prediction.id}",
        "name": prediction.name,
        "category": entry.category,
        "product": entry.product,
        "quality": None if blind else prediction.quality,
        "blind": blind,
        "reasons": [] if blind else told(prediction.reasons),
        "source": recipe.source.size,
        "canvas": recipe.geometry.size,
        "human": False,
        "predicted": {
            "angle": alignment.angle,
            "centre": cropping.centre,
            "scale": cropping.scale,
            "shadow": background.shadow,
            "spots": spots_of(recipe),
        },
    }


def spots_of(recipe: Recipe) -> list[tuple[float, float, float]]:
    """The specks a recipe heals: x, y and radius in pixels of the upright photo."""
    return [(spot.x, spot.y, spot.radius) for spot in recipe.detailing.spots]
