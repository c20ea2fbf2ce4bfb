from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from packshot.evaluation.blindtest import (
    BlindTest,
    attentive,
    clustered_effect,
    confidence_sequence,
    equivalence,
    krippendorffs_alpha,
    look,
    trials_needed,
)

TEST = BlindTest(margin=0.1, doubt=0.05)


class TestEquivalence:
    @pytest.mark.parametrize(("right", "trials"), [(150, 300), (140, 300), (165, 300), (10, 20), (0, 40), (40, 40)])
    def test_is_two_one_sided_exact_tests(self, right: int, trials: int) -> None:
        above, below = stats.binom.cdf(right, trials, 0.6), stats.binom.sf(right - 1, trials, 0.4)
        told = equivalence(right, trials, TEST)
        assert told.chance == pytest.approx(max(above, below), abs=1e-9)
        assert told.equivalent == (max(above, below) <= 0.05)

    def test_no_difference_seen_in_a_few_trials_is_no_equivalence(self) -> None:
        assert not equivalence(10, 20, TEST).equivalent

    def test_both_sides_count(self) -> None:
        """Recognised too seldom is not equal either: somebody sees a difference and names it wrongly."""
        assert equivalence(100, 300, TEST).chance == pytest.approx(equivalence(200, 300, TEST).chance)
        assert not equivalence(100, 300, TEST).equivalent

    def test_judgements_that_come_in_clumps_count_less(self) -> None:
        assert equivalence(150, 300, TEST).equivalent
        assert not equivalence(150, 300, TEST, effect=4).equivalent

    def test_of_nothing_is_open(self) -> None:
        told = equivalence(0, 0, TEST)
        assert (told.equivalent, told.chance, told.low, told.high) == (False, 1, 0, 1)

    @pytest.mark.parametrize(("right", "trials"), [(-1, 5), (6, 5)])
    def test_what_is_no_count_is_refused(self, right: int, trials: int) -> None:
        with pytest.raises(ValueError, match="no count"):
            equivalence(right, trials, TEST)

    @pytest.mark.parametrize("values", [(0, 0.05), (0.5, 0.05), (0.1, 0), (0.1, 0.5)])
    def test_margin_and_doubt_must_be_such(self, values: tuple[float, float]) -> None:
        with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
            BlindTest(*values)


class TestTrialsNeeded:
    @pytest.mark.parametrize(("margin", "about"), [(0.05, 1100), (0.075, 479), (0.1, 268), (0.15, 119)])
    def test_are_as_published(self, margin: float, about: int) -> None:
        """Published are the fewest that reach the power; these are the fewest from which on all do."""
        assert about <= trials_needed(BlindTest(margin)) <= 1.1 * about

    def test_give_the_power_they_promise(self) -> None:
        count = trials_needed(TEST, power=0.9)
        rights = np.arange(round(0.3 * count), round(0.7 * count))
        shown = np.array([equivalence(int(right), count, TEST).equivalent for right in rights])
        assert stats.binom.pmf(rights, count, 0.5)[shown].sum() >= 0.9

    def test_grow_with_the_design_effect_and_when_the_truth_is_off(self) -> None:
        assert trials_needed(TEST, effect=1.9) == pytest.approx(1.9 * trials_needed(TEST), abs=2)
        assert trials_needed(TEST, truth=0.53) > trials_needed(TEST)
        with pytest.raises(ValueError, match="margin"):
            trials_needed(TEST, truth=0.6)


class TestLook:
    def test_the_sequence_covers_the_truth_at_all_looks_at_once(self) -> None:
        draw, missed = np.random.default_rng(2), 0
        for _ in range(150):
            rights = np.cumsum(draw.random(400) < 0.5)
            looks = [confidence_sequence(int(rights[at - 1]), at, 0.05) for at in range(10, 401, 10)]
            missed += any(low > 0.5 or high < 0.5 for low, high in looks)
        assert missed <= 16  # 17 of 150 would come once in a thousand times at 5 %

    def test_equal_is_told_in_the_end(self) -> None:
        told = look(250, 500, TEST)
        assert (told.answer, told.trials_more) == ("equivalent", 0)
        assert 0.4 <= told.low < 0.5 < told.high <= 0.6

    def test_different_is_told_at_once(self) -> None:
        assert look(70, 100, TEST).answer == "different"
        assert look(30, 100, TEST).answer == "different"

    def test_until_then_it_is_open_and_says_how_many_are_missing(self) -> None:
        told = look(20, 40, TEST)
        assert told.answer == "open"
        more = 40 + told.trials_more
        assert look(round(more / 2), more, TEST).answer == "equivalent"

    def test_the_sequence_is_wider_than_an_interval_for_one_look(self) -> None:
        low, high = confidence_sequence(60, 100, 0.05)
        told = equivalence(60, 100, BlindTest(0.1, 0.025))
        assert low < told.low < told.high < high

    @pytest.mark.parametrize(("right", "trials"), [(0, 0), (0, 10), (10, 10)])
    def test_ends_are_sound(self, right: int, trials: int) -> None:
        low, high = confidence_sequence(right, trials, 0.05)
        assert 0 <= low <= right / max(1, trials) <= high <= 1 or trials == 0


class TestAgreement:
    def test_alpha_of_krippendorffs_own_example(self) -> None:
        """Four observers, twelve units, missing values: nominal alpha 0.743."""
        rows = [
            "1 2 3 3 2 1 4 1 2 . . .",
            "1 2 3 3 2 2 4 1 2 5 . 3",
            ". 3 3 3 2 3 4 2 2 5 1 .",
            "1 2 3 3 2 4 4 1 2 5 1 .",
        ]
        units = zip(*(row.split() for row in rows), strict=True)
        judgements = [{str(who): said for who, said in enumerate(unit) if said != "."} for unit in units]
        assert krippendorffs_alpha(judgements) == pytest.approx(0.743, abs=5e-4)

    def test_chance_is_nothing_and_unity_is_all(self) -> None:
        draw = np.random.default_rng(0)
        random = [{"a": str(draw.integers(2)), "b": str(draw.integers(2))} for _ in range(4000)]
        assert abs(krippendorffs_alpha(random)) < 0.05
        assert krippendorffs_alpha([{"a": str(i % 2), "b": str(i % 2)} for i in range(50)]) == pytest.approx(1)

    def test_without_variety_there_is_nothing_to_agree_on(self) -> None:
        assert math.isnan(krippendorffs_alpha([{"a": "y", "b": "y"}] * 5))

    def test_the_larger_clump_counts(self) -> None:
        right = [bool(index // 5 % 2) for index in range(100)]
        pictures, raters = [str(index // 5) for index in range(100)], [str(index % 7) for index in range(100)]
        assert clustered_effect(right, pictures, raters) == pytest.approx(5)

    def test_who_misses_gross_errors_was_not_looking(self) -> None:
        seen = attentive({"anna": [True] * 9 + [False], "ben": [True, False], "cleo": []})
        assert seen == {"anna": True, "ben": False, "cleo": False}
