"""Handing a photo to another editor, and taking the finished after back."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from packshot.batch.job import named
from packshot.compositing import frame_matte, plain
from packshot.learning.registration.register import Registration, register_files
from packshot.photo import Photo
from packshot.pipeline import plan
from packshot.recipe import Recipe
from packshot.review.frames import Frame, finished, untouched
from packshot.review.psd import Layer, encode_psd

_READ_ME = """{name}

{name}.psd        layers in the finished frame: the photo as it came (hidden), the backdrop, the retouched product
                  with the matte as its mask. Save the finished picture as JPEG, PNG or TIFF in this frame.
{name}.json       the recipe: every decision as data, with the affine from the photo to the finished frame.
{original}        the photo as it came.
mattes, shadows   what the recipe refers to.

When it is finished, upload it on the review page (key I) at the same photo.
"""


def package(photo: Photo, recipe: Recipe, original: bytes) -> bytes:
    """A ZIP with the photo, its layers, its matte and its recipe. ``original``: the photo's file."""
    name = plain_name(recipe.source.name)
    recipe = named(recipe, name)
    suffix = PurePosixPath(recipe.source.name).suffix[:8]
    original_name = f"{name}.original{suffix if re.fullmatch(r'[.][A-Za-z0-9]+', suffix) else ''}"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{name}/README.txt", _READ_ME.format(name=name, original=original_name))
        archive.writestr(f"{name}/recipes/{name}.json", recipe.model_dump_json(indent=1))
        for asset in (recipe.background.matte, recipe.background.shadow_map):
            if asset is not None:
                archive.writestr(f"{name}/{asset.file.removeprefix('../')}", recipe.asset(asset), zipfile.ZIP_STORED)
        archive.writestr(f"{name}/{original_name}", original, zipfile.ZIP_STORED)
        archive.writestr(f"{name}/{name}.psd", layered(photo, recipe))
    return stream.getvalue()


def plain_name(name: str) -> str:
    """A photo's name as a file name that any system takes and no path can hide in."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", PurePosixPath(name.replace("\\", "/")).stem).strip("._")
    return stem[:80] or "photo"


def layered(photo: Photo, recipe: Recipe) -> bytes:
    """The finished frame as layers, PSD: untouched below, backdrop, retouched product with the matte as its mask."""
    size = recipe.geometry.size
    operations = plan(recipe)
    frame = Frame(size)
    merged = finished(photo, operations, frame)
    retouched = replace(operations, backdrop=None).execute(photo)
    layers = [Layer("Photo as it came", untouched(photo, recipe, frame), hidden=True)]
    if operations.backdrop is None:
        layers.append(Layer("Retouched", retouched))
    else:
        matte = frame_matte(operations.backdrop.matte, recipe.source.size, operations.affine, size)
        layers.append(Layer("Backdrop", np.asarray(plain(size, operations.backdrop.color))))
        layers.append(Layer("Retouched product", retouched, matte))
    return encode_psd(layers, merged)


@dataclass(frozen=True)
class Returned:
    """An after that came back: its content, and how it lies over its photo."""

    content: bytes
    registration: Registration

    @property
    def said(self) -> str:
        """What the editor is told."""
        if not self.registration.accepted:
            return f"Taken though it was not found again in the photo: {self.registration.reason}"
        return f"Uploaded and found again in the photo to {self.registration.residual_px:.1f} pixels"


def check_after(content: bytes, source: Path) -> Returned:
    """Loads an uploaded after under the same limits as any photo, and registers it to its photo.

    Raises PhotoError when it cannot be read.
    """
    Photo.open(content, name="the upload").pixels(0.1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "after"
        path.write_bytes(content)
        found = register_files(source, path)
    return Returned(content, found)
