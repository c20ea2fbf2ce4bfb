"""What the pack decides of a photo that shows something else than it took it for: house rules, colour, light, detail.

Matte and turn stay as they are: they are seen in the photo, whatever it is called.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from packshot.catalog import Entry, Prediction
from packshot.catalog.recropping import recropped
from packshot.pipeline import COLOR, DETAILING, LIGHTING
from packshot.recipe import Color, Cropping, Detailing, Lighting, Recipe
from packshot.review.pictures import Darkroom
from packshot.review.shelf import Shelf
from packshot.style import House, Style
from packshot.view import View

_REMEMBERED = 256


@dataclass(frozen=True)
class Recategorized:
    """House rules and parts of the recipe for a photo of another category, as a run decides them."""

    house: House
    cropping: Cropping
    color: Color
    lighting: Lighting
    detailing: Detailing


Recategorize = Callable[[str], Recategorized | None]
"""Gives a photo's parts were it of a category; None where its pack is not known. Raises ValueError for no category."""


class Recategorizer:
    """Decides once for each photo and category, then remembers. For use by many threads."""

    def __init__(self, shelf: Shelf, darkroom: Darkroom) -> None:
        self._shelf = shelf
        self._darkroom = darkroom
        self._known: OrderedDict[tuple[int, str], Recategorized] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, entry: Entry, prediction: Prediction) -> Recategorize:
        """How to get a photo's parts were it of another category."""
        return lambda category: self._remembered(entry, prediction, category)

    def _remembered(self, entry: Entry, prediction: Prediction, category: str) -> Recategorized | None:
        key = (prediction.id, category)
        with self._guard:
            found = self._known.get(key)
        if found is None:
            found = self._decided(entry, prediction, category)
        if found is not None:
            with self._guard:
                self._known[key] = found
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return found

    def _decided(self, entry: Entry, prediction: Prediction, category: str) -> Recategorized | None:
        recipe = prediction.recipe()
        house = self._shelf.house(prediction, category, recipe.source.size)
        pack = self._shelf.of(prediction)
        if house is None or pack is None:
            return None
        style = Style(categories={category: house.model_dump()})
        with self._darkroom.photo(entry.source) as photo:
            return decided(View.of(photo, pack.of(category), style, category), recipe)


def decided(view: View, recipe: Recipe) -> Recategorized:
    """The recipe's crop, and colour, light and detail one after another as the pipeline decides them, for the view's
    category.
    """
    draft = Recipe(source=recipe.source, category=view.category[0])
    color = COLOR.predict(view, draft)
    draft = draft.model_copy(update={"color": color})
    lighting = LIGHTING.predict(view, draft)
    detailing = DETAILING.predict(view, draft.model_copy(update={"lighting": lighting}))
    return Recategorized(view.house, recropped(recipe, view.house), color, lighting, detailing)
