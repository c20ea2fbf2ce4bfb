"""Photos that go to another editor, and afters that come back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from packshot.catalog import Answer
from packshot.photo import Photo, PhotoLimits
from packshot.photo.files import read_limited
from packshot.recipe import Frozen
from packshot.review.access import Identity, signed_in
from packshot.review.corrections import Edit
from packshot.review.guard import address_of
from packshot.review.handover import check_after, package, plain_name
from packshot.review.queue import Desk, Key, Words
from packshot.review.shop import Shop, shop_of

router = APIRouter()
Who = Annotated[Identity, Depends(signed_in)]
Room = Annotated[Shop, Depends(shop_of)]


class Wanted(Frozen):
    """The photo with these corrections, for another editor."""

    edit: Edit = Edit()


@router.post("/photos/{photo}/package")
def download(photo: int, body: Wanted, request: Request, who: Who, shop: Room) -> Response:
    """A ZIP with layers, matte, recipe and the photo itself."""
    entry = shop.catalog.entry(photo)
    recipe = shop.corrected(entry, body.edit)
    original = read_limited(entry.source, PhotoLimits())
    content = package(Photo.open(original, name=entry.source.name), recipe, original)
    note(request, who, "photo downloaded", photo)
    name = plain_name(entry.source.name)
    return Response(
        content, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}.zip"'}
    )


@router.post("/photos/{photo}/after")
def upload(
    photo: int,
    request: Request,
    who: Who,
    shop: Room,
    key: Annotated[Key, Form()],
    prediction: Annotated[int, Form()],
    after: Annotated[UploadFile, File()],
    seconds: Annotated[float | None, Form(ge=0, le=86_400)] = None,
    anyway: Annotated[bool, Form()] = False,
    category: Annotated[Words | None, Form()] = None,
) -> dict[str, Any]:
    """The finished after: checked, found again in its photo, then decided; learning reads out of it what was done.

    Raises ValueError when it is not the same shot, unless it is sent ``anyway``; PhotoError when it cannot be read.
    """
    entry = shop.catalog.entry(photo)
    content = after.file.read(PhotoLimits().max_bytes + 1)
    if len(content) > PhotoLimits().max_bytes:
        raise ValueError("the file is larger than any photo taken here")
    returned = check_after(content, entry.source)
    if not returned.registration.accepted and not anyway:
        raise ValueError(f"{returned.registration.reason}. If it is right, upload it again")
    other = None if category is None else shop.recategorize(entry)(category)
    rules = {} if other is None else other.house.model_dump(mode="json")
    answer = Answer("edited", prediction, category=category, house=rules, after=content, seconds=seconds, key=key)
    decision = Desk(shop.catalog, who.name).decide(photo, answer)
    note(request, who, "after uploaded", photo)
    return {"decision": decision.id, "said": returned.said}


def note(request: Request, who: Identity, what: str, photo: int) -> None:
    """Adds to the audit trail, where accounts are kept."""
    accounts = request.app.state.guard.accounts
    if accounts is not None:
        accounts.note(who.name, what, f"photo {photo}", address_of(request))
