from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.learning.pair_folders import NO_CATEGORY
from packshot.learning.recognition import Described, learn_recognition, with_categories
from packshot.recognition import Recognition

NUMBERS = 24
NETWORK = "0" * 64


def place(name: str) -> NDArray[np.float64]:
    """Where the photos of a category lie: its own for every name."""
    return np.random.default_rng(sum(map(ord, name))).normal(0, 1.0, NUMBERS)


def photos(seed: int, **counts: int) -> Described:
    """So many products of each category, three photos of each; a product is unlike others, its photos are alike."""
    draw = np.random.default_rng(seed)
    rows, names, groups = [], [], []
    for name, count in counts.items():
        for product in range(count):
            own = place(name) + draw.normal(0, 0.6, NUMBERS)
            for _ in range(3):
                rows.append(own + draw.normal(0, 0.1, NUMBERS))
                names.append(name)
                groups.append(f"{name}-{seed}-{product}")
    return Described(np.array(rows), tuple(names), tuple(groups))


def right(recognition: Recognition, told: Described) -> float:
    """The share told rightly."""
    answers = []
    for row, name in zip(told.embeddings, told.categories, strict=True):
        shares = recognition.shares(row)
        answers.append(max(shares, key=lambda one: shares[one]) == name)
    return float(np.mean(answers))


@pytest.fixture(scope="module")
def base() -> Recognition:
    return learn_recognition(photos(1, cups=20, hats=20, belts=15), NETWORK).recognition


def test_categories_are_told_on_products_never_seen_and_surely_enough(base: Recognition) -> None:
    unseen = photos(2, cups=20, hats=20, belts=20)
    assert right(base, unseen) > 0.9
    pairs = zip(unseen.embeddings, unseen.categories, strict=True)
    believed = np.array([base.shares(row)[name] for row, name in pairs])
    assert float(-np.log(believed).mean()) < 0.4


def test_what_is_said_of_products_left_out_is_counted_by_category() -> None:
    lesson = learn_recognition(photos(1, cups=20, hats=20, belts=15), NETWORK)
    assert set(lesson.right) == {"cups", "hats", "belts"}
    assert min(lesson.right.values()) > 0.8
    assert learn_recognition(photos(1, cups=2, hats=2), NETWORK).right == {}


def test_a_few_products_teach_a_new_category_and_harm_no_other(base: Recognition) -> None:
    known, new = photos(3, cups=20, hats=20, belts=20), photos(4, watches=20)
    wider = with_categories(base, photos(5, watches=5))
    assert wider.names == (*base.names, "watches")
    assert right(wider, new) > 0.9
    assert right(wider, known) >= right(base, known) - 0.05
    assert wider.softness == base.softness
    assert wider.axes == base.axes


def test_a_studio_tells_its_own_categories_and_knows_the_base_s_as_rare(base: Recognition) -> None:
    lesson = learn_recognition(photos(6, watches=8, cups=8), NETWORK, base)
    kinds = {kind.name: kind for kind in lesson.recognition.kinds}
    assert {name: kind.rarity for name, kind in kinds.items()} == {"cups": 1, "watches": 1, "belts": 10, "hats": 10}
    assert kinds["cups"].products == 18
    assert right(lesson.recognition, photos(7, watches=15, cups=15)) > 0.9
    assert right(lesson.recognition, photos(8, hats=15)) > 0.7


def test_photos_without_a_category_teach_none_and_alone_are_one_kind(base: Recognition) -> None:
    cups = photos(9, cups=8)
    nameless = replace(cups, categories=(NO_CATEGORY,) * len(cups.groups))
    assert learn_recognition(nameless, NETWORK, base).recognition.names == (NO_CATEGORY,)
    mixed = replace(cups, categories=(*cups.categories[:12], *nameless.categories[12:]))
    assert set(learn_recognition(mixed, NETWORK, base).recognition.names) == {"cups", "hats", "belts"}
