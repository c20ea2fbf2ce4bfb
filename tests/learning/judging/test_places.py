from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest

from packshot.evaluation.places import LEFT_IN, LEFT_OUT, RAGGED
from packshot.learning.judging.places import KnownPlace, known_places, train_places
from packshot.learning.proof.reference import Reference
from packshot.recipe import Background
from packshot.stages.background import encode_matte, png_asset
from tests.evaluation.test_places import seen, shirt
from tests.views import draft

PHOTOS = 160


def photos(seed: int, sure: float, kind: str = LEFT_IN) -> tuple[list[list[KnownPlace]], list[str]]:
    """Two places a photo; those that stick out are wrong in ``sure`` of cases, the others in one of twenty."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(PHOTOS):
        own = []
        for shape in draw.random(2):
            wrong = draw.random() < (sure if shape > 0.7 else 0.05)
            numbers = {"shape": float(shape), "area": float(draw.normal())}
            own.append(KnownPlace(kind=kind, numbers=numbers, share=0.01, wrong=float(wrong)))
        made.append(own)
    return made, [str(index // 3) for index in range(PHOTOS)]


def test_learns_which_places_are_wrong() -> None:
    models = train_places(*photos(0, 0.9))
    assert set(models) == {LEFT_IN}
    model = models[LEFT_IN]
    assert model.probability({"shape": 0.9, "area": 0.0}) > 0.5 > 0.3 > model.probability({"shape": 0.2, "area": 0.0})


def test_what_it_says_of_itself_holds_on_other_photos() -> None:
    model = train_places(*photos(0, 0.9))[LEFT_IN]
    shown = [
        max(probable, key=lambda one: one[0])[1]
        for own in photos(1, 0.9)[0]
        if (probable := [(p, one.wrong) for one in own if (p := model.probability(one.numbers)) >= model.limit])
    ]
    assert np.mean(shown) == pytest.approx(model.right, abs=0.12)
    assert len(shown) / PHOTOS == pytest.approx(model.shown, abs=0.12)


def test_what_would_be_wrong_too_often_is_not_shown() -> None:
    """Right in fewer than six of ten at any limit: no model, so nothing is said."""
    assert train_places(*photos(0, 0.3)) == {}


def test_each_kind_by_itself() -> None:
    known, groups = photos(0, 0.9)
    other, _ = photos(1, 0.9, LEFT_OUT)
    models = train_places([one + two for one, two in zip(known, other, strict=True)], groups)
    assert set(models) == {LEFT_IN, LEFT_OUT}


def test_too_few_places_teach_nothing() -> None:
    known, groups = photos(0, 0.9)
    assert train_places(known[:20], groups[:20]) == {}
    assert train_places([[] for _ in known], groups) == {}


def test_learning_again_gives_the_same() -> None:
    assert train_places(*photos(0, 0.9)) == train_places(*photos(0, 0.9))


def test_a_place_is_wrong_where_the_retoucher_decided_otherwise() -> None:
    """Our matte has a hook that theirs has not, and the other way round."""
    plain, hooked = shirt(), shirt()
    cv2.line(hooked, (150, 125), (150, 80), 255, 3)
    for ours, theirs, wrong in ((hooked, plain, 1.0), (hooked, hooked, 0.0)):
        view = seen(ours)
        content = encode_matte(np.asarray(ours / 255, np.float32))
        asset = png_asset(content, "matte", view.size)
        recipe = draft(view, background=Background(matte=asset), assets={asset.sha256: content})
        matte = np.asarray(theirs / 255, np.float32)
        known = known_places(view, recipe, cast(Reference, SimpleNamespace(matte=matte)))
        told = {place.kind: place.wrong for place in known}
        assert told[LEFT_IN] == pytest.approx(wrong, abs=0.25)
        assert told[RAGGED] == wrong
    assert known_places(view, recipe, cast(Reference, SimpleNamespace(matte=None))) == ()
