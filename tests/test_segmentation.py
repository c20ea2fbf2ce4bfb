from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.segmentation import PLANES, border_likelihood, network_planes, network_size, off_surface
from tests.pictures import paper, product_photo


@given(
    st.tuples(st.integers(1, 9000), st.integers(1, 9000)), st.sampled_from([256, 416, 1024]), st.sampled_from([1, 32])
)
def test_the_networks_size_fits_its_multiple(size: tuple[int, int], long_side: int, multiple: int) -> None:
    width, height = network_size(size, long_side, multiple)
    assert width % multiple == height % multiple == 0
    assert abs(max(width, height) - long_side) <= multiple / 2
    wanted = min(size) / max(size) * long_side
    assert min(width, height) == pytest.approx(max(wanted, multiple), abs=multiple / 2)


def test_planes_are_within_their_range() -> None:
    image, _ = product_photo()
    planes = network_planes(image)
    assert planes.shape == (PLANES, *image.shape[:2])
    assert planes.dtype == np.float32
    assert np.abs(planes).max() <= 1.5
    assert np.allclose(planes[:3], image.transpose(2, 0, 1) / 127.5 - 1, atol=1e-5)
    assert np.array_equal(planes[3], border_likelihood(image))
    assert np.array_equal(planes[6:], off_surface(image))


def test_the_place_planes_mirror_with_the_frame() -> None:
    planes = network_planes(product_photo()[0])
    assert np.allclose(planes[4], -planes[4][:, ::-1], atol=1e-6)
    assert np.allclose(planes[5], -planes[5][::-1], atol=1e-6)


@pytest.mark.parametrize("stops", [0.0, 0.8])
def test_falling_light_leaves_no_trace_and_the_product_stands_out(stops: float) -> None:
    image, matte = product_photo(stops=stops)
    lightness, chroma = off_surface(image)
    backdrop, product = matte < 0.01, matte > 0.99
    assert np.quantile(np.abs(lightness[backdrop]), 0.95) < 0.25
    assert np.quantile(chroma[backdrop], 0.95) < 0.35
    assert np.median(lightness[product]) < -1
    assert np.median(chroma[product]) > 0.8


def test_plain_paper_is_all_backdrop() -> None:
    lightness, chroma = off_surface(paper((200, 160), (180, 170, 150), 1.0))
    assert np.abs(lightness).max() < 0.2
    assert chroma.max() < 0.3


def test_colours_of_the_border_are_told_from_those_of_the_product() -> None:
    image, matte = product_photo()
    likelihood = border_likelihood(image)
    assert np.median(likelihood[matte < 0.01]) > 0
    assert np.median(likelihood[matte > 0.99]) < -0.5


def test_a_photo_as_small_as_a_stamp_has_planes() -> None:
    stamp = cv2.resize(product_photo()[0], (32, 32), interpolation=cv2.INTER_AREA)
    assert np.isfinite(network_planes(np.asarray(stamp, np.uint8))).all()
