"""Which photos people are asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from packshot.catalog import Answer, Catalog, Entry
from packshot.catalog.asking import Question, ask, embedding, farthest_first
from packshot.catalog.verdicts import cases
from tests.catalog.desk import prediction_of, retouch
from tests.catalog.shots import made
from tests.tiny import make_photos


@pytest.fixture
def catalog(url: str, tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(url) as opened:
        opened.add([made(tmp_path / "out", number, quality=number / 100) for number in range(100)])
        yield opened


def place(entry: Entry) -> np.ndarray:
    """One photo in a hundred is far from all others."""
    number = int(prediction_of(entry).name.split("-")[1])
    return np.float32([100.0 if number == 97 else number / 100, 0.0])


def test_most_are_near_the_threshold_some_diverse_some_by_lot(catalog: Catalog) -> None:
    asked = ask(catalog, Question(count=20, threshold=0.3), place, seed=3)
    assert [len(part) for part in (asked.near, asked.diverse, asked.random)] == [12, 4, 4]
    assert len({*asked.near, *asked.diverse, *asked.random}) == 20
    qualities = [prediction_of(catalog.entry(photo)).quality or 0 for photo in asked.near]
    assert max(abs(quality - 0.3) for quality in qualities) <= 0.09
    assert "photo-097" in [prediction_of(catalog.entry(photo)).name for photo in asked.diverse]
    first = [entry.id for entry in catalog.queue(limit=20)]
    assert set(first[:4]) == set(asked.random)
    assert set(first) == {*asked.near, *asked.diverse, *asked.random}


def test_only_the_lot_calibrates(catalog: Catalog) -> None:
    asked = ask(catalog, Question(count=20), place, seed=1)
    for entry in catalog.lease("ann", 20, 60):
        catalog.decide(entry.id, "ann", Answer("accept", prediction_of(entry).id))
    found = cases(catalog, "d" * 64)
    assert {case.group for case in found} == {f"photo-{photo}" for photo in asked.random}
    draws = [event for event in catalog.history(asked.random[0]) if event.what == "drawn"]
    assert [event.detail for event in draws] == [{"purpose": "random", "probability": 0.04}]


def test_the_lot_is_fair(catalog: Catalog) -> None:
    drawn = [photo for seed in range(30) for photo in ask(catalog, Question(count=10), place, seed=seed).random]
    assert len(drawn) == 60
    assert len(set(drawn)) > 35, "two of a hundred, thirty times"
    assert 38 < np.mean(drawn) < 63


def test_asking_twice_notes_once_and_more_than_there_is_asks_about_all(catalog: Catalog) -> None:
    one = ask(catalog, Question(count=10), place, seed=1)
    assert ask(catalog, Question(count=10), place, seed=1) == one
    assert sum(event.what == "drawn" for event in catalog.history(one.near[0])) == 1
    asked = ask(catalog, Question(count=500), place, seed=2)
    assert len({*asked.near, *asked.diverse, *asked.random}) == 100
    assert ask(catalog, Question(category="hats"), place).near == ()


def test_farthest_first_covers_what_is_far_apart() -> None:
    clusters = np.concatenate([np.random.default_rng(0).normal(middle, 0.1, (20, 2)) for middle in (0, 10, 20, 30)])
    chosen = farthest_first(clusters.astype(np.float32), 4)
    assert sorted(index // 20 for index in chosen) == [0, 1, 2, 3]
    beside = farthest_first(clusters.astype(np.float32), 2, clusters[[0, 25]].astype(np.float32))
    assert sorted(index // 20 for index in beside) == [2, 3]


def test_photos_that_look_alike_are_near_each_other(tmp_path: Path) -> None:
    with Catalog.open(str(tmp_path / "real.sqlite")) as catalog:
        red, green, also_red = retouch(
            catalog, make_photos(tmp_path / "in", 4)[:2] + make_photos(tmp_path / "in", 4)[3:], tmp_path
        )
        one, two, three = (embedding(entry) for entry in (red, green, also_red))
        assert np.linalg.norm(one - three) < np.linalg.norm(one - two)
        assert one.shape == (109,)
