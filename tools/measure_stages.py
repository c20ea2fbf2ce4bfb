"""Measures each stage on pairs with known truth: matte, angle, white point, specks, rim. For developers; truth is only scored.

python tools/measure_stages.py DATA/pairs/real DATA/pairs/studio --held-out --limit 60
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot import geometry
from packshot.evaluation.metrics import corner_error, delta_e, intersection_over_union
from packshot.pack import BASE_PACK, Pack
from packshot.photo import Photo
from packshot.pipeline import predict, render
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte
from packshot.style import Style
from training.data import held_out


def measure(folder: Path, line: dict[str, Any], pack: Pack, look: Path | None) -> dict[str, float]:
    """Every figure of one pair."""
    photo = Photo.open(folder / line["before"])
    begun = time.process_time()
    recipe = predict(photo, pack, Style(default={"upscale": "allow"}), line["category"])
    image = render(photo, recipe)
    figures = {"seconds": time.process_time() - begun}
    alpha = cv2.imread(str(folder / "alpha" / f"{line['id']}.png"), cv2.IMREAD_GRAYSCALE)
    assert alpha is not None
    assert recipe.background.matte is not None
    matte = decode_matte(recipe.asset(recipe.background.matte))
    matte = cv2.resize(matte, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    true = alpha.astype(np.float32) / 255
    figures["iou"] = intersection_over_union(matte.astype(np.float32) / 255, true)
    figures["doubt"] = recipe.background.doubt
    truth = line["truth"]
    figures["angle"] = abs(recipe.alignment.angle - truth["angle_deg"])
    figures["angle_before"] = abs(truth["angle_deg"])
    figures["angle_sure"] = float(recipe.alignment.angle != 0)
    figures |= white_point(recipe, truth) | specks(recipe, truth) | rim(image, recipe)
    if look is not None:
        show(photo, image, line, folder, look)
    return figures


def white_point(recipe: Recipe, truth: dict[str, Any]) -> dict[str, float]:
    """Angular error of the light's colour in degrees, ours and untouched."""
    true = np.array(truth["wb_gain"])
    ours = np.array(recipe.color.white_gain)
    return {
        "wb": angular(ours, true),
        "wb_before": angular(np.ones(3), true),
        "backdrop_wb": float(recipe.color.measured_from == "backdrop"),
    }


def angular(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Between two colours, degrees."""
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))


def specks(recipe: Recipe, truth: dict[str, Any]) -> dict[str, float]:
    """Share of dust and lint that a spot covers, and spots that cover none."""
    spots = recipe.detailing.spots
    hit = sum(any(np.hypot(s.x - d["x"], s.y - d["y"]) < s.radius + d["r"] for s in spots) for d in truth["defects"])
    false = sum(
        not any(np.hypot(s.x - d["x"], s.y - d["y"]) < s.radius + d["r"] + 2 for d in truth["defects"]) for s in spots
    )
    return {"defects": len(truth["defects"]), "healed": hit, "false_spots": false}


def rim(image: NDArray[np.uint8], recipe: Recipe) -> dict[str, float]:
    """ΔE00 to the backdrop of the two pixels outside the edge, and whether all beyond is exact."""
    assert recipe.background.matte is not None
    from packshot.compositing import frame_matte

    size = (image.shape[1], image.shape[0])
    matte = frame_matte(
        decode_matte(recipe.asset(recipe.background.matte)), recipe.source.size, recipe.geometry.affine(), size
    )
    outside = cv2.dilate((matte > 127).astype(np.uint8), np.ones((5, 5), np.uint8)) - (matte > 127)
    ring = outside > 0
    if not ring.any():
        return {"rim": 0.0, "pure": 1.0}
    error = delta_e(image[ring][None], np.full_like(image[ring][None], 255))
    return {"rim": float(error.mean()), "pure": float((image[matte == 0] == 255).all())}


def show(photo: Photo, image: NDArray[np.uint8], line: dict[str, Any], folder: Path, look: Path) -> None:
    """Before, ours and the human's side by side, 320 pixels high."""
    after = Photo.open(folder / line["after"]).pixels()
    tiles = []
    for picture in (photo.pixels(), image, after):
        scale = 320 / picture.shape[0]
        tiles.append(cv2.resize(np.asarray(picture, np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    look.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(look / f"{line['id']}.png"), cv2.cvtColor(np.hstack(tiles), cv2.COLOR_RGB2BGR))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--pack", type=Path, default=BASE_PACK)
    parser.add_argument("--held-out", action="store_true", help="only groups the base pack was not trained on")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--look", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pack = Pack(options.pack)
    for folder in options.folders:
        lines = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
        chosen = [line for line in lines if held_out(line["group"]) or not options.held_out][: options.limit]
        rows = [measure(folder, line, pack, options.look) for line in chosen]
        table = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        sure = table["angle_sure"] > 0
        backdrop = table["backdrop_wb"] > 0
        worse = np.mean(table["angle"] > table["angle_before"] + 0.1)
        worst = [line["id"] for _, line in sorted(zip(table["iou"], chosen, strict=True), key=lambda item: item[0])[:8]]
        print(f"{folder.name}: n {len(rows)}, {np.median(table['seconds']) * 1000:.0f} ms CPU")
        print(
            f"  matte IoU median {np.median(table['iou']):.4f}, under 0.90 {np.mean(table['iou'] < 0.9):.1%}; worst {worst}"
        )
        print(
            f"  angle median {np.median(table['angle']):.2f} (untouched {np.median(table['angle_before']):.2f}), turned {sure.mean():.0%}, "
            f"of these median {np.median(table['angle'][sure]) if sure.any() else 0:.2f}, worse than before {worse:.1%}"
        )
        print(
            f"  white point error median {np.median(table['wb']):.2f}° (untouched {np.median(table['wb_before']):.2f}°), from backdrop "
            f"{backdrop.mean():.0%}: {np.median(table['wb'][backdrop]) if backdrop.any() else 0:.2f}°"
        )
        print(
            f"  specks healed {table['healed'].sum() / max(1, table['defects'].sum()):.1%}, false a photo {table['false_spots'].mean():.2f}"
        )
        print(f"  rim ΔE00 median {np.median(table['rim']):.2f}, backdrop exact on {table['pure'].mean():.1%}")


if __name__ == "__main__":
    main()
