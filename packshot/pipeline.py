"""The pipeline: six stages between loading and judging, and the verbs over them. Read this first.

photo  --predict-->  recipe  --render-->  picture  --judge-->  verdict
         fit (from a pair)     correct (by a person)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation.features import evidence
from packshot.evaluation.judge import verdict
from packshot.evaluation.judge_model import judge_of
from packshot.evaluation.rules import Shot
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.recipe import Recipe, Source, Verdict
from packshot.render import RenderPlan
from packshot.stages.alignment import AlignmentStage
from packshot.stages.background import BackgroundStage
from packshot.stages.color import ColorStage
from packshot.stages.cropping import CroppingStage
from packshot.stages.detailing import DetailingStage
from packshot.stages.lighting import LightingStage
from packshot.style import Style
from packshot.view import View

if TYPE_CHECKING:
    from packshot.learning.fitting.pair_set import PairFit

COLOR, LIGHTING, BACKGROUND = ColorStage(), LightingStage(), BackgroundStage()
ALIGNMENT, CROPPING, DETAILING = AlignmentStage(), CroppingStage(), DetailingStage()
STAGES = (COLOR, LIGHTING, BACKGROUND, ALIGNMENT, CROPPING, DETAILING)


def predict(photo: Photo, pack: Pack, style: Style | None = None, category: str | None = None) -> Recipe:
    """Decides a photo's edit. ``category`` is predicted where none is given."""
    return predict_viewed(View.of(photo, pack, style or Style(), category), photo)


def predict_viewed(view: View, photo: Photo) -> Recipe:
    """``predict`` from a view of the photo, for who wants to know more of it than the recipe says."""
    pack, (name, confidence) = view.pack, view.category
    own = pack.of(name)
    if own is not pack:
        view = View.of(photo, own, view.style, name)
    recipe = decide(view, Source(name=photo.name, sha256=photo.sha256, size=photo.size))
    recipe = recipe.model_copy(update={"by": pack.label, "category_confidence": round(confidence, 4)})
    trained = judge_of(pack)
    return recipe if trained is None else recipe.model_copy(update={"evidence": evidence(view, recipe, trained)})


def decide(view: View, source: Source) -> Recipe:
    """Every stage's part, one after another."""
    name, confidence = view.category
    recipe = Recipe(source=source, category=name, category_confidence=round(confidence, 4), by=view.pack.label)
    for stage in STAGES:
        decided = stage.predict(view, recipe)
        if isinstance(decided, tuple):
            part, files = decided
            recipe = recipe.model_copy(update={stage.name: part, "assets": {**recipe.assets, **files}})
        else:
            recipe = recipe.model_copy(update={stage.name: decided})
    return recipe


def plan(recipe: Recipe) -> RenderPlan:
    """What rendering will do: every stage's part lowered, in order."""
    derived = recipe.geometry
    operations = RenderPlan(recipe.source.size, affine=derived.affine(), size=derived.size)
    COLOR.lower(recipe.color, operations)
    LIGHTING.lower(recipe.lighting, operations)
    BACKGROUND.lower(recipe.background, operations, dict(recipe.assets))
    ALIGNMENT.lower(recipe.alignment, operations)
    CROPPING.lower(recipe.cropping, operations)
    DETAILING.lower(recipe.detailing, operations)
    return operations


def render(photo: Photo, recipe: Recipe, long_side: int | None = None) -> NDArray[np.uint8]:
    """The finished picture (H, W, 3) sRGB uint8, at the recipe's size or with another ``long_side``.

    Raises ValueError when the recipe belongs to another photo.
    """
    if recipe.source.size != photo.size:
        raise ValueError(
            f"the recipe is for a photo of {recipe.source.size}, {photo.name} has {photo.size}: "
            "pair each photo with its own recipe"
        )
    if recipe.source.sha256 != photo.sha256:
        raise ValueError(
            f"the recipe is for another photo ({recipe.source.name}) than {photo.name}, though they are of one size: "
            "pair each photo with its own recipe"
        )
    return plan(recipe).resized(long_side).execute(photo)


def judge(recipe: Recipe, image: NDArray[np.uint8], pack: Pack, style: Style | None = None) -> Verdict:
    """Whether the finished picture can be published, with reasons. It never needs an after-image."""
    house = (style or Style()).house(recipe.category, pack.habits(recipe.category)).for_photo(recipe.source.size)
    return verdict(Shot(image, recipe, pack, house, style or Style()))


def fit(before: str | Path, after: str | Path, category: str = "unknown") -> PairFit:
    """What a retoucher did between two files: the recipe, and the share of the change that each stage explains.

    Whatever keeps the two from being a pair (another product, a reshot, an unreadable file) is told in the answer,
    whose ``recipe`` is then None; `packshot fit` does this for a folder.
    """
    from packshot.learning.fitting.pair_set import fit_pair
    from packshot.learning.pairs import Pair

    name = Path(before).stem
    return fit_pair(Pair(name, category, name, Path(before), Path(after)))


def correct(recipe: Recipe, changes: Mapping[str, Mapping[str, Any]], by: str = "human") -> Recipe:
    """A person's changes over a recipe, e.g. ``{"alignment": {"angle": 1.5}}``.

    Raises ValueError naming what is wrong.
    """
    names = {stage.name for stage in STAGES}
    unknown = set(changes) - names
    if unknown:
        raise ValueError(f"no stage is called {', '.join(sorted(unknown))}: there are {', '.join(sorted(names))}")
    updates: dict[str, Any] = {}
    for name, values in changes.items():
        part = getattr(recipe, name)
        updates[name] = type(part).model_validate({**part.model_dump(), **values})
    return recipe.model_copy(update={**updates, "by": by, "verdict": None})
