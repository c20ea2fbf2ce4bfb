"""The house style: what a studio wants of its shots, per category; ``style.toml`` is written for people to edit."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from packshot.recipe import Frozen

_ALIKE = math.log(1.2)  # between the sizes of photos that count as one camera's


class House(Frozen):
    """The rules for one category. Shares are of the canvas's width (left, right) and height (top, bottom)."""

    aspect: float = Field(0.8, gt=0.1, lt=10, description="canvas width / height")
    long_side: int = Field(2000, ge=64, le=20000, description="pixels of the canvas's long side")
    long_sides: tuple[tuple[int, int], ...] = Field(
        (), description="photo's short side and canvas's long side, where the camera decides; within 20 % the nearest"
    )
    margin_top: float = Field(0.08, ge=0, lt=0.5)
    margin_right: float = Field(0.08, ge=0, lt=0.5)
    margin_bottom: float = Field(0.08, ge=0, lt=0.5)
    margin_left: float = Field(0.08, ge=0, lt=0.5)
    anchor: Literal["centre", "base", "top"] = "centre"
    upscale: Literal["never", "allow", "known"] = Field(
        "never",
        description="never: the canvas shrinks to what the photo holds; known: allowed where long_sides knows it",
    )
    frame: Literal["margins", "photo"] = Field(
        "margins", description="photo: the shot keeps the photo's own frame and size, whatever canvas and margins say"
    )
    color: float = Field(1.0, ge=0, le=1, description="share of the colour correction that is made; 0: none")
    light: float = Field(1.0, ge=0, le=1, description="share of the lighting correction that is made; 0: none")
    background: tuple[int, int, int] = (255, 255, 255)
    shadow: Literal["none", "keep", "soft"] = "none"
    sharpening: float = Field(0.35, ge=0, le=3)
    noise: float = Field(
        0.0, ge=0, le=40, description="sRGB levels of noise smoothed out of photos that are hardly reduced or enlarged"
    )
    upright: Literal["auto", "never"] = "auto"
    heal: bool = True
    quality: int = Field(92, ge=1, le=100, description="of the JPEG")
    metadata: Literal["harmless", "all"] = Field(
        "harmless",
        description="harmless: copyright, capture time, camera; all: the photo's whole EXIF block, place included",
    )
    presets: tuple[str, ...] = Field((), description="marketplace presets each output is checked against")
    own_presets: dict[str, Any] = Field(
        default_factory=dict, description="presets of one's own: tables ``sources`` and ``presets`` as in presets.toml"
    )

    def for_photo(self, size: tuple[int, int]) -> House:
        """The rules for a photo of (width, height) ``size``, with the canvas ``long_sides`` knows for such photos."""
        known = [(abs(math.log(min(size) / photo)), canvas) for photo, canvas in self.long_sides]
        distance, canvas = min(known, default=(math.inf, 0))
        upscale = {} if self.upscale != "known" else {"upscale": "allow" if distance <= _ALIKE else "never"}
        return self.model_copy(update={**upscale, **({"long_side": canvas} if distance <= _ALIKE else {})})

    def canvas(self) -> tuple[int, int]:
        """(width, height) in pixels at full size."""
        if self.aspect >= 1:
            return self.long_side, max(1, round(self.long_side / self.aspect))
        return max(1, round(self.long_side * self.aspect)), self.long_side


class Style(Frozen):
    """Rules for every category (``default``) and what differs in some (``categories``)."""

    style: Literal[1] = 1
    name: str = Field("", description="of the style, for people; that of its file if not given")
    default: dict[str, Any] = Field(default_factory=dict)
    categories: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def house(self, category: str, habits: dict[str, Any] | None = None) -> House:
        """A category's rules: the pack's learned ``habits`` first, then this style over them."""
        wanted = {**self.default, **self.categories.get(category, {})}
        merged = {**(habits or {}), **({"long_sides": ()} if "long_side" in wanted else {}), **wanted}
        return House.model_validate(merged)

    def houses(self, names: Iterable[str], habits: Callable[[str], dict[str, Any]]) -> list[House]:
        """The rules of every category that may turn up, by each one's habits."""
        return [self.house(name, habits(name)) for name in sorted({*names, *self.categories})]

    def digest(self) -> str:
        """The style as one canonical line, for telling one style from another."""
        return self.model_dump_json(exclude={"name"})


def load_style(path: Path) -> Style:
    """Reads ``style.toml``. Raises ValueError naming the key that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        style = Style.model_validate({"name": path.stem, **data})
        for category in ("default", *style.categories):
            style.house(category)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ValueError(f"{path.name} does not fit the house style: {_said(error)}") from error
    return style


def _said(error: ValidationError) -> str:
    """What is wrong with which key, and which one may be meant."""
    return "; ".join(_key_said(item["loc"], item["type"], item["msg"], error.title) for item in error.errors())


def _key_said(place: tuple[int | str, ...], kind: str, message: str, title: str) -> str:
    key = ".".join(map(str, place))
    if kind == "tuple_type":
        return f"{key}: give a list, such as [255, 255, 255]"
    if kind != "extra_forbidden":
        return f"{key}: {message[:1].lower()}{message[1:]}"
    if title == Style.__name__ and key in House.model_fields:
        return f"{key} stands under [default] or [categories.NAME], not above them"
    near = get_close_matches(key, House.model_fields if title == House.__name__ else Style.model_fields, n=1)
    return f"there is no key {key}" + (f"; is {near[0]} meant?" if near else "")
