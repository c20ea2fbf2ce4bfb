from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from packshot.learning.fitting.pair import PairFit
from packshot.learning.specks.level import FALSE_A_PHOTO, choose_level
from packshot.recipe import Detailing, Recipe, Source, Spot
from tests import models


def speckled(path: Path, seed: int, decoys: int) -> PairFit:
    """A dark block on grey with white dust that the retoucher took away, and ``decoys`` fainter dots that stayed."""
    draw = np.random.default_rng(seed)
    picture = np.full((400, 320, 3), 140, np.uint8)
    picture[60:340, 60:260] = (20, 60, 150)
    places = draw.permutation(np.stack(np.meshgrid(np.arange(90, 240, 30), np.arange(90, 320, 30)), -1).reshape(-1, 2))
    for x, y in places[:4]:
        cv2.circle(picture, (int(x), int(y)), 2, (255, 255, 255), -1)
    for x, y in places[4 : 4 + decoys]:
        cv2.circle(picture, (int(x), int(y)), 2, (194, 194, 194), -1)
    cv2.imwrite(str(path), picture)
    spots = tuple(Spot(x=float(x), y=float(y), radius=2) for x, y in places[:4])
    recipe = Recipe(source=Source(name=path.name, sha256="0" * 64, size=(320, 400)), detailing=Detailing(spots=spots))
    return PairFit(path.stem, "tops", path.stem, str(path), str(path), True, recipe=recipe)


def test_the_level_keeps_false_marks_rare_and_finds_what_it_can(tmp_path: Path) -> None:
    from tests.tiny import make_pack

    tiny = make_pack(tmp_path / "tiny")
    network = models.finds_white(0.55)
    product = (tiny / "product.onnx").read_bytes()
    sees = {"planes": "rgb", "long_side": 32, "mean": [0, 0, 0], "deviation": [1, 1, 1]}
    pack = models.pack_with(tmp_path / "pack", {"product": product, "specks": network}, sees)
    fits = [speckled(tmp_path / f"{index}.png", index, decoys=3) for index in range(6)]
    chosen = choose_level(fits, pack, lambda *_: None, 10)
    assert chosen is not None
    assert chosen.found[chosen.level] == 1
    assert chosen.false[0.3] == 3
    assert chosen.false[chosen.level] <= FALSE_A_PHOTO
    assert chosen.found[chosen.level] == max(
        found for level, found in chosen.found.items() if chosen.false[level] <= FALSE_A_PHOTO
    )
    clean = [
        replace(fit, recipe=fit.recipe and fit.recipe.model_copy(update={"detailing": Detailing()})) for fit in fits
    ]
    assert choose_level(clean, pack, lambda *_: None, 10) is None
