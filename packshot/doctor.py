"""Whether this installation works: what is there, what can be read, what is missing and how to get it."""

from __future__ import annotations

import importlib.util
import io
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Literal

import numpy as np

from packshot.engines.local import usable_cores
from packshot.engines.memory import free_megabytes
from packshot.evaluation.certificate import certificates_of, publishing
from packshot.extras import EXTRAS
from packshot.pack import Pack
from packshot.pack_file import PackError
from packshot.photo import Photo, PhotoError

State = Literal["ok", "absent", "broken"]

LIBRARIES = (
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "pillow",
    "pi-heif",
    "simplejpeg",
    "pyvips",
    "pydantic",
)
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``absent``: not needed, ``text`` says how to get it; ``broken``: packshot will not work."""

    subject: str
    state: State
    text: str


def examine() -> list[Check]:
    """All checks, in the order they are told."""
    parts: tuple[Callable[[], Iterator[Check]], ...] = (_machine, _libraries, _pack, _formats, _extras, _places)
    return [check for part in parts for check in part()]


def _machine() -> Iterator[Check]:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Check("machine", "ok", f"{system}, {usable_cores()} cores, {free_megabytes() / 1024:.1f} GB of memory free")


def _libraries() -> Iterator[Check]:
    for name in LIBRARIES:
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "broken", "not installed; run: pip install --force-reinstall packshot")


def _pack() -> Iterator[Check]:
    try:
        pack = Pack.base()
    except PackError as error:
        yield Check("base pack", "broken", f"{error}; run: pip install --force-reinstall packshot")
        return
    problems = pack.verify()
    if problems:
        yield Check("base pack", "broken", f"{'; '.join(problems)}; run: pip install --force-reinstall packshot")
    else:
        yield Check("base pack", "ok", f"{pack.label}; {_publishing(pack)}")


def _publishing(pack: Pack) -> str:
    """What a pack's certificates let through unseen."""
    try:
        groups = publishing(certificates_of(pack))
    except ValueError as error:
        return f"nothing is published unseen: {error}"
    return f"may publish unseen: {', '.join(groups)}" if groups else "every photo goes to review (see docs/gate.md)"


def _formats() -> Iterator[Check]:
    """A small picture in each format, read as a photo is."""
    for name, data in _samples():
        try:
            photo = Photo.open(data, name=name)
            photo.pixels()
            yield Check(name, "ok", "is read")
        except PhotoError as error:
            yield Check(name, "broken", f"cannot be read: {error}")
    if importlib.util.find_spec("rawpy") is not None:
        yield Check("camera RAW", "ok", f"is read by rawpy {metadata.version('rawpy')}")


def _samples() -> Iterator[tuple[str, bytes]]:
    from PIL import Image

    across = np.linspace(0, 255, 64, dtype=np.uint8)
    picture = Image.fromarray(np.dstack(np.broadcast_arrays(across[None], across[:, None], np.uint8(128))))
    for name in ("JPEG", "PNG", "TIFF", "WebP", "AVIF"):
        content = io.BytesIO()
        picture.save(content, name.upper())
        yield name, content.getvalue()
    # An encoder of HEIC would bring its GPL along: this one was made beforehand.
    yield "HEIC", resources.files("packshot").joinpath("doctor.heic").read_bytes()


def _extras() -> Iterator[Check]:
    for extra in EXTRAS:
        if all(importlib.util.find_spec(module) is not None for module in extra.modules):
            yield Check(f"extra {extra.name}", "ok", extra.purpose)
        else:
            yield Check(f"extra {extra.name}", "absent", f"{extra.purpose}; to have it: {extra.installing}")


def _places() -> Iterator[Check]:
    for name, folder in (("temporary folder", Path(tempfile.gettempdir())), ("working folder", Path.cwd())):
        if not os.access(folder, os.W_OK):
            yield Check(name, "broken", f"{folder} cannot be written to; change its permissions or use another")
            continue
        free = shutil.disk_usage(folder).free
        state: State = "ok" if free >= LEAST_FREE_BYTES else "broken"
        yield Check(name, state, f"{folder}, {free / 1e9:.1f} GB free" + ("" if state == "ok" else "; make room"))
