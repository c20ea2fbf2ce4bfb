"""Baselines: averages are averages, and the pipeline without learning does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from packshot.learning.proof.baselines import (
    Edit,
    border_gains,
    classical_recipe,
    edit_of,
    grabcut,
    mean_edit,
    untouched,
)
from packshot.learning.proof.scoring import score
from packshot.pipeline import render
from packshot.recipe import Color, Lighting
from tests.learning.scored import reference_of

EDIT = Edit((0.1, 0.2, 0.3, 0.15), (800, 1000))


def test_an_average_of_one_is_itself() -> None:
    edit = replace(
        EDIT, color=Color(white_gain=(1.2, 1.0, 0.8), measured_from="pairs"), lighting=Lighting(exposure=0.3)
    )
    mean = mean_edit([edit])
    assert mean.margins == pytest.approx(edit.margins)
    assert mean.color.white_gain == pytest.approx(edit.color.white_gain)
    assert (mean.lighting, mean.canvas) == (edit.lighting, edit.canvas)


def test_opposite_edits_cancel() -> None:
    warm, cool = (
        replace(EDIT, color=Color(white_gain=(gain, 1.0, 1 / gain)), lighting=Lighting(exposure=stops, contrast=0.1))
        for gain, stops in ((1.25, 0.5), (0.8, -0.5))
    )
    mean = mean_edit([warm, cool])
    assert mean.color.white_gain == pytest.approx((1, 1, 1))
    assert mean.lighting.exposure == pytest.approx(0)
    assert mean.lighting.contrast == pytest.approx(0.1)


def test_curves_of_different_length_are_averaged() -> None:
    straight = (0.0, 1.0)
    lifted = (0.0, 0.6, 1.0)
    curved = replace(EDIT, color=Color(curves=(lifted, lifted, straight)))
    mean = mean_edit([curved, EDIT])
    assert mean.color.curves is not None
    assert mean.color.curves[0] == pytest.approx((0.0, 0.55, 1.0))
    assert mean.color.curves[2] == pytest.approx((0.0, 0.5, 1.0))


def test_the_usual_canvas_is_kept_and_nothing_is_averaged_of_nothing() -> None:
    other = replace(EDIT, canvas=(1000, 1000))
    assert mean_edit([other, EDIT, EDIT]).canvas == (800, 1000)
    with pytest.raises(ValueError, match="at least one"):
        mean_edit([])


def test_the_edit_of_a_pair_has_its_margins() -> None:
    reference = reference_of()
    edit = edit_of(reference, None)
    assert edit is not None
    found = np.argwhere(reference.after.min(2) < 250)
    top, left = found.min(0) / 640
    assert edit.margins[0] == pytest.approx(top, abs=0.005)
    assert edit.margins[3] == pytest.approx(left, abs=0.005)
    assert edit_of(replace(reference, matte=None), None) is None


def test_the_untouched_photo_scores_as_itself() -> None:
    reference = reference_of()
    figures = score(untouched(reference), reference)
    angle = figures["angle"]
    assert angle == pytest.approx(3.0, abs=0.01)
    assert figures["canvas"] == 0


def test_the_classical_pipeline_cuts_and_frames() -> None:
    reference = reference_of()
    edit = edit_of(reference, None)
    assert edit is not None
    recipe = classical_recipe(reference.photo, mean_edit([edit]).styled)
    picture = render(reference.photo, recipe)
    assert picture.shape == (640, 640, 3)
    assert (picture[:20] == 255).all()


def test_a_grey_card_at_the_border_is_made_grey_and_a_red_wall_is_not() -> None:
    card = np.full((80, 60, 3), (200, 190, 170), np.uint8)
    red, green, blue = border_gains(card)
    assert blue > green > red
    assert border_gains(np.full((80, 60, 3), (200, 60, 50), np.uint8)) == (1, 1, 1)


def test_grabcut_finds_what_stands_out() -> None:
    picture = np.full((120, 100, 3), 200, np.uint8)
    picture[40:90, 30:70] = (120, 40, 30)
    found = grabcut(picture) > 0.5
    assert found[45:85, 35:65].all()
    assert not found[:30].any()
