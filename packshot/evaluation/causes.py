"""What bears on colour, outline and frame of a shot, by cause: the numbers that tell it, and how a person says it.

A judge's linear models read these numbers and no others, so that what speaks against a shot has a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

COLOUR, OUTLINE, FRAME = SHOT_PARTS = ("colour", "outline", "frame")
PART_OF = {
    "delta_e": COLOUR, "perceptual": COLOUR, "iou": OUTLINE, "edge": OUTLINE, "corner": FRAME, "angle": FRAME,
    "margin": FRAME,
}  # fmt: skip
"""Which part each figure of the bar of good is about."""
ERROR_OF = {COLOUR: "delta_e", OUTLINE: "iou", FRAME: "corner"}
"""The figure that tells most of each part."""
_RATIOS = (
    "felt_", "paper_", "white_unsure", "exposure_unsure", "fine_drawing", "edge_width", "cut_apart", "unsure",
    "varied_apart", "matte_doubt", "seen_through", "specular", "box_share", "cut_box", "level_box", "varied_box",
    "backdrop_busy", "off_surface_outside", "least_margin",
)  # fmt: skip
"""Numbers of which a multiple, not a difference, says something."""


@dataclass(frozen=True)
class Cause:
    """numbers: features that tell it. because: half a sentence. check: what to do; both empty where nobody can."""

    numbers: tuple[str, ...]
    because: str = ""
    check: str = ""


CAUSES: dict[str, tuple[Cause, ...]] = {
    COLOUR: (
        Cause(
            ("felt_exposure", "felt_red", "felt_blue", "felt_unsure", "after_bright"),
            "on this product even a small miss shows",
            "Compare it with the goods themselves.",
        ),
        Cause(
            ("exposure_unsure", "backdrop_stops"),
            "the photo does not tell how bright the scene was",
            "Check the brightness.",
        ),
        Cause(
            ("white_unsure", "paper_from_grey", "paper_from_shades", "backdrop_red"),
            "the light's tint cannot be told from the backdrop's own colour",
            "Check the white point.",
        ),
        Cause(("product_burnt", "specular"), "parts of it shine or are burnt out", "Check the bright parts."),
        Cause(("evenness_change",), "the light is uneven", "Check the darker side."),
        Cause(
            ("novelty", "from_habits"),
            "few photos like it were learned from",
            "Compare its colour with others of its kind.",
        ),
        Cause(("fine_drawing", "edge_width")),
    ),
    OUTLINE: (
        Cause(
            ("cut_overlap", "cut_apart"),
            "its outline and the change of colours do not agree",
            "Look along the marked edge.",
        ),
        Cause(
            ("unsure", "edge_width", "level_overlap", "matte_doubt"),
            "its edge is soft or seen through",
            "Look at soft and see-through parts.",
        ),
        Cause(
            ("border_inside", "seen_through", "from_backdrop"),
            "product and backdrop are much alike",
            "Look for parts that are missing.",
        ),
        Cause(
            ("varied_overlap", "varied_apart"),
            "looked at twice, the product is seen differently",
            "Look for parts that are missing or too much.",
        ),
        Cause(("raggedness",), "it has many fine parts", "Look at the fine parts."),
        Cause(("frame_contact",), "it reaches the photo's edge", "Look where it is cut off."),
    ),
    FRAME: (
        Cause(
            ("angle", "turned", "lean"),
            "little in the photo tells how it should stand",
            "Check the turn.",
        ),
        Cause(
            ("least_margin", "box_share", "frame_contact", "found_worst"),
            "it fills the photo and leaves the crop little room",
            "Check the crop.",
        ),
        Cause(
            ("cut_box", "level_box", "varied_box", "pieces"), "where the product ends is unsure", "Check the margins."
        ),
        Cause(("backdrop_busy", "off_surface_outside"), "there is more in the photo than product", "Check the crop."),
        Cause(("slender", "box_aspect", "source_pixels")),
        Cause(("taken_for_bottoms", "taken_for_glassware", "taken_for_dresses")),
    ),
}


def numbers_of(part: str) -> tuple[str, ...]:
    """The features that bear on a part, cause by cause."""
    return tuple(name for cause in CAUSES[part] for name in cause.numbers)


def scaled(name: str, value: float) -> float:
    """A feature on the scale on which equal steps say equally much; NaN stays NaN."""
    if name.endswith("_overlap"):
        return float(-np.log(max(1 - value, 1e-3)))
    if name.startswith(_RATIOS):
        return float(np.log(max(value, 0.0) + 0.01))
    return value


def main_cause(part: str, pushes: Mapping[str, float]) -> Cause | None:
    """What speaks most for a large error. ``pushes``: what each feature adds to it; None where none adds."""
    sums = [sum(pushes.get(name, 0.0) for name in cause.numbers) for cause in CAUSES[part]]
    told = [(push, place) for place, push in enumerate(sums) if push > 0 and CAUSES[part][place].because]
    return CAUSES[part][max(told)[1]] if told else None


def error_of(name: str, figure: float | None) -> float:
    """A figure of the bar as an error that is 0 at best; NaN where it is unknown."""
    if figure is None:
        return float("nan")
    return 1 - figure if name == "iou" else figure
