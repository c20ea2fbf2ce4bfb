"""A house's policies, read out of its finished shots: backdrop colour, shadow, and what it leaves to the photo.

What is done to a tenth of the shots is done where it is needed, and the house does it; what is done to none is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packshot import geometry
from packshot.recipe import Color, Lighting, Recipe

Policies = dict[str, Any]

_MOSTLY, _HARDLY = 0.5, 0.1  # shares of shots
_TURNED = 0.25  # degrees: less is a retoucher's inconsistency, or what registration may be off by
_FRAME = 0.004  # of the long side, and of the scale: as much may be lost by reading it from pixels
_GAIN, _STOPS, _TONE, _UNEVEN = 0.06, 0.08, 0.04, 0.2  # stops, stops, amounts and stops that nobody sees
_WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Manner:
    """What was done in one finished shot. backdrop: sRGB, None where none was read. tilt: degrees turned; specks:
    healed; shadow: whether the after keeps one, None where nobody looked; framed, coloured, lit: whether the frame, the
    colour and the light are others than the photo's own."""

    category: str
    backdrop: tuple[int, int, int] | None = _WHITE
    tilt: float = 0.0
    specks: int = 0
    shadow: bool | None = None
    framed: bool = True
    coloured: bool = True
    lit: bool = True


def manner_of(recipe: Recipe, shadow: bool | None = None) -> Manner:
    """What a fitted recipe did."""
    return Manner(
        recipe.category,
        None if recipe.background.matte is None else recipe.background.color,
        recipe.alignment.effective().angle,
        len(recipe.detailing.spots),
        shadow,
        _framed(recipe),
        _coloured(recipe.color.effective()),
        _lit(recipe.lighting.effective()),
    )


def policies_of(manners: Sequence[Manner]) -> dict[str, Policies]:
    """The policies by category, and ``default`` for all; a category has what differs. Raises ValueError without any."""
    if not manners:
        raise ValueError("policies need at least one finished shot")
    default = _policies(manners)
    found = {"default": default}
    for category in sorted({manner.category for manner in manners}):
        own = _policies([manner for manner in manners if manner.category == category])
        found[category] = {key: value for key, value in own.items() if default.get(key) != value}
    return found


def with_policies(habits: Mapping[str, Mapping[str, Any]], policies: Mapping[str, Policies]) -> dict[str, Policies]:
    """Habits by category, and over them the policies."""
    names = sorted({*habits, *policies})
    return {name: {**habits.get(name, {}), **policies.get(name, {})} for name in names}


def _policies(manners: Sequence[Manner]) -> Policies:
    backdrops = np.array([manner.backdrop for manner in manners if manner.backdrop is not None])
    shadows = [manner.shadow for manner in manners if manner.shadow is not None]
    found: Policies = {
        "background": np.round(np.median(backdrops, 0)).astype(int).tolist() if len(backdrops) else list(_WHITE),
        "upright": "auto" if _share([abs(manner.tilt) > _TURNED for manner in manners]) > _HARDLY else "never",
        "heal": _share([manner.specks > 0 for manner in manners]) > _HARDLY,
        "frame": "margins" if _share([manner.framed for manner in manners]) > _HARDLY else "photo",
        "color": 1.0 if _share([manner.coloured for manner in manners]) > _HARDLY else 0.0,
        "light": 1.0 if _share([manner.lit for manner in manners]) > _HARDLY else 0.0,
    }
    return found | ({"shadow": "keep" if _share(shadows) >= _MOSTLY else "none"} if shadows else {})


def _share(told: Sequence[bool]) -> float:
    return float(np.mean(told)) if told else 0.0


def _framed(recipe: Recipe) -> bool:
    size, matrix = recipe.source.size, recipe.geometry.affine()
    corners = np.array([[0.0, 0.0], [size[0] - 1.0, size[1] - 1.0]])
    moved = float(np.abs(geometry.apply(matrix, corners) - corners).max())
    return recipe.geometry.size != size or moved > max(1.0, _FRAME * max(size))


def _coloured(color: Color) -> bool:
    gains = np.log2(np.array(color.white_gain))
    return float(np.ptp(gains)) > _GAIN or abs(color.saturation - 1) > _TONE


def _lit(light: Lighting) -> bool:
    tone = max(abs(light.shadows), abs(light.highlights), abs(light.contrast))
    uneven = 0.0 if light.field is None else float(np.ptp(light.field.array()))
    return abs(light.exposure) > _STOPS or tone > _TONE or uneven > _UNEVEN
