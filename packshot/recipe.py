"""The recipe: the edit of one photo as data. Every part is neutral by default, and neutral is nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from packshot.geometry import Affine, frame_affine, identity

Triple = tuple[float, float, float]
Curve = Annotated[tuple[float, ...], Field(min_length=2, max_length=64)]
IDENTITY_MATRIX = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class Frozen(BaseModel):
    """Immutable and strict: an unknown key is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(Frozen):
    """What one stage decided. ``strength`` scales it towards neutral."""

    strength: float = Field(
        1.0, ge=0, le=1, description="share of the edit that is applied; 0 leaves the photo as it was"
    )

    def effective(self) -> Self:
        """The same edit with its strength worked in, so that ``strength`` is 1."""
        raise TypeError(f"{type(self).__name__} does not say how it fades")


def mix(neutral: float, value: float, share: float) -> float:
    """From ``neutral`` (share 0) to ``value`` (share 1)."""
    return neutral + (value - neutral) * share


class Color(Part):
    """White point and colour. Gains and matrix work in linear light, curves on sRGB-encoded values."""

    white_gain: Triple = Field(
        (1.0, 1.0, 1.0), description="linear gains of red, green and blue that make grey neutral"
    )
    measured_from: Literal["nothing", "backdrop", "statistics", "pairs", "human"] = "nothing"
    confidence: float = Field(0.0, ge=0, le=1)
    saturation: float = Field(1.0, ge=0, le=3, description="distance from grey, as a factor, at equal luminance")
    matrix: tuple[float, ...] = Field(
        IDENTITY_MATRIX, min_length=9, max_length=9, description="3x3, row by row, linear"
    )
    curves: tuple[Curve, Curve, Curve] | None = Field(
        None, description="red, green, blue: outputs at evenly spaced inputs 0..1, sRGB-encoded"
    )

    def effective(self) -> Self:
        """Gains fade as powers, the rest linearly."""
        share = self.strength
        red, green, blue = (max(gain, 1e-4) ** share for gain in self.white_gain)
        matrix = tuple(mix(one, value, share) for one, value in zip(IDENTITY_MATRIX, self.matrix, strict=True))
        curves = None if self.curves is None else tuple(_faded_curve(curve, share) for curve in self.curves)
        changes = {"white_gain": (red, green, blue), "saturation": mix(1, self.saturation, share), "matrix": matrix}
        return self.model_copy(update={**changes, "curves": curves, "strength": 1.0})


def _faded_curve(curve: Curve, share: float) -> Curve:
    last = len(curve) - 1
    return tuple(mix(index / last, value, share) for index, value in enumerate(curve))


class Grid(Frozen):
    """Low-frequency light over the upright source: ``rows`` x ``columns`` stops, row by row, at cell centres."""

    rows: int = Field(ge=1, le=64)
    columns: int = Field(ge=1, le=64)
    stops: tuple[float, ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(self.stops) != self.rows * self.columns:
            raise ValueError(
                f"a {self.rows}x{self.columns} grid needs {self.rows * self.columns} stops, not {len(self.stops)}"
            )
        return self

    def array(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """(rows, columns) float32 stops."""
        return np.array(self.stops, np.float32).reshape(self.rows, self.columns)


class Lighting(Part):
    """Exposure, tone and evenness."""

    exposure: float = Field(0.0, ge=-6, le=6, description="stops, linear light")
    shadows: float = Field(
        0.0, ge=-0.6, le=1, description="lifts (+) or deepens dark tones; 1 lifts a quarter-tone by 0.15"
    )
    highlights: float = Field(0.0, ge=-1, le=0.6, description="lifts or recovers (-) bright tones")
    contrast: float = Field(0.0, ge=-0.6, le=0.6, description="S-curve about middle grey, sRGB-encoded")
    field: Grid | None = Field(None, description="light added where the photo's own light is uneven")

    def effective(self) -> Self:
        """All stops and amounts fade linearly."""
        grid = self.field
        if grid is not None:
            grid = grid.model_copy(update={"stops": tuple(stop * self.strength for stop in grid.stops)})
        names = ("exposure", "shadows", "highlights", "contrast")
        changes: dict[str, Any] = {name: getattr(self, name) * self.strength for name in names}
        return self.model_copy(update={**changes, "field": grid, "strength": 1.0})


class Asset(Frozen):
    """A file beside the recipe, named by its content."""

    file: str = Field(description="path relative to the recipe")
    sha256: str
    size: tuple[int, int]


class Background(Part):
    """What is product and what is backdrop, and what takes the backdrop's place."""

    matte: Asset | None = Field(
        None, description="8-bit PNG over the upright source; none leaves the backdrop as it is"
    )
    color: tuple[int, int, int] = Field((255, 255, 255), description="sRGB, 0..255")
    shadow: Literal["none", "keep", "soft"] = "none"
    shadow_map: Asset | None = Field(
        None, description="8-bit PNG over the upright source: light left, 255 is no shadow"
    )
    doubt: float = Field(0.0, ge=0, le=1, description="share of the product's area where the matte is unsure")

    def effective(self) -> Self:
        """As it is: how it fades is decided where pixels are."""
        return self


class Alignment(Part):
    """How far the product is turned to stand upright."""

    angle: float = Field(
        0.0, ge=-180, le=180, description="degrees; positive turns the picture counter-clockwise on screen"
    )
    method: Literal["nothing", "cues", "pairs", "human"] = "nothing"
    confidence: float = Field(0.0, ge=0, le=1)

    def effective(self) -> Self:
        """The angle fades linearly."""
        return self.model_copy(update={"angle": self.angle * self.strength, "strength": 1.0})


class Cropping(Part):
    """What part of the photo fills the canvas. Without a canvas the photo keeps its frame."""

    centre: tuple[float, float] | None = Field(None, description="the source point, in pixels, at the canvas's centre")
    scale: float = Field(1.0, gt=0, le=64, description="output pixels per source pixel")
    canvas: tuple[int, int] | None = Field(None, description="width and height of the output in pixels")

    def effective(self) -> Self:
        """As it is: how it fades is decided where pixels are."""
        return self


class Spot(Frozen):
    """A speck to heal: centre and radius in source pixels."""

    x: float
    y: float
    radius: float = Field(gt=0)
    strength: float = Field(1.0, ge=0, le=1)
    kind: Literal["dust", "lint", "human"] = "dust"


class Detailing(Part):
    """Specks healed, noise smoothed, and sharpening for the output."""

    spots: tuple[Spot, ...] = ()
    sharpening: float = Field(0.0, ge=0, le=3, description="amount of the unsharp mask")
    radius: float = Field(0.8, gt=0, le=5, description="of the unsharp mask, in pixels of the canvas")
    noise: float = Field(0.0, ge=0, le=40, description="sRGB levels (of 255) of noise that are smoothed out")

    def effective(self) -> Self:
        """Every spot, the sharpening and the smoothing fade linearly."""
        spots = tuple(spot.model_copy(update={"strength": spot.strength * self.strength}) for spot in self.spots)
        amounts = {"sharpening": self.sharpening * self.strength, "noise": self.noise * self.strength}
        return self.model_copy(update={"spots": spots, **amounts, "strength": 1.0})


class Source(Frozen):
    """The photo a recipe belongs to; ``size`` is (width, height), upright."""

    name: str
    sha256: str
    size: tuple[int, int]


class Reason(Frozen):
    """Why a photo is not simply published, in words a person understands."""

    code: str
    sentence: str
    value: float | None = None
    limit: float | None = None
    region: tuple[float, float, float, float] | None = Field(
        None, description="left, top, right, bottom; 0..1 of the output"
    )


class Verdict(Frozen):
    """What is to happen to a finished shot. ``would_publish`` is the judge's own opinion, whatever the gate allows."""

    route: Literal["publish", "review"]
    quality: float = Field(ge=0, le=1)
    would_publish: bool
    reasons: tuple[Reason, ...] = ()


class Geometry(Frozen):
    """Derived, never edited: pixel centres of the upright source to those of the output, and the output's size."""

    before_to_after: tuple[Triple, Triple]
    size: tuple[int, int]

    def affine(self) -> Affine:
        """(2, 3) float64."""
        return np.array(self.before_to_after, np.float64)


class Recipe(Frozen):
    """The edit of one photo. ``assets`` (mattes) are file contents by their sha256; they are saved beside the JSON."""

    recipe: Literal[1] = 1
    source: Source
    category: str = "unknown"
    category_confidence: float = Field(0.0, ge=0, le=1)
    color: Color = Color()
    lighting: Lighting = Lighting()
    background: Background = Background()
    alignment: Alignment = Alignment()
    cropping: Cropping = Cropping()
    detailing: Detailing = Detailing()
    by: str = Field("nobody", description="the pack's name and version, 'pairs', or 'human'")
    verdict: Verdict | None = None
    evidence: Mapping[str, float] = Field(
        default_factory=dict, repr=False, description="what was measured on the photo for the judge, by name"
    )
    assets: Mapping[str, bytes] = Field(default_factory=dict, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _geometry_is_derived(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if key != "geometry"} if isinstance(data, dict) else data

    @computed_field  # type: ignore[prop-decorator]
    @property
    def geometry(self) -> Geometry:
        """The affine that alignment and cropping amount to."""
        matrix, size = self._affine()
        first, second = (tuple(float(value) for value in row) for row in matrix)
        return Geometry(before_to_after=(first, second), size=size)

    def _affine(self) -> tuple[Affine, tuple[int, int]]:
        width, height = self.source.size
        middle = ((width - 1) / 2, (height - 1) / 2)
        angle = self.alignment.effective().angle
        crop = self.cropping
        if crop.canvas is None and crop.centre is None and crop.scale == 1 and angle == 0:
            return identity(), (width, height)
        canvas = crop.canvas or (width, height)
        return frame_affine(angle, crop.scale, crop.centre or middle, canvas), canvas

    def asset(self, asset: Asset) -> bytes:
        """The content of a file beside the recipe. Raises KeyError when it was not loaded with it."""
        return self.assets[asset.sha256]

    def save(self, path: Path) -> None:
        """Writes the JSON and, at their own paths, its files; each appears whole or not at all."""
        from packshot.photo import write_atomic

        for asset in self._assets():
            target = path.parent / asset.file
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, self.asset(asset))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, self.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Reads a recipe with its files. Raises ValueError when one is missing or is not the one it was made with."""
        return cls.model_validate_json(path.read_bytes()).with_files(path)

    def with_files(self, path: Path) -> Recipe:
        """The recipe with the files beside ``path``, where its JSON is or was. Raises ValueError as ``load``."""
        assets = {asset.sha256: _read_asset(path, asset) for asset in self._assets()}
        return self.model_copy(update={"assets": assets})

    def _assets(self) -> list[Asset]:
        return [asset for asset in (self.background.matte, self.background.shadow_map) if asset is not None]


def _read_asset(path: Path, asset: Asset) -> bytes:
    target = path.parent / asset.file
    if not target.is_file():
        raise ValueError(f"{path.name} needs {asset.file}, which is missing: keep mattes/ beside recipes/")
    content = target.read_bytes()
    if hashlib.sha256(content).hexdigest() != asset.sha256:
        raise ValueError(
            f"{asset.file} is not the file {path.name} was made with: restore it, or retouch the photo again"
        )
    return content
