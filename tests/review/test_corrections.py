from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot import geometry
from packshot.colorscience import LUMINANCE
from packshot.recipe import Alignment, Background, Color, Cropping, Detailing, Lighting, Recipe, Source, Spot
from packshot.review.corrections import Edit, NewSpot, changes_of, corrected
from packshot.review.strokes import Stroke
from packshot.stages.background import encode_matte, png_asset

CONTENT = encode_matte(np.ones((60, 80), np.float32))
MATTE = png_asset(CONTENT, "matte", (80, 60))


def recipe() -> Recipe:
    return Recipe(
        source=Source(name="a.jpg", sha256="0" * 64, size=(800, 600)),
        color=Color(white_gain=(1.2, 1.0, 0.8), strength=0.5),
        lighting=Lighting(exposure=0.5, shadows=0.2),
        background=Background(matte=MATTE, doubt=0.3),
        alignment=Alignment(angle=2.0),
        cropping=Cropping(centre=(390, 310), scale=0.5, canvas=(320, 400)),
        detailing=Detailing(spots=(Spot(x=10, y=10, radius=2), Spot(x=20, y=20, radius=3)), sharpening=0.3),
        assets={MATTE.sha256: CONTENT},
        by="base 1",
    )


def no_shadow() -> tuple[bytes, tuple[int, int]]:
    raise AssertionError("no shadow was asked for")


def fixed(**edit: object) -> Recipe:
    return corrected(recipe(), Edit.model_validate(edit), no_shadow)


def test_the_empty_edit_is_the_prediction() -> None:
    assert corrected(recipe(), Edit(), no_shadow) == recipe()
    assert not changes_of(recipe(), Edit(), no_shadow).stages


@pytest.mark.parametrize(
    ("edit", "stage"),
    [
        ({"warmth": 0.3}, "color"),
        ({"tint": -0.2}, "color"),
        ({"exposure": 0.3}, "lighting"),
        ({"shadows": 0.3}, "lighting"),
        ({"highlights": -0.3}, "lighting"),
        ({"angle": 1.5}, "alignment"),
        ({"centre": (300, 200)}, "cropping"),
        ({"zoom": 1.2}, "cropping"),
        ({"shadow": "soft"}, "background"),
        ({"tidy": True}, "background"),
        ({"spots_added": [{"x": 5, "y": 6, "radius": 3}]}, "detailing"),
        ({"spots_removed": [0]}, "detailing"),
    ],
)
def test_each_control_changes_its_own_stage_alone(edit: dict, stage: str) -> None:
    after, before = fixed(**edit), recipe()
    stages = ("color", "lighting", "background", "alignment", "cropping", "detailing")
    assert [name for name in stages if getattr(after, name) != getattr(before, name)] == [stage]
    assert after.by == "human"
    assert after.verdict is None


@given(st.floats(-1, 1), st.floats(-0.6, 0.6))
def test_warmth_and_tint_keep_a_greys_luminance(warmth: float, tint: float) -> None:
    neutral = recipe().model_copy(update={"color": Color()})
    gain = np.array(corrected(neutral, Edit(warmth=warmth, tint=tint), no_shadow).color.white_gain)
    assert float(LUMINANCE @ gain) == pytest.approx(1, abs=1e-3)
    assert np.log2(gain[0] / gain[2]) == pytest.approx(warmth, abs=2e-3)
    assert np.log2(gain[1] / np.sqrt(gain[0] * gain[2])) == pytest.approx(tint, abs=2e-3)


def test_amounts_add_to_the_predictions_and_stay_within_the_recipes_bounds() -> None:
    assert fixed(exposure=0.25).lighting.exposure == pytest.approx(0.75)
    assert fixed(shadows=1.5).lighting.shadows == 1.0
    assert fixed(angle=1.5).alignment.angle == pytest.approx(3.5)
    assert fixed(angle=179.5).alignment.angle == pytest.approx(-178.5)
    assert np.allclose(fixed(warmth=0.0, tint=1e-9).color.white_gain, np.array([1.2, 1.0, 0.8]) ** 0.5, atol=1e-3)


def test_the_crop_box_puts_its_centre_in_the_middle_of_the_canvas() -> None:
    derived = fixed(centre=(300, 200), zoom=1.5).geometry
    assert derived.size == (320, 400)
    middle = geometry.apply(derived.affine(), np.array([[300.0, 200.0]]))[0]
    assert np.allclose(middle, (159.5, 199.5))
    assert geometry.scale_of(derived.affine()) == pytest.approx(0.75)


def test_spots_are_added_and_taken_out_by_their_place() -> None:
    spots = fixed(spots_removed=[0], spots_added=[NewSpot(x=7, y=8, radius=4)]).detailing.spots
    assert [(spot.x, spot.kind) for spot in spots] == [(20, "dust"), (7, "human")]


def test_strokes_make_a_new_matte_that_travels_with_the_recipe() -> None:
    after = fixed(strokes=[Stroke(mode="remove", radius=100, points=((400, 300),))])
    assert after.background.matte is not None
    assert after.background.matte.sha256 != MATTE.sha256
    assert after.asset(after.background.matte).startswith(b"\x89PNG")
    assert after.background.matte.size == (80, 60)


def test_keeping_the_shadow_asks_for_the_photos_own() -> None:
    after = corrected(recipe(), Edit(shadow="keep"), lambda: (CONTENT, (80, 60)))
    assert after.background.shadow == "keep"
    assert after.background.shadow_map is not None
    assert after.asset(after.background.shadow_map) == CONTENT


@pytest.mark.parametrize("edit", [{"warmth": 3}, {"zoom": 0}, {"angle": 900}, {"colour": 1}, {"centre": [1e9, 0]}])
def test_what_no_hand_does_is_refused(edit: dict) -> None:
    with pytest.raises(ValueError):
        Edit.model_validate(edit)
