"""Changes of light as the eye sees them: what the fit's own model of the render makes, and OKLab by its author."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.colorscience import LUMINANCE
from packshot.geometry import identity
from packshot.learning.fitting.color import PhotoLight, develop
from packshot.learning.fitting.reading import Reading
from packshot.learning.fitting.samples import Floats, Samples
from packshot.learning.light.product_colors import ProductColors, as_oklab
from packshot.learning.pairs import Pair
from packshot.learning.registration.register import Registration

LOOK = np.array([0.1, 0.05, -0.1, 0.15])
CHANGE = np.array([0.3, -0.1, 0.2, 0.1, -0.2, 0.05, 0.0, 0.1])


def reading(count: int, seed: int = 0) -> Reading:
    draw = np.random.default_rng(seed)
    linear, encoded = draw.uniform(0.02, 0.5, (2, count, 3))
    samples = Samples(linear, encoded, draw.uniform(-1, 1, (count, 2)), np.ones(count))
    pair = Pair(str(seed), "tops", str(seed), Path("b"), Path("a"))
    return Reading(pair, Registration(identity(), 0, 0.0, True, ""), shapes=draw.normal(0, 0.2, 5), samples=samples)


def stops_of(change: Floats, shapes: Floats) -> Floats:
    """The three gains in stops that fitting would write for a change whose exposure is that of the product's mean."""
    gain = np.exp2([change[1], 0, change[2]])
    return np.asarray(np.log2(gain / (LUMINANCE @ gain)) + change[0] - shapes @ change[3:])


def test_colours_are_those_of_the_model_that_was_fitted() -> None:
    one = reading(64)
    colors = ProductColors.of([one], [LOOK], places=64)
    vector = PhotoLight(stops_of(CHANGE, one.shapes), CHANGE[3:], LOOK).vector
    assert np.allclose(colors.made(CHANGE[None])[0], np.clip(develop(vector, one.samples), 0, 1), atol=1e-9)


def test_what_gives_the_after_is_no_distance_away_and_more_is_farther() -> None:
    colors = ProductColors.of([reading(64)], [LOOK])
    there = ProductColors(colors.linear, colors.shapes, colors.made(CHANGE[None]), colors.looks, colors.known)
    for measure in (there.ciede2000, there.oklab):
        distances = [float(measure((CHANGE + off * np.eye(8)[0])[None])[0]) for off in (0, 0.1, 0.3)]
        assert distances[0] == pytest.approx(0, abs=1e-6)
        assert distances[0] < distances[1] < distances[2]


def test_a_product_hardly_seen_is_not_known() -> None:
    colors = ProductColors.of([reading(64), reading(5)], [LOOK, LOOK])
    assert np.isnan(colors.ciede2000(np.zeros((2, 8)))).tolist() == [False, True]
    assert np.isnan(colors.only(colors.known).oklab(np.zeros((1, 8)))).tolist() == [False]


def test_oklab_of_white_and_red() -> None:
    assert np.allclose(as_oklab(np.ones(3)), [1, 0, 0], atol=1e-4)
    assert np.allclose(as_oklab(np.array([1.0, 0, 0])), [0.62796, 0.22486, 0.12585], atol=1e-4)
