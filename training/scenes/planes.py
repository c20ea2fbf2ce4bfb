"""``packshot.segmentation.network_planes`` for a whole batch on one device; a test holds both together."""

from __future__ import annotations

import torch
from torch import Tensor

from packshot.segmentation import BORDER_SHARE

_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.950456, 1.0, 1.088754)
_SAMPLES = 1500
_BINS = 16


def network_planes(image: Tensor) -> Tensor:
    """What the network sees of pictures (N, 3, H, W) in whole levels: (N, 8, H, W)."""
    count, _, height, width = image.shape
    lab, border = lab_levels(image), _border(height, width, image.device)
    x = torch.linspace(-1, 1, width, device=image.device).expand(height, width)
    y = torch.linspace(-1, 1, height, device=image.device)[:, None].expand(height, width)
    place = torch.stack([x, y]).expand(count, -1, -1, -1)
    return torch.cat([image / 127.5 - 1, _likelihood(lab, border), place, _off_surface(lab, border, x, y)], 1)


def lab_levels(image: Tensor) -> Tensor:
    """(N, 3, H, W) sRGB levels as OpenCV's 8-bit CIELAB."""
    values = image / 255
    linear = torch.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix, white = (torch.tensor(one, device=image.device) for one in (_XYZ, _WHITE))
    xyz = torch.einsum("nchw,dc->ndhw", linear, matrix / white[:, None])
    root = torch.where(xyz > 0.008856, xyz.clamp(min=1e-6) ** (1 / 3), 7.787 * xyz + 16 / 116)
    light = torch.where(xyz[:, 1] > 0.008856, 116 * root[:, 1] - 16, 903.3 * xyz[:, 1])
    a, b = 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])
    return torch.stack([light * 2.55, a + 128, b + 128], 1).round().clamp(0, 255)


def _border(height: int, width: int, device: torch.device) -> Tensor:
    margin = max(2, round(BORDER_SHARE * min(height, width)))
    border = torch.ones(height, width, dtype=torch.bool, device=device)
    border[margin:-margin, margin:-margin] = False
    return border


def _likelihood(lab: Tensor, border: Tensor) -> Tensor:
    """How much likelier each colour is at the border than anywhere."""
    whole = lab.long()
    chroma = ((whole[:, 1:] - 80).div(6, rounding_mode="floor")).clamp(0, _BINS - 1)
    cells = (whole[:, 0] // 16 * _BINS + chroma[:, 0]) * _BINS + chroma[:, 1]
    everywhere, at_border = (_density(part) for part in (cells.flatten(1), cells[:, border]))
    table = (torch.log((at_border + 1e-4) / (everywhere + 1e-4)) / 4).clamp(-1, 1)
    return table.gather(1, cells.flatten(1)).reshape(len(lab), 1, *lab.shape[2:])


def _density(cells: Tensor) -> Tensor:
    """How often each of the cells occurs, smoothed along lightness and both axes of chroma: (N, cells)."""
    counts = torch.zeros(len(cells), _BINS**3, device=cells.device)
    counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=torch.float32))
    density = (counts / cells.shape[1]).reshape(-1, _BINS, _BINS, _BINS)
    for axis in (1, 2, 3):
        ends = density.narrow(axis, 0, 1), density.narrow(axis, _BINS - 1, 1)
        padded = torch.cat([ends[0], density, ends[1]], axis)
        density = 0.25 * padded.narrow(axis, 0, _BINS) + 0.5 * density + 0.25 * padded.narrow(axis, 2, _BINS)
    return density.flatten(1)


def _terms(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], -1)


def _off_surface(lab: Tensor, border: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Lightness and chroma beside a smooth surface through the border."""
    rows, columns = torch.nonzero(border, as_tuple=True)
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    values = lab[:, :, rows, columns].flatten(0, 1).double()
    solution = _robust_fits(_terms(x[rows, columns], y[rows, columns]).double(), values)
    surface = solution.float() @ _terms(x, y).reshape(-1, 6).T
    rest = lab - surface.reshape(lab.shape)
    chroma = torch.hypot(rest[:, 1], rest[:, 2])
    return torch.stack([(rest[:, 0] / 25).clamp(-1.5, 1.5), (chroma / 20).clamp(0, 1.5)], 1)


def _robust_fits(shapes: Tensor, values: Tensor) -> Tensor:
    """``packshot.surface.robust_fit`` of each row of values."""
    ridge = torch.diag(shapes.new_tensor([0, 0.002, 0.002, 0.02, 0.02, 0.02])) * values.shape[1]
    ridge = ridge + 1e-9 * torch.eye(6, device=values.device, dtype=torch.float64)
    products = (shapes[:, :, None] * shapes[:, None, :]).flatten(1)
    weight, solution = torch.ones_like(values), values.new_zeros(len(values), 6)
    for _ in range(4):
        normal = (weight @ products).reshape(-1, 6, 6) + ridge
        solution = torch.linalg.solve(normal, ((weight * values) @ shapes)[..., None])[..., 0]
        residue = (values - solution @ shapes.T).abs()
        scale = (1.5 * residue.median(1, keepdim=True).values).clamp(min=1e-3)
        weight = (scale / residue.clamp(min=1e-6)).clamp(max=1)
    return solution
