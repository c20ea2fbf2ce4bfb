"""One shot, several outputs: each marketplace's own canvas from the same recipe, checked against its rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot import geometry
from packshot.compositing import frame_matte
from packshot.photo import Metadata, Photo
from packshot.pipeline import render
from packshot.publication.check import Finding, check_output
from packshot.publication.cutout import cut_out
from packshot.publication.measure import Facts, Output
from packshot.publication.presets import Preset
from packshot.publication.variants import Variant, encode_variant
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte
from packshot.stages.cropping import crop, turned_box
from packshot.style import House


@dataclass(frozen=True)
class Export:
    """A preset's output: the file, its extension, and the rules it does not meet."""

    data: bytes
    suffix: str
    findings: tuple[Finding, ...]


def export(photo: Photo, recipe: Recipe, preset: Preset, house: House) -> Export:
    """Renders the shot for a marketplace and checks it.

    The product is never enlarged unless the house allows it: a photo that is too small gives a smaller canvas, and the
    checker says so.
    """
    variant = preset.variant
    framed = reframed(recipe, house_for(house, variant), variant)
    image = cut_out(photo, framed) if variant.background == "transparent" else render(photo, framed)
    size = (image.shape[1], image.shape[0])
    data = encode_variant(image, variant.model_copy(update={"canvas": size}), kept_metadata(photo, house))
    affine = framed.geometry.affine()
    facts = Facts(upscaled=geometry.scale_of(affine) > 1.001, shadow=framed.background.shadow)
    matte = None
    if framed.background.matte is not None:
        source = decode_matte(framed.asset(framed.background.matte))
        matte = frame_matte(source, framed.source.size, affine, size)
    output = Output(data, f"output{variant.suffix}", facts, image, matte)
    return Export(data, variant.suffix, tuple(check_output(output, preset)))


def kept_metadata(photo: Photo, house: House) -> Metadata:
    """What of the photo's metadata a finished file holds."""
    return photo.complete_metadata() if house.metadata == "all" else photo.metadata


def house_for(house: House, variant: Variant) -> House:
    """The house's rules on the variant's canvas, with the variant's margins, where it has some."""
    changes: dict[str, float] = {}
    if variant.canvas is not None:
        width, height = variant.canvas
        changes = {"aspect": width / height, "long_side": max(width, height)}
    if variant.margins is not None:
        changes |= {f"margin_{side}": value for side, value in variant.margins.model_dump().items()}
    return house.model_copy(update=changes)


def reframed(recipe: Recipe, house: House, variant: Variant) -> Recipe:
    """The recipe with another crop and backdrop colour; a photo whose product was not found keeps its frame."""
    background = recipe.background
    if background.matte is None:
        return recipe
    matte = np.asarray(decode_matte(recipe.asset(background.matte)) / 255, np.float32)
    to_source = geometry.resize_affine((matte.shape[1], matte.shape[0]), recipe.source.size)
    angle = recipe.alignment.effective().angle
    box = turned_box(matte, angle, to_source)
    changes: dict[str, object] = {} if box is None else {"cropping": crop(box, angle, house)}
    if isinstance(variant.background, tuple):
        changes["background"] = background.model_copy(update={"color": variant.background})
    return recipe.model_copy(update=changes)
