"""Colour profiles into working sRGB, against references computed apart from the package."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms

from packshot.photo import Photo, PhotoError, PhotoProblem, encode_jpeg
from packshot.photo.icc import (
    ADOBE_RGB_PRIMARIES,
    D50_WHITE,
    D65_WHITE,
    DISPLAY_P3_PRIMARIES,
    PROPHOTO_PRIMARIES,
    SRGB_PRIMARIES,
    ProfileError,
    build_rgb_profile,
    colorants,
    read_profile,
    srgb_profile,
)
from tests.hostile import heic, picture, png, png_chunk, saved, tiff_of

# RGB to XYZ D50 (Bradford), from brucelindbloom.com's table of working spaces.
TO_XYZ = {
    "sRGB": [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]],
    "Adobe": [[0.6097559, 0.2052401, 0.1492240], [0.3111242, 0.6256560, 0.0632197], [0.0194811, 0.0608902, 0.7448387]],
    "ProPhoto": [[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0.0, 0.0, 0.8252100]],
    "P3": [[0.5151187, 0.2919778, 0.1571035], [0.2411892, 0.6922441, 0.0665668], [-0.0010505, 0.0418791, 0.7840713]],
}
PRIMARIES = {
    "Adobe": (ADOBE_RGB_PRIMARIES, D65_WHITE, 563 / 256),
    "ProPhoto": (PROPHOTO_PRIMARIES, D50_WHITE, 461 / 256),
    "P3": (DISPLAY_P3_PRIMARIES, D65_WHITE, None),
}


# Worked out from the two standards, apart from the package.
ADOBE_PATCH, ADOBE_PATCH_IN_SRGB = (180, 120, 90), (199.5, 120.8, 87.9)


def profile(name: str) -> bytes:
    primaries, white, gamma = PRIMARIES[name]
    return build_rgb_profile(name, colorants(primaries, white), gamma)


def grey_profile(gamma: float) -> bytes:
    """An RGB profile made over: its colour space and the name of one of its curves."""
    made = build_rgb_profile("grey", colorants(SRGB_PRIMARIES, D65_WHITE), gamma)
    return made.replace(b"RGB XYZ ", b"GRAYXYZ ", 1).replace(b"gTRC", b"kTRC", 1)


def srgb_curve(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def reference(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB in [0, 1] of device values in [0, 1], clipped to the gamut."""
    gamma = PRIMARIES[name][2]
    low = values / 12.92
    linear = np.where(values <= 0.04045, low, ((values + 0.055) / 1.055) ** 2.4) if gamma is None else values**gamma
    return srgb_curve(linear @ np.array(TO_XYZ[name]).T @ np.linalg.inv(TO_XYZ["sRGB"]).T)


def delta_e(one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.float64]:
    """CIE 1976 difference of two sRGB pictures in [0, 1]."""
    return np.asarray(np.linalg.norm(lab_of(np.asarray(one)) - lab_of(np.asarray(other)), axis=-1))


def lab_of(encoded: NDArray[np.generic]) -> NDArray[np.float64]:
    values = np.asarray(encoded, np.float64)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(TO_XYZ["sRGB"]).T / np.sum(TO_XYZ["sRGB"], axis=1)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def patches() -> NDArray[np.uint8]:
    """Every combination of nine levels a channel, as (81, 81, 3) of 3 x 3 blocks."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(27, 27, 3)
    return np.kron(cube, np.ones((3, 3, 1), np.uint8))


@pytest.mark.parametrize("name", PRIMARIES)
def test_eight_bit_profiles_agree_with_the_reference(name: str) -> None:
    pixels = patches()
    photo = Photo.open(saved("PNG", pixels, icc_profile=profile(name)))
    difference = delta_e(photo.pixels() / 255, reference(name, pixels / 255))
    assert photo.profile == name
    assert np.percentile(difference, 95) < 0.6
    assert difference.max() < 2.5


@pytest.mark.parametrize("name", PRIMARIES)
def test_sixteen_bit_profiles_agree_with_the_reference_closely(name: str) -> None:
    pixels = patches().astype(np.uint16) * 257
    data = _tiff_with_profile(pixels, profile(name))
    photo = Photo.open(data)
    result = photo.pixels()
    assert (photo.bits, result.dtype) == (16, np.uint16)
    assert np.abs(result / 65535 - reference(name, pixels / 65535)).max() < 0.6 / 255
    assert delta_e(result / 65535, reference(name, pixels / 65535)).max() < 0.1


def _tiff_with_profile(pixels: NDArray[np.uint16], icc: bytes, interpretation: str = "rgb16") -> bytes:
    height, width, bands = pixels.shape
    kind = "ushort" if pixels.dtype == np.uint16 else "uchar"
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, kind)
    image = image.copy(interpretation=interpretation)
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return bytes(image.tiffsave_buffer())


def test_an_adobe_rgb_photo_is_not_taken_for_srgb() -> None:
    pixels = np.full((40, 40, 3), ADOBE_PATCH, np.uint8)
    result = Photo.open(saved("PNG", pixels, icc_profile=profile("Adobe"))).pixels()[20, 20]
    np.testing.assert_allclose(result, ADOBE_PATCH_IN_SRGB, atol=1)


def test_jpeg_profiles_are_honoured_at_every_scale() -> None:
    pixels = np.kron(np.full((10, 12, 3), ADOBE_PATCH, np.uint8), np.ones((8, 8, 1), np.uint8))
    photo = Photo.open(saved("JPEG", pixels, quality=98, icc_profile=profile("Adobe")))
    for scale in (0.125, 0.25, 0.5, 1):
        np.testing.assert_allclose(photo.pixels(scale).mean(axis=(0, 1)), ADOBE_PATCH_IN_SRGB, atol=2)


def test_littlecms_agrees_on_cmyk() -> None:
    inks = np.dstack([patches(), np.full((81, 81), 40, np.uint8)])
    icc = bytes(pyvips.Operation.call("profile_load", "cmyk"))
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    expected = np.asarray(ImageCms.applyTransform(Image.fromarray(inks, "CMYK"), transform))
    for data in (_tiff_with_profile(inks, icc, "cmyk"), _tiff_with_profile(inks.astype(np.uint16) * 257, icc, "cmyk")):
        result = Photo.open(data).pixels()
        assert delta_e(result / np.iinfo(result.dtype).max, expected / 255).max() < 2.5


def test_inverted_cmyk_jpegs_come_out_the_right_way_round() -> None:
    """Adobe stores inks inverted; Pillow writes such files. Paper must be white and full ink dark."""
    inks = np.zeros((64, 64, 4), np.uint8)
    inks[:, 32:] = (0, 0, 0, 255)
    icc = bytes(pyvips.Operation.call("profile_load", "cmyk"))
    buffer = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(buffer, "JPEG", quality=98, icc_profile=icc)
    for scale, edge in ((1.0, 64), (0.5, 32)):
        photo = Photo.open(buffer.getvalue())
        result = photo.pixels(scale)
        assert result.shape == (edge, edge, 3)
        assert result[:, : edge // 4].min() > 245
        assert result[:, -edge // 4 :].max() < 70


@pytest.mark.parametrize("subsampling", ["444", "420"])
def test_cmyk_stored_as_ycck_agrees_with_libvips(subsampling: str) -> None:
    smooth = np.kron(patches()[::9, ::9], np.ones((8, 8, 1), np.uint8))
    inks = np.dstack([smooth, 255 - smooth[:, :, :1]])
    data = simplejpeg.encode_jpeg(inks, 95, colorspace="CMYK", colorsubsampling=subsampling)
    expected = pyvips.Image.jpegload_buffer(data).icc_transform(
        "srgb", input_profile="cmyk", intent="relative", black_point_compensation=True
    )
    np.testing.assert_array_equal(Photo.open(data).pixels(), expected.numpy())


def test_cmyk_without_a_profile_is_read_with_a_warning() -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture()).convert("CMYK").save(buffer, "JPEG", quality=95)
    photo = Photo.open(buffer.getvalue())
    assert any("CMYK" in warning for warning in photo.warnings)
    assert "assumed" in photo.profile
    assert photo.pixels().shape == (80, 96, 3)


@pytest.mark.parametrize("deep", [False, True])
def test_grey_profiles_are_honoured(deep: bool) -> None:
    """A grey picture of gamma 1.0 holds linear light: 20 % light is sRGB value 124."""
    icc = grey_profile(1.0)
    pixels = np.full((50, 50, 1), round(0.2 * 65535), np.uint16)
    data = _tiff_with_profile(pixels if deep else (pixels >> 8).astype(np.uint8), icc, "grey16" if deep else "b-w")
    result = Photo.open(data).pixels()
    assert result.shape == (50, 50, 3)
    np.testing.assert_allclose(result / np.iinfo(result.dtype).max * 255, srgb_curve(np.array(0.2)) * 255, atol=1)


def test_grey_pixels_with_an_rgb_profile_are_read_as_equal_channels() -> None:
    pixels = np.full((50, 50), 128, np.uint8)
    photo = Photo.open(saved("TIFF", pixels, icc_profile=profile("ProPhoto")))
    result = photo.pixels()
    expected = srgb_curve(np.array((128 / 255) ** (461 / 256))) * 255
    np.testing.assert_allclose(result, np.full((50, 50, 3), expected), atol=1)
    assert photo.warnings == ()


@pytest.mark.parametrize(
    "icc",
    [
        srgb_profile(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        bytes(pyvips.Operation.call("profile_load", "srgb")),
        build_rgb_profile("display", colorants(SRGB_PRIMARIES, D65_WHITE)),
    ],
    ids=["ours", "littlecms", "libvips", "built"],
)
def test_srgb_like_profiles_leave_the_values_alone(icc: bytes) -> None:
    pixels = patches()
    assert read_profile(icc).is_srgb
    np.testing.assert_array_equal(Photo.open(saved("PNG", pixels, icc_profile=icc)).pixels(), pixels)


@pytest.mark.parametrize("gamma", [1.8, 2.2, 2.4])
def test_other_curves_are_not_taken_for_srgb(gamma: float) -> None:
    assert not read_profile(build_rgb_profile("gamma", colorants(SRGB_PRIMARIES, D65_WHITE), gamma)).is_srgb


def test_finished_images_carry_a_profile_that_littlecms_reads_as_srgb() -> None:
    icc = Image.open(io.BytesIO(encode_jpeg(picture()))).info["icc_profile"]
    ours = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    transform = ImageCms.buildTransform(ours, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    result = np.asarray(ImageCms.applyTransform(Image.fromarray(patches()), transform))
    assert ImageCms.getProfileDescription(ours).strip() == "sRGB"
    assert np.abs(result.astype(int) - patches()).max() <= 1


def test_cameras_that_mark_adobe_rgb_by_exif_alone_are_understood() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    pixels = np.full((40, 40, 3), ADOBE_PATCH, np.uint8)
    photo = Photo.open(saved("PNG", pixels, exif=exif.tobytes()))
    assert photo.profile == "Adobe RGB (1998), by EXIF"
    np.testing.assert_allclose(photo.pixels()[20, 20], ADOBE_PATCH_IN_SRGB, atol=1)


def test_code_points_of_png_and_avif_name_display_p3() -> None:
    pixels = np.full((64, 64, 3), (200, 80, 60), np.uint8)
    expected = reference("P3", pixels[0, 0] / 255) * 255
    good = saved("PNG", pixels)
    marked = good[:33] + png_chunk(b"cICP", bytes((12, 13, 0, 1))) + good[33:]
    avif = bytearray(saved("AVIF", pixels, quality=95))
    struct.pack_into(">HH", avif, avif.index(b"colrnclx") + 8, 12, 13)
    for data in (marked, bytes(avif)):
        photo = Photo.open(data)
        assert photo.profile == "Display P3"
        np.testing.assert_allclose(photo.pixels()[32, 32], expected, atol=3)


def test_hdr_pictures_are_refused() -> None:
    avif = bytearray(saved("AVIF"))
    struct.pack_into(">HH", avif, avif.index(b"colrnclx") + 8, 9, 16)
    with pytest.raises(PhotoError, match="HDR") as caught:
        Photo.open(bytes(avif))
    assert caught.value.code == PhotoProblem.UNSUPPORTED


def test_lab_tiffs_become_srgb() -> None:
    lab = pyvips.Image.black(60, 60, bands=3).copy(interpretation="lab").linear([1, 1, 1], [50, 0, 0])
    result = Photo.open(bytes(lab.colourspace("labs").tiffsave_buffer())).pixels()
    np.testing.assert_allclose(result / 65535 * 255, np.full((60, 60, 3), 118.9), atol=1)


def test_transparency_is_laid_on_white() -> None:
    color = np.full((40, 40, 3), 100, np.uint8)
    alpha = np.full((40, 40), 51, np.uint8)
    alpha[:20] = 0
    pixels = np.dstack([color, alpha])
    for data in (saved("PNG", pixels), tiff_of(pixels), heic(pixels, quality=100)):
        result = Photo.open(data).pixels()
        assert result[:18].min() == 255
        np.testing.assert_allclose(result[22:], 255 - 0.2 * 155, atol=2)


def test_a_profile_bomb_stays_out_of_memory() -> None:
    """A PNG may hold a tiny compressed profile that unpacks to gigabytes; it must be ignored or refused."""
    import zlib

    packer = zlib.compressobj(1)
    packed = packer.compress(bytes(60_000_000)) + packer.flush()
    rows = zlib.compress(bytes((1 + 3 * 50) * 50))
    photo = Photo.open(png(50, 50, rows, extra=png_chunk(b"iCCP", b"bomb\0\0" + packed)))
    assert any("profile" in warning for warning in photo.warnings)


@pytest.mark.parametrize("cut", [0, 50, 131, 200, 600, 2000])
def test_cut_off_profiles_are_named_as_such(cut: int) -> None:
    with pytest.raises(ProfileError):
        read_profile(srgb_profile()[:cut])
