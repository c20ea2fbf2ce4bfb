"""What marketplaces ask of a product image, as dated data: each rule names the source it was read in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from packshot.publication.variants import Variant

Share = Annotated[float, Field(ge=0, le=1)]
Color = tuple[int, int, int]


class Data(BaseModel):
    """Immutable, and strict about unknown keys: a misspelt rule is an error, not a rule that is never checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Data):
    """Where a rule was read. ``official``: written by the marketplace itself."""

    title: str
    url: str
    trust: Literal["official", "third-party"]
    dated: date = Field(description="the day it was read")
    page_updated: date | None = Field(None, description="the day the page says it was last changed")


class Ruling(Data):
    """What every rule has: how binding it is, when it holds, and who says so."""

    source: Source
    level: Literal["required", "recommended"] = "required"
    note: str = ""
    from_day: date | None = Field(None, alias="from", description="first day on which it holds")
    until: date | None = Field(None, description="last day on which it holds")

    def holds(self, day: date) -> bool:
        """Whether the rule is in force on ``day``."""
        return (self.from_day is None or self.from_day <= day) and (self.until is None or day <= self.until)


class PixelSize(Ruling):
    """Bounds in pixels, of the frame or of the product's upright box (white space not counted)."""

    check: Literal["pixel_size"]
    count: Literal["frame", "product"] = "frame"
    min_width: int | None = None
    min_height: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    min_longest: int | None = None
    max_longest: int | None = None
    max_megapixels: float | None = None


class Aspect(Ruling):
    """Width over height."""

    check: Literal["aspect"]
    ratio: float
    tolerance: float = Field(0.005, description="relative: a side may be off by a pixel of rounding")


class Format(Ruling):
    """File formats, by their lower-case name."""

    check: Literal["format"]
    allowed: tuple[str, ...]
    extension_must_match: bool = False


class FileSize(Ruling):
    """Bytes, of files of one format or of any."""

    check: Literal["file_size"]
    min_bytes: int | None = None
    max_bytes: int | None = None
    of_format: str | None = None


class Background(Ruling):
    """The colour outside the product, in sRGB levels, and by how many levels a pixel may differ."""

    check: Literal["background"]
    color: Color
    tolerance: int = Field(0, ge=0, le=255)
    transparent: bool = Field(False, description="whether a transparent background will do as well")


class Fill(Ruling):
    """How much of the frame the product takes: markets mean different things by it.

    ``longest_side``: the larger of width share and height share; ``box``: area of the upright box;
    ``area``: area of the product's own outline.
    """

    check: Literal["fill"]
    measure: Literal["longest_side", "box", "area"]
    minimum: Share = 0.0
    maximum: Share = 1.0


class ColorMode(Ruling):
    """Channels, bits per channel, and the embedded colour profile (none counts as sRGB)."""

    check: Literal["color"]
    modes: tuple[str, ...] = ()
    bits: int | None = None
    profile: Literal["sRGB"] | None = None


class Density(Ruling):
    """Dots per inch written in the file."""

    check: Literal["density"]
    minimum: float


class Shadow(Ruling):
    """Whether the product may, must or must not stand in a visible shadow."""

    check: Literal["shadow"]
    policy: Literal["required", "allowed", "forbidden"]


class NotUpscaled(Ruling):
    """The product may not have been enlarged beyond the photo's own pixels."""

    check: Literal["not_upscaled"]


Rule = Annotated[
    PixelSize | Aspect | Format | FileSize | Background | Fill | ColorMode | Density | Shadow | NotUpscaled,
    Field(discriminator="check"),
]
Kind = TypeVar("Kind", bound=Ruling)


class Preset(Data):
    """One marketplace's rules, and the variant packshot makes for it."""

    name: str
    title: str
    variant: Variant
    rules: tuple[Rule, ...]

    def on(self, day: date) -> tuple[Rule, ...]:
        """The rules in force on ``day``."""
        return tuple(rule for rule in self.rules if rule.holds(day))


def read_presets(text: str, where: str) -> dict[str, Preset]:
    """Presets by name from TOML. Raises ValueError with ``where`` and what is wrong."""
    try:
        return presets_in(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where} is not valid TOML: {error}") from error


def presets_in(tables: Mapping[str, Any], where: str) -> dict[str, Preset]:
    """Presets by name from tables ``sources`` and ``presets``. Raises ValueError with ``where`` and what is wrong."""
    try:
        sources = tables.get("sources", {})
        return {name: _preset(name, table, sources) for name, table in tables.get("presets", {}).items()}
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {error.title}, {place}: {first['msg']}") from error


def _preset(name: str, table: dict[str, Any], sources: dict[str, Any]) -> Preset:
    rules = [{**rule, "source": _source(name, rule, sources)} for rule in table.get("rules", [])]
    variant = {"name": name, **table.get("variant", {})}
    return Preset.model_validate({**table, "name": name, "variant": variant, "rules": rules})


def _source(preset: str, rule: dict[str, Any], sources: dict[str, Any]) -> Any:
    key = rule.get("source")
    if key not in sources:
        raise ValueError(f"a rule of preset {preset!r} names the source {key!r}, which is not listed under [sources]")
    return sources[key]


@cache
def built_in_presets() -> dict[str, Preset]:
    """The presets that ship with packshot, by name. Treat it as read-only: it is read once."""
    text = resources.files("packshot.publication").joinpath("presets.toml").read_text("utf-8")
    return read_presets(text, "presets.toml")


def preset(name: str, own: Mapping[str, Any] | None = None) -> Preset:
    """A preset that ships, or one of a style's ``own``, which win over those of the same name.

    Raises ValueError that lists the names there are, or says what is wrong with the style's.
    """
    presets = {**built_in_presets(), **presets_in(own or {}, "own_presets of the style")}
    if name not in presets:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(sorted(presets))}")
    return presets[name]
