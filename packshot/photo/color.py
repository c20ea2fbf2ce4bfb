"""Into working sRGB: which profile a photo is in, and the conversion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.photo import vips
from packshot.photo.exif import COLOR_SPACE, INTEROPERABILITY_INDEX
from packshot.photo.header import Header
from packshot.photo.icc import (
    ADOBE_RGB_PRIMARIES,
    D65_WHITE,
    SRGB_PRIMARIES,
    Profile,
    ProfileError,
    build_rgb_profile,
    colorants,
    read_profile,
    srgb_encode,
)
from packshot.photo.problems import PhotoLimits
from packshot.photo.vips import Pixels

_INTERPRETATIONS = {"RGB ": ("srgb", "rgb16"), "GRAY": ("b-w", "grey16"), "CMYK": ("cmyk", "cmyk")}
_STRIP_ROWS = 32
_UNCALIBRATED = 0xFFFF


@dataclass(frozen=True)
class SourceColor:
    """The colour space of the stored pixels. `profile` is None where the values are sRGB already."""

    description: str
    profile: bytes | None = None


def source_color(header: Header, limits: PhotoLimits) -> tuple[SourceColor, Header]:
    """Decide the profile; an unusable one counts as absent and is named in the header's warnings."""
    if header.icc is not None:
        problem = _profile_problem(header, limits)
        if problem is None:
            profile = read_profile(header.icc)
            return SourceColor(profile.description, None if profile.is_srgb else header.icc), header
        header = replace(header, icc=None).warned(f"the colour profile was ignored: {problem}.")
    return _without_profile(header)


def _without_profile(header: Header) -> tuple[SourceColor, Header]:
    if header.space == "CMYK":
        color = SourceColor("generic CMYK (assumed)", bytes(vips.engine().Operation.call("profile_load", "cmyk")))
        return color, header.warned("CMYK without a colour profile: colours are a guess; send sRGB or embed it.")
    tags = header.tags
    # DCF 2.0: cameras mark Adobe RGB files by this pair of tags instead of a profile.
    if tags.get(COLOR_SPACE) == _UNCALIBRATED and tags.get(INTEROPERABILITY_INDEX) == "R03":
        data = build_rgb_profile("Adobe RGB (1998), by EXIF", colorants(ADOBE_RGB_PRIMARIES, D65_WHITE), 563 / 256)
        return SourceColor("Adobe RGB (1998), by EXIF", data), header
    return SourceColor("Lab" if header.space == "Lab " else "sRGB (assumed)"), header


def _profile_problem(header: Header, limits: PhotoLimits) -> str | None:
    data = header.icc or b""
    if len(data) > limits.max_profile_bytes:
        return f"it has {len(data) / 1e6:.1f} MB"
    try:
        profile = read_profile(data)
    except ProfileError as error:
        return str(error)
    # Grey pictures often carry an RGB profile; equal channels through it are right.
    fits = profile.space == header.space or (header.space, profile.space) == ("GRAY", "RGB ")
    if not fits:
        return f"it is for {profile.space.strip()}, the picture is {header.space.strip()}"
    return None if profile.is_srgb else _engine_problem(data, profile.space)


@lru_cache(maxsize=16)
def _engine_problem(data: bytes, space: str) -> str | None:
    channels = {"RGB ": 3, "GRAY": 1, "CMYK": 4}.get(space, 3)
    try:
        _by_engine(np.zeros((2, 2, channels), np.uint8), data, space)
    except vips.EngineError:
        return "the colour engine does not accept it"
    return None


def to_srgb(pixels: Pixels, color: SourceColor) -> Pixels:
    """Stored colour channels (H, W, 1, 3 or 4) to sRGB (H, W, 3) of the same bit depth.

    Relative colorimetric with black-point compensation, clipped to sRGB's gamut. 8-bit and table profiles go
    through littleCMS; 16-bit matrix profiles are computed by ICC.1's matrix model, since littleCMS'
    16-bit path interpolates a coarse table there (measured: up to 14 of 255 levels off at the gamut's edge).
    """
    profile = read_profile(color.profile) if color.profile is not None else None
    if pixels.shape[2] == 1 and (profile is None or profile.space == "RGB "):
        pixels = _gray_to_rgb(pixels)
    if profile is None or color.profile is None:
        return pixels
    if pixels.dtype == np.uint16 and profile.curves:
        return _by_matrix(pixels, profile)
    return _by_engine(pixels, color.profile, profile.space)


def _gray_to_rgb(pixels: NDArray[Any]) -> Pixels:
    tripled = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    tripled[...] = pixels
    return tripled


def _by_engine(pixels: Pixels, profile: bytes, space: str) -> Pixels:
    deep = pixels.dtype == np.uint16
    image = vips.from_pixels(pixels, _INTERPRETATIONS[space][deep], profile)
    options = {"embedded": True, "intent": "relative", "black_point_compensation": True}
    with vips.engine_errors():
        return vips.array_of(image.icc_transform("srgb", depth=16 if deep else 8, **options))


def _by_matrix(pixels: NDArray[Any], profile: Profile) -> NDArray[np.uint16]:
    """16-bit values through curves, matrix and sRGB's curve, in strips that stay in the processor's cache."""
    import cv2

    levels = np.linspace(0, 1, 65536)
    grid = np.linspace(0, 1, len(profile.curves[0]))
    decode = [np.interp(levels, grid, curve).astype(np.float32) for curve in profile.curves]
    encode = np.rint(srgb_encode(levels) * 65535).astype(np.uint16)
    matrix = _to_linear_srgb(profile)
    out = np.empty((*pixels.shape[:2], 3), np.uint16)
    for start in range(0, len(pixels), _STRIP_ROWS):
        strip = pixels[start : start + _STRIP_ROWS]
        linear = cv2.merge([np.take(curve, strip[..., index]) for index, curve in enumerate(decode)])
        place = np.clip(cv2.transform(linear, matrix), 0, 65535).astype(np.uint16)
        out[start : start + _STRIP_ROWS] = encode[place]
    return out


def _to_linear_srgb(profile: Profile) -> NDArray[np.float32]:
    """(3, 4) from device-linear RGB, or (3, 2) from grey, to linear sRGB over 0..65535, the half for rounding."""
    device = np.full((3, 1), 1.0)
    if profile.matrix is not None:
        device = np.linalg.solve(colorants(SRGB_PRIMARIES, D65_WHITE), profile.matrix)
    return np.hstack([device * 65535, np.full((3, 1), 0.5)]).astype(np.float32)


def flatten(pixels: Pixels, alpha: NDArray[Any]) -> Pixels:
    """(H, W, 3) over white by straight alpha (H, W) of the same type, blended in sRGB as editors do."""
    top = np.iinfo(pixels.dtype).max
    out = np.empty_like(pixels)
    for start in range(0, len(pixels), _STRIP_ROWS):
        rows = slice(start, start + _STRIP_ROWS)
        share = alpha[rows, :, None].astype(np.float32) / top
        out[rows] = np.rint(top + (pixels[rows].astype(np.float32) - top) * share).astype(pixels.dtype)
    return out
