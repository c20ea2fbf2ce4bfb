"""What the review page asks for: photos of the queue, their pictures, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from packshot.catalog import Answer
from packshot.recipe import Frozen
from packshot.review.access import Identity, signed_in
from packshot.review.corrections import Edit, changes_of
from packshot.review.frames import MOST_PIXELS, Frame
from packshot.review.queue import HOLD_SECONDS, Asked, Decided, Desk, Key, Words, told
from packshot.review.shop import Shop, Whole, shop_of

router = APIRouter()
Who = Annotated[Identity, Depends(signed_in)]
Room = Annotated[Shop, Depends(shop_of)]
Photos = Annotated[list[int], Field(max_length=500)]


class Take(Frozen):
    """More photos, please. ``held``: those the page has already."""

    count: int = Field(ge=1, le=50)
    filter: Asked = Asked()
    anew: bool = False
    held: Photos = Field(default_factory=list)


class Hold(Frozen):
    """The page is still there, and these photos are in it."""

    photos: Photos


class Undo(Frozen):
    """Takes back the decision sent under the key ``of``."""

    key: Key
    of: Key


class Kind(Frozen):
    """What a photo really shows."""

    category: Words


class Corrected(Frozen):
    """A photo under an edit."""

    edit: Edit = Edit()


class View(Frozen):
    """A picture of a photo: under an edit, of a part of the finished picture (0..1, also beyond), at some pixels."""

    what: Literal["before", "after", "matte", "human"]
    edit: Edit = Edit()
    left: float = Field(0.0, ge=-3, le=4)
    top: float = Field(0.0, ge=-3, le=4)
    right: float = Field(1.0, ge=-3, le=4)
    bottom: float = Field(1.0, ge=-3, le=4)
    width: int = Field(ge=1, le=MOST_PIXELS)
    height: int = Field(ge=1, le=MOST_PIXELS)

    def frame(self) -> Frame:
        """As renders take it."""
        return Frame((self.width, self.height), self.left, self.top, self.right, self.bottom)


@router.post("/api/take")
def take(body: Take, who: Who, shop: Room) -> dict[str, Any]:
    """The next photos for this editor, held; and how many wait."""
    desk = Desk(shop.catalog, who.name)
    if body.held:
        desk.hold(list(body.held))
    entries = desk.take(body.count, body.filter, body.anew)
    counters = desk.counters()
    told: dict[str, Any] = {"waiting": counters.waiting, "held": counters.held}
    told |= {"skipped": desk.skipped() if not entries else 0}  # asked for only where there is nothing else
    told |= {"categories": dict(counters.by_category), "reasons": dict(counters.by_reason)}
    return {"cards": shop.cards(entries), "counters": told, "hold_seconds": HOLD_SECONDS}


@router.post("/api/carried")
def carried(body: Hold, who: Who, shop: Room) -> dict[str, Any]:
    """What is carried to photos that the page holds, by their ids; null where nothing is, any longer."""
    del who
    found = shop.carried([shop.catalog.entry(photo) for photo in body.photos])
    return {"carried": {photo: found.get(photo) for photo in body.photos}}


@router.post("/api/hold")
def hold(body: Hold, who: Who, shop: Room) -> dict[str, Any]:
    """Keeps photos for this editor a while longer."""
    return {"lost": Desk(shop.catalog, who.name).hold(list(body.photos))}


@router.post("/api/decide")
def decide(body: Decided, who: Who, shop: Room) -> dict[str, Any]:
    """Notes a decision; sent again it changes nothing."""
    answer = Answer(body.outcome, body.prediction, body.reason, seconds=body.seconds, key=body.key)
    answer = replace(answer, carried=body.carried, as_carried=body.as_carried)
    if body.outcome == "correct":
        entry = shop.catalog.entry(body.photo)
        recipe = shop.prediction(entry).recipe()
        answer = changes_of(recipe, body.edit, shop.shadow_map(entry), shop.recategorize(entry)).answer(answer)
    decision = Desk(shop.catalog, who.name).decide(body.photo, answer)
    return {"decision": decision.id, "product": _told_of_product(shop, body)}


def _told_of_product(shop: Shop, body: Decided) -> dict[str, int]:
    """After a correction of colour: how many other photos of the product wait, and how many are out or go out."""
    if shop.carry == "off" or body.outcome != "correct" or not body.edit.shift():
        return {}
    states = shop.catalog.mates(body.photo)
    return {"waiting": states.get("review", 0), "out": states.get("published", 0) + states.get("publish", 0)}


@router.post("/api/undo")
def undo(body: Undo, who: Who, shop: Room) -> dict[str, Any]:
    """Takes a decision back; sent again it changes nothing."""
    return {"undone": Desk(shop.catalog, who.name).undo(body.of, body.key)}


@router.get("/photos/{photo}/carried")
def picture_carried(photo: int, who: Who, shop: Room, long: Annotated[int, Query(ge=64, le=4096)]) -> Response:
    """A whole finished picture under what is carried to its photo; its address names the correction. Nothing where
    that was taken back meanwhile.
    """
    del who
    content = shop.whole_carried(shop.catalog.entry(photo), long)
    if content is None:
        return Response(status_code=204)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.get("/photos/{photo}/{what}")
def picture(
    photo: int,
    what: Whole,
    who: Who,
    shop: Room,
    long: Annotated[int, Query(ge=64, le=4096)],
) -> Response:
    """A whole picture at screen size; the browser may keep it, its address names the prediction."""
    del who
    entry = shop.catalog.entry(photo)
    content = shop.whole(entry, what, long)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.post("/photos/{photo}/category")
def category(photo: int, body: Kind, who: Who, shop: Room) -> dict[str, Any]:
    """How the photo is cropped, and which spots are healed, were it of another category."""
    del who
    return shop.of_category(shop.catalog.entry(photo), body.category)


@router.post("/photos/{photo}/judged")
def judged(photo: int, body: Corrected, who: Who, shop: Room) -> dict[str, Any]:
    """The judge's verdict on a photo under an edit; nothing where its pack is not known."""
    del who
    verdict = shop.judged(shop.catalog.entry(photo), body.edit)
    return {} if verdict is None else {"quality": verdict.quality, "reasons": told(verdict.reasons)}


@router.post("/photos/{photo}/ready", status_code=204)
def ready(photo: int, body: View, who: Who, shop: Room) -> None:
    """The photo is looked at, so it may be corrected next."""
    del who
    shop.make_ready(shop.catalog.entry(photo), body.frame())


@router.post("/photos/{photo}/draft")
def draft(photo: int, body: View, who: Who, shop: Room) -> Response:
    """Any part of a picture, under a changed recipe."""
    del who
    content = shop.view(shop.catalog.entry(photo), body.what, body.edit, body.frame())
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
