from __future__ import annotations

import numpy as np
import pytest

from packshot.surface import over, robust_fit, terms

WEIGHTS = np.array([-1.2, 0.3, -0.15, 0.2, 0.05, -0.1])


def places(count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    return generator.uniform(-1, 1, count), generator.uniform(-1, 1, count)


def test_a_surface_is_found_again() -> None:
    shapes = terms(*places())
    found = robust_fit(shapes, shapes @ WEIGHTS)
    assert np.abs(shapes @ (found - WEIGHTS)).max() < 0.06
    assert found[:3] == pytest.approx(WEIGHTS[:3], abs=0.01)


def test_shadows_over_a_sixth_of_the_sheet_move_it_less_than_least_squares() -> None:
    x, y = places()
    shapes = terms(x, y)
    values = shapes @ WEIGHTS + np.random.default_rng(4).normal(0, 0.01, len(x))
    shaded = values - 0.8 * ((x > 0.3) & (y > 0))
    error = np.abs(shapes @ (robust_fit(shapes, shaded) - WEIGHTS))
    ordinary, *_ = np.linalg.lstsq(shapes, shaded, rcond=None)
    assert float(np.median(error)) < 0.08
    assert float(error.mean()) < 0.9 * float(np.abs(shapes @ (ordinary - WEIGHTS)).mean())


def test_brighter_light_is_the_same_surface_higher() -> None:
    shapes = terms(*places())
    values = shapes @ WEIGHTS + np.random.default_rng(5).normal(0, 0.02, len(shapes))
    difference = robust_fit(shapes, values + 2.5) - robust_fit(shapes, values)
    assert difference == pytest.approx([2.5, 0, 0, 0, 0, 0], abs=0.02)


def test_the_shapes_are_level_plane_and_bowl() -> None:
    assert terms(np.array([0.5]), np.array([-2.0])).tolist() == [[1, 0.5, -2, 0.25, -1, 4]]


def test_a_surface_over_a_frame_is_its_terms_weighed() -> None:
    x, y = np.linspace(-1, 1, 7), np.linspace(-1, 1, 5)
    across, down = np.meshgrid(x, y)
    for weights in (WEIGHTS, np.array([1.0, 0.5, -2.0, 0.25, -1.0, 4.0])):
        assert np.allclose(over(x, y, weights), terms(across, down) @ weights, atol=1e-5)


def test_very_many_samples_are_thinned_out() -> None:
    x = np.linspace(-1, 1, 40_000)
    shapes = terms(x, np.sin(37 * x))
    assert np.allclose(robust_fit(shapes, shapes @ WEIGHTS), WEIGHTS, atol=0.06)  # the ridge on the bowl
