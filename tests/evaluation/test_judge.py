from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from packshot.evaluation.judge import NO_CERTIFICATE, verdict
from packshot.evaluation.rules import Shot
from packshot.pack import Pack
from tests.evaluation.test_rules import CASES, case, good
from tests.views import write_pack


@pytest.fixture
def certified(tmp_path: Path) -> Pack:
    return write_pack(tmp_path, certificate={"by": "a test"})


def test_without_a_certificate_the_best_shot_goes_to_a_person() -> None:
    """And says why, and what it would have done."""
    given = verdict(good())
    assert given.route == "review"
    assert given.would_publish
    assert given.quality == 1
    assert given.reasons == (NO_CERTIFICATE,)


def test_with_a_certificate_a_good_shot_is_published(certified: Pack) -> None:
    given = verdict(replace(good(), pack=certified))
    assert given.route == "publish"
    assert given.reasons == ()


@pytest.mark.parametrize("code", CASES)
def test_a_grave_finding_is_never_published(code: str, certified: Pack) -> None:
    shot = replace(case(code), pack=certified)
    given = verdict(shot)
    if code in ("no_matte", "no_product", "all_product", "burnt_out", "too_small", "hard_material", "backdrop_impure"):
        assert given.route == "review"
        assert not given.would_publish
    assert code in [reason.code for reason in given.reasons]
    assert given.quality < 1


@pytest.mark.parametrize("code", ["hard_material", "strong_cast"])
def test_one_grave_finding_is_enough_however_lax_the_pack(code: str, tmp_path: Path) -> None:
    lax = write_pack(tmp_path, certificate={"by": "a test"}, thresholds={"publish_quality": 0.0})
    assert verdict(replace(case(code), pack=lax)).route == "review"
    assert verdict(replace(case("category_unsure"), pack=lax)).route == "publish"


def test_a_remark_does_not_stop_a_good_shot(certified: Pack) -> None:
    given = verdict(replace(case("below_canvas"), pack=certified))
    assert given.route == "publish"
    assert [reason.code for reason in given.reasons] == ["below_canvas"]


def test_a_shot_not_fit_to_publish_is_not_blamed_on_the_certificate() -> None:
    given = verdict(case("no_product"))
    assert not given.would_publish
    assert NO_CERTIFICATE not in given.reasons


def test_more_findings_lower_the_quality() -> None:
    one = case("white_point_guessed")
    two = replace(one, recipe=one.recipe.model_copy(update={"category_confidence": 0.1}))
    assert verdict(two).quality < verdict(one).quality < verdict(good()).quality


def test_the_limit_is_the_packs(tmp_path: Path) -> None:
    """The same shot, and a pack that asks for more."""
    strict = write_pack(tmp_path, certificate={"by": "a test"}, thresholds={"publish_quality": 0.95})
    assert verdict(replace(case("below_canvas"), pack=strict)).route == "review"


def test_an_empty_picture_is_judged_too() -> None:
    shot = good()
    blank = Shot(np.full_like(shot.image, 255), shot.recipe, shot.pack, shot.house)
    assert not verdict(blank).would_publish
