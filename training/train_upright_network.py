"""Trains the upright network from photos that stand right:

python training/train_upright_network.py --shared DATA --pack PACK --out upright.onnx

Each photo is really turned, spoilt and saved again: cues merely shifted along the angle would carry the level grid
of its first JPEG along, and the network would learn that instead of the product. For the same reason the matte is
the network's own of the turned photo: a hand-made one keeps the steps of the grid it was made on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from packshot import geometry
from packshot.learning.networks import UprightNetwork
from packshot.learning.synthesis import Example, spoil
from packshot.pack import Pack
from packshot.uprightness import angles, cues, decide
from training.data import finished, held_out, photos, read

TURNS = 2


def lean(example: Example, pack: Pack, generator: np.random.Generator) -> tuple[NDArray[np.float32], float]:
    """The cues of a photo that leans, spoilt and saved as a camera would, and the angle that sets it right."""
    height, width = example.image.shape[:2]
    angle = float(generator.uniform(-8, 8) if generator.random() < 0.4 else np.clip(generator.normal(0, 2.6), -9, 9))
    radians = abs(np.deg2rad(angle))
    zoom = float(np.cos(radians) + np.sin(radians) * max(height / width, width / height))
    matrix = geometry.frame_affine(-angle, zoom, ((width - 1) / 2, (height - 1) / 2), (width, height))
    border = cv2.BORDER_REPLICATE
    image = cv2.warpAffine(example.image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
    spoilt = spoil(np.asarray(image, np.uint8), generator)
    return cues(spoilt, pack.ask(spoilt).matte), angle


def turned_cues(shared: Path, pack: Pack) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cues of every photo to learn from at a few random turns, and the turns."""
    masked, plain = photos(shared)
    examples = masked + plain
    for name in ("rendered", "studio"):
        examples += finished(shared, name)
    generator = np.random.default_rng(1)
    rows = [lean(example, pack, generator) for _ in range(TURNS) for example in examples]
    return np.stack([curves for curves, _ in rows]), np.array([angle for _, angle in rows], np.float32)


def pairs_to_score(shared: Path, name: str, pack: Pack) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Cues and true angles of held-out pairs."""
    folder = shared / "pairs" / name
    rows, truth = [], []
    for text in (folder / "pairs.jsonl").read_text().splitlines():
        line = json.loads(text)
        if held_out(line["group"]):
            image = read(folder / line["before"])
            rows.append(cues(image, pack.ask(image).matte))
            truth.append(line["truth"]["angle_deg"])
    return np.stack(rows), np.array(truth)


def report(network: UprightNetwork, scored: dict[str, tuple[NDArray[np.float32], NDArray[np.float64]]]) -> None:
    """Median error of the posterior's median, and how often a turn makes things worse, by confidence."""
    network.eval()
    for name, (curves, truth) in scored.items():
        with torch.no_grad():
            share = torch.softmax(network(torch.from_numpy(curves)), 2).mean(1).numpy()
        decided = np.array([decide(row) for row in share])
        middle, near = decided[:, 0], decided[:, 1]
        error, before = np.abs(middle - truth), np.abs(truth)
        errors = f"error {np.median(error):.2f} (untouched {np.median(before):.2f})"
        parts = [f"{name} n {len(truth)} {errors} correlation {np.corrcoef(middle, truth)[0, 1]:.2f}"]
        for level in (0.5, 0.55, 0.6, 0.65, 0.7):
            sure = near > level
            after = np.where(sure, error, before)
            worse = " ".join(f"by {margin} {np.mean(after > before + margin):.1%}" for margin in (0.1, 0.5))
            parts.append(f">{level}: {sure.mean():.0%} all {np.median(after):.2f} worse {worse}")
        print(" | ".join(parts), flush=True)
    network.train()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True, help="a pack whose product network is trained")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    cv2.setNumThreads(1)
    pack = Pack(options.pack)
    if options.cache and options.cache.exists():
        stored = np.load(options.cache)
        curves, turns = stored["curves"], stored["turns"]
    else:
        curves, turns = turned_cues(options.shared, pack)
        if options.cache:
            np.savez(options.cache, curves=curves, turns=turns)
    scored = {name: pairs_to_score(options.shared, name, pack) for name in ("real", "rendered", "studio")}
    data, truth, generator = torch.from_numpy(curves), torch.from_numpy(turns), torch.Generator().manual_seed(1)
    network = UprightNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, options.steps)
    grid = torch.from_numpy(angles()).float()
    for step in range(options.steps):
        chosen = torch.randint(len(data), (128,), generator=generator)
        mirrored = torch.rand(len(chosen), generator=generator) < 0.5
        seen = torch.where(mirrored[:, None, None], data[chosen].flip(2), data[chosen])
        angle = torch.where(mirrored, -truth[chosen], truth[chosen])
        seen = seen * (1 + 0.1 * torch.randn(len(seen), seen.shape[1], 1)) + 0.02 * torch.randn_like(seen)
        target = torch.softmax(-((grid[None] - angle[:, None]) ** 2) / (2 * 0.6**2), 1)
        logits = network(seen)
        loss = F.cross_entropy(logits.flatten(0, 1), target.repeat_interleave(logits.shape[1], 0))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 1000 == 999:
            print("step", step + 1, "loss", round(float(loss), 4), flush=True)
            report(network, scored)
    network.eval()
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    torch.onnx.export(
        network, (data[:1],), str(options.out), dynamo=True, opset_version=20, external_data=False, verbose=False
    )


if __name__ == "__main__":
    main()
