"""Two checkpoints of the product network as one, their weights averaged:

python -m training.mix_networks --first product.pt --second product2.pt --share 0.8 --out mixed.pt

A network that was taken on is better on photos like those it went on with, and may have forgotten others; a mean of the
weights before and after keeps both (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch


def mixed(
    first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """``share`` (0..1) of the second network's weights and the rest of the first's; counters are the second's.

    Raises ValueError when the two are not of one architecture.
    """
    if {name: value.shape for name, value in first.items()} != {name: value.shape for name, value in second.items()}:
        raise ValueError("the two checkpoints are of different networks: only weights of one architecture can be mixed")
    return {
        name: torch.lerp(first[name].float(), value.float(), share) if value.is_floating_point() else value
        for name, value in second.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True)
    parser.add_argument("--share", type=float, required=True, help="of the second, 0..1")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    first, second = (
        torch.load(path, map_location="cpu", weights_only=True)["average"] for path in (given.first, given.second)
    )
    torch.save({"average": mixed(first, second, given.share)}, given.out)


if __name__ == "__main__":
    main()
