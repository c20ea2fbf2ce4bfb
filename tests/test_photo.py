"""Opening, decoding, turning and saving photos."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps

from packshot.photo import Metadata, Photo, PhotoError, PhotoProblem, encode_jpeg, write_atomic
from packshot.photo.exif import read_tags
from packshot.photo.icc import srgb_profile
from tests.hostile import heic, picture, saved, tiff_of

SHIFT = np.uint16(257)
GPS, SERIAL, MAKER_NOTE = 0x8825, 0xA431, 0x927C


def camera_exif(orientation: int = 1) -> bytes:
    """What a camera writes: some of it harmless, some of it not."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon", "EOS R5", orientation
    exif[0x013B], exif[0x8298] = "Ann Mueller", "(c) 2026 Ann Mueller"
    detail = exif.get_ifd(0x8769)
    detail[0x9003], detail[0x9011] = "2026:03:04 05:06:07", "+02:00"
    detail[SERIAL], detail[MAKER_NOTE] = "SN-4711-SECRET", b"maker's own secrets"
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[2] = "N", (48.0, 51.0, 29.0)
    return exif.tobytes()


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
    for data in (heic(exif=camera_exif(6)), saved("AVIF", exif=camera_exif(6))):
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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIC"])
def test_harmless_metadata_is_kept_and_the_rest_dropped(kind: str) -> None:
    data = heic(exif=camera_exif()) if kind == "HEIC" else saved(kind, exif=camera_exif())
    photo = Photo.open(data)
    out = encode_jpeg(picture(), metadata=photo.metadata)
    assert Photo.open(out).metadata == photo.metadata
    assert photo.metadata.copyright == "(c) 2026 Ann Mueller"
    exif = Image.open(io.BytesIO(out)).getexif()
    assert (exif[0x010F], exif[0x0110], photo.metadata.artist) == ("Canon", "EOS R5", "Ann Mueller")
    assert exif.get_ifd(0x8769) == {0x9003: "2026:03:04 05:06:07", 0x9011: "+02:00"}
    assert GPS not in exif
    assert b"SECRET" not in out
    assert b"secrets" not in out


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_umlauts_survive_in_either_encoding(encoding: str) -> None:
    exif = Image.Exif()
    exif[0x8298] = "© Ann Müller".encode(encoding)
    photo = Photo.open(saved("JPEG", exif=exif.tobytes()))
    assert photo.metadata.copyright == "© Ann Müller"
    assert Photo.open(encode_jpeg(picture(), metadata=photo.metadata)).metadata.copyright == "© Ann Müller"


def test_everything_is_kept_when_asked_but_stays_upright() -> None:
    photo = Photo.open(saved("JPEG", exif=camera_exif(6)))
    out = encode_jpeg(picture(), metadata=photo.complete_metadata())
    exif = Image.open(io.BytesIO(out)).getexif()
    assert exif[0x0112] == 1
    assert exif.get_ifd(GPS)[1] == "N"
    assert exif.get_ifd(0x8769)[SERIAL] == "SN-4711-SECRET"


def test_no_metadata_writes_no_exif() -> None:
    assert b"Exif" not in encode_jpeg(picture())
    assert b"Exif" not in encode_jpeg(picture(), metadata=Metadata())


def test_short_and_long_texts_survive() -> None:
    metadata = Metadata(artist="A", copyright="c" * 1500, camera_make="abc", camera_model="abcd")
    assert Photo.open(encode_jpeg(picture(), metadata=metadata)).metadata == metadata


def test_encoding_is_deterministic_and_good() -> None:
    metadata = Metadata(artist="Ann", capture_time="2026:03:04 05:06:07")
    out = encode_jpeg(picture(), metadata=metadata)
    assert out == encode_jpeg(picture().copy(), metadata=metadata)
    image = Image.open(io.BytesIO(out))
    assert image.info["icc_profile"] == srgb_profile()
    again = np.asarray(image.convert("RGB")).astype(int)
    np.testing.assert_array_equal(
        again, simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(picture(), 92, colorsubsampling="420"))
    )


def test_encoding_takes_views_and_the_chosen_subsampling() -> None:
    turned = np.rot90(picture())[:, ::-1]
    out = encode_jpeg(turned, quality=97, subsampling="444")
    assert simplejpeg.decode_jpeg_header(out)[3] == "444"
    assert np.abs(Photo.open(out).pixels().astype(int) - turned).mean() < 3


@pytest.mark.parametrize("pixels", [picture().astype(np.uint16), picture()[:, :, 0], picture().astype(float)])
def test_encoding_refuses_other_pixels(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_jpeg(pixels)


def test_the_exif_writer_is_readable_and_sorted() -> None:
    out = encode_jpeg(
        picture(), metadata=Metadata(artist="Ann", camera_make="Canon", capture_time="2026:01:01 00:00:00")
    )
    start = out.index(b"Exif\0\0")
    body = out[start + 6 :]
    count = struct.unpack_from("<H", body, 8)[0]
    tags = [struct.unpack_from("<H", body, 10 + 12 * index)[0] for index in range(count)]
    assert tags == sorted(tags)
    assert read_tags(out[start : start + 400])[0x9003] == "2026:01:01 00:00:00"


def test_writing_is_whole_and_repeatable(tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    for data in (b"first", b"second, longer", b"second, longer"):
        write_atomic(target, data)
        assert target.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]
    os.umask(mask := os.umask(0))
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").touch()
    with pytest.raises(OSError, match="folder"):
        write_atomic(tmp_path / "folder", b"data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "absent" / "out.jpg", b"data")


def dng(linear: NDArray[np.float64], orientation: int = 1) -> bytes:
    """A minimal raw file (Adobe DNG 1.4) of an RGGB sensor whose primaries are sRGB's; light in [0, 1]."""
    height, width = linear.shape[:2]
    levels = np.rint(linear * 60000).astype("<u2")
    mosaic = levels[:, :, 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = levels[0::2, 0::2, 0], levels[1::2, 1::2, 2]
    from_xyz = (3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572)
    long, short = struct.Struct("<I").pack, struct.Struct("<HH").pack
    fractions = b"".join(struct.pack("<ii", round(value * 10000), 10000) for value in from_xyz)
    tags: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, long(0)), (256, 4, 1, long(width)), (257, 4, 1, long(height)), (258, 3, 1, short(16, 0)),
        (259, 3, 1, short(1, 0)), (262, 3, 1, short(32803, 0)), (271, 2, 5, b"Make\0"), (272, 2, 6, b"Model\0"),
        (273, 4, 1, b"last"), (274, 3, 1, short(orientation, 0)), (277, 3, 1, short(1, 0)), (278, 4, 1, long(height)),
        (279, 4, 1, long(2 * height * width)), (33421, 3, 2, short(2, 2)), (33422, 1, 4, bytes((0, 1, 1, 2))),
        (50706, 1, 4, bytes((1, 4, 0, 0))), (50708, 2, 6, b"Model\0"), (50714, 4, 1, long(0)),
        (50717, 4, 1, long(60000)), (50721, 10, 9, fractions), (50728, 5, 3, struct.pack("<6I", *(1,) * 6)),
        (50778, 3, 1, short(21, 0)),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    end = start + sum(len(value) + len(value) % 2 for *_, value in tags if len(value) > 4)
    directory, values = b"", b""
    for tag, kind, count, value in tags:
        value = long(end) if value == b"last" else value
        place = long(start + len(values)) if len(value) > 4 else value.ljust(4, b"\0")
        values += value + b"\0" * (len(value) % 2) if len(value) > 4 else b""
        directory += struct.pack("<HHI", tag, kind, count) + place
    return b"II*\0" + long(8) + struct.pack("<H", len(tags)) + directory + long(0) + values + mosaic.tobytes()


def scene() -> NDArray[np.float64]:
    down, across = np.mgrid[:120, :160] / 100
    return np.dstack([0.2 + 0.1 * np.sin(3 * across), 0.3 + 0 * down, 0.25 + 0.1 * down])


def test_raw_is_developed_into_srgb_at_both_scales() -> None:
    expected = np.where(scene() <= 0.0031308, 12.92 * scene(), 1.055 * scene() ** (1 / 2.4) - 0.055)
    photo = Photo.open(dng(scene()), name="shoe.dng")
    assert (photo.format, photo.size, photo.bits, photo.warnings) == ("RAW", (160, 120), 16, ())
    assert photo.metadata.camera_make == "Make"
    half = photo.pixels(0.5)
    assert (half.shape, half.dtype, photo.decoded_scale) == ((60, 80, 3), np.uint16, 0.5)
    middle = expected.reshape(60, 2, 80, 2, 3).mean(axis=(1, 3))
    assert np.abs(half / 65535 - middle)[4:-4, 4:-4].max() < 0.004
    assert np.abs(photo.pixels() / 65535 - expected)[4:-4, 4:-4].max() < 0.002


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_raw_comes_upright(orientation: int) -> None:
    photo = Photo.open(dng(scene(), orientation))
    turns = {3: 2, 6: -1, 8: 1}[orientation]
    upright = np.rot90(Photo.open(dng(scene())).pixels(), turns)
    assert photo.size == upright.shape[1::-1]
    assert np.abs(photo.pixels().astype(int) - upright)[4:-4, 4:-4].max() < 600


@pytest.mark.parametrize(("module", "data"), [("rawpy", dng(scene())), ("pillow_heif", heic())])
def test_a_missing_library_is_named_with_its_pip_line(
    monkeypatch: pytest.MonkeyPatch, module: str, data: bytes
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PhotoError, match="pip install") as caught:
        Photo.open(data)
    assert caught.value.code == PhotoProblem.NEEDS_EXTRA


def test_errors_cross_process_borders() -> None:
    error = pickle.loads(pickle.dumps(PhotoError(PhotoProblem.EMPTY, "shoe.jpg: empty")))
    assert (error.code, error.message, str(error)) == (PhotoProblem.EMPTY, "shoe.jpg: empty", "shoe.jpg: empty")


def test_photos_cross_process_borders() -> None:
    photo = pickle.loads(pickle.dumps(Photo.open(saved("PNG"))))
    np.testing.assert_array_equal(photo.pixels(), picture())


def test_importing_is_light() -> None:
    heavy = ("pyvips", "pillow_heif", "rawpy", "torch")
    code = f"import sys, packshot.photo; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
