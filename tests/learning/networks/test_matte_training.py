from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from packshot.learning.networks.matte_training import Schedule, Trainer, batches, predict_matte, shapes, without_hints
from packshot.learning.networks.product import ProductNetwork
from packshot.learning.networks.synthesis import Synthesis
from tests.learning.networks.test_product import TINY
from tests.learning.networks.test_synthesis import example, plain
from tests.pictures import product_photo

SCHEDULE = Schedule(minutes=0.02, long_side=64, batch=2, learning_rate=1e-3)


def synthesis(category: int = 1, seed: int = 1) -> Synthesis:
    return Synthesis([replace(example(), category=category)], [], np.random.default_rng(seed))


def small(trainer: Trainer) -> Trainer:
    """The trainer with tiny networks."""
    torch.manual_seed(2)
    trainer.network, trainer.average = ProductNetwork(TINY), ProductNetwork(TINY)
    trainer.average.load_state_dict(trainer.network.state_dict())
    return trainer


def finite(network: ProductNetwork) -> bool:
    return all(bool(torch.isfinite(part).all()) for part in network.state_dict().values())


def test_a_run_learns_reports_and_is_kept(tmp_path: Path) -> None:
    trainer = small(Trainer.start(tmp_path / "product.pt"))
    reported: list[float] = []
    before = trainer.network.matte.weight.detach().clone()
    trainer.run(synthesis(), SCHEDULE, lambda _, loss: reported.append(loss))
    assert trainer.steps > 0
    assert np.isfinite(reported).all()
    assert not torch.equal(before, trainer.network.matte.weight)
    assert not torch.equal(before, trainer.average.matte.weight)
    moved, followed = (part.matte.weight.detach() - before for part in (trainer.network, trainer.average))
    assert 0 < float(followed.norm()) < float(moved.norm())
    kept = torch.load(tmp_path / "product.pt", weights_only=True)
    assert kept["steps"] == trainer.steps
    assert torch.equal(kept["network"]["matte.weight"], trainer.network.matte.weight)
    assert torch.equal(kept["average"]["matte.weight"], trainer.average.matte.weight)


def test_photos_without_any_category_do_not_ruin_the_network(tmp_path: Path) -> None:
    trainer = small(Trainer.start(tmp_path / "product.pt"))
    reported: list[float] = []
    trainer.run(synthesis(category=-1), SCHEDULE, lambda _, loss: reported.append(loss))
    assert np.isfinite(reported).all()
    assert finite(trainer.network)
    assert finite(trainer.average)


def test_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    first = Trainer.start(tmp_path / "product.pt", seed=1)
    first.steps = 12
    first.save()
    second = Trainer.start(tmp_path / "product.pt", seed=99)
    assert second.steps == 12
    for name, part in first.network.state_dict().items():
        assert torch.equal(second.network.state_dict()[name], part)
    assert list(tmp_path.iterdir()) == [tmp_path / "product.pt"]


def test_a_fresh_start_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, same, other = (Trainer.start(tmp_path / "none.pt", seed=seed).network.matte.weight for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_batches_have_their_shapes() -> None:
    source = batches(Synthesis([example()], [plain()], np.random.default_rng(2)), SCHEDULE)
    image, matte, category, known = next(source)
    source.close()  # type: ignore[attr-defined]
    assert image.shape[:2] == (2, 8)
    assert matte.shape == (2, 1, *image.shape[2:])
    assert (image.shape[3], image.shape[2]) in shapes(64)
    assert category.shape == known.shape == (2,)


def test_the_same_seed_gives_the_same_batches() -> None:
    pairs = [batches(synthesis(seed=5), SCHEDULE) for _ in range(2)]
    for _ in range(2):
        one, two = (next(source) for source in pairs)
        # To rounding: arithmetic in two threads at once may round a level up in one and down in the other.
        assert all((first - second).abs().float().mean() < 1e-3 for first, second in zip(one, two, strict=True))
    for source in pairs:
        source.close()  # type: ignore[attr-defined]


def test_a_failure_while_drawing_is_told_at_once() -> None:
    broken = Synthesis([replace(example(), image=np.zeros((0, 0, 3), np.uint8))], [], np.random.default_rng(1))
    with pytest.raises((cv2.error, ZeroDivisionError)):
        next(batches(broken, SCHEDULE))


@pytest.mark.parametrize("long_side", [64, 256, 384, 416])
def test_shapes_suit_the_network(long_side: int) -> None:
    assert all(side % 32 == 0 and 0 < side <= long_side for shape in shapes(long_side) for side in shape)


def test_hints_are_hidden_now_and_then_and_nothing_else() -> None:
    generator, hidden = np.random.default_rng(1), np.zeros(8)
    for _ in range(400):
        hidden += (without_hints(np.ones((8, 2, 2), np.float32), generator) == 0).all((1, 2))
    assert hidden[[0, 1, 2, 4, 5]].tolist() == [0] * 5
    assert hidden[3] / 400 == pytest.approx(0.25, abs=0.07)
    assert hidden[6] == hidden[7]


def test_a_matte_has_its_photos_size() -> None:
    network = ProductNetwork(TINY)
    matte, category = predict_matte(network, product_photo((150, 210))[0], 128)
    assert matte.shape == (210, 150)
    assert 0 <= matte.min() <= matte.max() <= 1
    assert category in range(3)
    assert network.training
