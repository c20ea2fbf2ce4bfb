"""Opening, decoding and turning photos."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps

from packshot.photo import Photo, PhotoError, PhotoProblem
from tests.hostile import heic, picture, saved, tiff_of

SHIFT = np.uint16(257)


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("JPEG", {"quality": 98, "subsampling": 0}, 2),
        ("JPEG", {"quality": 98, "subsampling": 0, "progressive": True}, 2),
        ("PNG", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WebP", {"lossless": True}, 0),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 2),
    ],
)
def test_formats_give_their_pixels(kind: str, options: dict[str, object], error: float) -> None:
    photo = Photo.open(saved(kind, **options))
    assert (photo.format, photo.size, photo.bits, photo.warnings) == (kind, (96, 80), 8, ())
    assert photo.pixels().dtype == np.uint8
    assert np.abs(photo.pixels().astype(int) - picture()).mean() <= error


def test_heic_gives_its_pixels() -> None:
    photo = Photo.open(heic(quality=100, chroma=444))
    assert (photo.format, photo.size, photo.bits) == ("HEIC", (96, 80), 8)
    assert np.abs(photo.pixels().astype(int) - picture()).mean() <= 2


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "440", "411"])
def test_every_chroma_layout_is_read(subsampling: str) -> None:
    smooth = np.full((64, 64, 3), (180, 90, 40), np.uint8)
    photo = Photo.open(simplejpeg.encode_jpeg(smooth, 95, colorsubsampling=subsampling))
    for scale in (1.0, 0.5, 0.25, 0.125):
        np.testing.assert_allclose(
            photo.pixels(scale), np.full((*photo.pixels(scale).shape[:2], 3), (180, 90, 40)), atol=3
        )
        photo.release()


def test_grey_and_plain_rgb_jpegs_are_read() -> None:
    grey = Photo.open(saved("JPEG", picture()[:, :, 0], quality=98))
    assert np.abs(grey.pixels().astype(int) - picture()[:, :, :1]).mean() < 2
    plain = Photo.open(saved("JPEG", quality=98, keep_rgb=True))
    assert np.abs(plain.pixels().astype(int) - picture()).mean() < 2


def deep_files() -> dict[str, bytes]:
    deep = picture().astype(np.uint16) * SHIFT + 100
    image = pyvips.Image.new_from_memory(deep.tobytes(), 96, 80, 3, "ushort").copy(interpretation="rgb16")
    return {
        "PNG": bytes(image.pngsave_buffer()),
        "TIFF": tiff_of(deep),
        "tiled TIFF": tiff_of(deep, tile=True, tile_width=32, tile_height=32, compression="deflate"),
        "BigTIFF": tiff_of(deep, bigtiff=True),
    }


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "tiled TIFF", "BigTIFF"])
def test_sixteen_bits_are_kept(kind: str) -> None:
    photo = Photo.open(deep_files()[kind])
    assert (photo.bits, photo.pixels().dtype) == (16, np.uint16)
    np.testing.assert_array_equal(photo.pixels(), picture().astype(np.uint16) * SHIFT + 100)


@pytest.mark.parametrize("bits", [10, 12])
def test_ten_and_twelve_bits_fill_the_range(bits: int) -> None:
    white = np.full((64, 64, 3), 65535, np.uint16)
    image = pyvips.Image.new_from_memory(white.tobytes(), 64, 64, 3, "ushort").copy(interpretation="rgb16")
    files = [bytes(image.heifsave_buffer(compression="av1", bitdepth=bits, Q=100))]
    files += [heic(white, quality=100)] if bits == 10 else []
    for data in files:
        photo = Photo.open(data)
        assert (photo.bits, photo.pixels().dtype) == (bits, np.uint16)
        assert photo.pixels().mean() > 65535 * 0.998
        assert photo.pixels().max() == 65535


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_agree_with_pillow(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(kind, {})
    data = saved(kind, exif=exif.tobytes(), **options)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    photo = Photo.open(data)
    assert photo.orientation == orientation
    assert photo.size == expected.shape[1::-1]
    assert np.abs(photo.pixels().astype(int) - expected).max() <= 1


def test_heic_and_avif_are_not_turned_twice() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for data in (heic(exif=exif.tobytes()), saved("AVIF", exif=exif.tobytes())):
        photo = Photo.open(data)
        assert photo.size == (80, 96)
        assert photo.pixels().shape == (96, 80, 3)
        turned = np.rot90(picture(), -1).astype(int)
        assert np.abs(photo.pixels().astype(int) - turned).mean() < 12


def spots(size: tuple[int, int], centres: NDArray[np.float64]) -> NDArray[np.uint8]:
    down, across = np.mgrid[: size[1], : size[0]]
    light = np.zeros(size[::-1])
    for x, y in centres:
        light += np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * 9.0**2))
    return np.dstack([20 + 200 * np.clip(light, 0, 1)] * 3).astype(np.uint8)


def centroid(image: NDArray[np.generic], near: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    down, across = np.mgrid[: image.shape[0], : image.shape[1]]
    weight = np.where(np.hypot(across - near[0], down - near[1]) < radius, image[:, :, 1].astype(float) - 20, 0)
    return np.array([(across * weight).sum(), (down * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(320, 240), (333, 247)])
def test_smaller_decodes_lie_where_the_affine_says(orientation: int, size: tuple[int, int]) -> None:
    """Also where the sides are no multiples of eight and orientation turns the cut edge to the front."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.array([(50.0, 60.0), (size[0] - 45.0, 55.0), (70.0, size[1] - 50.0)])
    data = saved("JPEG", spots(size, stored), quality=97, exif=exif.tobytes())
    full = Photo.open(data).pixels()
    rough = [np.array(place) for place in _bright_places(full)]
    centres = [centroid(full, near, 30) for near in rough]
    for scale in (0.5, 0.25, 0.125):
        photo = Photo.open(data)
        small = photo.pixels(scale)
        affine = photo.decoded_from_source()
        for centre in centres:
            expected = affine @ [*centre, 1]
            np.testing.assert_allclose(centroid(small, expected, 30 * scale), expected, atol=0.06)


def _bright_places(image: NDArray[np.generic]) -> list[tuple[float, float]]:
    """The middles of the three spots, by hiding each once found."""
    green, places = image[:, :, 1].astype(float).copy(), []
    down, across = np.mgrid[: green.shape[0], : green.shape[1]]
    for _ in range(3):
        y, x = np.unravel_index(green.argmax(), green.shape)
        places.append((float(x), float(y)))
        green[np.hypot(across - x, down - y) < 35] = 0
    return places


def test_the_affine_is_the_common_convention_where_sides_divide() -> None:
    photo = Photo.open(saved("JPEG", picture(320, 240)))
    photo.pixels(0.25)
    np.testing.assert_allclose(photo.decoded_from_source(), [[0.25, 0, -0.375], [0, 0.25, -0.375]])


@pytest.mark.parametrize(
    ("scale", "side"), [(1, 96), (0.9, 96), (0.51, 96), (0.5, 48), (0.3, 48), (0.2, 24), (0.01, 12)]
)
def test_jpeg_decodes_at_the_smallest_cheap_scale(scale: float, side: int) -> None:
    photo = Photo.open(saved("JPEG"))
    assert photo.pixels(scale).shape[1] == side
    assert photo.decoded_scale == side / 96


def test_the_last_decode_is_kept_until_more_is_asked() -> None:
    photo = Photo.open(saved("JPEG"))
    assert photo.decoded_scale == 0
    half = photo.pixels(0.5)
    assert photo.pixels(0.25) is half
    full = photo.pixels(1)
    assert full.shape == (80, 96, 3)
    assert photo.pixels(0.125) is full
    photo.release()
    assert photo.decoded_scale == 0
    assert photo.pixels(0.125).shape == (10, 12, 3)


def test_kept_pixels_cannot_be_changed_by_accident() -> None:
    pixels = Photo.open(saved("PNG")).pixels()
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0] = 0


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_a_scale_must_be_positive(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        Photo.open(saved("JPEG")).pixels(scale)


def test_photos_from_pixels_behave_like_files() -> None:
    photo = Photo.from_pixels(picture(), "made.png")
    assert (photo.name, photo.size, photo.bits, photo.format) == ("made.png", (96, 80), 8, "pixels")
    photo.release()
    np.testing.assert_array_equal(photo.pixels(0.5), picture())
    assert photo.sha256 != Photo.from_pixels(picture(seed=1)).sha256
    assert Photo.from_pixels(picture().astype(np.uint16)).bits == 16
    with pytest.raises(ValueError, match="uint8"):
        Photo.from_pixels(picture().astype(np.float32))


def test_the_name_and_sha256_are_the_files(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "shoe.jpg"
    path.write_bytes(saved("JPEG"))
    photo = Photo.open(path)
    assert (photo.name, photo.sha256) == ("shoe.jpg", hashlib.sha256(path.read_bytes()).hexdigest())
    assert Photo.open(path.read_bytes(), name="hat.jpg").name == "hat.jpg"


def test_errors_cross_process_borders() -> None:
    error = pickle.loads(pickle.dumps(PhotoError(PhotoProblem.EMPTY, "shoe.jpg: empty")))
    assert (error.code, error.message, str(error)) == (PhotoProblem.EMPTY, "shoe.jpg: empty", "shoe.jpg: empty")


def test_photos_cross_process_borders() -> None:
    photo = pickle.loads(pickle.dumps(Photo.open(saved("PNG"))))
    np.testing.assert_array_equal(photo.pixels(), picture())


def test_importing_is_light() -> None:
    heavy = ("pyvips", "pi_heif", "rawpy", "torch")
    code = f"import sys, packshot.photo; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_heic_takes_a_decoder_alone() -> None:
    """The libraries that packshot installs must not bring an encoder under the GPL along."""
    import pi_heif

    assert "x265" not in str(pi_heif.libheif_info()["encoders"])
    code = "import sys; from packshot.photo import Photo; Photo.open(sys.stdin.buffer.read()).pixels()"
    code += "; print([name for name in ('pi_heif', 'pillow_heif') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], input=heic(), capture_output=True, check=True)
    assert done.stdout.strip() == b"['pi_heif']"


def test_heic_pixels_outlive_their_decoder() -> None:
    data = heic(np.full((64, 64, 3), 77, np.uint8), quality=100)
    for _ in range(20):
        pixels = Photo.open(data).pixels()
        np.full(64 * 64 * 3, 200, np.uint8)  # takes the memory that a decoder gave back
        assert pixels.min() >= 75
        assert pixels.max() <= 79
