"""ICC profiles (ICC.1): reading their matrix and curves, telling sRGB-like ones, building simple ones."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
REC_2020_PRIMARIES = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
PROPHOTO_PRIMARIES = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
D65_WHITE = (0.3127, 0.3290)
D50_WHITE = (0.3457, 0.3585)

Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

_D50_XYZ = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_CURVE_ENTRIES = 1024


class ProfileError(ValueError):
    """The bytes are not a usable ICC profile; the message says why, in a few words."""


@dataclass(frozen=True, eq=False)
class Profile:
    """What matters of an ICC profile.

    space: "RGB ", "GRAY", "CMYK" or "Lab " (the device side, as in the header).
    matrix: (3, 3) device-linear RGB to XYZ D50, None when the profile works by tables instead.
    curves: one per channel of a matrix or grey profile, (4096,) device value to linear, over [0, 1].
    """

    description: str
    space: str
    matrix: Floats | None
    curves: tuple[Floats, ...]

    @property
    def is_srgb(self) -> bool:
        """Whether treating values as sRGB errs by less than half an 8-bit level (grey: curve alone)."""
        if not self.curves:
            return False
        if self.matrix is not None and np.abs(self.matrix - colorants(SRGB_PRIMARIES, D65_WHITE)).max() > 1.5e-3:
            return False
        level = np.linspace(0, 1, _SAMPLES)
        return all(np.abs(srgb_encode(curve) - level).max() < 0.5 / 255 for curve in self.curves)


_SAMPLES = 4096


@lru_cache(maxsize=16)
def read_profile(data: bytes) -> Profile:
    """Parse a profile. Raises ProfileError when it is cut off, malformed or no input or display profile."""
    if len(data) < 132 or data[36:40] != b"acsp":
        raise ProfileError("it has no ICC header")
    tags = _tag_table(data)
    space = data[16:20].decode("latin-1")
    if space not in ("RGB ", "GRAY", "CMYK", "Lab "):
        raise ProfileError(f"its colour space is {space.strip()!r}")
    try:
        matrix, curves = _matrix_and_curves(tags, space)
        return Profile(_description(tags.get("desc", b"")), space, matrix, curves)
    except (struct.error, IndexError) as error:
        raise ProfileError("a tag is cut off") from error


def _tag_table(data: bytes) -> dict[str, bytes]:
    count = struct.unpack_from(">I", data, 128)[0]
    if count > 200 or 132 + 12 * count > len(data):
        raise ProfileError("its tag table is cut off")
    tags = {}
    for index in range(count):
        name, start, length = struct.unpack_from(">4sII", data, 132 + 12 * index)
        if start + length > len(data):
            raise ProfileError("it is cut off")
        tags[name.decode("latin-1")] = data[start : start + length]
    return tags


def _description(tag: bytes) -> str:
    if tag[:4] == b"desc":
        length = struct.unpack_from(">I", tag, 8)[0]
        text = tag[12 : 12 + min(length, 200)].split(b"\0")[0].decode("latin-1")
    elif tag[:4] == b"mluc":
        length, start = struct.unpack_from(">II", tag, 20)
        text = tag[start : start + min(length, 400)].decode("utf-16-be", "replace").rstrip("\0")
    else:
        text = ""
    return "".join(mark for mark in text if mark.isprintable()).strip() or "unnamed profile"


def _matrix_and_curves(tags: dict[str, bytes], space: str) -> tuple[Floats | None, tuple[Floats, ...]]:
    if "A2B0" in tags or "A2B1" in tags:
        return None, ()
    if space == "GRAY" and "kTRC" in tags:
        return None, (_curve(tags["kTRC"]),)
    names = ("rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC")
    if space == "RGB " and all(name in tags for name in names):
        columns = [np.array(struct.unpack_from(">3i", tags[name], 8)) / 65536 for name in names[:3]]
        return np.stack(columns, axis=1), tuple(_curve(tags[name]) for name in names[3:])
    if space in ("RGB ", "GRAY"):
        raise ProfileError("it lacks the tags that give its colours")
    return None, ()


def _curve(tag: bytes) -> Floats:
    level = np.linspace(0, 1, _SAMPLES)
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count == 0:
            return level
        if count > 65536:
            raise ProfileError("a curve is too long")
        table = np.array(struct.unpack_from(f">{count}H", tag, 12), dtype=np.float64)
        if count == 1:
            return np.asarray(level ** (table[0] / 256))
        return np.interp(level, np.linspace(0, 1, count), table / 65535)
    if tag[:4] == b"para":
        return _parametric(tag, level)
    raise ProfileError("a curve is of an unknown type")


def _parametric(tag: bytes, level: Floats) -> Floats:
    """ICC.1 parametricCurveType, functions 0 to 4."""
    kind = struct.unpack_from(">H", tag, 8)[0]
    if kind > 4:
        raise ProfileError("a curve is of an unknown type")
    amount = (1, 3, 4, 5, 7)[kind]
    given = [value / 65536 for value in struct.unpack_from(f">{amount}i", tag, 12)]
    gamma, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind == 0:
        gamma = given[0]
    elif kind in (1, 2):
        gamma, a, b = given[:3]
        c, d = 0.0, -b / a if a else 0.0
        e = f = given[3] if kind == 2 else 0.0
    else:
        gamma, a, b, c, d = given[:5]
        e, f = given[5:] if kind == 4 else (0.0, 0.0)
    power = np.power(np.clip(a * level + b, 0, None), gamma) + e
    return np.asarray(np.clip(np.where(level >= d, power, c * level + f), 0, 1))


def srgb_encode(linear: Floats) -> Floats:
    """Linear light to sRGB values (IEC 61966-2-1), both over [0, 1]."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)


def srgb_decode(encoded: Floats) -> Floats:
    """sRGB values to linear light (IEC 61966-2-1), both over [0, 1]."""
    return np.where(encoded <= 0.04045, encoded / 12.92, np.power((encoded + 0.055) / 1.055, 2.4))


def colorants(primaries: Primaries, white: tuple[float, float]) -> Floats:
    """(3, 3) matrix from linear RGB to XYZ, adapted from `white` to D50 by Bradford, as profiles hold it."""
    xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    white_xyz = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    matrix = xyz * np.linalg.solve(xyz, white_xyz)
    scale = (_BRADFORD @ _D50_XYZ) / (_BRADFORD @ white_xyz)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD @ matrix)


def build_rgb_profile(description: str, matrix: Floats, gamma: float | None = None) -> bytes:
    """A version 2 display profile with `matrix` (see `colorants`) and one curve: sRGB's, or a pure power.

    The same arguments give the same bytes: its creation date is fixed.
    """
    curve = _curve_tag(gamma)
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = [(name, _xyz_tag(matrix[:, index])) for index, name in enumerate(names)]
    tags += [(b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    return _assemble(description, tags)


def _curve_tag(gamma: float | None) -> bytes:
    if gamma is not None:
        return struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))
    table = np.rint(srgb_decode(np.linspace(0, 1, _CURVE_ENTRIES)) * 65535).astype(">u2")
    return struct.pack(">4s4xI", b"curv", _CURVE_ENTRIES) + table.tobytes()


def _xyz_tag(xyz: Floats) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(float(value) * 65536) for value in xyz))


def _assemble(description: str, tags: list[tuple[bytes, bytes]]) -> bytes:
    text = description.encode("ascii") + b"\0"
    # A textDescriptionType ends with empty Unicode (8 bytes) and Macintosh (70 bytes) parts.
    described = struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(8 + 70)
    copying = b"text\0\0\0\0" + b"No copyright, use freely\0"
    tags = [(b"desc", described), (b"cprt", copying), (b"wtpt", _xyz_tag(_D50_XYZ)), *tags]
    table, body, places = b"", b"", {}
    start = 132 + 12 * len(tags)
    for name, tag in tags:
        if tag not in places:
            places[tag] = start + len(body)
            body += tag + b"\0" * (-len(tag) % 4)
        table += struct.pack(">4sII", name, places[tag], len(tag))
    size = start + len(body)
    dates = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ") + dates + b"acsp"
    header = header.ljust(64, b"\0") + struct.pack(">I", 1) + _xyz_tag(_D50_XYZ)[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """The sRGB profile embedded in finished images, about 2.5 KB; always the same bytes."""
    return build_rgb_profile("sRGB", colorants(SRGB_PRIMARIES, D65_WHITE))
