"""Broken, hostile and odd files: each fails alone, with its problem named, and none takes the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from packshot.photo import Photo, PhotoError, PhotoLimits, PhotoProblem
from packshot.photo.icc import ADOBE_RGB_PRIMARIES, D65_WHITE, build_rgb_profile, colorants
from tests.hostile import damaged, heic, make_hostile, make_odd, picture, saved, tiff_of


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, PhotoProblem]]:
    return make_hostile(tmp_path_factory.mktemp("hostile"))


def test_there_are_many_kinds(hostile: list[tuple[Path, PhotoProblem]]) -> None:
    counts = Counter(problem for _, problem in hostile)
    assert len(hostile) >= 60
    assert set(PhotoProblem) - set(counts) <= {PhotoProblem.NEEDS_EXTRA}


def test_every_hostile_file_is_refused_with_its_problem(hostile: list[tuple[Path, PhotoProblem]]) -> None:
    found = {path.name: _outcome(path) for path, _ in hostile}
    assert {name: code for name, (code, _) in found.items()} == {path.name: problem for path, problem in hostile}


def test_every_refusal_is_a_sentence_that_says_what_to_do(hostile: list[tuple[Path, PhotoProblem]]) -> None:
    for path, _ in hostile:
        _, message = _outcome(path)
        assert message.startswith(f"{path.name}: ")
        assert message.endswith(".")
        assert ";" in message or "(" in message, message
        assert len(message) < 300 + len(path.name)


def _outcome(path: Path) -> tuple[str, str]:
    try:
        Photo.open(path).pixels()
    except PhotoError as error:
        return error.code, error.message
    return "read", ""


def test_odd_photos_are_read_with_a_warning(tmp_path: Path) -> None:
    for path, word in make_odd(tmp_path):
        photo = Photo.open(path)
        assert photo.pixels().shape == (80, 96, 3), path.name
        assert any(word in warning for warning in photo.warnings), (path.name, photo.warnings)


def test_an_unreadable_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "locked.jpg"
    path.write_bytes(saved("JPEG"))
    path.chmod(0)
    nobody, me = 65534, os.geteuid()
    # The superuser may read anything, so for a moment be somebody else.
    if me == 0:
        os.seteuid(nobody)
    try:
        with pytest.raises(PhotoError, match="permissions") as caught:
            Photo.open(path)
    finally:
        os.seteuid(me)
    assert caught.value.code == PhotoProblem.UNREADABLE


def test_a_disk_error_is_named_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "shoe.jpg"
    path.write_bytes(saved("JPEG"))

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdopen", failing)
    with pytest.raises(PhotoError, match=r"Input/output error.*check the disk") as caught:
        Photo.open(path)
    assert caught.value.code == PhotoProblem.UNREADABLE


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (PhotoLimits(max_bytes=1000), PhotoProblem.TOO_MANY_BYTES),
        (PhotoLimits(max_megapixels=0.007), PhotoProblem.TOO_MANY_PIXELS),
        (PhotoLimits(min_side=81), PhotoProblem.TOO_SMALL),
    ],
)
def test_limits_can_be_set(tmp_path: Path, limits: PhotoLimits, problem: PhotoProblem) -> None:
    path = tmp_path / "shoe.jpg"
    path.write_bytes(saved("JPEG"))
    assert Photo.open(path).size == (96, 80)
    with pytest.raises(PhotoError) as caught:
        Photo.open(path, limits)
    assert caught.value.code == problem


def test_a_decompression_bomb_takes_no_memory(hostile: list[tuple[Path, PhotoProblem]]) -> None:
    """400 megapixels of packed black, and headers that claim more: refused before anything is unpacked."""
    bombs = [str(path) for path, problem in hostile if problem == PhotoProblem.TOO_MANY_PIXELS]
    code = """
import resource, sys
from packshot.photo import Photo, PhotoError
from packshot.photo.vips import engine
engine()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        Photo.open(path).pixels()
    except PhotoError as error:
        print(error.code)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code, *bombs], capture_output=True, text=True, check=True)
    *codes, kilobytes = done.stdout.split()
    assert codes == ["too-many-pixels"] * len(bombs)
    assert int(kilobytes) < 40_000


def test_hostile_files_write_nothing_to_standard_error(hostile: list[tuple[Path, PhotoProblem]]) -> None:
    code = """
import sys
from packshot.photo import Photo, PhotoError
for path in sys.argv[1:]:
    try:
        Photo.open(path).pixels()
    except PhotoError:
        pass
"""
    paths = [str(path) for path, _ in hostile]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def samples() -> dict[str, bytes]:
    icc = build_rgb_profile("Adobe", colorants(ADOBE_RGB_PRIMARIES, D65_WHITE), 2.2)
    return {
        "jpeg": saved("JPEG", icc_profile=icc),
        "progressive": saved("JPEG", progressive=True),
        "png": saved("PNG", icc_profile=icc),
        "tiff": saved("TIFF", icc_profile=icc),
        "packed tiff": tiff_of(picture().astype(np.uint16), compression="deflate", tile=True),
        "webp": saved("WEBP", lossless=True),
        "avif": saved("AVIF"),
        "heic": heic(),
    }


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png", "tiff", "packed tiff", "webp", "avif", "heic"])
def test_random_damage_never_raises_anything_else(kind: str) -> None:
    """Flipped bytes, in the header and anywhere, and cuts: pixels of the promised size, or PhotoError."""
    data, generator = samples()[kind], np.random.default_rng(7)
    outcomes: Counter[str] = Counter()
    for turn in range(40):
        broken = bytearray(data)
        reach = len(data) if turn % 2 else min(len(data), 600)
        for place in generator.integers(0, reach, 1 + turn % 5):
            broken[place] = generator.integers(256)
        if turn % 4 == 3:
            del broken[generator.integers(1, len(data)) :]
        try:
            photo = Photo.open(bytes(broken))
            assert photo.pixels().shape == (*photo.size[::-1], 3)
            outcomes["read"] += 1
        except PhotoError as error:
            outcomes[error.code] += 1
    assert outcomes.total() == 40
    assert outcomes["truncated"] > 0


@pytest.mark.parametrize("share", np.linspace(0.02, 0.99, 12))
@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png", "tiff", "packed tiff", "webp", "avif", "heic"])
def test_no_cut_off_file_is_taken_for_whole(kind: str, share: float) -> None:
    data = samples()[kind]
    with pytest.raises(PhotoError):
        Photo.open(data[: int(len(data) * share)]).pixels()


def test_complaints_that_are_no_text_stay_with_their_photo() -> None:
    """The AVIF reader quotes the names of unknown boxes, which need not be text, if they are marked essential."""
    inks = simplejpeg.encode_jpeg(np.dstack([picture(), picture()[:, :, :1]]), 90, colorspace="CMYK")
    avif = bytearray(saved("AVIF"))
    at = avif.index(b"colr")
    avif[at : at + 4] = b"co\xe8r"
    marks = avif.index(b"ipma") + 12
    for place in range(marks + 3, marks + 3 + avif[marks + 2]):
        avif[place] |= 0x80
    with pytest.raises(PhotoError, match="Unsupported essential item") as caught:
        Photo.open(bytes(avif)).pixels()
    assert caught.value.code == PhotoProblem.UNSUPPORTED
    assert Photo.open(inks).pixels().shape == (80, 96, 3)


def test_damage_is_found_at_reduced_scale_too() -> None:
    data = damaged(saved("JPEG", picture(640, 480)), 0.5, 0.6)
    for scale in (1.0, 0.5, 0.25, 0.125):
        with pytest.raises(PhotoError) as caught:
            Photo.open(data).pixels(scale)
        assert caught.value.code == PhotoProblem.CORRUPT


def test_damage_in_a_cmyk_jpeg_is_found() -> None:
    inks = np.dstack([picture(640, 480), picture(640, 480, 1)[:, :, 0]])
    whole = simplejpeg.encode_jpeg(inks, 90, colorspace="CMYK")
    assert Photo.open(whole).pixels(0.5).shape == (240, 320, 3)
    for broken, problem in ((damaged(whole, 0.4, 0.6), "corrupt"), (whole[: len(whole) // 2], "truncated")):
        with pytest.raises(PhotoError) as caught:
            Photo.open(broken).pixels(0.5)
        assert caught.value.code == problem
