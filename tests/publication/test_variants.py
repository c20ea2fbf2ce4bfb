from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from packshot.photo.icc import srgb_profile
from packshot.publication.check import check_output, meets
from packshot.publication.measure import Facts, Output
from packshot.publication.presets import built_in_presets, preset
from packshot.publication.variants import Variant, encode_variant
from tests.publication.shots import shot


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_a_variant_is_encoded_in_its_format_with_the_srgb_profile(name: str) -> None:
    variant = Variant.model_validate({"name": "small", "canvas": (300, 400), "format": name})
    image = Image.open(io.BytesIO(encode_variant(shot((300, 400)), variant)))
    assert (image.format, image.size) == (name.upper(), (300, 400))
    assert image.info["icc_profile"] == srgb_profile()


def test_quality_goes_down_just_far_enough() -> None:
    image = shot((600, 600))
    free = Variant(name="free", canvas=(600, 600))
    limit = len(encode_variant(image, free)) * 2 // 3
    data = encode_variant(image, free.model_copy(update={"max_bytes": limit}))
    assert limit * 0.93 < len(data) <= limit


def test_quality_goes_up_to_reach_the_smallest_size_allowed() -> None:
    image = shot((600, 600))
    free = Variant(name="free", canvas=(600, 600), quality=60)
    least = len(encode_variant(image, free)) + 1000
    assert len(encode_variant(image, free.model_copy(update={"min_bytes": least}))) >= least


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_an_impossible_limit_is_said_and_not_met_with_mush(name: str) -> None:
    variant = Variant.model_validate({"name": "tiny", "canvas": (600, 600), "format": name, "max_bytes": 5000})
    with pytest.raises(ValueError, match=r"variant 'tiny' takes .* over its limit of 5,000: choose a smaller canvas"):
        encode_variant(shot((600, 600)), variant)
    empty = Variant.model_validate({"name": "plain", "canvas": (40, 40), "format": name, "min_bytes": 30_000})
    with pytest.raises(ValueError, match="under its minimum of 30,000"):
        encode_variant(np.full((40, 40, 3), 255, np.uint8), empty)


def test_a_transparent_variant_keeps_its_opacity() -> None:
    image = np.dstack([shot((64, 64)), np.full((64, 64), 100, np.uint8)])
    variant = Variant(name="cut", canvas=(64, 64), format="png", background="transparent")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_variant(image, variant)))), image)


@pytest.mark.parametrize("image", [shot((64, 65)), np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64, 3), np.uint16)])
def test_a_picture_that_is_not_the_variants_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="variant 'a' needs an 8-bit picture of 64 x 64 with 3 channels"):
        encode_variant(image, Variant(name="a", canvas=(64, 64)))


def test_impossible_variants_are_refused() -> None:
    with pytest.raises(ValueError, match="JPEG cannot be transparent"):
        Variant(name="a", canvas=(64, 64), background="transparent")
    with pytest.raises(ValueError, match="min_bytes is larger"):
        Variant(name="a", canvas=(64, 64), min_bytes=3, max_bytes=2)


def test_dots_per_inch_are_written() -> None:
    variant = Variant(name="a", canvas=(64, 64), dots_per_inch=96)
    assert Image.open(io.BytesIO(encode_variant(shot((64, 64)), variant))).info["dpi"] == (96, 96)


@pytest.mark.parametrize("name", sorted(built_in_presets()))
def test_a_shot_encoded_by_a_presets_own_variant_meets_it(name: str) -> None:
    variant = preset(name).variant
    image = shot(variant.canvas or (800, 1000), fill=0.88)
    if variant.background == "transparent":
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    data = encode_variant(image, variant)
    findings = check_output(Output(data, f"a{variant.suffix}", Facts(upscaled=False, shadow="none")), preset(name))
    assert meets(findings), [finding.sentence for finding in findings]
