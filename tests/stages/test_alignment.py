from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.pack import Pack
from packshot.recipe import Alignment
from packshot.render import RenderPlan
from packshot.stages.alignment import AlignmentStage
from tests.models import follows_symmetry, pack_with
from tests.pictures import product_photo
from tests.views import draft, view_of, write_pack


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return pack_with(tmp_path, {"upright": follows_symmetry()})


def predicted(pack: Pack, pixels: np.ndarray, matte: np.ndarray, **house: object) -> Alignment:
    view = view_of(pixels, matte, pack, **house)
    return AlignmentStage().predict(view, draft(view))


@pytest.mark.parametrize("angle", [-6.0, -2.5, 0.0, 1.5, 4.0])
def test_a_leaning_product_is_set_upright(pack: Pack, angle: float) -> None:
    part = predicted(pack, *product_photo(angle=angle))
    assert part.angle == pytest.approx(angle, abs=0.5)
    assert part.method == "cues"
    assert part.confidence > 0.6


def test_a_mirrored_photo_is_turned_the_other_way(pack: Pack) -> None:
    pixels, matte = product_photo(angle=3.0)
    mirrored = predicted(pack, np.ascontiguousarray(pixels[:, ::-1]), np.ascontiguousarray(matte[:, ::-1]))
    assert mirrored.angle == pytest.approx(-predicted(pack, pixels, matte).angle, abs=0.2)


def test_without_conviction_nothing_is_turned_and_the_doubt_is_told(tmp_path: Path) -> None:
    unsure = pack_with(tmp_path, {"upright": follows_symmetry(gain=0.05)})
    part = predicted(unsure, *product_photo(angle=4.0))
    assert part.angle == 0
    assert part.method == "nothing"
    assert 0 < part.confidence < 0.6


def test_the_packs_confidence_decides(tmp_path: Path) -> None:
    strict = pack_with(tmp_path, {"upright": follows_symmetry(1.0)}, thresholds={"align_confidence": 0.999})
    lax = pack_with(tmp_path / "lax", {"upright": follows_symmetry(1.0)}, thresholds={"align_confidence": 0.1})
    assert predicted(strict, *product_photo(angle=4.0)).angle == 0
    assert predicted(lax, *product_photo(angle=4.0)).angle == pytest.approx(4, abs=1)


def test_the_packs_risk_shortens_the_turn(tmp_path: Path) -> None:
    parts = []
    for risk in (0.5, 0.1, 0.02):
        models = {"upright": follows_symmetry(1.0)}
        careful = pack_with(tmp_path / str(risk), models, thresholds={"align_confidence": 0, "align_risk": risk})
        parts.append(predicted(careful, *product_photo(angle=2.0)).angle)
    assert parts[0] >= parts[1] >= parts[2] >= 0
    assert parts[0] > parts[2]


def test_where_it_is_not_sure_a_pack_may_turn_part_of_the_way(tmp_path: Path) -> None:
    models = {"upright": follows_symmetry(gain=0.3)}
    turned = []
    for share in (0.0, 0.25, 0.5):
        limits = {"align_confidence": 0.99, "align_unsure": share}
        turned.append(predicted(pack_with(tmp_path / str(share), models, thresholds=limits), *product_photo(angle=4.0)))
    assert (turned[0].angle, turned[0].method) == (0, "nothing")
    assert 0 < turned[1].angle < turned[2].angle < 3
    assert turned[2].angle == pytest.approx(2 * turned[1].angle, abs=0.01)
    assert turned[1].confidence == turned[0].confidence


def test_an_angle_at_the_ranges_end_is_not_believed(pack: Pack) -> None:
    assert predicted(pack, *product_photo(angle=13.0)).angle == 0


def test_the_house_may_forbid_turning(pack: Pack) -> None:
    assert predicted(pack, *product_photo(angle=4.0), upright="never") == Alignment()


def test_nothing_is_turned_without_a_product_or_a_model(pack: Pack, tmp_path: Path) -> None:
    pixels, matte = product_photo(angle=4.0)
    assert predicted(pack, pixels, np.zeros_like(matte)) == Alignment()
    assert predicted(write_pack(tmp_path / "bare"), pixels, matte) == Alignment()


def test_lowering_leaves_the_turn_to_the_recipes_geometry() -> None:
    plan = RenderPlan((40, 30))
    AlignmentStage().lower(Alignment(angle=3.0), plan)
    assert plan == RenderPlan((40, 30), matrix=plan.matrix, affine=plan.affine)
