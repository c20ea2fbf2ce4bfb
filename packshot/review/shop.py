"""What the pages work with: the catalog, the darkroom, and the files of each photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from fastapi import Request
from sqlalchemy import select

from packshot.catalog import Catalog, CatalogError, Entry, Prediction
from packshot.catalog.schema import decisions
from packshot.photo import Photo, PhotoError
from packshot.pipeline import judge, render
from packshot.recipe import Recipe, Verdict
from packshot.review.carrier import Carrier, Mode
from packshot.review.corrections import Edit, ShadowMap, corrected
from packshot.review.frames import Frame
from packshot.review.pictures import Darkroom, cut_file
from packshot.review.promoting import Grounds, Promoter
from packshot.review.queue import card_of, spots_of
from packshot.review.recategorizing import Recategorize, Recategorizer
from packshot.review.shelf import Shelf
from packshot.style import Style

_ENOUGH = 1.1
"""A file may be this much smaller than what is shown before the picture is made anew."""

Whole = Literal["before", "after", "human"]


class Shop:
    """Shared by all requests; safe for threads."""

    def __init__(self, catalog: Catalog, grounds: Grounds | None = None, carry: Mode = "on") -> None:
        self.catalog = catalog
        self.carry = carry
        self.darkroom = Darkroom()
        self.promoter = Promoter(catalog, grounds or Grounds())
        self.shelf = Shelf(catalog, self.promoter.grounds.packs)
        self._recategorizer = Recategorizer(self.shelf, self.darkroom)
        self._carrier = Carrier(catalog, self.darkroom)

    def prediction(self, entry: Entry) -> Prediction:
        """The prediction that counts. Raises CatalogError where there is none."""
        if entry.prediction is None or entry.prediction.recipe_json is None:
            raise CatalogError(f"photo {entry.id} was not retouched, so there is nothing to show")
        return entry.prediction

    def cards(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """What the page shows of photos; one whose files are gone is shown with that as its reason."""
        carried = self.carried(entries)
        return [
            {
                **card_of(entry),
                "carried": carried.get(entry.id),
                "human": self.human(entry) is not None,
                "categories": self.shelf.categories(self.prediction(entry)),
            }
            for entry in entries
        ]

    def carried(self, entries: Sequence[Entry]) -> dict[int, dict[str, Any]]:
        """By photo, what is carried to it from another photo of its product; nothing where that is not wished."""
        return {} if self.carry == "off" else self._carrier.to(entries)

    def human(self, entry: Entry) -> Path | None:
        """The after a person made: one handed in for this photo, or the one its manifest's column ``after`` names."""
        with self.catalog.database.reading() as connection:
            handed = select(decisions).where(decisions.c.photo_id == entry.id, decisions.c.after.is_not(None))
            row = connection.execute(handed.order_by(decisions.c.id.desc()).limit(1)).first()
        folder = self.prediction(entry).folder
        named = row.after if row is not None else entry.carried.get("after")
        path = folder / named if named else None
        return path if path is not None and path.is_file() else None

    def shadow_map(self, entry: Entry) -> ShadowMap:
        """How to get the light that the photo's own shadow leaves."""
        return lambda: self.darkroom.shadow_map(entry.source, self.shelf.base)

    def recategorize(self, entry: Entry) -> Recategorize:
        """How to get what the pack decides of the photo were it of another category."""
        return self._recategorizer.of(entry, self.prediction(entry))

    def corrected(self, entry: Entry, edit: Edit) -> Recipe:
        """The photo's recipe under an edit. Raises ValueError, CatalogError, PhotoError."""
        recipe = self.prediction(entry).recipe()
        return corrected(recipe, edit, self.shadow_map(entry), self.recategorize(entry))

    def of_category(self, entry: Entry, category: str) -> dict[str, Any]:
        """What the page must know of the photo were it of another category: canvas, centre, scale and spots.

        Raises ValueError for an unknown category.
        """
        recipe = self.corrected(entry, Edit(category=category))
        cropping = recipe.cropping
        return {
            "canvas": recipe.geometry.size,
            "centre": cropping.centre,
            "scale": cropping.scale,
            "spots": spots_of(recipe),
        }

    def whole(self, entry: Entry, what: Whole, long: int) -> bytes:
        """A whole picture whose long side is ``long``, or the finished file itself where that is near enough, JPEG."""
        prediction = self.prediction(entry)
        recipe = prediction.recipe()
        kinds = {"before": "preview", "after": "output"}
        path = self.human(entry) if what == "human" else prediction.file(kinds[what])
        kept = None if path is None else _near_enough(path, long)
        if kept is not None:
            return kept
        return self.view(entry, what, Edit(), Frame(_fitted(recipe.geometry.size, long)))

    def view(self, entry: Entry, what: Whole | Literal["matte"], edit: Edit, frame: Frame) -> bytes:
        """A part of a picture under an edit, JPEG. Raises PhotoError, ValueError, CatalogError."""
        prediction = self.prediction(entry)
        recipe = prediction.recipe()
        if what == "human":
            human = self.human(entry)
            if human is None:
                raise CatalogError(f"photo {entry.id} has no after by hand")
            return cut_file(human, frame)
        output = prediction.file("output")
        if what == "after" and not edit.changed() and output is not None and _holds(recipe, frame) and output.is_file():
            return cut_file(output, frame)
        changed = self.corrected(entry, edit)
        make = {"before": self.darkroom.untouched, "after": self.darkroom.finished, "matte": self.darkroom.matte}[what]
        return make(entry.source, changed, frame)

    def whole_carried(self, entry: Entry, long: int) -> bytes | None:
        """The whole finished picture under what is carried to its photo, JPEG; None where nothing is."""
        edit = self._carrier.edit(entry)
        if edit is None:
            return None
        return self.view(entry, "after", edit, Frame(_fitted(self.prediction(entry).recipe().geometry.size, long)))

    def judged(self, entry: Entry, edit: Edit) -> Verdict | None:
        """The verdict on a photo under an edit, as a run would have come to it; None where its pack is not known, and
        of a photo that is audited blindly."""
        prediction, pack = self.prediction(entry), self.shelf.of(self.prediction(entry))
        if pack is None or entry.purpose == "audit":
            return None
        recipe = self.corrected(entry, edit)
        style = Style(categories={recipe.category: dict(prediction.house)})
        with self.darkroom.photo(entry.source) as photo:
            return judge(recipe, render(photo, recipe), pack.of(recipe.category), style)

    def make_ready(self, entry: Entry, frame: Frame) -> None:
        """Does what takes long before the first corrected view of a photo. Raises PhotoError, CatalogError."""
        self.darkroom.make_ready(entry.source, self.prediction(entry).recipe(), frame)


def _near_enough(path: Path, long: int) -> bytes | None:
    """The file's bytes when it is a JPEG of about this size."""
    try:
        photo = Photo.open(path)
    except PhotoError:
        return None
    side = max(photo.size)
    near = long <= side * _ENOUGH and side <= long * 2 and photo.format == "JPEG" and photo.orientation == 1
    return path.read_bytes() if near else None


def _fitted(size: tuple[int, int], long: int) -> tuple[int, int]:
    share = min(long / max(size), 1.0)
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _holds(recipe: Recipe, frame: Frame) -> bool:
    """Whether the finished file has the pixels a view asks for."""
    width = (frame.right - frame.left) * recipe.geometry.size[0]
    return frame.size[0] <= width * 1.01


def shop_of(request: Request) -> Shop:
    """The shop of the application that answers."""
    shop: Shop = request.app.state.shop
    return shop
