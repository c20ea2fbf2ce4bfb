"""Formats that need another library: HEIC (pi-heif, which only decodes) and camera RAW (rawpy)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.photo.containers import full_range, profile_of_code_points, require_whole
from packshot.photo.header import Header, PhotoFormat
from packshot.photo.problems import PhotoError, PhotoProblem


def _open_heic(data: bytes) -> Any:
    try:
        import pi_heif
    except ImportError as error:
        text = "HEIC needs the pi-heif package; run: pip install pi-heif"
        raise PhotoError(PhotoProblem.NEEDS_EXTRA, text) from error
    try:
        image = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    except (ValueError, EOFError, OSError, RuntimeError, SyntaxError) as error:
        raise _damaged_heic(str(error)) from error
    if len(image) == 0:
        raise _damaged_heic("there is no picture in it")
    return image


def _damaged_heic(complaint: str) -> PhotoError:
    # Boxes that reach beyond the file are refused before, so whatever libheif misses is damage within it.
    reason = (complaint.splitlines() or ["no reason given"])[0]
    return PhotoError(PhotoProblem.CORRUPT, f"the HEIC data is damaged; export the file again ({reason}).")


def read_heic_header(data: bytes) -> Header:
    """Header of the primary picture; libheif applies its rotation, so orientation is 1."""
    require_whole(data, PhotoFormat.HEIC)
    image = _open_heic(data)
    icc = image.info.get("icc_profile") or None
    codes = image.info.get("nclx_profile")
    if icc is None and codes:
        icc = profile_of_code_points(int(codes["color_primaries"]), int(codes["transfer_characteristics"]))
    return Header(
        PhotoFormat.HEIC,
        (int(image.size[0]), int(image.size[1])),
        bits=int(image.info.get("bit_depth", 8)),
        space="GRAY" if image.mode.startswith(("L", "I")) else "RGB ",
        has_alpha="A" in image.mode,
        icc=icc,
        exif=image.info.get("exif") or None,
    )


def decode_heic(data: bytes, bits: int) -> NDArray[Any]:
    """(H, W, C) uint8, or uint16 over the full range where the file has more than 8 bits."""
    image = _open_heic(data)
    try:
        pixels = np.array(image)  # a copy: what the image lends is freed with it
    except (ValueError, EOFError, OSError, RuntimeError, SyntaxError) as error:
        raise _damaged_heic(str(error)) from error
    pixels = full_range(pixels, bits)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _open_raw(data: bytes) -> Any:
    try:
        import rawpy
    except ImportError as error:
        text = "camera RAW needs the raw extra; run: pip install 'packshot[raw]'"
        raise PhotoError(PhotoProblem.NEEDS_EXTRA, text) from error
    try:
        return rawpy.imread(io.BytesIO(data))
    except rawpy.LibRawError as error:
        raise _damaged_raw(error) from error


def _damaged_raw(error: Exception) -> PhotoError:
    if type(error).__name__ == "LibRawIOError":
        return PhotoError(PhotoProblem.TRUNCATED, "the RAW file ends too early; copy it from the card again.")
    reason = error.args[0] if error.args else "no reason given"
    reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    text = f"the RAW file cannot be developed ({reason}); export it as TIFF or JPEG from the camera's software."
    return PhotoError(PhotoProblem.CORRUPT, text)


def read_raw_header(data: bytes) -> Header:
    """Upright size after developing; the camera's rotation is applied by LibRaw."""
    with _open_raw(data) as raw:
        width, height = int(raw.sizes.width), int(raw.sizes.height)
        sideways = raw.sizes.flip in (5, 6)
    size = (height, width) if sideways else (width, height)
    exif = data if data[:4] in (b"II*\0", b"MM\0*") else None
    return Header(PhotoFormat.RAW, size, bits=16, exif=exif)


def develop_raw(data: bytes, half: bool) -> NDArray[np.uint16]:
    """Upright (H, W, 3) uint16 sRGB with the camera's white balance and no automatic brightening.

    With `half`, two by two sensor pixels make one, about four times faster.
    """
    import rawpy

    try:
        with _open_raw(data) as raw:
            pixels: NDArray[np.uint16] = raw.postprocess(
                output_bps=16,
                output_color=rawpy.ColorSpace.sRGB,
                gamma=(2.4, 12.92),
                use_camera_wb=True,
                no_auto_bright=True,
                half_size=half,
            )
    except rawpy.LibRawError as error:
        raise _damaged_raw(error) from error
    return pixels
