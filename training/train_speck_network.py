"""Trains the network that finds dust and lint:

python training/train_speck_network.py --shared DATA --out specks.onnx
"""

from __future__ import annotations

import argparse
import json
import queue
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from packshot.learning.networks import SpeckNetwork
from packshot.learning.specks import SIDE, speck_sample
from packshot.learning.synthesis import Example
from packshot.stages.detailing import spots_in
from training.data import finished, held_out, photos, read

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def stream(examples: list[Example], batch: int, seed: int) -> queue.Queue[Batch]:
    """Batches drawn by a thread."""
    ready: queue.Queue[Batch] = queue.Queue(4)
    generator = np.random.default_rng(seed)

    def draw() -> None:
        while True:
            drawn = [speck_sample(examples[generator.integers(len(examples))], generator) for _ in range(batch)]
            images = np.stack([image for image, _, _ in drawn]).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
            wheres, products = (np.stack([item[index] for item in drawn])[:, None] for index in (1, 2))
            ready.put((torch.from_numpy(images), torch.from_numpy(wheres), torch.from_numpy(products)))

    threading.Thread(target=draw, daemon=True).start()
    return ready


@torch.no_grad()
def report(network: SpeckNetwork, shared: Path, limit: int = 24) -> None:
    """Share of true specks found, and false ones a photo, at a few thresholds, on held-out pairs."""
    network.eval()
    for name, long_side in (("real", None), ("rendered", None), ("studio", 1080)):
        folder = shared / "pairs" / name
        lines = [json.loads(text) for text in (folder / "pairs.jsonl").read_text().splitlines()]
        lines = [line for line in lines if held_out(line["group"])][:: 1 if name != "real" else 4][:limit]
        found: dict[float, list[int]] = {level: [0, 0] for level in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)}
        total = 0
        for line in lines:
            full = cv2.imread(str(folder / line["before"]), cv2.IMREAD_COLOR)
            assert full is not None
            image = read(folder / line["before"], long_side)
            unit = full.shape[1] / image.shape[1]
            matte = cv2.imread(str(folder / "alpha" / f"{line['id']}.png"), cv2.IMREAD_GRAYSCALE)
            assert matte is not None
            matte = cv2.resize(matte, image.shape[1::-1], interpolation=cv2.INTER_AREA)
            even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
            tensor = torch.from_numpy(even.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)[None]
            share = torch.sigmoid(network(tensor))[0, 0].numpy()
            defects = line["truth"]["defects"]
            total += len(defects)
            for level, counts in found.items():
                groups = spots_in(share, (matte / 255).astype(np.float32)[: even.shape[0], : even.shape[1]], level)
                hits = [
                    any(
                        np.hypot(x * unit - d["x"], y * unit - d["y"]) < r * unit + d["r"]
                        for s in groups
                        for x, y, r in s.discs
                    )
                    for d in defects
                ]
                counts[0] += sum(hits)
                counts[1] += sum(
                    not any(
                        np.hypot(x * unit - d["x"], y * unit - d["y"]) < r * unit + d["r"] + 2
                        for d in defects
                        for x, y, r in s.discs
                    )
                    for s in groups
                )
        print(
            name,
            len(lines),
            " ".join(f">{k}: {v[0] / max(1, total):.0%}/{v[1] / len(lines):.2f}" for k, v in found.items()),
            flush=True,
        )
    network.train()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    cv2.setNumThreads(1)
    masked, _ = photos(options.shared)
    examples = masked + finished(options.shared, "rendered") + finished(options.shared, "studio") * 2
    network = SpeckNetwork()
    if options.resume:
        network.load_state_dict(torch.load(options.resume, weights_only=True))
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01)
    source = stream(examples, 12, options.seed)
    begun = told = time.monotonic()
    step, losses = 0, []
    while (elapsed := (time.monotonic() - begun) / 60) < options.minutes:
        for group in optimiser.param_groups:
            group["lr"] = (
                2e-3 * min(1, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * elapsed / options.minutes)))
            )
        image, where, product = source.get()
        logits = network(image)  # not in bfloat16: dilated convolutions lose their gradients there
        weight = product * (1 + 2 * where)
        loss = (
            F.binary_cross_entropy_with_logits(logits.float(), where, reduction="none") * weight
        ).sum() / weight.sum().clamp(min=1)
        optimiser.zero_grad()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"step {step}: the loss is {float(loss)}; lower the learning rate")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        losses.append(float(loss.detach()))
        if time.monotonic() - told > 200:
            print(f"{elapsed:.1f} min step {step} loss {np.mean(losses[-200:]):.4f}", flush=True)
            report(network, options.shared)
            torch.save(network.state_dict(), options.out.with_suffix(".pt"))
            told = time.monotonic()
    report(network, options.shared)
    network.eval()
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    height, width = torch.export.Dim("h", min=16, max=2048), torch.export.Dim("w", min=16, max=2048)
    torch.onnx.export(
        network, (torch.randn(1, 3, SIDE, 96),), str(options.out), dynamo=True, opset_version=20, external_data=False,
        dynamic_shapes={"image": {2: 2 * height, 3: 2 * width}}, verbose=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
