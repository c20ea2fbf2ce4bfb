"""What a finished JPEG carries, and writing it whole."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from packshot.photo import Metadata, Photo, encode_jpeg, write_atomic
from packshot.photo.exif import read_tags
from packshot.photo.icc import srgb_profile
from tests.hostile import heic, picture, saved

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
