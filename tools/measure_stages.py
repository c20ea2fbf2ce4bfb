"""Measures each stage on pairs with known truth: matte, angle, white point, specks, rim. For developers.

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

from packshot.evaluation.metrics import delta_e, intersection_over_union
from packshot.learning.splits import held_out
from packshot.pack import BASE_PACK, Pack
from packshot.photo import Photo
from packshot.pipeline import predict, render
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte
from packshot.style import Style


def measure(folder: Path, line: dict[str, Any], pack: Pack, look: Path | None, baseline: bool) -> dict[str, float]:
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
    ours = np.asarray(cv2.resize(matte, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR) / 255, np.float32)
    true = np.asarray(alpha / 255, np.float32)
    figures["iou"] = intersection_over_union(ours, true)
    figures["grabcut"] = grabcut(np.asarray(photo.pixels(), np.uint8), true) if baseline else 0.0
    figures["rim_human"] = human_rim(folder, line, true)
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
    bare = cv2.erode((matte == 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    return {"rim": ring_difference(image, matte > 127), "pure": float((image[bare > 0] == 255).all())}


def grabcut(pixels: NDArray[np.uint8], true: NDArray[np.float32]) -> float:
    """The baseline: IoU of GrabCut (Rother et al., 2004) from a rectangle just inside the border, at 400 pixels."""
    scale = min(1.0, 400 / max(pixels.shape[:2]))
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = small.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    inset = (round(0.04 * width), round(0.04 * height))
    box = (*inset, width - 2 * inset[0], height - 2 * inset[1])
    cv2.grabCut(small[..., ::-1].copy(), mask, box, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    product = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.float32)
    return intersection_over_union(cv2.resize(product, true.shape[::-1]), true)


def human_rim(folder: Path, line: dict[str, Any], true: NDArray[np.float32]) -> float:
    """The same rim measured on the human's after, with the true matte: what a clean edge scores."""
    after = np.asarray(Photo.open(folder / line["after"]).pixels(), np.uint8)
    matrix = np.array(line["truth"]["before_to_after"])
    matte = cv2.warpAffine(true, matrix, (after.shape[1], after.shape[0]), flags=cv2.INTER_LINEAR)
    return ring_difference(after, matte > 0.5)


def ring_difference(image: NDArray[np.uint8], product: NDArray[np.bool_]) -> float:
    """Mean ΔE00 to white of the two pixels outside a product."""
    ring = cv2.dilate(product.astype(np.uint8), np.ones((5, 5), np.uint8)) > product
    return float(delta_e(image[ring][None], np.full_like(image[ring][None], 255)).mean()) if ring.any() else 0.0


def middle_of(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    """The median of some, 0 of none."""
    return float(np.median(values[chosen])) if chosen.any() else 0.0


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
    parser.add_argument("--look", type=Path, help="folder for before, ours and the human's side by side")
    parser.add_argument("--baseline", action="store_true", help="also GrabCut from a border rectangle")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pack = Pack(options.pack)
    for folder in options.folders:
        lines = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
        chosen = [line for line in lines if held_out(line["group"]) or not options.held_out][: options.limit]
        rows = [measure(folder, line, pack, options.look, options.baseline) for line in chosen]
        table = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        sure = table["angle_sure"] > 0
        backdrop = table["backdrop_wb"] > 0
        worse, visibly = (np.mean(table["angle"] > table["angle_before"] + margin) for margin in (0.1, 0.5))
        worst = [line["id"] for _, line in sorted(zip(table["iou"], chosen, strict=True), key=lambda item: item[0])[:8]]
        middle = {key: float(np.median(values)) for key, values in table.items()}
        healed = table["healed"].sum() / max(1, table["defects"].sum())
        print(f"{folder.name}: n {len(rows)}, {middle['seconds'] * 1000:.0f} ms CPU")
        print(f"  matte IoU median {middle['iou']:.4f}, under 0.90 {np.mean(table['iou'] < 0.9):.1%}; worst {worst}")
        lean = f"{middle['angle']:.2f}° (untouched {middle['angle_before']:.2f}°)"
        print(f"  angle median {lean}, turned {sure.mean():.0%},")
        print(f"    of these {middle_of(table['angle'], sure):.2f}°; worse by 0.1° {worse:.1%}, by 0.5° {visibly:.1%}")
        print(f"  white point median {middle['wb']:.2f}° (untouched {middle['wb_before']:.2f}°),")
        print(f"    from paper {backdrop.mean():.0%}: {middle_of(table['wb'], backdrop):.2f}°")
        print(f"  specks healed {healed:.1%}, false spots a photo {table['false_spots'].mean():.2f}")
        exact = table["pure"].mean()
        print(
            f"  rim ΔE00 median {middle['rim']:.2f} (human's {middle['rim_human']:.2f}), backdrop exact on {exact:.1%}"
        )
        if options.baseline:
            cut = table["grabcut"]
            print(f"  baseline GrabCut: IoU median {np.median(cut):.4f}, under 0.90 {np.mean(cut < 0.9):.1%}")


if __name__ == "__main__":
    main()
