"""What a person corrected of colour on one photo of a product, as the page enters it on the others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Literal, get_args

from packshot.carrying import carried, product_colors
from packshot.catalog import Carrying, Catalog, Entry, Prediction
from packshot.colorscience import Floats
from packshot.photo import PhotoError
from packshot.recipe import Recipe
from packshot.review.corrections import Edit
from packshot.review.pictures import Darkroom
from packshot.shift import Shift

Mode = Literal["on", "ask", "off"]
"""Whether the page enters what is carried by itself, offers it, or knows nothing of it."""
MODES: tuple[Mode, ...] = get_args(Mode)

_REMEMBERED = 512


class Carrier:
    """Measures each photo's product once, then remembers. For use by many threads."""

    def __init__(self, catalog: Catalog, darkroom: Darkroom) -> None:
        self._catalog = catalog
        self._darkroom = darkroom
        self._known: OrderedDict[tuple[int, str], Floats] = OrderedDict()
        self._guard = threading.Lock()

    def to(self, entries: Iterable[Entry]) -> dict[int, dict[str, Any]]:
        """By photo, what the page is to know of the correction that is carried to it; others are left out."""
        several = [entry for entry in entries if entry.product]
        found = self._catalog.carrying(entry.id for entry in several) if several else {}
        told = {entry.id: self._told(entry, found[entry.id]) for entry in several if entry.id in found}
        return {photo: one for photo, one in told.items() if one is not None}

    def edit(self, entry: Entry) -> Edit | None:
        """The correction that is carried to a photo; None where there is none."""
        one = self.to([entry]).get(entry.id)
        return None if one is None else Edit.model_validate(one["edit"])

    def _told(self, entry: Entry, one: Carrying) -> dict[str, Any] | None:
        assert entry.prediction is not None
        try:
            there = self._colors(one.entry, one.prediction, one.predicted)
            here = self._colors(entry, entry.prediction, entry.prediction.recipe())
        except (PhotoError, ValueError):
            return None  # a photo or matte is gone: deciding tells that of the photo itself, nothing can be carried
        shift = _entered(carried(one.shift, there, here))
        told = {"key": one.key, "from": one.name, "by": one.editor, "by_lot": one.by_lot, "edit": shift.as_json()}
        return told if shift else None

    def _colors(self, entry: Entry, prediction: Prediction, recipe: Recipe) -> Floats:
        """``product_colors``. Raises PhotoError, and ValueError when a matte or the photo is another one by now."""
        key = (prediction.id, f"{recipe.color}{recipe.lighting}")
        with self._guard:
            known = self._known.get(key)
        if known is None:
            with self._darkroom.photo(entry.source) as photo:
                if photo.sha256 != entry.sha256:
                    raise ValueError(f"{entry.source} is another photo by now")
                known = product_colors(photo, recipe.with_files(prediction.recipe_path))
        with self._guard:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known


def _entered(shift: Shift) -> Shift:
    """As far as the page's controls reach."""
    reach = {name: _reach(name) for name in ("warmth", "tint", "exposure", "shadows", "highlights")}
    return Shift(**{name: max(-most, min(most, getattr(shift, name))) for name, most in reach.items()})


def _reach(name: str) -> float:
    return float(next(rule.le for rule in Edit.model_fields[name].metadata if hasattr(rule, "le")))
