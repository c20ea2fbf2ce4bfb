from __future__ import annotations

import json

import numpy as np
import pytest

from packshot.recognition import Kind, Recognition, read_recognition

AXES = ((1.0, 0.0, 0.0), (0.0, 2.0, 0.0))


def recognition(*kinds: Kind, softness: float = 1.0) -> Recognition:
    return Recognition(network="0" * 64, kinds=kinds, axes=AXES, softness=softness)


CUPS = Kind(name="cups", mean=(0, 0, 9), products=30)
HATS = Kind(name="hats", mean=(4, 0, -9), products=30)
BELTS = Kind(name="belts", mean=(0, 2, 0), products=3)


def test_shares_are_of_one_and_go_to_the_nearest_mean() -> None:
    told = recognition(CUPS, HATS, BELTS)
    for kind in (CUPS, HATS, BELTS):
        shares = told.shares(np.array(kind.mean))
        assert sum(shares.values()) == pytest.approx(1)
        assert max(shares, key=lambda name: shares[name]) == kind.name


def test_a_category_more_leaves_the_others_among_themselves() -> None:
    two, three = recognition(CUPS, HATS), recognition(CUPS, HATS, BELTS)
    for point in np.random.default_rng(1).normal(1, 2, (20, 3)):
        before, after = two.shares(point), three.shares(point)
        assert after["cups"] / after["hats"] == pytest.approx(before["cups"] / before["hats"])


def test_what_is_known_of_few_products_reaches_further_and_the_rare_less() -> None:
    between, far = np.array([2.0, 0, 0]), np.array([-6.0, 3.0, 0])
    unsure = HATS.model_copy(update={"products": 2})
    assert recognition(CUPS, HATS).shares(between)["hats"] == pytest.approx(0.5)
    assert recognition(CUPS, unsure).shares(far)["hats"] > recognition(CUPS, HATS).shares(far)["hats"]
    rare = HATS.model_copy(update={"rarity": 10})
    assert recognition(CUPS, rare).shares(between)["hats"] == pytest.approx(1 / 11)


def test_softness_makes_less_sure() -> None:
    point = np.array([1.0, 0, 0])
    assert (
        0.5 < recognition(CUPS, HATS, softness=6).shares(point)["cups"] < recognition(CUPS, HATS).shares(point)["cups"]
    )


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match="embeddings of 3 numbers, not 4"):
        recognition(CUPS, HATS).shares(np.zeros(4))
    content = json.loads(recognition(CUPS, HATS).model_dump_json())
    assert read_recognition(json.dumps(content).encode()) == recognition(CUPS, HATS)
    content["kinds"][0]["mean"] = [0, 0]
    with pytest.raises(ValueError, match="all must have as many"):
        read_recognition(json.dumps(content).encode())
