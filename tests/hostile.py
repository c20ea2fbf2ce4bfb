"""Makes photo files that are broken, hostile or odd, each with the problem that loading must name.

`make_hostile` writes files that must be refused, `make_odd` files that must be read with a warning.
Everything is drawn from a fixed seed, so the same folder comes out each time.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from packshot.photo import PhotoProblem

SIZE = (96, 80)
Expected = tuple[str, PhotoProblem, bytes]


def picture(width: int = SIZE[0], height: int = SIZE[1], seed: int = 0) -> NDArray[np.uint8]:
    """A soft gradient with grain: enough detail that codecs have something to hold."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    smooth = np.stack([200 * across, 180 * down, 220 * (1 - across * down)], axis=-1)
    grain = np.random.default_rng(seed).normal(0, 12, smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def saved(kind: str, pixels: NDArray[np.generic] | None = None, **options: object) -> bytes:
    """The picture in a format that Pillow writes."""
    image = Image.fromarray(picture() if pixels is None else pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(pixels: NDArray[np.generic] | None = None, **options: object) -> bytes:
    import pillow_heif

    array = picture() if pixels is None else pixels
    mode = {(1, 3): "RGB", (1, 4): "RGBA", (2, 3): "RGB;16"}[(array.dtype.itemsize, array.shape[2])]
    image = pillow_heif.from_bytes(mode, array.shape[1::-1], np.ascontiguousarray(array).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes, check: int | None = None) -> bytes:
    check = zlib.crc32(name + body) if check is None else check
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def png(width: int, height: int, data: bytes, bits: int = 8, color: int = 2, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg_with_frame(marker: int, precision: int, size: tuple[int, int], components: int) -> bytes:
    """A good JPEG whose frame header is replaced by another claim."""
    data = simplejpeg.encode_jpeg(picture(), 90)
    start = data.index(b"\xff\xc0")
    length = struct.unpack_from(">H", data, start + 2)[0]
    parts = b"".join(bytes((index + 1, 0x11, 0)) for index in range(components))
    body = struct.pack(">BHHB", precision, size[1], size[0], components) + parts
    frame = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    return data[:start] + frame + data[start + 2 + length :]


def damaged(data: bytes, begin: float, end: float, seed: int = 1) -> bytes:
    """The share of the file from `begin` to `end` overwritten by noise without 0xFF bytes (no markers)."""
    first, last = int(len(data) * begin), int(len(data) * end)
    noise = np.random.default_rng(seed).integers(0, 255, last - first, dtype=np.uint8).tobytes()
    return data[:first] + noise + data[last:]


def tiff_of(pixels: NDArray[np.generic], **options: object) -> bytes:
    height, width, bands = pixels.shape
    kinds = {"u1": "uchar", "u2": "ushort", "f4": "float", "u4": "uint", "c8": "complex", "i2": "short"}
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, kinds[pixels.dtype.str[1:]])
    return bytes(image.tiffsave_buffer(**options))


def _refused_by_content() -> Iterator[Expected]:
    problem = PhotoProblem.NOT_A_PHOTO
    yield "text.jpg", problem, b"A shopping list: milk, bread, shoes.\n" * 20
    yield "page.jpg", problem, b"<!DOCTYPE html><html><body>404 not found</body></html>"
    yield "answer.png", problem, b'{"error": "access denied", "code": 403}'
    yield "zeros.jpg", problem, bytes(50_000)
    yield "noise.jpg", problem, bytes(np.random.default_rng(2).integers(1, 255, 5000, dtype=np.uint8))
    yield "archive.tif", problem, b"PK\x03\x04" + bytes(200)
    yield "video.heic", problem, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(500)
    yield "program.jpeg", problem, b"\x7fELF\x02\x01\x01" + bytes(300)
    yield "one-byte.jpg", problem, b"\xff"
    yield "half-a-start.png", problem, b"\x89PNG\r"


def _unsupported() -> Iterator[Expected]:
    problem = PhotoProblem.UNSUPPORTED
    yield "still.gif", problem, saved("GIF")
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    yield "moving.gif", problem, saved("GIF", save_all=True, append_images=frames[1:])
    yield "bitmap.bmp", problem, saved("BMP")
    yield "layers.jpg", problem, b"8BPS\0\x01" + bytes(200)
    yield "leaflet.pdf", problem, b"%PDF-1.7\n" + bytes(200)
    yield "drawing.svg", problem, b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
    yield "render.exr", problem, b"v/1\x01\x02\0\0\0" + bytes(200)
    yield "jpeg-2000.jp2", problem, saved("JPEG2000")
    yield "twelve-bits.jpg", problem, jpeg_with_frame(0xC1, 12, SIZE, 3)
    yield "lossless.jpg", problem, jpeg_with_frame(0xC3, 8, SIZE, 3)
    yield "two-channels.jpg", problem, jpeg_with_frame(0xC0, 8, SIZE, 2)
    yield "no-height.jpg", problem, jpeg_with_frame(0xC0, 8, (SIZE[0], 0), 3)
    holes = picture().astype(np.float32) / 255
    yield "floating-point.tif", problem, tiff_of(holes)
    holes[10:20, 10:20] = np.nan
    holes[0, 0] = np.inf
    yield "not-a-number.tif", problem, tiff_of(holes)
    yield "whole-numbers.tif", problem, tiff_of(picture().astype(np.uint32) << 20)
    yield "seven-channels.tif", problem, tiff_of(np.concatenate([picture()] * 3, axis=2)[:, :, :7])
    progressive = saved("JPEG", progressive=True)
    scan = progressive.rindex(b"\xff\xda")
    yield "scan-bomb.jpg", problem, progressive[:scan] + progressive[scan:-2] * 300 + b"\xff\xd9"


def _animated() -> Iterator[Expected]:
    problem = PhotoProblem.ANIMATED
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    options: dict[str, object] = {"save_all": True, "append_images": frames[1:], "duration": 100}
    yield "moving.png", problem, saved("PNG", **options)
    yield "moving.webp", problem, saved("WEBP", **options)
    yield "moving.avif", problem, saved("AVIF", **options)
    still = heic()
    yield "burst.heic", problem, b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc" + still[24:]


def _wrong_size() -> Iterator[Expected]:
    small, large = PhotoProblem.TOO_SMALL, PhotoProblem.TOO_MANY_PIXELS
    dot = picture()[:1, :1]
    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("TIFF", "tif"), ("WEBP", "webp")):
        yield f"one-pixel.{suffix}", small, saved(kind, dot)
    yield "thread.png", small, saved("PNG", picture(1, 3000))
    side = 20_000
    packer = zlib.compressobj(1)
    blank = packer.compress(bytes((1 + side // 8) * side)) + packer.flush()
    yield "bomb.png", large, png(side, side, blank, bits=1, color=0)
    yield "claim.png", large, png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(100)))
    yield "claim.jpg", large, jpeg_with_frame(0xC0, 8, (65_500, 65_500), 3) + bytes(10_000_000)
    yield "claim.tif", large, _tiff_claiming(200_000, 200_000)
    webp = bytearray(saved("WEBP", lossless=True, exif=b"Exif\0\0" + bytes(8)))
    at = webp.index(b"VP8X") + 12
    webp[at : at + 6] = b"\xff\x3f\0\xff\x3f\0"
    yield "claim.webp", PhotoProblem.CORRUPT, bytes(webp)


def _tiff_claiming(width: int, height: int) -> bytes:
    data = bytearray(saved("TIFF"))
    order = "<"
    start = struct.unpack_from(order + "I", data, 4)[0]
    for place in range(start + 2, start + 2 + 12 * struct.unpack_from(order + "H", data, start)[0], 12):
        tag = struct.unpack_from(order + "H", data, place)[0]
        if tag in (256, 257, 278):
            value = width if tag == 256 else height
            struct.pack_into(order + "HII", data, place + 2, 4, 1, value)
    return bytes(data)


def _truncated() -> Iterator[Expected]:
    problem = PhotoProblem.TRUNCATED
    jpeg = simplejpeg.encode_jpeg(picture(), 90)
    yield "start-only.jpg", problem, jpeg[:3]
    yield "header-only.jpg", problem, jpeg[: jpeg.index(b"\xff\xc0") + 4]
    yield "half.jpg", problem, jpeg[: len(jpeg) // 2]
    yield "last-bytes-missing.jpg", problem, jpeg[:-2]
    progressive = saved("JPEG", progressive=True)
    yield "half-progressive.jpg", problem, progressive[: len(progressive) * 2 // 3]
    yield "promise.jpg", problem, jpeg_with_frame(0xC0, 8, (10_000, 10_000), 3)
    for name, data in (("png", saved("PNG")), ("webp", saved("WEBP")), ("avif", saved("AVIF")), ("heic", heic())):
        yield f"half.{name}", problem, data[: len(data) // 2]
    yield "half.tif", problem, saved("TIFF")[: 96 * 80]
    yield "half-packed.tif", problem, tiff_of(picture(), compression="deflate")[:5000]
    yield "nowhere.tif", problem, b"II*\0" + struct.pack("<I", 4_000_000_000) + bytes(200)
    yield "no-end.png", problem, saved("PNG")[:-12]


def _corrupt() -> Iterator[Expected]:
    problem = PhotoProblem.CORRUPT
    jpeg = simplejpeg.encode_jpeg(picture(), 90)
    yield "noise-inside.jpg", problem, damaged(jpeg, 0.4, 0.7)
    yield "noise-in-tables.jpg", problem, damaged(jpeg, 0.01, 0.1)
    yield "zero-length-segment.jpg", problem, jpeg[:2] + b"\xff\xe1\0\0" + jpeg[2:]
    yield "no-picture.jpg", problem, b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"
    good = saved("PNG")
    at = good.index(b"IDAT")
    yield "bad-check.png", problem, good[:-16] + bytes(byte ^ 0x5A for byte in good[-16:-12]) + good[-12:]
    yield "bad-header-check.png", problem, good[:29] + b"\0\0\0\0" + good[33:]
    yield "noise-inside.png", problem, good[: at + 200] + bytes(300) + good[at + 500 :]
    yield "no-colors.png", problem, png(96, 80, zlib.compress(bytes(97 * 80)), color=3)
    yield "strange-bits.png", problem, png(96, 80, zlib.compress(bytes(97 * 80)), bits=7)
    yield "little-data.png", problem, png(800, 600, zlib.compress(bytes(10_000)))
    packed = tiff_of(picture(), compression="deflate")
    yield "noise-inside.tif", problem, damaged(packed, 0.1, 0.6)
    yield "endless.tif", problem, b"II*\0\x08\0\0\0\x01\0" + b"\0\x01\x03\0\x01\0\0\0\x60\0\0\0" + b"\x08\0\0\0"
    yield "noise-inside.webp", problem, damaged(saved("WEBP"), 0.02, 0.9)
    yield "noise-inside.avif", problem, damaged(saved("AVIF"), 0.6, 0.95)
    boxes = heic()
    yield "noise-in-boxes.heic", problem, boxes[:60] + damaged(boxes, 0, 1)[60:90] + boxes[90:]
    yield "garbage.cr2", problem, b"II*\0\x10\0\0\0CR\x02\0" + bytes(2000)
    yield "garbage.raf", problem, b"FUJIFILMCCD-RAW 0201" + bytes(2000)


def _special_paths(folder: Path) -> Iterator[tuple[Path, PhotoProblem]]:
    """What is no regular file: nothing may hang on it."""
    yield folder / "never-made.jpg", PhotoProblem.MISSING
    yield folder / ("long" * 100 + ".jpg"), PhotoProblem.MISSING
    links = {"dangling.jpg": "nowhere.jpg", "loop-a.jpg": "loop-b.jpg", "loop-b.jpg": "loop-a.jpg"}
    for name, target in {**links, "device.jpg": "/dev/zero"}.items():
        (folder / name).symlink_to(target)
    yield folder / "dangling.jpg", PhotoProblem.MISSING
    yield folder / "loop-a.jpg", PhotoProblem.UNREADABLE
    yield folder / "device.jpg", PhotoProblem.NOT_A_FILE
    (folder / "folder.jpg").mkdir()
    yield folder / "folder.jpg", PhotoProblem.NOT_A_FILE
    os.mkfifo(folder / "pipe.jpg")
    yield folder / "pipe.jpg", PhotoProblem.NOT_A_FILE
    with socket.socket(socket.AF_UNIX) as door:
        # Relative, because a socket's path may have 107 bytes only.
        here = os.open(folder, os.O_RDONLY)
        door.bind(f"/proc/self/fd/{here}/socket.jpg")
        os.close(here)
    yield folder / "socket.jpg", PhotoProblem.NOT_A_FILE
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(10**12)
    yield folder / "huge.jpg", PhotoProblem.TOO_MANY_BYTES
    if os.geteuid() != 0:
        (folder / "locked.jpg").write_bytes(saved("JPEG"))
        (folder / "locked.jpg").chmod(0)
        yield folder / "locked.jpg", PhotoProblem.UNREADABLE


def make_hostile(folder: Path) -> list[tuple[Path, PhotoProblem]]:
    """Write files that must each be refused alone, with the problem to be named. The folder must exist."""
    made = [(folder / name, PhotoProblem.EMPTY) for name in ("empty.jpg", "empty.png", "empty.dng")]
    for path, _ in made:
        path.touch()
    kinds: tuple[Callable[[], Iterator[Expected]], ...] = (
        _refused_by_content, _unsupported, _animated, _wrong_size, _truncated, _corrupt,
    )  # fmt: skip
    for kind in kinds:
        for name, problem, data in kind():
            (folder / name).write_bytes(data)
            made.append((folder / name, problem))
    return made + list(_special_paths(folder))


def make_odd(folder: Path) -> list[tuple[Path, str]]:
    """Write photos that are good but odd, with a word that the warning must hold. The folder must exist."""
    exif, icc = b"Exif\0\0", b"no colour profile at all " * 20
    alpha = np.dstack([picture(), np.full(SIZE[::-1], 128, np.uint8)])
    pages = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    odd = {
        "png-inside.jpg": ("content", saved("PNG")),
        "jpeg-inside.png": ("content", saved("JPEG")),
        "jpeg-inside.nef": ("content", saved("JPEG")),
        "noise-for-exif.jpg": ("EXIF", saved("JPEG", exif=exif + damaged(bytes(400), 0, 1))),
        "exif-points-away.jpg": ("EXIF", saved("JPEG", exif=exif + b"MM\0*\xff\xff\xff\xf0" + bytes(50))),
        "noise-for-profile.jpg": ("profile", saved("JPEG", icc_profile=icc)),
        "noise-for-profile.png": ("profile", saved("PNG", icc_profile=icc)),
        "noise-for-profile.tif": ("profile", saved("TIFF", icc_profile=icc)),
        "noise-for-profile.webp": ("profile", saved("WEBP", icc_profile=icc)),
        "giant-profile.jpg": ("profile", saved("JPEG", icc_profile=bytes(9_000_000))),
        "giant-profile.tif": ("profile", saved("TIFF", icc_profile=bytes(9_000_000))),
        "see-through.png": ("transparency", saved("PNG", alpha)),
        "see-through.webp": ("transparency", saved("WEBP", alpha)),
        "see-through.heic": ("transparency", heic(alpha)),
        "pages.tif": ("pages", saved("TIFF", save_all=True, append_images=pages[1:])),
    }
    for name, (_, data) in odd.items():
        (folder / name).write_bytes(data)
    return [(folder / name, word) for name, (word, _) in odd.items()]
