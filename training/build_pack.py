"""Puts the base pack together from a checkpoint:

python training/build_pack.py --checkpoint product.pt --out packshot/packs/base
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch

from packshot.learning.networks.export import export_product_network
from packshot.learning.networks.product import ProductNetwork
from packshot.pack_file import Look, ModelCard, PackFile, Preprocessing, Thresholds
from training.data import CATEGORIES

HERE = Path(__file__).parent


def sha256(path: Path) -> str:
    """Of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--upright", type=Path, required=True, help="what training/train_upright_network.py wrote")
    parser.add_argument("--specks", type=Path, required=True, help="what training/train_speck_network.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--long-side", type=int, default=416)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    network = ProductNetwork()
    network.load_state_dict(torch.load(options.checkpoint, map_location="cpu", weights_only=True)["average"])
    digest = export_product_network(network, options.out / "product.onnx")
    shutil.copyfile(options.upright, options.out / "upright.onnx")
    shutil.copyfile(options.specks, options.out / "specks.onnx")
    settings = json.loads((HERE / "settings.json").read_text())
    pack = PackFile(
        name="base",
        version=options.version,
        categories=CATEGORIES,
        models={
            "product": ModelCard(
                file="product.onnx",
                sha256=digest,
                preprocessing=Preprocessing(planes="packshot", long_side=options.long_side),
                category_output=1,
                embedding_output=2,
            ),
            "specks": ModelCard(file="specks.onnx", sha256=sha256(options.out / "specks.onnx")),
            "upright": ModelCard(file="upright.onnx", sha256=sha256(options.out / "upright.onnx")),
        },
        thresholds=Thresholds.model_validate(settings["thresholds"]),
        look={name: Look.model_validate(look) for name, look in settings["look"].items()},
        habits=settings["habits"],
    )
    (options.out / "pack.json").write_text(pack.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    main()
