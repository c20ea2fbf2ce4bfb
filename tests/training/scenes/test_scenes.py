from __future__ import annotations

import numpy as np
import pytest
import torch

from packshot.learning.networks.synthesis import Example
from tests.pictures import product_photo
from training.scenes.backdrops import drawn, folds, joints
from training.scenes.dice import Dice
from training.scenes.pool import Pool, filled_in
from training.scenes.scenes import Scenes, Shares
from training.scenes.things import hanger, sprites

SIZE = (96, 128)
CPU = torch.device("cpu")
SHIRT, PAPER = (170, 40, 50), (210, 205, 200)


def example(known: bool = True, category: int = 0) -> Example:
    image, matte = product_photo(colour=SHIRT, backdrop=PAPER)
    return Example(image, matte if known else None, category, "sellers" if known else "plain")


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool.of([example(), example(category=5), example(known=False)], {}, CPU)


@pytest.fixture(scope="module")
def things() -> tuple[torch.Tensor, torch.Tensor]:
    return sprites(3, 1, CPU)


def scenes(pool: Pool, things: tuple[torch.Tensor, torch.Tensor], seed: int = 1, **shares: float) -> Scenes:
    return Scenes(pool, things, Dice.on(CPU, seed), Shares(**shares))


def test_a_batch_has_all_it_takes_to_learn_from(pool: Pool, things: tuple[torch.Tensor, torch.Tensor]) -> None:
    scene = scenes(pool, things, plain=0.25, pasted=0.5).draw(8, SIZE)
    assert scene.image.shape == (8, 3, 128, 96)
    assert scene.matte.shape == (8, 1, 128, 96)
    assert scene.image.min() >= 0
    assert scene.image.max() <= 255
    assert (float(scene.matte.min()), float(scene.matte.max())) == pytest.approx((0, 1))
    assert int(scene.known.sum()) == 6
    assert not scene.matte[scene.known == 0].any()


def test_the_same_seed_draws_the_same(pool: Pool, things: tuple[torch.Tensor, torch.Tensor]) -> None:
    first, second = (scenes(pool, things, seed=4).draw(4, SIZE) for _ in range(2))
    assert torch.equal(first.image, second.image)
    assert not torch.equal(first.image, scenes(pool, things, seed=5).draw(4, SIZE).image)


def test_a_bent_photos_matte_lies_on_its_product(pool: Pool, things: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Red is product and light paper is not, wherever the photo went."""
    scene = scenes(pool, things).bent(torch.zeros(12, dtype=torch.long), SIZE)
    red = scene.image[:, :1] - scene.image[:, 1:2] > 60
    right = (red == (scene.matte > 0.5)).float().mean((1, 2, 3))
    assert right.median() > 0.97


def test_nothing_is_drawn_over_the_product(pool: Pool, things: tuple[torch.Tensor, torch.Tensor]) -> None:
    source = scenes(pool, things)
    image, inside = torch.full((6, 3, 128, 96), 100.0), torch.ones(6, 1, 128, 96)
    spot = torch.zeros(6, 128, 96, 2)
    everywhere = torch.ones(6, dtype=torch.bool)
    opaque = torch.full((6, 4, 8, 8), 255, dtype=torch.uint8)
    assert torch.equal(source._drawn(image, inside, opaque, spot, everywhere), image)
    assert source._drawn(image, 0 * inside, opaque, spot, everywhere).min() > 250
    assert torch.equal(source._drawn(image, 0 * inside, opaque, spot, ~everywhere), image)


def test_a_backdrop_comes_near_to_the_products_colour(pool: Pool, things: tuple[torch.Tensor, torch.Tensor]) -> None:
    matte = torch.zeros(20, 1, 64, 64)
    matte[..., 16:48, 16:48] = 1
    image = torch.where(matte > 0, 200.0, 40.0).expand(-1, 3, -1, -1)
    near = scenes(pool, things).near_colour(image, matte, image)
    assert torch.equal(near[matte.expand_as(near) > 0], image[matte.expand_as(image) > 0])
    assert (near[..., :8, :8].mean((1, 2, 3)) - 200).abs().median() < 50


def test_an_emptied_photo_shows_its_backdrop_alone(pool: Pool) -> None:
    assert pool.with_plate.tolist() == [0, 1]
    width, height = pool.size[0].tolist()
    plate = pool.plate[0, :, :height, :width].float()
    assert (plate - torch.tensor(PAPER).reshape(3, 1, 1)).abs().mean() < 12


def test_the_products_colour_goes_on_over_its_edge(pool: Pool) -> None:
    matte, spread = pool.matte[0, 0], pool.spread[0].float()
    width, height = pool.size[0].tolist()
    rim = torch.zeros_like(matte, dtype=torch.bool)
    rim[:height, :width] = ((matte > 5) & (matte < 200))[:height, :width]
    assert (spread[:, rim] - torch.tensor(SHIRT)[:, None]).abs().mean() < 25


def test_holes_are_filled_smoothly() -> None:
    colour, weight = torch.full((1, 3, 40, 30), 80.0), torch.ones(1, 1, 40, 30)
    weight[..., 10:30, 5:25] = 0
    colour[..., 10:30, 5:25] = 250
    assert (filled_in(colour, weight) - 80).abs().max() < 0.1


def test_a_hanger_has_a_hook_above_its_arms() -> None:
    import random

    for seed in range(20):
        hook, *arms = hanger(random.Random(seed))
        assert min(y for _, y in hook.points) < -0.2
        assert max(abs(x) for arm in arms for x, _ in arm.points) == pytest.approx(0.9)


def test_sprites_are_no_brighter_than_their_alpha(things: tuple[torch.Tensor, torch.Tensor]) -> None:
    for group in things:
        assert (group[:, 3] > 0).flatten(1).any(1).all()
        assert (group[:, :3].amax(1).int() <= group[:, 3].int() + 1).all()


def test_drawn_backdrops_differ_in_colour_and_texture() -> None:
    dice = Dice.on(CPU, 2)
    pictures = drawn(dice, 24, SIZE)
    assert pictures.shape == (24, 3, 128, 96)
    assert torch.isfinite(pictures).all()
    assert pictures.mean((2, 3)).std(0).min() > 30
    rough = pictures.std((2, 3)).mean(1)
    assert rough.min() < 12 < rough.max()
    where = torch.zeros(4, 128, 96, 2)
    assert torch.isfinite(joints(dice, 4, where)).all()
    assert 0.7 < folds(dice, 4, SIZE).mean() < 1.3


def test_weights_are_of_sources_not_of_photos() -> None:
    image, matte = product_photo()
    few, many = Example(image, matte, 0, "few"), Example(image, matte, 0, "many")
    pool = Pool.of([few, many, many, many], {"few": 2.0}, CPU)
    assert pool.weight.tolist() == pytest.approx([2, 1 / 3, 1 / 3, 1 / 3])
    assert np.isclose(float(pool.weight.sum()), 3)


@pytest.mark.parametrize("side", [300, 512, 533, 900])
def test_photos_of_any_size_are_brought_to_one(side: int) -> None:
    image, matte = np.full((side, side // 2, 3), 90, np.uint8), np.ones((side, side // 2), np.float32)
    pool = Pool.of([Example(image, matte, 0, "sellers")], {}, CPU)
    assert pool.size.tolist() == [[256, 512]]
