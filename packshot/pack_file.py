"""``pack.json``: which models a pack has, how a photo is made ready for each, and everything tunable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from packshot.recipe import IDENTITY_MATRIX, Curve, Frozen


class PackError(ValueError):
    """A pack that cannot be used; the message says what is wrong and what to do."""


class Preprocessing(Frozen):
    """How a photo becomes the network's input: data, so that a user's own model needs no code."""

    planes: Literal["packshot", "rgb"] = Field(
        "rgb", description="packshot: eight planes; rgb: normalised red, green, blue"
    )
    long_side: int = Field(1024, ge=32, le=4096)
    multiple: int = Field(32, ge=1, le=1024)
    square: bool = Field(
        False, description="squeeze the photo into long_side x long_side, as IS-Net and BiRefNet expect"
    )
    mean: tuple[float, float, float] = Field((0.485, 0.456, 0.406), description="of red, green, blue in 0..1")
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)


class ModelCard(Frozen):
    """One ONNX model of the pack and the sha256 of its file."""

    file: str
    sha256: str
    preprocessing: Preprocessing = Preprocessing()
    matte_output: int = Field(0, description="which output is the matte, (N, 1, H, W)")
    category_output: int | None = Field(None, description="which output holds category logits, if any")
    logits: bool = Field(True, description="whether the matte still needs the logistic function")
    embedding_output: int | None = Field(None, description="which output describes the whole photo, if any")
    categories: tuple[str, ...] = Field((), description="of a model that is told the category: in its input's order")


class DataCard(Frozen):
    """A file of the pack that is no network, and its sha256."""

    file: str
    sha256: str


class Thresholds(Frozen):
    """Limits of the rules and of the stages' own doubt. Shares are of the canvas unless said otherwise."""

    category_confidence: float = 0.55
    matte_doubt: float = 0.12
    second_look: float | None = None
    matte_empty: float = 0.004
    matte_full: float = 0.97
    frame_contact: float = 0.02
    clipping: float = 0.03
    sharpness: float = 0.9
    least_long_side: int = 500
    margin: float = 0.02
    align_confidence: float = 0.6
    align_risk: float = 0.5
    align_unsure: float = 0.0
    speck_confidence: float = 0.7
    specks_at_most: int = 20
    publish_quality: float = 0.5
    grave: float = 0.5
    doubt_said: float = 0.3


class Look(Frozen):
    """The house look of the retouchers a pack learned from, the same for every photo of a category."""

    exposure_target: float = Field(0.0, description="stops: mean log2 luminance the product is brought towards")
    exposure_share: float = Field(0.0, ge=0, le=1, description="how far towards it")
    exposure_limit: float = 1.0
    shadows: float = 0.0
    highlights: float = 0.0
    contrast: float = 0.0
    saturation: float = 1.0
    matrix: tuple[float, ...] = Field(IDENTITY_MATRIX, min_length=9, max_length=9, description="3x3, linear light")
    curves: tuple[Curve, Curve, Curve] | None = Field(None, description="red, green, blue; see a recipe's color")
    evenness: float = Field(0.6, ge=0, le=1, description="share of the measured uneven light that is taken out")


class OwnPack(Frozen):
    """A whole pack inside the pack, used for one category alone. ``digest``: its content digest."""

    folder: str
    digest: str


class PackFile(Frozen):
    """``pack.json``."""

    pack: Literal[1] = 1
    name: str
    version: str
    categories: tuple[str, ...]
    models: dict[str, ModelCard] = Field(default_factory=dict)
    thresholds: Thresholds = Thresholds()
    look: dict[str, Look] = Field(default_factory=dict, description="by category; 'default' for the rest")
    habits: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="house rules by category; 'default' for the rest"
    )
    hard: tuple[str, ...] = ("jewellery", "glassware")
    judge: DataCard | None = Field(None, description="the trained judge, if any")
    recognition: DataCard | None = Field(None, description="how categories are told from photos, if not by the network")
    own: dict[str, OwnPack] = Field(default_factory=dict, description="by category: a pack used in this one's place")
    certificates: tuple[dict[str, Any], ...] = Field((), description="what was proven of it, one for each house style")

    def cards(self) -> dict[str, ModelCard | DataCard]:
        """Every file of the pack beside ``pack.json``, by what it is."""
        data = {"judge": self.judge, "recognition": self.recognition}
        models = {f"model {name}": card for name, card in self.models.items()}
        return {**models, **{name: card for name, card in data.items() if card is not None}}


def own_light(category: str) -> str:
    """The role of a light model that is asked for one category alone, in packs that know the light of no other."""
    return f"light of {category}"


def read_pack_file(folder: Path) -> PackFile:
    """What a pack's folder says of itself. Raises PackError: none there, not readable, or files outside it."""
    path = folder / "pack.json"
    if not path.is_file():
        raise PackError(f"{folder} is no pack: it has no pack.json. `packshot packs` lists the packs there are")
    try:
        file = PackFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise PackError(f"{path} cannot be read: {_first_fault(error)}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"{path} cannot be read as JSON ({error}): restore it from the pack's source") from error
    for card in file.cards().values():
        if (folder / card.file).resolve().parent != folder.resolve():
            raise PackError(f"{path} names {card.file}, which is outside the pack: models must lie in its folder")
    for own in file.own.values():
        if not (folder / own.folder).resolve().is_relative_to(folder.resolve() / "own"):
            raise PackError(f"{path} names {own.folder}, which is outside the pack: own packs must lie in its own/")
    return file


def _first_fault(error: ValidationError) -> str:
    """The first thing wrong with a pack's settings, in one line, and how many more there are."""
    faults = error.errors(include_url=False)
    place = ".".join(str(part) for part in faults[0]["loc"]) or "the whole"
    others = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{place}: {faults[0]['msg']}{others}. Correct it, or restore the file from the pack's source"
