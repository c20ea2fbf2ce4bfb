"""Analysis: what was done is found again, difficulty is named, and the plan begins where most is to be gained."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.evaluation.bar import Bar
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.house.analysis import hard_by, misfit, summarise_facts
from packshot.learning.house.facts import HABITS, Hardness, PairFacts, hardness_of, has_shadow, numbers_of
from packshot.learning.house.habits import Placing
from packshot.learning.house.policies import Manner
from packshot.recipe import Alignment, Color, Detailing, Grid, Lighting, Recipe, Source, Spot
from packshot.style import House

LEDGER = {"geometry": 0.3, "matte": 0.3, "colour": 0.2, "light": 0.1, "detail": 0.0, "unexplained": 0.1}


def facts(number: int, category: str = "tops", **changes: object) -> PairFacts:
    """A pair framed by the rule: margins of 10 % across, on the middle, whatever the product's height."""
    height = 0.3 + 0.04 * (number % 8)
    box = (0.1, 0.5 - height / 2, 0.9, 0.5 + height / 2)
    fit = PairFit(
        f"{category}{number}", category, f"{category}{number // 2}", "b", "a", True, delta_e_before=8.0, delta_e=1.2,
        explained=LEDGER, targets={"backdrop": [255, 255, 255]}, recipe_file="r",
    )  # fmt: skip
    placing = Placing(category, box, (800, 1000), 1200, 0.8, 0.3, 0.8)
    numbers = {**dict.fromkeys(HABITS, 0.0), "tilt": float(number)}
    color = (60.0, 5.0, 5.0 + number % 2)
    shape = np.full((24, 24), 0.5, np.float32)
    manner = Manner(category, tilt=float(number), shadow=False)
    known = {
        "fit": fit,
        "placing": placing,
        "manner": manner,
        "numbers": numbers,
        "color": color,
        "shape": shape,
        **changes,
    }
    return PairFacts(**known)  # type: ignore[arg-type]


def test_habits_and_style_are_those_of_the_shots() -> None:
    found = summarise_facts([facts(number) for number in range(20)], Bar())
    (tops,) = found.categories
    house = found.style.house("tops")
    assert (house.aspect, house.long_side, house.background, house.shadow) == (0.8, 1000, (255, 255, 255), "none")
    assert house.margin_left == pytest.approx(0.1, abs=0.01)
    assert house.margin_right == pytest.approx(0.1, abs=0.01)
    assert (tops.canvas, tops.framed, tops.volume, tops.pairs, tops.groups) == (1.0, 1.0, 1.0, 20, 10)
    assert tops.habits["tilt"].median == 9.5
    assert tops.ledger == pytest.approx(LEDGER)
    assert tops.expected[0] == 1.0
    assert tops.expected[1] < 0.8  # ten products do not prove that all are easy
    assert tops.apart == pytest.approx(0.9, abs=0.3)  # one in CIELAB b between the two shots of each product


def test_the_plan_begins_with_volume_times_automation() -> None:
    shoes = [facts(number, "shoes", hardness=Hardness(pale=0.9)) for number in range(30)]
    hats = [facts(number, "hats") for number in range(6)]
    tops = [facts(number, "tops") for number in range(16)]
    found = summarise_facts([*shoes, *hats, *tops], Bar())
    assert [one.name for one in found.categories] == ["tops", "hats", "shoes"]
    assert found.categories[-1].expected[0] == 0
    assert found.categories[-1].hard_by["pale"] == 1


def test_a_kept_shadow_and_a_grey_backdrop_are_policy() -> None:
    grey = [Manner("shoes", (240, 240, 240), shadow=number < 8) for number in range(10)]
    kept = [facts(number, "shoes", manner=grey[number]) for number in range(10)]
    found = summarise_facts([*kept, *(facts(number) for number in range(20))], Bar())
    assert found.style.house("shoes").shadow == "keep"
    assert found.style.house("shoes").background == (240, 240, 240)
    assert (found.style.house("tops").shadow, found.style.house("tops").background) == ("none", (255, 255, 255))


def test_a_sellers_other_products_do_not_count_as_inconsistent() -> None:
    left, right = (np.zeros((24, 24), np.float32) for _ in range(2))
    left[:, :12], right[:, 12:] = 1, 1
    shots = [
        facts(number, shape=(left, right)[number % 2], color=(30.0 + 40 * (number % 2), 0.0, 0.0))
        for number in range(8)
    ]
    assert summarise_facts(shots, Bar()).categories[0].apart is None


def test_hand_work_counts_for_volume_and_difficulty_alone() -> None:
    by_hand = facts(0).fit
    refused = PairFit("x", "tops", "x", "b", "a", False, fault="hand-work", reason="by hand", hand_work=True)
    wrong = PairFit("y", "tops", "y", "b", "a", False, fault="other-product", reason="another product")
    aside = [PairFacts(refused, problem=""), PairFacts(wrong, problem="another product")]
    found = summarise_facts([*(facts(number) for number in range(8)), *aside], Bar())
    (tops,) = found.categories
    assert tops.pairs == 10
    assert tops.habits["tilt"].n == 8
    assert tops.set_aside == {"hand-work": 1, "other-product": 1}
    assert (tops.hard, tops.expressible) == (0.2, 0.8)
    assert found.as_json()["set_aside"] == {"x": "by hand", "y": "another product"}
    assert hard_by(PairFacts(by_hand)) == ()


def test_what_recipes_cannot_reach_is_not_expected() -> None:
    found = summarise_facts([facts(number) for number in range(8)], Bar(delta_e=1.0))
    assert found.categories[0].expected[0] == 0


def test_nothing_usable_is_said() -> None:
    wrong = PairFit("y", "tops", "y", "b", "a", False, fault="other-product", reason="another product")
    with pytest.raises(ValueError, match="another product"):
        summarise_facts([PairFacts(wrong, problem="another product")], Bar())


def test_misfit_is_the_distance_from_the_house() -> None:
    house = House(margin_left=0.1, margin_right=0.1, margin_top=0.1, margin_bottom=0.1, anchor="base")
    assert misfit(Placing("x", (0.1, 0.4, 0.9, 0.9), (8, 10), 1, 1, 0, 0.8), house) == pytest.approx(0)
    assert misfit(Placing("x", (0.1, 0.37, 0.9, 0.87), (8, 10), 1, 1, 0, 0.8), house) == pytest.approx(0.03)
    assert misfit(Placing("x", (0.14, 0.45, 0.86, 0.9), (8, 10), 1, 1, 0, 0.8), house) == pytest.approx(0.05, abs=1e-6)


def test_numbers_of_a_recipe() -> None:
    source = Source(name="a", sha256="0", size=(400, 500))
    recipe = Recipe(
        source=source,
        alignment=Alignment(angle=2.5),
        color=Color(white_gain=(1.2, 1.0, 0.6), saturation=1.1),
        lighting=Lighting(exposure=0.4, field=Grid(rows=1, columns=2, stops=(-0.2, 0.5))),
        detailing=Detailing(spots=(Spot(x=1, y=1, radius=2), Spot(x=2, y=1, radius=2), Spot(x=50, y=1, radius=2))),
    )
    found = numbers_of(recipe)
    assert (found["tilt"], found["exposure"], found["saturation"], found["specks"]) == (2.5, 0.4, 1.1, 2)
    assert found["warmth"] == pytest.approx(1.0)
    assert found["evenness"] == pytest.approx(0.7)
    assert set(found) == set(HABITS)


@pytest.fixture
def disc() -> NDArray[np.float32]:
    return np.asarray(cv2.circle(np.zeros((200, 200), np.float32), (100, 100), 60, 1.0, -1, cv2.LINE_8), np.float32)


def shot(matte: NDArray[np.float32], product: int, backdrop: int) -> NDArray[np.uint8]:
    picture = np.where(matte[..., None] > 0.5, product, backdrop) * np.ones(3)
    return np.asarray(picture, np.uint8)


def test_a_plain_shot_is_not_hard(disc: NDArray[np.float32]) -> None:
    found = hardness_of(shot(disc, 90, 200), disc)
    assert found == Hardness()


def test_white_on_white_is_pale(disc: NDArray[np.float32]) -> None:
    assert hardness_of(shot(disc, 214, 220), disc).pale > 0.9


def test_a_half_pale_outline_is_half_pale(disc: NDArray[np.float32]) -> None:
    picture = shot(disc, 120, 200)
    picture[:100] = np.where(disc[:100, :, None] > 0.5, 196, 200)
    assert hardness_of(picture, disc).pale == pytest.approx(0.5, abs=0.06)


def test_glass_is_sheer_and_highlights_are_burnt(disc: NDArray[np.float32]) -> None:
    glass = disc * 0.6
    assert hardness_of(shot(disc, 120, 200), glass).sheer > 0.7
    picture = shot(disc, 120, 200)
    picture[90:110, 90:110] = 255
    assert hardness_of(picture, disc).burnt == pytest.approx(400 / float(disc.sum()), rel=0.05)


def test_a_pattern_behind_is_busy(disc: NDArray[np.float32]) -> None:
    rug = np.where(np.indices((200, 200)).sum(0) // 3 % 2, 90, 190)
    picture = np.where(disc[..., None] > 0.5, 20, rug[..., None]) * np.ones(3)
    assert hardness_of(np.asarray(picture, np.uint8), disc).busy > 5


def test_a_shadow_beside_the_product_is_seen(disc: NDArray[np.float32]) -> None:
    picture = shot(disc, 100, 255)
    assert not has_shadow(picture, disc, (255, 255, 255))
    picture[175:185, 60:140] = 225
    assert has_shadow(picture, disc, (255, 255, 255))
