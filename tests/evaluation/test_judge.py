from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from packshot.evaluation.judge import NO_CERTIFICATE, verdict
from packshot.evaluation.rules import Shot
from packshot.pack import Pack
from packshot.recipe import Verdict
from tests.certificates import certified
from tests.evaluation.test_rules import CASES, case, good
from tests.views import write_pack

GRAVE = ("no_matte", "no_product", "all_product", "burnt_out", "too_small", "strong_cast", "backdrop_impure")


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    write_pack(tmp_path)
    return certified(tmp_path)


def of_category(name: str) -> Shot:
    return replace(good(), recipe=good().recipe.model_copy(update={"category": name}))


def codes(given: Verdict) -> list[str]:
    return [reason.code for reason in given.reasons]


class TestByRulesAlone:
    def test_without_a_certificate_the_best_shot_goes_to_a_person(self) -> None:
        """And says why, and what it would have done."""
        given = verdict(good())
        assert given.route == "review"
        assert given.would_publish
        assert given.quality == 1
        assert given.reasons == (NO_CERTIFICATE,)

    def test_with_a_certificate_a_good_shot_is_published(self, pack: Pack) -> None:
        given = verdict(replace(good(), pack=pack))
        assert given.route == "publish"
        assert given.reasons == ()

    @pytest.mark.parametrize("code", CASES)
    def test_a_grave_finding_is_never_published(self, code: str, pack: Pack) -> None:
        given = verdict(replace(case(code), pack=pack))
        if code in GRAVE:
            assert given.route == "review"
            assert not given.would_publish
        assert code in codes(given)
        assert given.quality < 1

    @pytest.mark.parametrize("code", GRAVE)
    def test_one_grave_finding_is_enough_however_lax_the_certificate(self, code: str, tmp_path: Path) -> None:
        write_pack(tmp_path, thresholds={"publish_quality": 0.0})
        lax = certified(tmp_path, quality=0.0)
        assert verdict(replace(case(code), pack=lax)).route == "review"
        assert verdict(replace(case("category_unsure"), pack=lax)).route == "publish"

    def test_what_is_grave_is_the_packs_to_say(self, tmp_path: Path) -> None:
        write_pack(tmp_path, thresholds={"grave": 0.05})
        assert verdict(replace(case("below_canvas"), pack=certified(tmp_path, quality=0.0))).route == "review"

    def test_a_remark_does_not_stop_a_good_shot(self, pack: Pack) -> None:
        given = verdict(replace(case("below_canvas"), pack=pack))
        assert given.route == "publish"
        assert codes(given) == ["below_canvas"]

    def test_a_shot_not_fit_to_publish_is_not_blamed_on_the_certificate(self) -> None:
        given = verdict(case("no_product"))
        assert not given.would_publish
        assert NO_CERTIFICATE not in given.reasons

    def test_more_findings_lower_the_quality(self) -> None:
        one = case("white_point_guessed")
        two = replace(one, recipe=one.recipe.model_copy(update={"category_confidence": 0.1}))
        assert verdict(two).quality < verdict(one).quality < verdict(good()).quality

    def test_the_limit_is_the_certificates(self, tmp_path: Path) -> None:
        """The same shot, and a certificate that asks for more."""
        write_pack(tmp_path)
        given = verdict(replace(case("below_canvas"), pack=certified(tmp_path, quality=0.95)))
        assert given.route == "review"
        assert codes(given)[0] == "below_threshold"

    def test_an_empty_picture_is_judged_too(self) -> None:
        shot = good()
        blank = Shot(np.full_like(shot.image, 255), shot.recipe, shot.pack, shot.house)
        assert not verdict(blank).would_publish


class TestHardMaterial:
    def test_goes_to_a_person_by_its_category(self, pack: Pack) -> None:
        given = verdict(replace(of_category("glassware"), pack=pack))
        assert given.route == "review"
        assert not given.would_publish
        (reason,) = given.reasons
        assert reason.code == "hard_material"
        assert reason.region is not None
        assert 0 <= reason.region[0] < reason.region[2] <= 1

    def test_is_published_once_a_certificate_speaks_for_it(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        given = verdict(replace(of_category("glassware"), pack=certified(tmp_path, hard=0.8)))
        assert given.route == "publish"
        assert given.would_publish

    def test_what_holds_for_hard_material_holds_for_nothing_else(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        pack = certified(tmp_path, quality=None, hard=0.1)
        assert verdict(replace(of_category("tops"), pack=pack)).route == "review"
        assert verdict(replace(of_category("glassware"), pack=pack)).route == "publish"
