"""Trains the network that finds dust and lint, from specks that retouchers took away and from drawn ones:

python training/train_speck_network.py --shared DATA --specks WORK/specks --out WORK/specks.onnx
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from packshot.learning.networks.product import SpeckNetwork
from packshot.learning.networks.specks import SIDE, Batches, Pool, Speckled
from packshot.learning.splits import held_out
from packshot.stages.detailing import at_speck_size, spots_in
from training.data import finished, pairs, photos, read, shrink
from training.peel_specks import GAIN, LONG_SIDE

SHARES = {"pairs": 0.6, "clean": 0.4}


def speckled(shared: Path, specks: Path) -> list[Speckled]:
    """The befores whose pairs ``training/peel_specks.py`` has read."""
    examples = []
    for name in ("real", "rendered", "studio"):
        folder = shared / "pairs" / name
        for pair in pairs(folder):
            path = specks / f"{pair['id']}.png"
            if held_out(pair["group"]) or not path.exists():
                continue
            image = shrink(read(folder / pair["before"], None), LONG_SIDE)
            planes = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in (path, path.with_suffix(".matte.png"))]
            evidence, matte = (np.asarray(plane, np.float32) for plane in planes)
            examples.append(Speckled(image, matte / np.float32(255), evidence / np.float32(GAIN)))
    return examples


def clean(shared: Path, guesses: Path | None = None) -> list[Speckled]:
    """Photos that no pair tells of: sellers' own and the afters."""
    masked, _ = photos(shared, guesses=guesses)
    examples = masked + finished(shared, "rendered") + finished(shared, "studio") * 2
    return [Speckled(example.image, example.matte) for example in examples if example.matte is not None]


@torch.no_grad()
def report(network: SpeckNetwork, shared: Path, limit: int = 40) -> None:
    """Share of true specks found, and false ones a photo, at a few thresholds, on held-out pairs."""
    network.eval()
    for name, long_side in (("real", None), ("rendered", None), ("studio", 1080)):
        folder = shared / "pairs" / name
        lines = [json.loads(text) for text in (folder / "pairs.jsonl").read_text().splitlines()]
        lines = [line for line in lines if held_out(line["group"])][:: 1 if name != "real" else 2][:limit]
        if not lines:
            continue
        found: dict[float, list[int]] = {level: [0, 0] for level in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96)}
        total = 0
        for line in lines:
            full = cv2.imread(str(folder / line["before"]), cv2.IMREAD_COLOR)
            assert full is not None
            image = at_speck_size(read(folder / line["before"], long_side))
            unit = full.shape[1] / image.shape[1]
            matte = cv2.imread(str(folder / "alpha" / f"{line['id']}.png"), cv2.IMREAD_GRAYSCALE)
            assert matte is not None
            matte = cv2.resize(matte, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            even = image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8]
            tensor = torch.from_numpy(even.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)[None]
            share = torch.sigmoid(network(tensor.to(next(network.parameters()).device)))[0, 0].cpu().numpy()
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
    parser.add_argument("--specks", type=Path, required=True, help="folder of training/peel_specks.py")
    parser.add_argument("--guesses", type=Path, help="mattes of training/guess_mattes.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--widths", type=int, nargs=3, default=(16, 32, 72), help="channels at 1/2, 1/4 and 1/8")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    cv2.setNumThreads(1)
    sources = {"pairs": speckled(options.shared, options.specks), "clean": clean(options.shared, options.guesses)}
    print({name: len(members) for name, members in sources.items()}, flush=True)
    pools = [Pool.of(sources[name], options.device) for name in SHARES]
    network = SpeckNetwork(tuple(options.widths))
    if options.resume:
        network.load_state_dict(torch.load(options.resume, weights_only=True))
    network.to(options.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=0.02)
    batches = Batches(pools, list(SHARES.values()), options.batch, options.seed)
    begun = told = time.monotonic()
    losses: list[float] = []
    for image, where, counts in batches:
        elapsed = (time.monotonic() - begun) / 60
        if elapsed > options.minutes:
            break
        progress = 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * elapsed / options.minutes))
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * min(1, (len(losses) + 1) / 100) * progress
        logits = network(image)  # not in bfloat16: dilated convolutions lose their gradients there
        weight = counts * (1 + 2 * where)
        wrong = F.binary_cross_entropy_with_logits(logits.float(), where, reduction="none")
        loss = (wrong * weight).sum() / weight.sum().clamp(min=1)
        optimiser.zero_grad()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"step {len(losses)}: the loss is {float(loss)}; lower the learning rate")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if time.monotonic() - told > 120:
            print(f"{elapsed:.1f} min step {len(losses)} loss {np.mean(losses[-200:]):.4f}", flush=True)
            report(network, options.shared)
            torch.save(network.state_dict(), options.out.with_suffix(".pt"))
            told = time.monotonic()
    print(f"step {len(losses)} loss {np.mean(losses[-200:]):.4f}", flush=True)
    report(network, options.shared)
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    export(network.cpu().eval(), options.out)


def export(network: SpeckNetwork, out: Path) -> None:
    """Writes the ONNX file; height and width are free multiples of 8."""
    height, width = torch.export.Dim("h", min=4, max=512), torch.export.Dim("w", min=4, max=512)
    torch.onnx.export(
        network, (torch.randn(1, 3, SIDE, 96),), str(out), dynamo=True, opset_version=20, external_data=False,
        dynamic_shapes={"image": {2: 8 * height, 3: 8 * width}}, verbose=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
