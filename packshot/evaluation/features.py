"""What the judge knows of a photo and of its recipe, as named numbers. None of it needs an after-image.

Names are the contract between a trained judge and the code: a judge reads the names it was trained with, and a
number that is not there counts as unknown.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.colorscience import LUMINANCE
from packshot.evaluation.felt_features import felt
from packshot.evaluation.judge_model import TrainedJudge
from packshot.evaluation.material_features import material
from packshot.evaluation.outline_features import outline, variation
from packshot.evaluation.place_model import place_evidence
from packshot.evaluation.places import find_places
from packshot.evaluation.rules import Finding, Shot
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte
from packshot.view import View

Features = dict[str, float]
_SMALL = 256


def photo_features(view: View, recipe: Recipe) -> Features:
    """What the models saw in the photo and where they disagree, measured on its view: about 30 ms."""
    features = {**outline(view), **variation(view), **material(view), **light(view, recipe), **category(view)}
    features |= felt(view, recipe)
    return {name: rounded(value) for name, value in features.items() if np.isfinite(value)}


def evidence(view: View, recipe: Recipe, trained: TrainedJudge) -> Features:
    """What the recipe keeps for the judge: ``photo_features``, the network's description in few numbers, and the places
    of the outline that are probably wrong."""
    features = photo_features(view, recipe)
    if trained.projection is not None and view.answer.embedding is not None:
        described = trained.projection.features(view.answer.embedding)
        features |= {name: rounded(value) for name, value in described.items()}
    asset = recipe.background.matte
    if trained.places and asset is not None:
        places = find_places(view, decode_matte(recipe.asset(asset)), trained.places)
        told = place_evidence(places, trained.places)
        features |= {name: rounded(value) for name, value in told.items()}
    return features


def rounded(value: float) -> float:
    """Five significant digits: what is stored and what is judged are the same numbers."""
    return float(f"{value:.5g}")


def category(view: View) -> Features:
    """How sure the network is of what it sees, whether it sees what it was told, and each category's share as a power
    of ten (``taken_for_``)."""
    shares = view.answer.categories
    if shares is None:
        return {}
    names = view.pack.file.categories
    given = view.category[0]
    entropy = -sum(share * float(np.log(max(share, 1e-9))) for share in shares)
    own = shares[names.index(given)] if given in names else 0.0
    taken = {f"taken_for_{name}": float(np.log10(max(share, 1e-4))) for name, share in zip(names, shares, strict=True)}
    return {"category_entropy": entropy, "category_best": max(shares), "category_own": own, **taken}


def light(view: View, recipe: Recipe) -> Features:
    """Brightness and colour of product and backdrop, before and after the recipe's own correction."""
    gain = np.array(recipe.color.effective().white_gain) * 2 ** recipe.lighting.effective().exposure
    product, backdrop = view.small_linear[view.sure_product], view.small_linear[view.sure_backdrop]
    features: Features = {"sure_product": float(view.sure_product.mean())}
    for name, values in (("product", product[::3]), ("backdrop", backdrop[::5])):
        if len(values) < 30:
            continue
        logs = np.log2(np.maximum(values.astype(np.float64) @ LUMINANCE, 1e-3))
        median = np.maximum(np.median(values, 0).astype(np.float64), 1e-3)
        features |= {
            f"{name}_stops": float(logs.mean()),
            f"{name}_spread": float(logs.std()),
            f"{name}_red": float(np.log2(median[0] / median[1])),
            f"{name}_blue": float(np.log2(median[2] / median[1])),
            f"{name}_burnt": float((values.min(1) > 0.95).mean()),
            f"{name}_after": float(np.log2(max(1e-3, float(median * gain @ LUMINANCE)))),
        }
    if "product_stops" in features and "backdrop_stops" in features:
        features["contrast"] = abs(features["product_stops"] - features["backdrop_stops"])
    return features | _greys(view) | _advised(view)


def _advised(view: View) -> Features:
    """What the light model would do and how unsure it is, in stops."""
    advice = view.advice
    if advice is None:
        return {}
    exposure, red, blue = (float(value) for value in advice.spread[:3])
    return {
        "exposure_unsure": exposure,
        "white_unsure": float(np.hypot(red, blue)),
        "evenness_unsure": float(np.linalg.norm(advice.spread[3:])),
        "evenness_change": float(np.linalg.norm(advice.change[3:])),
    }


def _greys(view: View) -> Features:
    """How far the usual guesses of the light's colour lie apart, in degrees: where they agree, it is known."""
    values = view.small_linear.reshape(-1, 3)[::13].astype(np.float64)
    values = values[(values.max(1) < 0.97) & (values.min(1) > 0.002)]
    if len(values) < 100:
        return {}
    world, shades = values.mean(0), np.mean((values * values * values) ** 2, 0) ** (1 / 6)
    features = {"greys_apart": _angle(world, shades), "shades_from_grey": _angle(shades, np.ones(3))}
    backdrop = view.small_linear[view.sure_backdrop][::5]
    if len(backdrop) >= 30:
        paper = np.median(backdrop, 0).astype(np.float64)
        features |= {"paper_from_shades": _angle(paper, shades), "paper_from_grey": _angle(paper, np.ones(3))}
    return features


def _angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    cosine = first @ second / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-12)
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))


def recipe_features(recipe: Recipe) -> Features:
    """What was decided, in the units people think in."""
    color, lighting = recipe.color.effective(), recipe.lighting.effective()
    red, green, blue = color.white_gain
    grid = lighting.field
    width, height = recipe.source.size
    canvas = recipe.geometry.size
    scale = geometry.scale_of(recipe.geometry.affine())
    centre = recipe.cropping.centre or ((width - 1) / 2, (height - 1) / 2)
    return {
        "gain_red": float(np.log2(max(red, 1e-4) / max(green, 1e-4))),
        "gain_blue": float(np.log2(max(blue, 1e-4) / max(green, 1e-4))),
        "white_confidence": color.confidence,
        "white_from_backdrop": float(color.measured_from == "backdrop"),
        "saturation": color.saturation,
        "exposure": lighting.exposure,
        "shadows": lighting.shadows,
        "highlights": lighting.highlights,
        "tone_contrast": lighting.contrast,
        "unevenness": 0.0 if grid is None else float(np.ptp(grid.array())),
        "angle": abs(recipe.alignment.angle),
        "angle_confidence": recipe.alignment.confidence,
        "turned": float(recipe.alignment.angle != 0),
        "matte_doubt": recipe.background.doubt,
        "magnification": float(np.log2(max(scale * max(width, height) / max(canvas), 1e-3))),
        "enlarged": float(np.log2(max(scale, 1e-3))),
        "off_centre_x": abs(centre[0] / width - 0.5),
        "off_centre_y": centre[1] / height - 0.5,
        "spots": float(len(recipe.detailing.spots)),
        "category_confidence": recipe.category_confidence,
        "source_pixels": float(np.log2(width * height)),
    }


def shot_features(shot: Shot, findings: list[Finding]) -> Features:
    """All numbers of a finished shot: the photo's (kept in the recipe), the recipe's, the rules', the picture's."""
    features = {**shot.recipe.evidence, **recipe_features(shot.recipe), **picture_features(shot)}
    for finding in findings:
        features[f"found_{finding.reason.code}"] = finding.severity
    features["found_worst"] = max((finding.severity for finding in findings), default=0.0)
    features["found_quality"] = float(np.prod([1 - finding.severity for finding in findings]))
    features[f"is_{shot.recipe.category}"] = 1.0
    return features


def judged_features(shot: Shot, findings: list[Finding]) -> Features:
    """``shot_features`` as they are kept with outcomes, so that a shot is judged the same whenever it is judged."""
    return {name: rounded(value) for name, value in shot_features(shot, findings).items()}


def picture_features(shot: Shot) -> Features:
    """How the finished product looks: bright, colourful, drawn; and how clearly its edge stands out."""
    if shot.matte is None:
        return {}
    scale = min(1.0, _SMALL / max(shot.small.shape[:2]))
    image = np.asarray(cv2.resize(shot.small, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    matte = np.asarray(cv2.resize(shot.matte, image.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    inside = cv2.erode((matte > 250).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inside.sum() < 30:
        return {}
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    values = lab[inside]
    lightness, chroma = values[:, 0] / 2.55, np.hypot(values[:, 1] - 128, values[:, 2] - 128)
    rim = (matte > 100) & ~inside
    low, middle, high = np.quantile(lightness, (0.05, 0.5, 0.95))
    return {
        "after_dark": float(low),
        "after_lightness": float(middle),
        "after_bright": float(high),
        "after_chroma": float(chroma.mean()),
        "after_chroma_most": float(np.quantile(chroma, 0.95)),
        "after_red_green": float(np.median(values[:, 1])) - 128,
        "after_yellow_blue": float(np.median(values[:, 2])) - 128,
        "rim_lightness": float(lab[rim][:, 0].mean() / 2.55) if rim.any() else 100.0,
        "rim_pale": float((lab[rim][:, 0] > 240).mean()) if rim.any() else 1.0,
    }
