from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.blindtest.flaws import flawed
from packshot.blindtest.making import Plan, common_size, laid_on, make_test
from packshot.blindtest.trials import PICTURES, BlindTestError
from packshot.learning.pairs import read_pairs
from packshot.pack import Pack
from packshot.photo import Photo
from packshot.style import Style
from tests.blindtest.sets import pair_set
from tests.pictures import product_photo
from tests.tiny import make_pack


def test_a_test_hides_whose_picture_is_whose(tmp_path: Path) -> None:
    pairs = read_pairs(pair_set(tmp_path / "pairs", 4), few=1).pairs
    out = tmp_path / "test"
    made = make_test(pairs, Pack(make_pack(tmp_path / "pack")), Style(), Plan(products=4, control_share=0.5), out)
    kinds = [trial.kind for trial in made.test.trials]
    assert kinds.count("ai") == 4
    assert kinds.count("human") == 2
    assert kinds.count("check") == 3
    assert made.failures == ()
    names = [name for trial in made.test.trials for name in (trial.studio, trial.other)]
    assert len(set(names)) == len(names) == len(list((out / PICTURES).iterdir()))
    for trial in made.test.trials:
        files = [out / PICTURES / name for name in (trial.studio, trial.other)]
        assert files[0].stat().st_size == files[1].stat().st_size
        one, two = (Photo.open(path) for path in files)
        assert one.size == two.size
        assert one.metadata == two.metadata
    assert (out / "test.json").stat().st_mode & 0o077 == 0
    with pytest.raises(BlindTestError, match="already"):
        make_test(pairs, Pack(tmp_path / "pack"), Style(), Plan(), out)


def test_a_pair_that_cannot_be_read_fails_alone(tmp_path: Path) -> None:
    folder = pair_set(tmp_path / "pairs", 3)
    pairs = read_pairs(folder, few=1).pairs
    (folder / "before" / "1.jpg").write_bytes(b"no photo")
    made = make_test(pairs, Pack(make_pack(tmp_path / "pack")), Style(), Plan(products=3), tmp_path / "test")
    assert len(made.failures) == 1
    assert made.failures[0].startswith("1: ")
    assert sum(trial.kind == "ai" for trial in made.test.trials) == 2


def test_a_gross_error_is_gross() -> None:
    photo, matte = product_photo((240, 300))
    shot = np.where(matte[..., None] > 0.5, photo, 255).astype(np.uint8)
    for seed in range(12):
        spoilt = flawed(shot, np.random.default_rng(seed))
        assert spoilt.shape == shot.shape
        assert np.abs(spoilt.astype(int) - shot).mean() > 4


def test_a_picture_is_laid_on_the_canvas_whole() -> None:
    picture = np.full((50, 100, 3), 10, np.uint8)
    assert laid_on(picture, (100, 50)) is not None
    assert np.array_equal(laid_on(picture, (100, 50)), picture)
    wide = laid_on(picture, (60, 60))
    assert wide.shape == (60, 60, 3)


def test_neither_picture_is_enlarged_nor_too_large() -> None:
    shapes = [
        ((3000, 2000), (1000, 800)),
        ((500, 400), (2000, 1600)),
        ((4000, 3000), (4100, 3000)),
        ((300, 900), (900, 300)),
    ]
    for (height, width), (other_height, other_width) in shapes:
        one = np.zeros((height, width, 3), np.uint8)
        other = np.zeros((other_height, other_width, 3), np.uint8)
        size = common_size(one, other)
        assert size[0] / size[1] == pytest.approx(width / height, rel=0.01)
        assert size[0] <= width
        assert max(size) <= 2400
        assert min(size[0] / other_width, size[1] / other_height) <= 1.01
