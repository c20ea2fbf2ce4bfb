"""Background: what is product and what is backdrop, and what takes the backdrop's place."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import matting
from packshot.compositing import Backdrop
from packshot.recipe import Asset, Background, Recipe
from packshot.render import RenderPlan
from packshot.segmentation import off_surface
from packshot.shrinking import averaged
from packshot.surface import robust_fit, terms
from packshot.view import View

_LEAST_PIECE = 0.01
_LARGE_PIECE, _BELIEVED = 0.1, 0.6  # of the largest; the network's mean matte
_SOLID = 0.85  # matte under which an enclosed place may be a hole
_EVEN_SHEET = 0.3  # distance from its smooth surface (25 levels to one) within which a backdrop is a sheet
_OFF_BACKDROP = 0.5  # distance from which an enclosed place is no backdrop
_SHADOW_FLOOR = 0.35
_FAINT = 0.06  # what is hardly there would dirty the white
_WITHOUT_FAINT = np.clip((np.arange(256) / 255 - _FAINT) / (0.97 - _FAINT), 0, 1).astype(np.float32)


class BackgroundStage:
    """The matte, refined, and the new backdrop."""

    name = "background"

    def predict(self, view: View, draft: Recipe) -> tuple[Background, dict[str, bytes]]:
        """The part, and the content of its files by sha256."""
        del draft
        matte = product_matte(view)
        house = view.house
        content = encode_matte(matte)
        asset = png_asset(content, "matte", view.size)
        files = {asset.sha256: content}
        shadow_map = None
        if house.shadow == "keep":
            light = encode_matte(shadow_light(view), quick=False)
            shadow_map = png_asset(light, "shadow", (view.small.shape[1], view.small.shape[0]))
            files[shadow_map.sha256] = light
        part = Background(
            matte=asset,
            color=house.background,
            shadow=house.shadow,
            shadow_map=shadow_map,
            doubt=round(doubt(matte, view.cut[1]), 4),
        )
        return part, files

    def lower(self, parameters: Background, plan: RenderPlan, assets: dict[str, bytes]) -> None:
        """Cuts the product out; without a matte the backdrop stays."""
        if parameters.matte is None or parameters.strength == 0:
            return
        matte = decode_matte(assets[parameters.matte.sha256])
        if parameters.strength < 1:
            matte = np.round(255 - (255 - matte.astype(np.float32)) * parameters.strength).astype(np.uint8)
        shadow = None if parameters.shadow_map is None else decode_matte(assets[parameters.shadow_map.sha256])
        plan.backdrop = Backdrop(matte, parameters.color, parameters.shadow, shadow)


def product_matte(view: View) -> NDArray[np.float32]:
    """The network's matte without crumbs, its edge placed by the picture's colours, (h, w) 0..1 at the view's size."""
    rough = without_false_holes(without_crumbs(view.matte, view.answer.matte), view)
    stretched = cv2.addWeighted(rough, 255 / 0.92, rough, 0, -0.04 * 255 / 0.92, dtype=cv2.CV_8U)
    band = matting.Band(view.image, np.asarray(stretched, np.uint8))
    refined = without_scraps(band.smooth_edge(band.place_edge()), view.answer.matte)
    return np.asarray(cv2.LUT(refined, _WITHOUT_FAINT), np.float32)


def without_crumbs(matte: NDArray[np.float32], opinion: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Drops islands far smaller than the product; a pair of shoes keeps both.

    ``opinion``: the network's own matte. Small islands that it hardly believes in are scraps of backdrop.
    """
    size = (max(1, round(matte.shape[1] / 4)), max(1, round(matte.shape[0] / 4)))
    small = averaged(matte, size)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((small > 0.3).astype(np.uint8))
    if count <= 2:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    worth = areas >= max(4, _LEAST_PIECE * areas.max())
    if opinion is not None:
        belief = np.bincount(labels.ravel(), averaged(opinion, size).ravel(), count)[1:] / areas
        worth &= (belief > _BELIEVED) | (areas > _LARGE_PIECE * areas.max())
    keep = np.concatenate([[True], worth])
    if keep.all():
        return matte
    gone = cv2.dilate((~keep[labels]).astype(np.uint8), np.ones((5, 5), np.uint8))
    kept = cv2.dilate((keep[labels] & (labels > 0)).astype(np.uint8), np.ones((3, 3), np.uint8))
    mask = cv2.resize(
        cv2.bitwise_and(gone, 1 - kept), (matte.shape[1], matte.shape[0]), interpolation=cv2.INTER_NEAREST
    )
    return np.where(mask > 0, np.float32(0), matte)


def without_scraps(matte: NDArray[np.uint8], opinion: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Drops what is left of the backdrop apart from the product, however faint: it would show as dirt on white.

    ``matte``: 0..255; ``opinion``: the network's own, 0..1. A small island that it believes in stays.
    """
    size = (max(1, matte.shape[1] // 4), max(1, matte.shape[0] // 4))
    shows = cv2.threshold(matte, round(255 * _FAINT), 255, cv2.THRESH_BINARY)[1]
    seen = cv2.resize(shows, size, interpolation=cv2.INTER_AREA)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((seen > 0).astype(np.uint8))
    if count <= 2:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    belief = np.bincount(labels.ravel(), averaged(opinion, size).ravel(), count)[1:] / areas
    keep = np.concatenate([[True], (belief > _BELIEVED) | (areas > _LARGE_PIECE * areas.max())])
    if keep.all():
        return matte
    scraps = cv2.dilate((~keep[labels]).astype(np.uint8), np.ones((3, 3), np.uint8))
    scraps[keep[labels] & (labels > 0)] = 0
    mask = cv2.resize(scraps, (matte.shape[1], matte.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.where(mask > 0, np.uint8(0), matte)


def without_false_holes(matte: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """Fills what is enclosed by product and is not backdrop: a white label, a reflection. Handles and links stay open.

    Only where the backdrop is an even sheet can a hole be told from a light part of the product by its colour.
    """
    small = view.middling_matte
    distance = np.abs(off_surface(view.middling)).max(0)
    sheet = distance[small < 0.02]
    if len(sheet) < 0.05 * small.size or float(np.quantile(sheet, 0.7)) > _EVEN_SHEET:
        return matte
    count, labels, _, _ = cv2.connectedComponentsWithStats((small < _SOLID).astype(np.uint8), connectivity=4)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    filled = np.zeros(small.shape, np.uint8)
    for label in np.setdiff1d(np.arange(1, count), outside):
        if float(np.median(distance[labels == label])) > _OFF_BACKDROP:
            filled[labels == label] = 1
    if not filled.any():
        return matte
    wider = cv2.dilate(filled, np.ones((3, 3), np.uint8)).astype(np.float32)
    mask = cv2.resize(wider, (matte.shape[1], matte.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(matte, mask), np.float32)


def doubt(matte: NDArray[np.float32], disagreement: NDArray[np.float32]) -> float:
    """Share of the product's area that is neither product nor backdrop, beyond the few pixels any edge has.

    Where the network and the cut by colours disagree, there is doubt however sure each is.
    """
    area = float((matte > 0.5).mean())
    if area == 0:
        return 1.0
    between = cv2.inRange(matte, np.array(0.15), np.array(0.85))
    unsure = cv2.bitwise_or(between, cv2.inRange(disagreement, np.array(0.6), np.array(1.0)))
    wide = cv2.erode(unsure, np.ones((5, 5), np.uint8))
    return float(min(1.0, cv2.countNonZero(wide) / wide.size / area))


def shadow_light(view: View) -> NDArray[np.float32]:
    """The light the product's own shadow leaves on the backdrop, (h, w) 0..1 at the size of ``view.small``.

    The backdrop's luminance over what it would be without the product: a smooth surface through its brighter parts.
    """
    luminance = view.small_luminance.astype(np.float64)
    height, width = luminance.shape
    rows, columns = np.mgrid[0:height, 0:width]
    shapes = terms((columns.ravel() + 0.5) / width * 2 - 1, (rows.ravel() + 0.5) / height * 2 - 1)
    mask = view.sure_backdrop.ravel() & (luminance.ravel() > 0.002)
    if mask.mean() < 0.05:
        return np.ones((height, width), np.float32)
    logs = np.log2(np.maximum(luminance, 0.002)).ravel()
    weights = robust_fit(shapes[mask], logs[mask])
    light = np.exp2(logs - shapes @ weights).reshape(height, width).astype(np.float32)
    # The product itself is no shadow: its darkness must not be smoothed into a halo around it.
    seen = (view.small_matte <= 0.1).astype(np.float32)
    share = cv2.GaussianBlur(seen, (0, 0), 1.5)
    light = np.where(share > 1e-3, cv2.GaussianBlur(light * seen, (0, 0), 1.5) / np.maximum(share, 1e-3), 1)
    return np.clip(np.where(light > 0.96, 1, light / 0.96), _SHADOW_FLOOR, 1).astype(np.float32)


def encode_matte(matte: NDArray[np.float32], quick: bool = True) -> bytes:
    """(H, W) 0..1 as an 8-bit PNG. Quick: no row filters, which make flat mattes neither smaller nor quicker."""
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    if quick:
        settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    return bytes(cv2.imencode(".png", cv2.convertScaleAbs(matte, alpha=255), settings)[1])


@lru_cache(maxsize=4)
def decode_matte(content: bytes) -> NDArray[np.uint8]:
    """An 8-bit PNG as (H, W), not to be written to: the last few are kept. Raises ValueError when it is none."""
    matte = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    if matte is None:
        raise ValueError("a recipe's matte is not a readable PNG: retouch the photo again")
    matte.setflags(write=False)
    return np.asarray(matte, np.uint8)


def png_asset(content: bytes, kind: str, size: tuple[int, int]) -> Asset:
    """A file of the recipe, named by its content until the run gives it a name."""
    digest = hashlib.sha256(content).hexdigest()
    return Asset(file=f"{kind}-{digest[:16]}.png", sha256=digest, size=size)
