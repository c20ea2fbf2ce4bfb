"""Draws the pictures of the documentation from the samples; to be run again after every new base pack:

python docs/make_figures.py

Each figure shows what a stage decided and what became of it. Nothing is touched up by hand, failures included.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from packshot import geometry
from packshot.pack import Pack
from packshot.photo import Photo, encode_jpeg
from packshot.pipeline import predict, render
from packshot.recipe import Alignment, Background, Color, Cropping, Detailing, Lighting, Recipe
from packshot.stages.background import decode_matte, product_matte
from packshot.stages.detailing import find_marks
from packshot.style import Style
from packshot.uprightness import angles
from packshot.view import View

Picture = NDArray[np.uint8]
ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
OUT = Path(__file__).parent / "pictures"
INK, PAPER, ACCENT, LINE = (30, 30, 30), (255, 255, 255), (200, 40, 40), (40, 110, 200)
GAP, LABEL = 12, 30


@dataclass(frozen=True)
class Shot:
    """One sample with what the base pack decided for it."""

    name: str
    photo: Photo
    view: View
    recipe: Recipe

    @property
    def upright(self) -> Picture:
        """The photo as it came, (H, W, 3)."""
        return np.asarray(self.photo.pixels(1.0), np.uint8)

    def only(self, *parts: str, long_side: int = 480) -> Picture:
        """The photo with some parts of its recipe and no others."""
        neutral = {
            "color": Color(),
            "lighting": Lighting(),
            "background": Background(),
            "alignment": Alignment(),
            "cropping": Cropping(),
            "detailing": Detailing(),
        }
        update = {name: part for name, part in neutral.items() if name not in parts}
        return render(self.photo, self.recipe.model_copy(update=update), long_side)


def load(name: str, pack: Pack) -> Shot:
    """A sample, decided by the pack in the category it belongs to."""
    lines = map(json.loads, (SAMPLES / "pairs.jsonl").read_text().splitlines())
    line = next(line for line in lines if line["id"] == name)
    photo = Photo.open(SAMPLES / line["before"])
    view = View.of(photo, pack, Style(), line["category"])
    return Shot(name, photo, view, predict(photo, pack, Style(), line["category"]))


def fitted(picture: Picture, height: int) -> Picture:
    """The picture at a height, by averaging."""
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def in_box(picture: Picture, width: int, height: int) -> Picture:
    """The picture whole in the middle of a white box."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    box = np.full((height, width, 3), 255, np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    box[top : top + size[1], left : left + size[0]] = small
    return box


def framed(picture: Picture) -> Picture:
    """With a thin grey line around it, so that white on white is seen."""
    picture = picture.copy()
    cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, picture.shape[0] - 1), (205, 205, 205), 1)
    return picture


def stacked(*pictures: Picture) -> Picture:
    """Pictures below each other, filled up with white at the right."""
    width = max(picture.shape[1] for picture in pictures)
    wide = [
        cv2.copyMakeBorder(picture, 0, 0, 0, width - picture.shape[1], cv2.BORDER_CONSTANT, value=PAPER)
        for picture in pictures
    ]
    return np.asarray(np.vstack(wide), np.uint8)


def row(panels: Sequence[tuple[str, Picture]], height: int = 420) -> Picture:
    """Panels side by side, each with its words above it."""
    pictures = [framed(fitted(picture, height)) for _, picture in panels]
    width = sum(picture.shape[1] for picture in pictures) + GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, height + LABEL), PAPER)
    draw, left = ImageDraw.Draw(sheet), 0
    for (words, _), picture in zip(panels, pictures, strict=True):
        draw.text((left, 4), words, INK, ImageFont.load_default(17))
        sheet.paste(Image.fromarray(picture), (left, LABEL))
        left += picture.shape[1] + GAP
    return np.asarray(sheet)


def save(name: str, picture: Picture) -> None:
    """Writes a figure."""
    (OUT / f"{name}.jpg").write_bytes(encode_jpeg(np.ascontiguousarray(picture), 86))


def overview(shots: Sequence[Shot]) -> Picture:
    """Photos above, packshot's own shots below."""
    wide, high = 230, 290
    columns = []
    for shot in shots:
        finished = render(shot.photo, shot.recipe, 600)
        column = [in_box(shot.upright, wide, high), np.full((GAP, wide, 3), 255, np.uint8)]
        columns.append(np.vstack([*column, framed(in_box(finished, wide, high))]))
        columns.append(np.full((columns[-1].shape[0], GAP, 3), 255, np.uint8))
    return np.hstack(columns[:-1])


def beside_studio(shots: Sequence[Shot]) -> Picture:
    """Photo, packshot's shot and the finished picture of the pair, one sample a row."""
    rows = []
    for shot in shots:
        after = np.asarray(Photo.open(SAMPLES / "after" / f"{shot.name}.jpg").pixels(1.0), np.uint8)
        cells = [shot.upright, render(shot.photo, shot.recipe, 700), after]
        words = ("photo", "packshot", "the pair's finished picture")
        rows.append(row([(word, in_box(cell, 320, 380)) for word, cell in zip(words, cells, strict=True)], 380))
    return stacked(*rows)


def color(shot: Shot) -> Picture:
    """The photo, where its white point was measured, and the photo with its gains."""
    where = cv2.resize(shot.view.sure_backdrop.astype(np.uint8), shot.upright.shape[1::-1]) > 0
    marked = shot.upright.copy()
    marked[~where] = marked[~where] // 4
    return row([("photo", shot.upright), ("measured on this", marked), ("gains applied", shot.only("color"))])


def lighting(shot: Shot) -> Picture:
    """The photo, the light that is added (stops), and the photo with it."""
    field = shot.recipe.lighting.field
    height, width = 480, round(480 * shot.photo.size[0] / shot.photo.size[1])
    stops = np.zeros((1, 1), np.float32) if field is None else field.array()
    smooth = cv2.resize(stops, (width, height), interpolation=cv2.INTER_CUBIC)
    level = np.clip(127.5 + smooth * 127.5 / max(0.1, float(np.abs(stops).max())), 0, 255).astype(np.uint8)
    added = cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB)
    words = f"light added: {stops.min():+.2f} to {stops.max():+.2f} stops"
    return row([("photo", shot.upright), (words, np.asarray(added, np.uint8)), ("evened", shot.only("lighting"))])


def background(shot: Shot) -> Picture:
    """The photo, what the network says, the refined matte, the cut-out."""
    said, refined = ((255 * matte).astype(np.uint8) for matte in (shot.view.answer.matte, product_matte(shot.view)))
    grey: Callable[[Picture], Picture] = lambda matte: np.repeat(matte[..., None], 3, 2)  # noqa: E731
    panels = [("photo", shot.upright), ("the network's answer", grey(said)), ("with the edge placed", grey(refined))]
    return row([*panels, ("cut out", shot.only("background"))], 360)


def close(shot: Shot) -> Picture:
    """An edge from near: photo, matte and cut-out of the same place at the view's size."""
    asset = shot.recipe.background.matte
    assert asset is not None
    matte = decode_matte(shot.recipe.asset(asset))
    edge = np.argwhere((matte > 60) & (matte < 200))
    row_, column = edge[len(edge) // 3]
    scale = matte.shape[1] / shot.photo.size[0]
    top, left = (int(np.clip(v - 60, 0, side - 120)) for v, side in zip((row_, column), matte.shape, strict=True))
    here = (slice(top, top + 120), slice(left, left + 120))
    photo = cv2.resize(shot.upright, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cut = shot.only("background", long_side=max(matte.shape))
    patches = [photo[here], np.repeat(matte[here][..., None], 3, 2), cut[here]]
    large = [np.asarray(cv2.resize(p, (360, 360), interpolation=cv2.INTER_NEAREST), np.uint8) for p in patches]
    return row(list(zip(("photo, three times", "matte", "cut out"), large, strict=True)), 360)


def plumb(picture: Picture, x: float) -> Picture:
    """With a plumb line."""
    picture = picture.copy()
    place = round(x * picture.shape[1])
    cv2.line(picture, (place, 0), (place, picture.shape[0]), ACCENT, max(1, picture.shape[1] // 300), cv2.LINE_AA)
    return picture


def curve(values: NDArray[np.floating], chosen: float, width: int = 560, height: int = 420) -> Picture:
    """The probability of each angle, with the chosen one."""
    sheet = Image.new("RGB", (width, height), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    left, right, top, base = 30, width - 20, 20, height - 40
    x = left + (angles() + 10) / 20 * (right - left)
    y = base - values / max(float(values.max()), 1e-6) * (base - top)
    draw.line([(left, base), (right, base)], INK, 1)
    for angle in range(-10, 11, 5):
        place = left + (angle + 10) / 20 * (right - left)
        draw.line([(place, base), (place, base + 5)], INK, 1)
        draw.text((place - 8, base + 10), f"{angle}°", INK, font)
    draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), LINE, 3)
    place = left + (chosen + 10) / 20 * (right - left)
    draw.line([(place, top), (place, base)], ACCENT, 2)
    return np.asarray(sheet)


def alignment(shot: Shot) -> Picture:
    """The photo, the weighed probability of each turn, and the turned photo."""
    share = shot.view.upright_share
    assert share is not None
    turn = shot.recipe.alignment
    words = f"turned by {turn.angle:+.1f}°" if turn.method == "cues" else "not sure: left as it is"
    panels = [("photo", plumb(shot.upright, 0.5)), ("probability of each turn", curve(share, turn.angle))]
    return row([*panels, (words, plumb(shot.only("alignment"), 0.5))])


def cropping(shot: Shot) -> Picture:
    """Where the canvas lies on the photo, and the margins on the canvas."""
    recipe = shot.recipe
    width, height = recipe.geometry.size
    marked = shot.upright.copy()
    corners = geometry.apply(geometry.invert(recipe.geometry.affine()), geometry.box_corners((0, 0, width, height)))
    cv2.polylines(marked, [np.round(corners).astype(np.int32)], True, ACCENT, 5, cv2.LINE_AA)
    finished = render(shot.photo, recipe, 700)
    house = Style().house(recipe.category, shot.view.pack.habits(recipe.category))
    tall, wide = finished.shape[:2]
    box = (
        (round(house.margin_left * wide), round(house.margin_top * tall)),
        (round((1 - house.margin_right) * wide), round((1 - house.margin_bottom) * tall)),
    )
    cv2.rectangle(finished, box[0], box[1], LINE, 2)
    return row([("the canvas on the photo", marked), ("the canvas, and the house's margins", finished)], 460)


def detailing(shot: Shot, patterned: Shot) -> Picture:
    """The specks found on a product, one before and after healing, and a pattern that is left alone."""
    spots = shot.recipe.detailing.spots
    marked = shot.upright.copy()
    for spot in spots:
        cv2.circle(marked, (round(spot.x), round(spot.y)), 22, ACCENT, 4, cv2.LINE_AA)
    panels = [(f"{len(find_marks(shot.view))} specks found", marked)]
    if spots:
        side, middle = 220, max(spots, key=lambda spot: spot.radius)
        healed = shot.only("detailing", long_side=max(shot.photo.size))
        left = int(np.clip(middle.x - side / 2, 0, shot.photo.size[0] - side))
        top = int(np.clip(middle.y - side / 2, 0, shot.photo.size[1] - side))
        here = (slice(top, top + side), slice(left, left + side))
        panels += [("one of them", shot.upright[here]), ("healed and sharpened", healed[here])]
    count = len(patterned.recipe.detailing.spots)
    panels.append((f"a pattern: {'left alone' if count == 0 else f'{count} discs healed'}", patterned.upright))
    return row(panels, 330)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, help="another pack than the one that ships")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pack = Pack(options.pack) if options.pack else Pack.base()
    OUT.mkdir(exist_ok=True)
    names = ("tshirt-0", "tote-0", "cap-0", "watch-0", "dress-0", "mug-0", "wineglass-0")
    shots = {name.removesuffix("-0"): load(name, pack) for name in names}
    save("overview", overview([shots[name] for name in ("tshirt", "tote", "cap", "watch", "dress")]))
    save("beside-studio", beside_studio([shots[name] for name in ("tote", "watch")]))
    save("color", color(shots["mug"]))
    save("lighting", lighting(shots["cap"]))
    save("background", background(shots["tote"]))
    save("background-edge", close(shots["tshirt"]))
    save("background-glass", background(shots["wineglass"]))
    save("alignment", stacked(alignment(shots["tshirt"]), alignment(shots["watch"])))
    save("cropping", cropping(shots["tshirt"]))
    save("detailing", detailing(shots["tshirt"], shots["dress"]))


if __name__ == "__main__":
    main()
