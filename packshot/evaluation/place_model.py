"""How likely places of an outline are wrong, and which of them is shown to an editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from packshot.evaluation.places import Place
from packshot.evaluation.trees import Forest
from packshot.recipe import Frozen

SIDES = ("left", "top", "right", "bottom")
SHOWN_AREA = 1e-3  # of the product's: what is smaller is no matter of its own
_TOP = 0.15  # of the product's height: where hangers are


class PlaceModel(Frozen):
    """Of one kind of place. limit: the probability from which it is shown. shown, right: on photos that were not
    learned from, the share on which a place is shown, and how often it is wrong there as said."""

    features: tuple[str, ...]
    forest: Forest
    limit: float
    shown: float
    right: float

    def probability(self, numbers: Mapping[str, float]) -> float:
        """That a place with these numbers is wrong."""
        return self.forest.answer(np.array([numbers.get(name, np.nan) for name in self.features]))


def shown_place(probabilities: Sequence[float], shares: Sequence[float], limit: float) -> int | None:
    """Which of a photo's places of one kind is shown: where most is expected to be wrong, of the probable ones."""
    probable = [
        (probability * share, index)
        for index, (probability, share) in enumerate(zip(probabilities, shares, strict=True))
        if probability >= limit and share >= SHOWN_AREA
    ]
    return max(probable)[1] if probable else None


def place_evidence(places: Sequence[Place], models: Mapping[str, PlaceModel]) -> dict[str, float]:
    """What a recipe keeps of the places to be shown: probability and box, and whether it is at the product's top."""
    kept: dict[str, float] = {}
    for kind, model in models.items():
        own = [place for place in places if place.kind == kind]
        probabilities = [model.probability(place.numbers) for place in own]
        index = shown_place(probabilities, [place.share for place in own], model.limit)
        if index is None:
            continue
        place = own[index]
        kept[f"place_{kind}"] = probabilities[index]
        kept |= {f"place_{kind}_{side}": value for side, value in zip(SIDES, place.box, strict=True)}
        kept[f"place_{kind}_at_top"] = float(place.numbers.get("height", 1.0) < _TOP)
    return kept
