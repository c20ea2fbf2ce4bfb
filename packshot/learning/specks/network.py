"""The network that finds dust and lint: a thin U-Net whose detail is fine and whose surroundings reach far.

Fine detail at half resolution costs little; what lies around (a stripe, a seam, a print) is judged at an eighth with
dilated convolutions (Yu and Koltun, 2016), and at a thirty-second, so that what repeats is known as a pattern.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from packshot.learning.networks.product import convolution

WIDTHS = (16, 32, 64)  # channels at 1/2, 1/4 and 1/8


class SpeckNetwork(nn.Module):
    """Where dust and lint lie: (N, 3, H, W) sRGB in -1..1, H and W multiples of 8, to (N, 1, H, W) logits."""

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        fine, middle, coarse = self.widths = widths
        self.fine, self.finer = convolution(12, fine), _Dilated(fine, 1)
        self.middle = nn.Sequential(convolution(fine, middle, 3, 2), convolution(middle, middle))
        self.coarse = nn.Sequential(
            convolution(middle, coarse, 3, 2), *(_Dilated(coarse, dilation) for dilation in (1, 2, 4, 1))
        )
        self.around = _Around(coarse)
        self.down_to_middle, self.down_to_fine = nn.Conv2d(coarse, middle, 1), nn.Conv2d(middle, fine, 1)
        self.merge_middle, self.merge_fine = convolution(middle, middle), convolution(fine, fine)
        self.finest = _Dilated(fine, 1)
        self.marks = nn.Conv2d(fine, 4, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 1, H, W) logits."""
        fine = self.finer(self.fine(F.pixel_unshuffle(image, 2)))
        middle = self.middle(fine)
        coarse = self.around(self.coarse(middle))
        middle = self.merge_middle(middle + _doubled(self.down_to_middle(coarse)))
        fine = self.merge_fine(fine + _doubled(self.down_to_fine(middle)))
        return F.pixel_shuffle(self.marks(self.finest(fine)), 2)


class _Dilated(nn.Module):
    """A residual 3x3 convolution that sees every ``dilation``-th pixel."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.layers(features))


class _Around(nn.Module):
    """What lies far around, at a quarter of the size, added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(width, width), _Dilated(width, 1), _Dilated(width, 2), nn.Conv2d(width, width, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        far = self.layers(F.avg_pool2d(features, 4, ceil_mode=True))
        return features + F.interpolate(far, size=features.shape[-2:], mode="bilinear", align_corners=False)


def _doubled(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


def widened(old: dict[str, Tensor], widths: tuple[int, int, int] = WIDTHS) -> SpeckNetwork:
    """A network that goes on from the weights of an older one without far surroundings and second fine layers.

    Of its coarse channels the ones that weigh most stay; what it did not have begins by adding nothing.
    """
    network = SpeckNetwork(widths)
    for block in (network.finer, network.finest):
        norm = block.layers[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)
    last = network.around.layers[3]
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    weighs = old["down_to_middle.weight"].abs().sum((0, 2, 3))
    for index in range(1, 5):
        weighs = weighs + 0.2 * old[f"coarse.{index}.layers.0.weight"].abs().sum((0, 2, 3))
    kept = weighs.topk(widths[2]).indices.sort().values
    network.load_state_dict({**network.state_dict(), **{name: _chosen(name, old[name], kept) for name in old}})
    return network


def _chosen(name: str, weight: Tensor, kept: Tensor) -> Tensor:
    if name.startswith("coarse.") and weight.dim() >= 1:
        weight = weight[kept]
        return weight[:, kept] if weight.dim() == 4 and not name.startswith("coarse.0.") else weight
    return weight[:, kept] if name == "down_to_middle.weight" else weight
