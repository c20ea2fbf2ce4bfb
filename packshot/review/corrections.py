"""Corrections: what a person changed on the page, as a change of the recipe.

Amounts are relative to the prediction, so that zero everywhere is the prediction and every control can be put back
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from pydantic import Field

from packshot.catalog import Answer
from packshot.pipeline import correct
from packshot.recipe import Cropping, Frozen, Recipe, Spot
from packshot.review.recategorizing import Recategorize
from packshot.review.strokes import Coordinate, Point, Stroke, brushed, without_loose_pieces
from packshot.shift import Shift, within
from packshot.stages.background import png_asset
from packshot.style import House

STAGES_OF = {
    "category": ("category",),
    "color": ("warmth", "tint"),
    "lighting": ("exposure", "shadows", "highlights"),
    "background": ("strokes", "tidy", "shadow"),
    "alignment": ("angle",),
    "cropping": ("centre", "zoom"),
    "detailing": ("spots_added", "spots_removed"),
}
"""Which controls belong to which stage. The category comes before them all: what follows from it is built upon."""

Light = Literal["color", "lighting", "detailing"]
"""The stages that another category decides anew, as long as the hand has not changed them."""


class NewSpot(Frozen):
    """A speck that a person marked, in pixels of the upright photo."""

    x: Coordinate
    y: Coordinate
    radius: float = Field(gt=0, le=2000)


class Edit(Frozen):
    """A person's changes over a prediction; the empty edit is the prediction."""

    category: str | None = Field(None, max_length=64, description="what the photo shows, if not what was predicted")
    kept: dict[Light, str | None] = Field(
        default_factory=dict,
        description="stages the hand had changed before the category, and of which one (none: the predicted) they stay",
    )
    warmth: float = Field(0.0, ge=-2, le=2, description="stops between red and blue; positive is warmer")
    tint: float = Field(0.0, ge=-2, le=2, description="stops of green against red and blue; positive is greener")
    exposure: float = Field(0.0, ge=-4, le=4, description="stops brighter")
    shadows: float = Field(0.0, ge=-1.6, le=1.6)
    highlights: float = Field(0.0, ge=-1.6, le=1.6)
    angle: float = Field(0.0, ge=-180, le=180, description="degrees counter-clockwise on screen")
    centre: Point | None = Field(None, description="the photo's point, in pixels, at the canvas's centre")
    zoom: float = Field(1.0, gt=0.02, le=50, description="scale as a multiple of the predicted one")
    strokes: tuple[Stroke, ...] = Field((), max_length=500)
    tidy: bool = Field(False, description="takes small pieces away that lie apart from the product")
    shadow: Literal["none", "keep", "soft"] | None = None
    spots_added: tuple[NewSpot, ...] = Field((), max_length=500)
    spots_removed: tuple[int, ...] = Field((), max_length=2000, description="places in the predicted list of spots")

    def shift(self) -> Shift:
        """What the hand changed of colour and light."""
        return Shift(self.warmth, self.tint, self.exposure, self.shadows, self.highlights)

    def changed(self) -> list[str]:
        """The stages this edit touches, in the pipeline's order."""
        neutral = Edit()
        return [
            stage for stage, names in STAGES_OF.items() if any(getattr(self, n) != getattr(neutral, n) for n in names)
        ]


ShadowMap = Callable[[], tuple[bytes, tuple[int, int]]]
"""Gives the light left by the photo's own shadow as a PNG, and its (width, height)."""


@dataclass(frozen=True)
class Changes:
    """A correction as ``packshot.correct`` takes it; ``assets``: new mattes' contents by sha256.

    ``category``: the one it was corrected to; ``house`` and ``light``: the rules and the parts by stage that are
    decided for it, where its pack is known.
    """

    stages: Mapping[str, Mapping[str, Any]]
    assets: Mapping[str, bytes]
    category: str | None = None
    house: House | None = None
    light: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def answer(self, given: Answer) -> Answer:
        """The page's answer with what it changes, as the catalog takes it."""
        house = {} if self.house is None else self.house.model_dump(mode="json")
        changed = replace(given, changes=self.stages, assets=self.assets)
        return replace(changed, category=self.category, house=house, light=self.light)


def changes_of(
    recipe: Recipe, edit: Edit, shadow_map: ShadowMap, recategorize: Recategorize = lambda _: None
) -> Changes:
    """What a person's edit changes of the prediction, stage by stage; nothing for the empty edit."""
    other = None if edit.category is None else recategorize(edit.category)
    base = _light(recipe, edit, recategorize)
    if other is not None:
        base = base.model_copy(update={"cropping": other.cropping})
    changes: dict[str, dict[str, Any]] = {
        stage: getattr(base, stage).model_dump() for stage in _CHANGES if getattr(base, stage) != getattr(recipe, stage)
    }
    stages = edit.changed()
    for stage in stages:
        if stage in _CHANGES:
            changes[stage] = changes.get(stage, {}) | _CHANGES[stage](base, edit)
    assets: dict[str, bytes] = {}
    if "background" in stages:
        changes["background"], assets = _background(recipe, edit, shadow_map)
    if other is None:
        return Changes(changes, assets, edit.category)
    light = {
        stage: getattr(other, stage).model_dump(mode="json") for stage in get_args(Light) if stage not in edit.kept
    }
    return Changes(changes, assets, edit.category, other.house, light)


def _light(recipe: Recipe, edit: Edit, recategorize: Recategorize) -> Recipe:
    """The recipe with colour, light and detail as they are decided for the edit's category."""
    parts: dict[str, Any] = {}
    for stage in get_args(Light):
        category = edit.kept.get(stage, edit.category)
        other = None if category is None else recategorize(category)
        if other is not None:
            parts[stage] = getattr(other, stage)
    return recipe.model_copy(update=parts)


def corrected(recipe: Recipe, edit: Edit, shadow_map: ShadowMap, recategorize: Recategorize = lambda _: None) -> Recipe:
    """The prediction with a person's changes; the prediction itself where nothing changed.

    Raises ValueError when a value leaves what the recipe allows, or the category is not known.
    """
    changes = changes_of(recipe, edit, shadow_map, recategorize)
    if not changes.stages and changes.category is None:
        return recipe
    result = correct(recipe, changes.stages)
    known = {} if changes.category is None else {"category": changes.category, "category_confidence": 1.0}
    return result.model_copy(update={"assets": {**recipe.assets, **changes.assets}, **known})


def _color(recipe: Recipe, edit: Edit) -> dict[str, Any]:
    return edit.shift().color(recipe.color)


def _lighting(recipe: Recipe, edit: Edit) -> dict[str, Any]:
    return edit.shift().lighting(recipe.lighting)


def _alignment(recipe: Recipe, edit: Edit) -> dict[str, Any]:
    turned = recipe.alignment.effective().angle + edit.angle
    return {"strength": 1.0, "angle": round((turned + 180) % 360 - 180, 3), "method": "human", "confidence": 1.0}


def _cropping(recipe: Recipe, edit: Edit) -> dict[str, Any]:
    crop, width, height = recipe.cropping, *recipe.source.size
    centre = edit.centre or crop.centre or ((width - 1) / 2, (height - 1) / 2)
    return {
        "strength": 1.0,
        "centre": (round(centre[0], 3), round(centre[1], 3)),
        "scale": within(Cropping, "scale", crop.scale * edit.zoom),
        "canvas": crop.canvas or recipe.source.size,
    }


def _detailing(recipe: Recipe, edit: Edit) -> dict[str, Any]:
    removed = set(edit.spots_removed)
    kept = [spot for place, spot in enumerate(recipe.detailing.spots) if place not in removed]
    added = [Spot(x=spot.x, y=spot.y, radius=spot.radius, kind="human") for spot in edit.spots_added]
    return recipe.detailing.model_copy(update={"spots": (*kept, *added), "strength": 1.0}).model_dump()


_CHANGES: dict[str, Callable[[Recipe, Edit], dict[str, Any]]] = {
    "color": _color,
    "lighting": _lighting,
    "alignment": _alignment,
    "cropping": _cropping,
    "detailing": _detailing,
}


def _background(recipe: Recipe, edit: Edit, shadow_map: ShadowMap) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What matte and shadow change to, and the content of their files."""
    part, changes = recipe.background, dict[str, Any]()
    assets: dict[str, bytes] = {}
    drawn = _matte(recipe, edit)
    if drawn is not None:
        matte = png_asset(drawn, "matte", png_size(drawn))
        assets[matte.sha256] = drawn
        changes |= {"matte": matte.model_dump(), "doubt": 0.0}
    if edit.shadow is not None:
        changes["shadow"] = edit.shadow
        if edit.shadow == "keep" and part.shadow_map is None:
            content, size = shadow_map()
            light = png_asset(content, "shadow", size)
            assets[light.sha256] = content
            changes["shadow_map"] = light.model_dump()
    return changes, assets


def _matte(recipe: Recipe, edit: Edit) -> bytes | None:
    """The matte's PNG as the hand left it; None when it was not touched, or there is none to tidy."""
    part = recipe.background.matte
    content = None if part is None else recipe.asset(part)
    if edit.tidy and content is not None:
        content = without_loose_pieces(content)
    if edit.strokes:
        return brushed(part, content, edit.strokes, recipe.source.size)
    return content if edit.tidy else None


def png_size(content: bytes) -> tuple[int, int]:
    """(width, height) from a PNG's header."""
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
