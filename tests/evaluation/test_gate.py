from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packshot.evaluation.certificate import (
    HARD,
    OTHERS,
    certificate_for,
    certificates_of,
    certify,
    close_gate,
    publishing,
    style_digest,
    what_could_be_published,
    write_certificate,
)
from packshot.evaluation.gate import stopped
from packshot.evaluation.promise import Case, Promise
from packshot.pack import Pack
from packshot.style import Style
from tests.certificates import certificate_of, certified
from tests.models import finds_white, pack_with
from tests.views import write_pack

PROMISE = Promise(risk=0.05, confidence=0.9)


def code(
    pack: Pack, category: str = "tops", hard: bool = False, quality: float = 0.9, style: Style | None = None
) -> Any:
    reason = stopped(pack, style or Style(), category, hard, quality)
    return None if reason is None else reason.code


class TestFailsClosed:
    """Law: whatever is missing, changed, broken or unclear, nothing is published unseen."""

    def test_only_a_fitting_certificate_opens(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        assert code(Pack(tmp_path)) == "no_certificate"
        assert code(certified(tmp_path)) is None

    def test_below_the_threshold(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        pack = certified(tmp_path, quality=0.8)
        assert code(pack, quality=0.8) is None
        assert code(pack, quality=0.7999) == "below_threshold"

    def test_a_category_nobody_decided_on(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        assert code(certified(tmp_path), category="boats") == "not_certified"

    def test_hard_material_without_proof_of_its_own(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        assert code(certified(tmp_path), hard=True, quality=1.0) == "not_certified"
        assert code(certified(tmp_path, hard=0.7), hard=True, quality=0.8) is None

    def test_a_group_without_proof(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        assert code(certified(tmp_path, quality=None), quality=1.0) == "not_certified"

    @pytest.mark.parametrize(
        "change",
        [
            {"version": "2"},
            {"thresholds": {"matte_doubt": 0.5}},
            {"habits": {"default": {"margin_top": 0.2}}},
            {"look": {"default": {"saturation": 1.2}}},
            {"hard": []},
        ],
    )
    def test_a_pack_that_was_changed(self, tmp_path: Path, change: dict[str, Any]) -> None:
        write_pack(tmp_path)
        certified(tmp_path)
        path = tmp_path / "pack.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
        assert code(Pack(tmp_path)) == "certificate_misfit"

    def test_a_model_that_is_not_the_one_that_was_calibrated(self, tmp_path: Path) -> None:
        pack_with(tmp_path, {"specks": finds_white()})
        assert code(certified(tmp_path)) is None
        (tmp_path / "specks.onnx").write_bytes(finds_white(0.1))
        assert code(Pack(tmp_path)) == "certificate_misfit"

    def test_a_certificate_of_another_pack(self, tmp_path: Path) -> None:
        one, two = write_pack(tmp_path / "one"), write_pack(tmp_path / "two", version="2")
        write_certificate(two.folder, certificate_of(one))
        assert code(Pack(two.folder)) == "certificate_misfit"

    def test_another_house_style(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        style = Style(default={"sharpening": 0.9})
        assert code(certified(tmp_path), style=style) == "certificate_misfit"
        assert code(certified(tmp_path, style=style), style=style) is None

    def test_another_packshot(self, tmp_path: Path) -> None:
        pack = write_pack(tmp_path)
        write_certificate(tmp_path, certificate_of(pack, software="0.0.1"))
        assert code(Pack(tmp_path)) == "certificate_misfit"

    def test_a_closed_gate(self, tmp_path: Path) -> None:
        write_pack(tmp_path)
        certified(tmp_path)
        close_gate(tmp_path, "audit alarm of 2026-12-01")
        reason = stopped(Pack(tmp_path), Style(), "tops", False, 1.0)
        assert reason is not None
        assert "audit alarm of 2026-12-01" in reason.sentence

    @pytest.mark.parametrize(
        "content",
        [{}, {"by": "a friend"}, {"certificate": 2}, {"certificate": 1, "groups": "all"}, {"promise": {"risk": 0}}],
    )
    def test_a_certificate_that_cannot_be_read(self, tmp_path: Path, content: dict[str, Any]) -> None:
        assert code(write_pack(tmp_path, certificates=[content])) == "certificate_unreadable"

    @pytest.mark.parametrize("quality", [float("nan"), -1.0])
    def test_a_quality_that_is_none(self, tmp_path: Path, quality: float) -> None:
        write_pack(tmp_path)
        assert code(certified(tmp_path, quality=0.0), quality=quality) == "below_threshold"


def test_a_style_that_leaves_the_edit_as_it_is_needs_no_new_proof() -> None:
    plain = style_digest(Style())
    assert style_digest(Style(default={"quality": 80, "presets": ["amazon"]})) == plain
    assert style_digest(Style(name="ours")) == plain
    assert style_digest(Style(default={"margin_top": 0.2})) != plain
    assert style_digest(Style(categories={"tops": {"margin_top": 0.2}})) != plain


def test_closing_a_gate_that_was_never_open_is_told(tmp_path: Path) -> None:
    write_pack(tmp_path)
    with pytest.raises(ValueError, match="no certificate"):
        close_gate(tmp_path, "why")


def verdicts(count: int, category: str, bad: int = 0, hard: bool = False) -> list[Case]:
    """The worst are bad, and known as such."""
    return [
        Case(1 - index / count, index >= count - bad, category, hard, f"{category}-{index}") for index in range(count)
    ]


class TestCertify:
    def test_tells_what_it_holds_for(self, tmp_path: Path) -> None:
        pack = write_pack(tmp_path)
        certificate = certify(pack, verdicts(100, "tops", bad=20), PROMISE)
        assert (certificate.verdicts, certificate.pack) == (100, pack.label)
        (group,) = certificate.groups
        assert (group.name, group.verdicts, group.bad, group.groups) == (OTHERS, 100, 20, 100)
        assert group.quality is not None
        assert group.published >= 77
        assert group.bound is not None
        assert group.bound <= PROMISE.risk

    def test_comes_back_from_the_pack_as_it_was(self, tmp_path: Path) -> None:
        pack = write_pack(tmp_path)
        certificate = certify(pack, verdicts(100, "tops"), PROMISE)
        write_certificate(tmp_path, certificate)
        assert certificate_for(Pack(tmp_path)) == certificate
        assert Pack(tmp_path).content_digest == pack.content_digest
        assert code(Pack(tmp_path), quality=1.0) is None

    def test_each_house_style_has_its_own(self, tmp_path: Path) -> None:
        """Proving one style leaves what was proven of another; proving it again takes the old one's place."""
        pack, cutout = write_pack(tmp_path), Style(name="cutout", default={"frame": "photo"})
        strict, lax = verdicts(100, "tops", bad=90), verdicts(100, "tops")
        for cases, style in ((strict, Style()), (strict, cutout), (lax, cutout)):
            write_certificate(tmp_path, certify(pack, cases, PROMISE, style))
        assert [one.style for one in certificates_of(Pack(tmp_path))] == ["", "cutout"]
        assert publishing(certificates_of(Pack(tmp_path))) == ["others (style cutout)"]
        assert code(Pack(tmp_path), quality=1.0) == "not_certified"
        assert code(Pack(tmp_path), quality=1.0, style=cutout) is None
        close_gate(tmp_path, "an alarm")
        assert {one.closed for one in certificates_of(Pack(tmp_path))} == {"an alarm"}
        assert publishing(certificates_of(Pack(tmp_path))) == []

    def test_a_category_with_enough_verdicts_speaks_for_itself(self, tmp_path: Path) -> None:
        cases = [*verdicts(400, "tops"), *verdicts(400, "shoes", bad=400), *verdicts(60, "hats")]
        groups = {group.name: group for group in certify(write_pack(tmp_path), cases, PROMISE).groups}
        assert groups["tops"].published == 400
        assert groups["shoes"].quality is None
        assert groups[OTHERS].categories == ("hats",)

    def test_groups_share_the_doubt(self, tmp_path: Path) -> None:
        """So that the promise holds for all of them at once."""
        cases = [*verdicts(400, "tops"), *verdicts(200, "shoes"), *verdicts(200, "glassware", hard=True)]
        groups = certify(write_pack(tmp_path), cases, PROMISE).groups
        assert len(groups) == 3
        assert sum(1 - group.confidence for group in groups) == pytest.approx(0.1)

    def test_a_group_that_can_prove_nothing_takes_no_doubt_from_the_others(self, tmp_path: Path) -> None:
        cases = [*verdicts(100, "tops"), *verdicts(10, "glassware", hard=True)]
        groups = {group.name: group for group in certify(write_pack(tmp_path), cases, PROMISE).groups}
        assert groups[OTHERS].confidence == pytest.approx(0.9)
        assert groups[OTHERS].quality is not None
        assert groups[HARD].quality is None
        assert groups[HARD].missing is not None
        assert 35 <= groups[HARD].missing <= 90

    def test_hard_material_is_published_once_it_is_proven(self, tmp_path: Path) -> None:
        cases = [*verdicts(100, "tops"), *verdicts(100, "glassware", hard=True)]
        write_certificate(tmp_path, certify(write_pack(tmp_path), cases, PROMISE))
        assert code(Pack(tmp_path), category="glassware", hard=True, quality=0.9) is None

    def test_copies_of_a_product_prove_no_more_than_it(self, tmp_path: Path) -> None:
        good = [Case(0.9, False, "tops", False, str(index // 5)) for index in range(250)]
        bad = [Case(0.1, True, "tops", False, str(50 + index // 5)) for index in range(100)]
        (group,) = certify(write_pack(tmp_path), [*good, *bad], PROMISE).groups
        assert group.design_effect == pytest.approx(5)
        assert group.quality == 0.9
        (fewer,) = certify(write_pack(tmp_path), [*good[:220], *bad], PROMISE).groups
        assert fewer.quality is None

    def test_the_verdicts_are_named_by_their_content(self, tmp_path: Path) -> None:
        pack, cases = write_pack(tmp_path), verdicts(100, "tops")
        digest = certify(pack, cases, PROMISE).data_digest
        assert certify(pack, cases[::-1], PROMISE).data_digest == digest
        assert certify(pack, cases[:-1], PROMISE).data_digest != digest

    def test_what_could_be_published_is_what_would_be(self, tmp_path: Path) -> None:
        cases = [*verdicts(300, "tops", bad=60), *verdicts(60, "glassware", hard=True)]
        groups = certify(write_pack(tmp_path), cases, PROMISE).groups
        assert what_could_be_published(cases, PROMISE) == sum(group.published for group in groups) / 360
        assert what_could_be_published([], PROMISE) == 0
