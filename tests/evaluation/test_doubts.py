from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from packshot.evaluation.bar import Bar
from packshot.evaluation.causes import CAUSES, ERROR_OF, main_cause, scaled
from packshot.evaluation.doubts import doubtful_places, doubts
from packshot.evaluation.error_model import Expected
from packshot.evaluation.judge_model import Opinion
from packshot.recipe import Reason
from tests.evaluation.test_places import model
from tests.evaluation.test_rules import good
from tests.learning.judging.test_training import judge, of_people, opinion
from tests.learning.outcomes import outcomes

PLAIN = Expected(median=2.0, low=1.0, high=4.0, rank=0.5, pushes={})
NOTHING = Opinion(0.4, 0.0, 0.0, 0.0, dict.fromkeys(ERROR_OF, PLAIN))


def said(told: Opinion) -> list[str]:
    return [reason.code for reason in doubts(good(), judge(), told)]


def expecting(told: Opinion, **parts: Expected) -> Opinion:
    return replace(told, expected={**told.expected, **parts})


def test_what_is_as_doubtful_on_most_photos_is_not_said() -> None:
    usual = replace(NOTHING, colour=0.8)
    assert said(usual) == []
    assert said(expecting(usual, colour=replace(PLAIN, rank=0.8))) == ["colour_doubtful"]


def test_what_stands_out_but_is_hardly_probable_is_not_said() -> None:
    assert said(expecting(replace(NOTHING, outline=0.1), outline=replace(PLAIN, rank=0.99))) == []


def test_a_part_is_doubted_on_a_quarter_of_photos_at_most() -> None:
    unseen = outcomes(2, 400)
    counts = Counter(code for one in unseen for code in said(opinion(judge(), one)))
    assert set(counts) == {"colour_doubtful", "outline_doubtful", "frame_doubtful"}
    assert all(0.05 * len(unseen) < count < 0.35 * len(unseen) for count in counts.values())


def test_figures_cause_and_what_to_check_are_told() -> None:
    expected = Expected(median=6.31, low=4.04, high=9.5, rank=0.9, pushes={"paper_from_shades": 0.2, "contrast": 0.9})
    (reason,) = doubts(good(), judge(), expecting(replace(NOTHING, colour=0.8), colour=expected))
    assert reason.sentence == (
        "Colour or brightness are probably off by about ΔE 6.3 (4 to 9.5; 4 is still good): the light's tint cannot be "
        "told from the backdrop's own colour. Check the white point."
    )
    assert (reason.value, reason.limit) == (0.8, 0.3)
    assert reason.region is not None


def test_what_is_less_likely_than_not_may_be() -> None:
    expected = Expected(median=0.03, low=0.01, high=0.09, rank=0.9, pushes={})
    (reason,) = doubts(good(), judge(), expecting(replace(NOTHING, outline=0.4), outline=expected))
    assert reason.sentence == "The cut-out may be wrong over about 3 % of the product (1 to 9; 5 is still good)."


def test_the_farthest_from_its_limit_comes_first() -> None:
    """Twice the limit of the frame, three times that of colour, half of the outline's."""
    told = expecting(
        replace(NOTHING, colour=0.9, outline=0.9, frame=0.9),
        colour=replace(PLAIN, rank=0.9, median=12.0),
        outline=replace(PLAIN, rank=0.9, median=0.025),
        frame=replace(PLAIN, rank=0.9, median=4.0),
    )
    assert said(told) == ["colour_doubtful", "frame_doubtful", "outline_doubtful"]


def test_where_people_said_what_is_wrong_the_parts_are_told_without_figures() -> None:
    told = replace(opinion(of_people(), outcomes(2, 1)[0]), colour=0.9, outline=0.0, frame=0.0)
    (reason,) = doubts(good(), of_people(), told)
    assert reason.sentence == "Colour or brightness are probably off."


def test_what_the_bar_does_not_ask_for_is_not_doubted() -> None:
    frames = judge().for_bar(Bar(delta_e=None, iou=None))
    told = [opinion(frames, one) for one in outcomes(2, 100)]
    assert {(one.colour, one.outline) for one in told} == {(0.0, 0.0)}
    assert max(one.frame for one in told) > 0.5


def test_the_cause_is_what_adds_most() -> None:
    pushes = {"cut_overlap": 0.1, "unsure": 0.15, "cut_apart": 0.1, "raggedness": -0.5}
    assert main_cause("outline", pushes) is CAUSES["outline"][0]
    assert main_cause("outline", {"raggedness": -0.5}) is None


def test_causes_that_nobody_can_check_are_not_told() -> None:
    """A large push of the kind of goods leaves the largest of those that have words."""
    cause = main_cause("frame", {"taken_for_bottoms": 0.9, "box_share": 0.1})
    assert cause is not None
    assert cause.because
    assert cause.check


@pytest.mark.parametrize("name", ["felt_unsure", "cut_overlap", "angle"])
def test_scaling_keeps_the_order(name: str) -> None:
    values = [scaled(name, value) for value in (0.0, 0.3, 0.9)]
    assert values == sorted(values)


class TestDoubtfulPlaces:
    BOX = {"left": 0.4, "top": 0.3, "right": 0.6, "bottom": 0.5}  # noqa: RUF012

    def told(self, kind: str, probability: float, **more: float) -> tuple[Reason, ...]:
        """The reasons of a shot whose recipe keeps a place."""
        kept = {f"place_{kind}": probability, **{f"place_{kind}_{side}": value for side, value in self.BOX.items()}}
        shot = good()
        recipe = shot.recipe.model_copy(update={"evidence": {**kept, **more}})
        trained = judge().model_copy(update={"places": {"left_in": model(), "left_out": model(), "ragged": model()}})
        return doubtful_places(replace(shot, recipe=recipe), trained)

    def test_are_shown_where_they_are_in_the_shot(self) -> None:
        (reason,) = self.told("left_out", 0.8)
        assert reason.code == "part_missing"
        assert reason.sentence == "A part of the product may be missing here."
        assert (reason.value, reason.limit) == (0.8, 0.5)
        assert reason.region is not None
        left, top, right, bottom = reason.region
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1

    def test_at_the_top_a_hanger_is_thought_of(self) -> None:
        (reason,) = self.told("left_in", 0.8, place_left_in_at_top=1.0)
        assert "hanger" in reason.sentence
        (reason,) = self.told("left_in", 0.8, place_left_in_at_top=0.0)
        assert reason.sentence == "Something that is not the product may have been left in here."

    def test_a_ragged_edge_is_to_be_looked_along(self) -> None:
        (reason,) = self.told("ragged", 0.8)
        assert reason.code == "edge_ragged"

    def test_are_not_said_where_there_are_none_or_the_judge_knows_none(self) -> None:
        assert doubtful_places(good(), judge()) == ()
        shot = good()
        recipe = shot.recipe.model_copy(update={"evidence": {"place_left_in": 0.9}})
        assert doubtful_places(replace(shot, recipe=recipe), judge()) == ()
