"""A category's own hand against one for all: seen where it is there, not seen where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.proof.own_or_one import COLOR, FRAME, NOISE, SHARPENING, OwnOrOne, own_or_one
from packshot.recipe import Alignment, Background, Detailing, Recipe, Source
from packshot.stages.background import encode_matte, png_asset
from packshot.stages.cropping import crop, turned_box
from packshot.style import House

SOURCE = (200, 240)
NARROW = House(aspect=0.8, long_side=300, margin_left=0.05, margin_right=0.05, margin_top=0.05, margin_bottom=0.05)
WIDE = NARROW.model_copy(update={"margin_left": 0.15, "margin_right": 0.15, "margin_top": 0.15, "margin_bottom": 0.15})


def fits_of(category: str, house: House, groups: int, sharpening: float = 0.2) -> list[PairFit]:
    """Two shots of each product, set by a house with a person's small inconsistency."""
    draw = np.random.default_rng(len(category))
    return [fit_of(f"{category}-{group}-{shot}", (category, f"{category}{group}"), house, (draw, sharpening))
            for group in range(groups) for shot in range(2)]  # fmt: skip


def fit_of(name: str, where: tuple[str, str], house: House, hand: tuple[np.random.Generator, float]) -> PairFit:
    draw, sharpening = hand
    matte = np.zeros((60, 50), np.float32)
    width, height = draw.integers(10, 40), draw.integers(10, 50)
    matte[5 : 5 + height, 4 : 4 + width] = 1
    content = encode_matte(matte)
    asset = png_asset(content, "matte", (50, 60))
    angle = float(draw.normal(0, 2))
    box = turned_box(matte, angle, np.array([[4.0, 0, 1.5], [0, 4.0, 1.5]]))
    assert box is not None
    cut = crop(box, angle, house.model_copy(update={"upscale": "allow"}))
    recipe = Recipe(
        source=Source(name=name, sha256=name, size=SOURCE),
        category=where[0],
        background=Background(matte=asset),
        alignment=Alignment(angle=angle),
        cropping=cut.model_copy(update={"scale": cut.scale * float(np.exp(draw.normal(0, 0.006)))}),
        detailing=Detailing(sharpening=sharpening + float(draw.normal(0, 0.02)), noise=float(draw.normal(4, 0.5))),
        assets={asset.sha256: content},
    )
    return PairFit(name, *where, "before", "after", True, recipe=recipe)


def told(fits: list[PairFit]) -> dict[tuple[str, str], OwnOrOne]:
    return {(one.category, one.figure): one for one in own_or_one(fits, Path("none"), None)}


def test_margins_of_ones_own_are_seen_to_be_better() -> None:
    found = told([*fits_of("tops", NARROW, 10), *fits_of("shoes", WIDE, 10, sharpening=0.5)])
    for category in ("tops", "shoes"):
        assert found[category, SHARPENING].difference.verdict == "better"
        frame = found[category, FRAME]
        assert frame.difference.groups == 10
        assert frame.own < 1.5  # a person's inconsistency, in percent
    # One of both hands is the one for all; whose it is not, is off by the difference of the margins.
    assert max(found[category, FRAME].for_all for category in ("tops", "shoes")) > 4
    assert "better" in {found[category, FRAME].difference.verdict for category in ("tops", "shoes")}
    tops = found["tops", FRAME]
    assert tops.difference.gain == pytest.approx(tops.for_all - tops.own)
    assert ("tops", COLOR) not in found


def test_where_all_are_set_alike_nothing_is_seen() -> None:
    found = told([*fits_of("tops", WIDE, 12), *fits_of("shoes", WIDE, 12), *fits_of("hats", WIDE, 12)])
    assert {one.difference.verdict for one in found.values()} == {"cannot tell"}
    assert {figure for _, figure in found} == {FRAME, SHARPENING, NOISE}


def test_a_hand_that_was_only_seen_on_the_product_left_out_is_no_hand() -> None:
    found = told([*fits_of("tops", NARROW, 10), *fits_of("hats", WIDE, 1)])["hats", FRAME]
    assert found.own == found.for_all > 4
    assert found.difference.verdict == "cannot tell"


def test_one_category_is_not_compared() -> None:
    assert told(fits_of("tops", NARROW, 6)) == {}
