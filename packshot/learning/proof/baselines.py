"""What any learned retoucher must beat: the untouched photo, a pipeline without learning, and the average edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import LUMINANCE, decode_srgb
from packshot.geometry import resize_affine
from packshot.learning.house import habits
from packshot.learning.proof.reference import FloatImage, Pixels, Reference, box_of
from packshot.learning.proof.scoring import Shot
from packshot.learning.registration.register import as_bytes
from packshot.learning.registration.views import shrink
from packshot.photo import Photo
from packshot.recipe import Background, Color, Detailing, Lighting, Recipe, Source
from packshot.stages.background import encode_matte, png_asset
from packshot.stages.cropping import crop, turned_box
from packshot.style import House

_GRABCUT_SIDE = 320
_INSET = 0.04  # of width and height: the border that GrabCut takes for backdrop
_GREY_CARD = 2.0  # strongest linear channel over the weakest: beyond it the border is coloured, not cast upon


@dataclass(frozen=True)
class Edit:
    """One human edit, or the mean of many, as far as an average makes sense.

    margins: top, right, bottom, left as shares of the canvas; canvas: (width, height). color, lighting, sharpening and
    noise come from the fitted recipe and are neutral where there is none. framing: of several edits, the margins and
    the anchor that explain them all best (see `habits.margins`), as a house style says them.
    """

    margins: tuple[float, float, float, float]
    canvas: tuple[int, int]
    color: Color = field(default_factory=Color)
    lighting: Lighting = field(default_factory=Lighting)
    sharpening: float = 0.0
    noise: float = 0.0
    framing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def styled(self) -> House:
        """The rules as the studio's own style sheet would have them."""
        return House.model_validate({**self.house.model_dump(), **self.framing})

    @property
    def house(self) -> House:
        """The rules that put a product where this edit did."""
        top, right, bottom, left = (float(np.clip(margin, 0, 0.45)) for margin in self.margins)
        margins = {"margin_top": top, "margin_right": right, "margin_bottom": bottom, "margin_left": left}
        width, height = self.canvas
        rules = {"aspect": width / height, "long_side": max(64, width, height), "upscale": "allow", "sharpening": 0.0}
        return House.model_validate({**rules, **margins})


def edit_of(reference: Reference, fitted: Recipe | None) -> Edit | None:
    """What a human did to one photo; None where the product's place in the after is not known."""
    box = None if reference.matte is None else box_of(reference.matte_there)
    if box is None:
        return None
    left, top, right, bottom = box
    margins = (top, 1 - right, 1 - bottom, left)
    if fitted is None:
        return Edit(margins, reference.canvas)
    parts = fitted.color.effective(), fitted.lighting.effective()
    detail = fitted.detailing.effective()
    return Edit(margins, reference.canvas, *parts, detail.sharpening, detail.noise)


def mean_edit(edits: Sequence[Edit]) -> Edit:
    """The average: gains as powers, the rest linearly; the usual canvas; light that was evened is no habit.

    Raises ValueError without edits.
    """
    if not edits:
        raise ValueError("an average needs at least one edit")
    margins = np.mean([edit.margins for edit in edits], 0)
    sizes = [edit.canvas for edit in edits]
    top, right, bottom, left = (float(margin) for margin in margins)
    return Edit(
        (top, right, bottom, left),
        max(sorted(set(sizes)), key=sizes.count),
        _mean_color([edit.color for edit in edits]),
        _mean_lighting([edit.lighting for edit in edits]),
        float(np.mean([edit.sharpening for edit in edits])),
        float(np.mean([edit.noise for edit in edits])),
        habits.margins([_placing(edit) for edit in edits]),
    )


def _placing(edit: Edit) -> habits.Placing:
    top, right, bottom, left = edit.margins
    return habits.Placing("", (left, top, 1 - right, 1 - bottom), edit.canvas, max(edit.canvas), 1.0, 0.0, 0.8)


def _mean_color(colors: Sequence[Color]) -> Color:
    gains = np.exp(np.mean(np.log([color.white_gain for color in colors]), 0))
    curves = [color.curves for color in colors]
    mean: dict[str, object] = {
        "white_gain": tuple(float(gain) for gain in gains),
        "saturation": float(np.mean([color.saturation for color in colors])),
        "matrix": tuple(float(value) for value in np.mean([color.matrix for color in colors], 0)),
        "measured_from": "pairs",
    }
    if any(curve is not None for curve in curves):
        mean["curves"] = _mean_curves(curves)
    return Color.model_validate(mean)


def _mean_curves(
    curves: Sequence[tuple[tuple[float, ...], ...] | None],
) -> tuple[tuple[float, ...], ...]:
    knots = max(len(channel) for curve in curves if curve is not None for channel in curve)
    at = np.linspace(0, 1, knots)
    sampled = [
        np.array([at] * 3 if curve is None else [np.interp(at, np.linspace(0, 1, len(one)), one) for one in curve])
        for curve in curves
    ]
    return tuple(tuple(float(value) for value in channel) for channel in np.mean(sampled, 0))


def _mean_lighting(lights: Sequence[Lighting]) -> Lighting:
    names = ("exposure", "shadows", "highlights", "contrast")
    return Lighting(**{name: float(np.mean([getattr(light, name) for light in lights])) for name in names})


def untouched(reference: Reference) -> Shot:
    """The photo as it came: nothing cut out, in its own frame."""
    photo = reference.photo
    pixels = _view(photo, max(reference.size) * 2)
    return Shot(pixels, photo.size, geometry.identity(), None)


def classical_recipe(photo: Photo, house: House) -> Recipe:
    """What can be done without learning: the border is backdrop and hence grey, GrabCut cuts, the style sheet crops."""
    small = _view(photo, _GRABCUT_SIDE)
    color = Color(white_gain=border_gains(small), measured_from="backdrop", confidence=0.5)
    return _framed(_blank(photo, color=color), grabcut(small), house)


def mean_recipe(predicted: Recipe, mean: Edit) -> Recipe:
    """The average edit on a photo: its average colour, light and margins, around the product as ``predicted``.

    Not turned, nothing healed; the matte is the prediction's, since there is no average matte.
    """
    asset = predicted.background.matte
    changes = {
        "color": mean.color,
        "lighting": mean.lighting,
        "detailing": Detailing(sharpening=mean.sharpening, noise=mean.noise),
        "alignment": type(predicted.alignment)(),
        "by": "mean",
    }
    recipe = predicted.model_copy(update=changes)
    if asset is None:
        return recipe
    matte = cv2.imdecode(np.frombuffer(predicted.asset(asset), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert matte is not None
    box = turned_box(np.asarray(matte / 255, np.float32), 0.0, resize_affine(matte.shape[1::-1], predicted.source.size))
    return recipe if box is None else recipe.model_copy(update={"cropping": crop(box, 0.0, mean.house)})


def _view(photo: Photo, side: int) -> Pixels:
    return shrink(as_bytes(photo.pixels(min(1.0, side / max(photo.size)))), side)[0]


def _blank(photo: Photo, **parts: object) -> Recipe:
    source = Source(name=photo.name, sha256=photo.sha256, size=photo.size)
    return Recipe.model_validate({"source": source, "by": "classical", **parts})


def _framed(recipe: Recipe, matte: FloatImage, house: House) -> Recipe:
    content = encode_matte(matte)
    size = (matte.shape[1], matte.shape[0])
    asset = png_asset(content, "matte", size)
    box = turned_box(matte, 0.0, resize_affine(size, recipe.source.size))
    changes: dict[str, object] = {
        "background": Background(matte=asset, color=house.background),
        "assets": {asset.sha256: content},
    }
    if box is not None:
        changes["cropping"] = crop(box, 0.0, house)
    return recipe.model_copy(update=changes)


def border_gains(pixels: Pixels) -> tuple[float, float, float]:
    """Linear gains that make the border's median colour grey at equal luminance; none where it is no grey card."""
    depth = max(2, round(_INSET * min(pixels.shape[:2])))
    sides = (pixels[:depth], pixels[-depth:], pixels[:, :depth], pixels[:, -depth:])
    border = np.concatenate([side.reshape(-1, 3) for side in sides])
    middle = np.maximum(decode_srgb(np.median(border, 0) / 255), 1e-3)
    if middle.max() / middle.min() > _GREY_CARD:
        return 1.0, 1.0, 1.0
    red, green, blue = (float(gain) for gain in LUMINANCE @ middle / middle)
    return red, green, blue


def grabcut(pixels: Pixels) -> FloatImage:
    """GrabCut (Rother, Kolmogorov and Blake, 2004) from a rectangle just inside the border, (h, w) 0..1."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    inset = (max(1, round(_INSET * width)), max(1, round(_INSET * height)))
    box = (*inset, width - 2 * inset[0], height - 2 * inset[1])
    models: tuple[NDArray[np.float64], NDArray[np.float64]] = (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(pixels[..., ::-1]), mask, box, *models, 5, cv2.GC_INIT_WITH_RECT)
    product = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    return np.asarray(cv2.GaussianBlur(product.astype(np.float32), (0, 0), 0.6), np.float32)
