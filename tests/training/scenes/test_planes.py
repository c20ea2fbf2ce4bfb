from __future__ import annotations

import numpy as np
import pytest
import torch

from packshot import segmentation
from tests.pictures import product_photo
from training.scenes.planes import lab_levels, network_planes


@pytest.mark.parametrize("backdrop", [(210, 205, 200), (60, 80, 70)])
def test_a_batch_is_seen_as_one_photo_is(backdrop: tuple[int, int, int]) -> None:
    photo = product_photo(backdrop=backdrop)[0][:320, :256]
    light = np.linspace(0.7, 1.2, photo.shape[1])[None, :, None]
    photo = np.clip(photo * light, 0, 255).astype(np.uint8)
    batch = torch.from_numpy(np.stack([photo, photo[:, ::-1]])).permute(0, 3, 1, 2).float()
    for seen, one in zip(network_planes(batch).numpy(), (photo, np.ascontiguousarray(photo[:, ::-1])), strict=True):
        wrong = np.abs(seen - segmentation.network_planes(one))
        assert wrong[[0, 1, 2, 4, 5]].max() < 1e-5
        assert wrong.mean((1, 2)).max() < 0.02  # a level of CIELAB rounded otherwise


def test_white_grey_and_black_are_without_colour() -> None:
    levels = torch.tensor([0.0, 119.0, 255.0]).reshape(3, 1, 1, 1).expand(3, 3, 2, 2)
    lab = lab_levels(levels)
    assert (lab[:, 1:] - 128).abs().max() <= 1
    assert lab[:, 0].amax((1, 2)).tolist() == pytest.approx([0, 128, 255], abs=2)
