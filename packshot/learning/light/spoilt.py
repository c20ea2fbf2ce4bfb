"""Photos that are right as they are, spoilt on purpose: more to learn light from than there are pairs.

Distort and recover: a photo is put in a light that some pair's retoucher undid, saved as a camera would, and measured;
what undoes it is known. ``training/spoil_photos.py`` keeps such rows in a file.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, decode_srgb, encode_srgb
from packshot.learning.light.model import Floats, Rows
from packshot.pack import Pack
from packshot.surface import terms

_MIRRORED = [3, 6]  # of ``CHANGES``: shapes that turn over with the photo
_JITTER = np.array([0.1, 0.04, 0.04])  # stops: no two photos are spoilt alike
_NOISE = 1.0  # of 255


@dataclass(frozen=True)
class Spoiler:
    """Lights to spoil photos with: changes (n, 8) by ``lightmeter.CHANGES`` that retouchers made, in stops."""

    changes: Floats

    def draw(self, draw: np.random.Generator) -> Floats:
        """(8,) what will undo a light."""
        change = self.changes[draw.integers(len(self.changes))].copy()
        change[_MIRRORED] *= draw.choice([-1, 1])
        change[:3] += draw.normal(0, _JITTER)
        return np.asarray(change, np.float64)


def spoil(picture: NDArray[np.uint8], change: Floats, draw: np.random.Generator) -> NDArray[np.uint8]:
    """The picture (h, w, 3) sRGB in the light that ``change`` (8,) undoes; what passes white burns out."""
    gain = np.exp2([change[1], 0.0, change[2]])
    gain *= 2 ** change[0] / float(LUMINANCE @ gain)
    field = _field(picture.shape[0], picture.shape[1], change)
    linear = decode_srgb(picture / 255) / gain / np.exp2(field - field.mean())[..., None]
    noise = draw.normal(0, _NOISE, (*picture.shape[:2], 1))
    return np.asarray(np.clip(np.round(encode_srgb(np.clip(linear, 0, 1)) * 255 + noise), 0, 255), np.uint8)


def at_product(change: Floats, matte: NDArray[np.float32]) -> Floats:
    """The change as fits tell it: exposure is the product's own, and ``matte`` (h, w) says where that is."""
    field = _field(matte.shape[0], matte.shape[1], change)
    if matte.sum() < 1:
        return change
    told = change.copy()
    told[0] += float((field * matte).sum() / matte.sum()) - float(field.mean())
    return told


def as_photo(picture: NDArray[np.uint8], path: Path, draw: np.random.Generator) -> None:
    """Saves a picture (h, w, 3) sRGB as cameras do, as a JPEG of quality 88 to 95."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(draw.integers(88, 96))]
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)


def keep_spoilt(rows: Rows, path: Path, network: str) -> None:
    """Writes the rows. ``network``: sha256 of the product network that they were measured with."""
    categories, groups = np.array(rows.categories), np.array(rows.groups)
    measured = rows.measured.astype(np.float32)
    np.savez_compressed(
        path, measured=measured, changes=rows.changes, categories=categories, groups=groups, network=np.array(network)
    )


def read_spoilt(path: Path, pack: Pack) -> Rows:
    """What ``keep_spoilt`` wrote, for a pack that measures photos alike.

    Raises ValueError when the file is another, or names another product network than the pack's: it describes and cuts
    out photos otherwise.
    """
    try:
        with np.load(path) as kept:
            network = str(kept["network"]) if "network" in kept else None
            categories, groups = (tuple(kept[name].tolist()) for name in ("categories", "groups"))
            rows = Rows(kept["measured"].astype(np.float64), kept["changes"], categories, groups)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no rows of spoilt photos: make it with training/spoil_photos.py") from error
    _check_network(path, network, pack)
    return rows


def _check_network(path: Path, network: str | None, pack: Pack) -> None:
    """Raises ValueError when rows were measured with another network; older files do not say with which."""
    card = pack.file.models.get("product")
    if network is not None and (card is None or card.sha256 != network):
        raise ValueError(
            f"{path} was measured with another product network than that of {pack.folder}: "
            "make it anew with training/spoil_photos.py and this pack"
        )


def with_more(rows: Rows, more: Rows, scored: set[str]) -> Rows:
    """The rows with more to learn from, but nothing of the groups ``scored``.

    Raises ValueError when both were not measured alike.
    """
    if more.measured.shape[1:] != rows.measured.shape[1:]:
        widths = f"{more.measured.shape[1]} numbers a photo, and the pack measures {rows.measured.shape[1]}"
        raise ValueError(f"the spoilt photos have {widths}: make them anew with training/spoil_photos.py and this pack")
    return replace(rows, more=more.only(np.array([group not in scored for group in more.groups], np.bool_)))


def _field(height: int, width: int, change: Floats) -> Floats:
    """(h, w) stops of the change's field."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, (np.arange(height) + 0.5) / height * 2 - 1)
    return np.asarray(terms(x, y)[..., 1:] @ change[3:], np.float64)
