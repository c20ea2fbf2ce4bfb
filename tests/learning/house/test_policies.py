"""What a house does at all is read from its shots; what it never does, a pack that learned from it does not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from packshot.learning.house.policies import Manner, manner_of, policies_of, with_policies
from packshot.recipe import Alignment, Color, Cropping, Grid, Lighting, Recipe, Source
from packshot.style import House

SIZE = (1200, 1600)
WHOLE = Cropping(centre=((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2), scale=1.0, canvas=SIZE)


def recipe(**parts: Any) -> Recipe:
    return Recipe(source=Source(name="a", sha256="0" * 64, size=SIZE), category="tops", **{"cropping": WHOLE, **parts})


def test_a_photo_that_was_only_cut_out_was_neither_framed_nor_coloured_nor_lit() -> None:
    found = manner_of(recipe())
    assert (found.framed, found.coloured, found.lit, found.tilt, found.specks) == (False, False, False, 0, 0)


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"cropping": Cropping(centre=(600, 800), scale=0.8, canvas=(960, 1280))}, "framed"),
        ({"cropping": Cropping(centre=(640, 800), scale=1.0, canvas=SIZE)}, "framed"),
        ({"alignment": Alignment(angle=1.0)}, "framed"),
        ({"color": Color(white_gain=(1.1, 1.0, 0.9))}, "coloured"),
        ({"color": Color(saturation=1.2)}, "coloured"),
        ({"lighting": Lighting(exposure=-0.3)}, "lit"),
        ({"lighting": Lighting(shadows=0.2)}, "lit"),
        ({"lighting": Lighting(field=Grid(rows=1, columns=2, stops=(-0.2, 0.2)))}, "lit"),
    ],
)
def test_whatever_was_done_is_seen_and_nothing_else(parts: dict[str, Any], what: str) -> None:
    found = manner_of(recipe(**parts))
    assert [name for name in ("framed", "coloured", "lit") if getattr(found, name)] == [what]


def test_what_reading_a_pair_may_be_off_by_is_nothing_done() -> None:
    almost = Cropping(centre=(WHOLE.centre[0] + 1.5, WHOLE.centre[1]), scale=1.001, canvas=SIZE)  # type: ignore[index]
    found = manner_of(
        recipe(cropping=almost, color=Color(white_gain=(1.01, 1.0, 0.99)), lighting=Lighting(exposure=0.05))
    )
    assert (found.framed, found.coloured, found.lit) == (False, False, False)


def test_what_is_done_to_some_is_done_where_it_is_needed() -> None:
    plain = Manner("tops", framed=False, coloured=False, lit=False)
    some = [replace(plain, tilt=2.0, specks=3, coloured=True)] * 3 + [plain] * 17
    rules = House.model_validate(policies_of(some)["default"])
    assert (rules.upright, rules.heal, rules.color, rules.light, rules.frame) == ("auto", True, 1, 0, "photo")
    rules = House.model_validate(policies_of([plain] * 20)["default"])
    assert (rules.upright, rules.heal, rules.color) == ("never", False, 0)


def test_a_category_has_what_differs_from_the_others() -> None:
    shoes = [Manner("shoes", (240, 240, 240), 2.0, 1, shadow=True)] * 4
    tops = [Manner("tops", (255, 255, 255), 2.0, 1, shadow=False)] * 8
    found = policies_of([*shoes, *tops])
    assert found["tops"] == {}
    assert found["shoes"] == {"background": [240, 240, 240], "shadow": "keep"}
    both = with_policies({"default": {"aspect": 0.8}, "hats": {"aspect": 1.0}}, found)
    assert both["default"]["aspect"] == 0.8
    assert both["default"]["background"] == [255, 255, 255]
    assert both["shoes"] == found["shoes"]
    assert both["hats"] == {"aspect": 1.0}


def test_of_shadows_that_nobody_looked_for_nothing_is_said() -> None:
    assert "shadow" not in policies_of([Manner("tops")])["default"]
