"""Measures fitted recipes against the truth of the pairs they were read from. For developers.

python tools/measure_fits.py FITS PAIRS [FITS PAIRS ...] [--rows FILE]

FITS is what `packshot fit PAIRS --out FITS` wrote. `truth` and `alpha` of PAIRS are for scoring only. The recipe is
rendered at full size and compared with the human's after on the product (the after's own matte, cut at 0.95).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.compositing import frame_matte
from packshot.evaluation.metrics import corner_error, delta_e, intersection_over_union
from packshot.geometry import apply
from packshot.learning.fitting.pair_set import PairFit, read_fits
from packshot.learning.registration.register import as_bytes
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Recipe
from packshot.stages.background import decode_matte

WITHIN = 1.5  # before pixels beyond its radius in which a speck counts as found


def measure(fit: PairFit, entry: dict[str, Any], folder: Path) -> dict[str, float]:
    """Every figure of one pair."""
    recipe = fit.recipe
    assert recipe is not None
    after = as_bytes(Photo.open(fit.after).pixels())
    made = render(Photo.open(fit.before), recipe)
    difference = delta_e(made, after)[product(recipe)]
    truth = entry["truth"]
    figures = {"delta_e": float(difference.mean()), "delta_e_median": float(np.median(difference))}
    figures["delta_e_before"] = fit.delta_e_before
    figures["iou"] = matte_iou(recipe, folder / entry["alpha"])
    figures["angle"] = abs(recipe.alignment.angle - truth["angle_deg"])
    corners = np.array(truth["product_corners_before"])
    figures["corner"] = corner_error(
        recipe.geometry.affine(), np.array(truth["before_to_after"]), corners, max(after.shape[:2])
    )
    figures["exposure"], figures["exposure_truth"] = recipe.lighting.exposure, truth["exposure_ev"]
    figures["exposure_at_middle"] = recipe.lighting.exposure + level_at_middle(recipe)
    figures["white"] = angular(np.array(recipe.color.white_gain), np.array(truth["wb_gain"]))
    figures["white_before"] = angular(np.ones(3), np.array(truth["wb_gain"]))
    return {**figures, **specks(recipe, truth["defects"]), "unexplained": fit.explained["unexplained"]}


def product(recipe: Recipe) -> NDArray[np.bool_]:
    """The product in the output, by the recipe's matte."""
    width, height = recipe.geometry.size
    if recipe.background.matte is None:
        return np.ones((height, width), np.bool_)
    matte = decode_matte(recipe.asset(recipe.background.matte))
    return frame_matte(matte, recipe.source.size, recipe.geometry.affine(), (width, height)) > 242


def matte_iou(recipe: Recipe, path: Path) -> float:
    true = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if recipe.background.matte is None or true is None:
        return 0.0
    matte = decode_matte(recipe.asset(recipe.background.matte))
    ours = cv2.resize(matte, true.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return intersection_over_union(*(np.asarray(one / 255, np.float32) for one in (ours, true)))


def level_at_middle(recipe: Recipe) -> float:
    """The field's stops in the photo's middle: a photographer's uneven light has none there."""
    field = recipe.lighting.field
    if field is None:
        return 0.0
    rows, columns = field.rows // 2, field.columns // 2
    return float(field.array()[rows - 1 : rows + 1, columns - 1 : columns + 1].mean())


def angular(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Degrees between two colours of light."""
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))


def specks(recipe: Recipe, defects: list[dict[str, Any]]) -> dict[str, float]:
    """Specks on the kept part of the product, how many were found, and discs that lie on none."""
    affine, inside = recipe.geometry.affine(), product(recipe)
    spots = np.array([[spot.x, spot.y, spot.radius] for spot in recipe.detailing.spots]).reshape(-1, 3)
    hit, found, there = np.zeros(len(spots), np.bool_), 0, 0
    for defect in defects:
        near = np.hypot(spots[:, 0] - defect["x"], spots[:, 1] - defect["y"]) < defect["r"] + spots[:, 2] + WITHIN
        hit |= near
        x, y = np.round(apply(affine, np.array([[defect["x"], defect["y"]]]))[0]).astype(int)
        if 0 <= y < inside.shape[0] and 0 <= x < inside.shape[1] and inside[y, x]:
            there, found = there + 1, found + int(near.any())
    return {"specks": there, "specks_found": found, "discs_beside": int((~hit).sum())}


def report(name: str, fits: list[PairFit], rows: list[dict[str, float]]) -> None:
    refused = [fit for fit in fits if not fit.accepted]
    print(f"\n{name}: {len(fits)} pairs, {len(fits) - len(refused)} accepted")
    for fit in refused:
        print(f"  set aside: {fit.id}: {fit.reason}")
    for key in ("delta_e_before", "delta_e", "delta_e_median", "iou", "angle", "corner", "white_before", "white"):
        values = [row[key] for row in rows]
        middle, high, low = np.median(values), np.quantile(values, 0.95), np.quantile(values, 0.05)
        print(f"  {key}: median {middle:.3f}, 5 % {low:.3f}, 95 % {high:.3f}")
    near, close = share(rows, "angle", 0.1), share(rows, "corner", 0.3)
    print(f"  angle within 0.1 degree: {near:.1%}, corners within 0.3 %: {close:.1%}")
    truth = np.array([row["exposure_truth"] for row in rows])
    for key in ("exposure", "exposure_at_middle"):
        ours = np.array([row[key] for row in rows])
        print(
            f"  {key}: correlation {np.corrcoef(ours, truth)[0, 1]:.3f}, offset {np.median(ours - truth):+.3f} stops, "
            f"median error {np.median(np.abs(ours - truth - np.median(ours - truth))):.3f}"
        )
    total = sum(row["specks"] for row in rows)
    print(
        f"  specks: {sum(row['specks_found'] for row in rows) / max(1, total):.1%} of {total:.0f} found, "
        f"discs beside: mean {np.mean([row['discs_beside'] for row in rows]):.1f}, "
        f"median {np.median([row['discs_beside'] for row in rows]):.1f} a photo"
    )


def share(rows: list[dict[str, float]], key: str, limit: float) -> float:
    return float(np.mean([row[key] <= limit for row in rows]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="FITS PAIRS, as often as there are sets")
    parser.add_argument("--rows", type=Path, help="every pair's figures, a JSON line each")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for at, folder in zip(options.folders[::2], options.folders[1::2], strict=True):
        entries = {
            line["id"]: line for line in map(json.loads, (folder / "pairs.jsonl").read_text("utf-8").splitlines())
        }
        fits = [fit for fit in read_fits(at) if fit.id in entries]
        rows = [measure(fit, entries[fit.id], folder) for fit in fits if fit.accepted]
        report(folder.name, fits, rows)
        if options.rows is not None:
            with options.rows.open("a", encoding="utf-8") as stream:
                names = [fit.id for fit in fits if fit.accepted]
                stream.writelines(json.dumps({"id": name, **row}) + "\n" for name, row in zip(names, rows, strict=True))


if __name__ == "__main__":
    main()
