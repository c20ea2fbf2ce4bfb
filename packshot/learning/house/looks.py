"""The house look by category, from the fits of a set: tone and saturation that all its photos share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from packshot.learning.fitting.pair_set import PairFit
from packshot.pack_file import Look

_TONE = ("shadows", "highlights", "contrast")


def looks_of(fits: Sequence[PairFit], base: Mapping[str, Look]) -> dict[str, Look]:
    """A look for each category and ``default`` for others; whatever fits do not tell stays as in ``base``.

    Raises ValueError when no fit has a recipe.
    """
    usable = [fit for fit in fits if fit.recipe is not None]
    if not usable:
        raise ValueError("a look needs at least one fitted pair")
    start = base.get("default", Look())
    looks = {"default": _look(usable, start)}
    for category in sorted({fit.category for fit in usable}):
        looks[category] = _look([fit for fit in usable if fit.category == category], start)
    return looks


def _look(fits: Sequence[PairFit], start: Look) -> Look:
    recipes = [fit.recipe for fit in fits if fit.recipe is not None]
    tone = {name: round(median(getattr(recipe.lighting.effective(), name) for recipe in recipes), 4) for name in _TONE}
    saturation = round(median(recipe.color.effective().saturation for recipe in recipes), 4)
    return start.model_copy(update={**tone, "saturation": saturation})
