"""The packs that the pages know: their categories to choose from, and the house rules of each."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from packshot.catalog import Catalog, Prediction
from packshot.catalog.champions import reigns
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.style import House, Style


class Shelf:
    """Packs by their folder. ``named``: those that whoever serves the pages named, which may be promoted too."""

    def __init__(self, catalog: Catalog, named: Sequence[Path] = ()) -> None:
        self._catalog = catalog
        self._opened: dict[Path, Pack] = {}
        self._guard = threading.Lock()
        self.base = Pack.base()
        self.named = tuple(Pack(folder) for folder in named)

    def of(self, prediction: Prediction) -> Pack | None:
        """The pack that made a prediction: by its content, else by name and version; None where it is not known."""
        known = [*self.named, self.base, *self._champions()]
        same = [pack for pack in known if pack.content_digest == prediction.pack_digest]
        same += [pack for pack in known if pack.label == prediction.pack]
        return same[0] if same else None

    def categories(self, prediction: Prediction) -> tuple[str, ...]:
        """What a photo may be corrected to, its own category among them."""
        pack = self.of(prediction) or self.base
        return tuple(sorted({*pack.categories, prediction.category}))

    def house(self, prediction: Prediction, category: str, photo: tuple[int, int]) -> House | None:
        """The rules for a photo of (width, height) were it of another category; None where its pack is not known.

        The pack's habits for that category, and over them whatever the studio's own style had changed of the predicted
        one's. Raises ValueError for a category that the pack does not know.
        """
        if category not in self.categories(prediction):
            raise ValueError(f"there is no category {category!r}: choose one of the list")
        pack = self.of(prediction)
        if pack is None:
            return None
        learned = Style().house(prediction.category, pack.habits(prediction.category)).model_dump(mode="json")
        changed = {key: value for key, value in prediction.house.items() if learned.get(key) != value}
        return House.model_validate({**pack.habits(category), **changed}).for_photo(photo)

    def _champions(self) -> list[Pack]:
        """Those that reigned and are still where they were."""
        found = [self._open(reign.folder) for reign in reversed(reigns(self._catalog))]
        return [pack for pack in found if pack is not None]

    def _open(self, folder: Path) -> Pack | None:
        with self._guard:
            if folder not in self._opened:
                try:
                    self._opened[folder] = Pack(folder)
                except PackError:
                    return None
            return self._opened[folder]
