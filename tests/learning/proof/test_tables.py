"""Tables: medians as they are, intervals that know groups, shares of what is published and bad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.evaluation.bar import Bar
from packshot.learning.proof.pair_score import PairScore
from packshot.learning.proof.tables import resampled, summarise, weighted_median


def scored(number: int, delta_e: float, group: str | None = None, published: bool = True, **more: float) -> PairScore:
    figures = {"delta_e": delta_e, "iou": 0.99, "corner": 0.5, **more}
    route = "publish" if published else "review"
    name = f"p{number}"
    return PairScore(name, "tops", group or name, {"packshot": dict(figures)}, route, published, 0.9, 0.1)


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 4)), min_size=1, max_size=12))
def test_weighted_median_is_the_median_of_the_repeated_values(drawn: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in drawn])
    counts = np.array([count for _, count in drawn])
    found = weighted_median(values, counts[None].astype(float))[0]
    repeated = np.repeat(values, counts)
    assert np.isnan(found) if not len(repeated) else found == pytest.approx(np.median(repeated))


def test_a_table_has_the_median_and_the_bad_end() -> None:
    scores = [scored(number, float(number)) for number in range(21)]
    figure = summarise(scores, Bar())["packshot"]["delta_e"]
    assert figure["median"] == 10
    assert figure["p95"] == 19
    assert figure["n"] == 21
    assert figure["low"] < 10 < figure["high"]
    worst = summarise([scored(n, 1.0, iou=n / 100) for n in range(101)], Bar())["packshot"]["iou"]
    assert worst["p95"] == pytest.approx(0.05)


def test_pairs_of_few_groups_are_less_sure() -> None:
    values = np.random.default_rng(5).normal(3, 1, 60)
    alone = [scored(n, value) for n, value in enumerate(values)]
    # The same spread, but each product shot ten times: what differs is six products.
    alike = [scored(n, values[n // 10], f"product {n // 10}") for n in range(60)]
    widths = []
    for scores in (alone, alike):
        figure = summarise(scores, Bar())["packshot"]["delta_e"]
        widths.append(figure["high"] - figure["low"])
    assert widths[1] > 1.5 * widths[0]


def test_two_groups_have_no_interval() -> None:
    figure = summarise([scored(n, float(n), f"g{n % 2}") for n in range(10)], Bar())["packshot"]["delta_e"]
    assert (figure["median"], figure["low"], figure["high"]) == (4.5, None, None)


def test_whole_groups_are_drawn() -> None:
    groups = np.array([0, 0, 1, 2, 2, 2])
    weights = resampled(groups, 50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(1) == 3).all()


def test_published_and_bad_among_published() -> None:
    scores = [scored(0, 1.0), scored(1, 9.0), scored(2, 1.0), scored(3, 9.0, published=False)]
    table = summarise(scores, Bar())
    assert table["bad"] == 0.5
    assert table["share_published"] == 0.75
    assert table["share_bad_of_published"] == pytest.approx(1 / 3)
    none = summarise([scored(0, 1.0, published=False)], Bar())
    assert none["share_published"] == 0
    assert none["share_bad_of_published"] is None


def test_specks_are_pooled_over_photos() -> None:
    scores = [
        scored(0, 1.0, specks=9, healed=3, false_spots=2),
        scored(1, 1.0, specks=1, healed=1, false_spots=0),
    ]
    figures = summarise(scores, Bar())["packshot"]
    assert figures["healed"]["mean"] == 0.4
    assert figures["healed"]["n"] == 10
    assert figures["false_spots"]["mean"] == 1


def test_a_figure_nobody_could_measure_is_left_out() -> None:
    assert "angle" not in summarise([scored(0, 1.0)], Bar())["packshot"]
