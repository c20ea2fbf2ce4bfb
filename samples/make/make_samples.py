"""Makes the sample pairs: `python samples/make/make_samples.py [--only NAME...]`. See docs/samples.md.

Rendering is kept apart from developing: renders go to a cache folder and are made again only when missing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import develop
import scene
from scene import View

FOLDER = Path(__file__).parents[1]


@dataclass(frozen=True)
class Shot:
    """One sample: a product seen once. `level` is the right exposure for it: white goods keep their drawing."""

    name: str
    category: str
    product: str
    view: View
    level: float = 1.0
    quality: int = 90


FLAT = {"azimuth": 0.0, "elevation": 89.5}
SHOTS = (
    Shot("tshirt-0", "tops", "tshirt", View((1280, 1600), "#9d9fa1", roll=2.4, fill=0.78, **FLAT)),
    Shot("mug-0", "glassware", "mug", View((1280, 1600), "#a8a6a2", roll=-1.9, fill=0.66, shift=(0.06, -0.05))),
    Shot("tote-0", "bags", "tote", View((1280, 1600), "#b7c0c4", roll=1.3, azimuth=22, fill=0.72)),
    Shot(
        "watch-0", "accessories", "watch", View((1280, 1600), "#8f9499", roll=-2.7, azimuth=20, elevation=16, fill=0.6)
    ),
    Shot("dress-0", "dresses", "dress", View((1280, 1920), "#b9bcc0", roll=1.6, azimuth=12, elevation=6, fill=0.8)),
    Shot(
        "sneaker-0",
        "shoes",
        "sneaker",
        View((1680, 1260), "#a3a8a4", roll=-1.4, azimuth=24, elevation=16, fill=0.72),
        0.72,
    ),
    Shot("jeans-0", "bottoms", "jeans", View((1280, 1920), "#c2bdb4", roll=-3.1, fill=0.84, **FLAT)),
    Shot("ring-0", "jewellery", "ring", View((1440, 1440), "#9aa3a6", roll=3.3, azimuth=28, elevation=14, fill=0.5)),
    Shot("cap-0", "hats", "cap", View((1600, 1280), "#aeb4b8", roll=-2.2, azimuth=32, elevation=17, fill=0.68)),
    Shot("wineglass-0", "glassware", "wineglass", View((1280, 1600), "#b3b0ab", roll=1.1, elevation=8, fill=0.76)),
    Shot("sweater-0", "tops", "sweater", View((1280, 1600), "#8aa0a8", roll=-1.8, fill=0.82, **FLAT), 0.88),
    Shot(
        "sunglasses-0",
        "accessories",
        "sunglasses",
        View((4000, 3000), "#a5a19c", roll=2.0, azimuth=24, elevation=15, fill=0.55, samples=6),
    ),
)


def render(shot: Shot, cache: Path, threads: int) -> None:
    """Renders the two layers of a shot into the cache."""
    scene.empty_scene(threads)
    things = importlib.import_module(f"products.{shot.product}").build()
    sheet = scene.set_stage(things, shot.view)
    scene.render_layers(things, sheet, shot.view, cache / shot.name)


def develop_shot(shot: Shot, cache: Path, seed: int) -> dict[str, Any]:
    """Writes before, after and alpha of a rendered shot; returns its line of pairs.jsonl."""
    random = np.random.default_rng([seed, zlib.crc32(shot.name.encode())])
    exposed = np.array([shot.level] * 3 + [1], np.float32)
    product = scene.read_exr(cache / f"{shot.name}.product.exr") * exposed
    height, width = product.shape[:2]
    plate = cv2.GaussianBlur(scene.read_exr(cache / f"{shot.name}.paper.exr") * exposed, (0, 0), 0.8)
    plate = cv2.resize(plate, (width, height), interpolation=cv2.INTER_CUBIC)
    spoil = develop.draw_spoil(random)
    alpha = np.clip(product[..., 3], 0, 1)
    clean = product[..., :3] + (1 - alpha[..., None]) * plate[..., :3]
    defects = develop.soil(clean, alpha, spoil, random)
    before = develop.expose(clean, spoil, random)
    matrix, truth = place(shot, alpha, random)
    after = develop.finish(product, matrix, spoil, develop.HOUSES[shot.category], float(random.normal(0, 0.02)))
    files = write(shot, before, after, alpha)
    light = {k: getattr(spoil, k) for k in ("direction_deg", "stops_across", "vignette_stops")}
    truth |= {"wb_gain": list(spoil.wb_gain), "exposure_ev": spoil.exposure_ev, "light": light, "defects": defects}
    return {"id": shot.name, "category": shot.category, "group": shot.product, **files, "truth": truth}


def place(shot: Shot, alpha: develop.Picture, random: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    """Where the retoucher turns, scales and crops to, with a human's small inconsistency."""
    house = develop.HOUSES[shot.category]
    angle = shot.view.roll + float(random.normal(0, 0.1))
    box = develop.upright_box(alpha, angle)
    scale = develop.house_scale(box, house) * float(np.exp(random.normal(0, 0.005)))
    matrix = develop.crop_affine(box, angle, scale, house)
    left, top, right, bottom = box
    turn = np.deg2rad(angle)
    back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ back.T
    truth = {
        "before_to_after": np.round(matrix, 6).tolist(),
        "angle_deg": round(angle, 3),
        "scale": round(scale, 5),
        "product_corners_before": np.round(corners, 1).tolist(),
    }
    return matrix, truth


def write(shot: Shot, before: Any, after: Any, alpha: develop.Picture) -> dict[str, str]:
    """Saves the three pictures; returns their paths in the folder."""
    files = {"before": f"before/{shot.name}.jpg", "after": f"after/{shot.name}.jpg", "alpha": f"alpha/{shot.name}.png"}
    for path in files.values():
        (FOLDER / path).parent.mkdir(exist_ok=True)
    jpeg = [cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_QUALITY]
    cv2.imwrite(str(FOLDER / files["before"]), before[..., ::-1], [*jpeg, shot.quality])
    cv2.imwrite(str(FOLDER / files["after"]), after[..., ::-1], [*jpeg, 90])
    matte = np.round(alpha * 255).astype(np.uint8)
    cv2.imwrite(str(FOLDER / files["alpha"]), matte, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return files


def main() -> None:
    """Renders what is missing, develops the asked-for shots, rewrites pairs.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names of shots; all when left out")
    parser.add_argument("--cache", type=Path, default=Path("samples-renders"), help="folder of the raw renders")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        if asked.only and shot.name not in asked.only:
            continue
        if not (asked.cache / f"{shot.name}.paper.exr").exists():
            render(shot, asked.cache.resolve(), asked.threads)
        add_line(develop_shot(shot, asked.cache.resolve(), asked.seed))


def add_line(line: dict[str, Any]) -> None:
    """Puts a pair's line into pairs.jsonl, in the order of the shots."""
    index = FOLDER / "pairs.jsonl"
    known = index.read_text().splitlines() if index.exists() else []
    lines = {one["id"]: one for one in map(json.loads, known)} | {line["id"]: line}
    ordered = [json.dumps(lines[shot.name]) for shot in SHOTS if shot.name in lines]
    index.write_text("\n".join(ordered) + "\n")


if __name__ == "__main__":
    main()
