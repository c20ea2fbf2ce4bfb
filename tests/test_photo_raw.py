"""Camera RAW, and libraries that are not installed."""

from __future__ import annotations

import struct
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.photo import Photo, PhotoError, PhotoProblem
from tests.hostile import heic


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


def test_a_cut_off_raw_file_is_named_as_such() -> None:
    data = dng(scene())
    for share in (0.3, 0.6, 0.99):
        with pytest.raises(PhotoError) as caught:
            Photo.open(data[: int(len(data) * share)]).pixels()
        assert caught.value.code == PhotoProblem.TRUNCATED


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_raw_comes_upright(orientation: int) -> None:
    photo = Photo.open(dng(scene(), orientation))
    turns = {3: 2, 6: -1, 8: 1}[orientation]
    upright = np.rot90(Photo.open(dng(scene())).pixels(), turns)
    assert photo.size == upright.shape[1::-1]
    assert np.abs(photo.pixels().astype(int) - upright)[4:-4, 4:-4].max() < 600


@pytest.mark.parametrize(("module", "data"), [("rawpy", dng(scene())), ("pi_heif", heic())])
def test_a_missing_library_is_named_with_its_pip_line(
    monkeypatch: pytest.MonkeyPatch, module: str, data: bytes
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PhotoError, match="pip install") as caught:
        Photo.open(data)
    assert caught.value.code == PhotoProblem.NEEDS_EXTRA
