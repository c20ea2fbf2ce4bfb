"""Audits that break the promise stop what is not out yet."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.catalog import Answer, Catalog, Chance
from packshot.catalog.alarm import heed, recall, watch
from packshot.catalog.champions import crown
from packshot.cli import app
from packshot.evaluation.audit import AuditPlan
from packshot.evaluation.certificate import certificate_for, certify, write_certificate
from packshot.evaluation.promise import Case, Promise
from packshot.pack import Pack
from packshot.style import Style
from tests.catalog.desk import prediction_of
from tests.catalog.shots import made
from tests.tiny import make_pack


def published(catalog: Catalog, folder: Path, count: int, digest: str) -> None:
    """Photos that the gate let through, all published."""
    catalog.add([made(folder / "out", number, route="publish", pack_digest=digest) for number in range(count)])
    for item in catalog.take_publications("p", count, 60):
        catalog.intend("p", item, {})
        catalog.mark_published("p", item, {})


def audit(catalog: Catalog, bad: int) -> None:
    for number, entry in enumerate(catalog.lease("ann", 999, 60)):
        outcome, reason = ("reject", "halo") if number < bad else ("accept", None)
        catalog.decide(entry.id, "ann", Answer(outcome, prediction_of(entry).id, reason))  # type: ignore[arg-type]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A pack with a promise of 2 %."""
    opened = Pack(make_pack(tmp_path / "pack"))
    cases = [Case(0.9, False, "shoes", False, f"{number}") for number in range(200)]
    write_certificate(opened.folder, certify(opened, cases, Promise(risk=0.02), Style(), None))
    return Pack(opened.folder)


def test_good_audits_stop_nothing(url: str, tmp_path: Path) -> None:
    with Catalog.open(url, Chance(share=1.0)) as catalog:
        published(catalog, tmp_path, 30, "d" * 64)
        audit(catalog, 0)
        catalog.add([made(tmp_path / "new", 40, route="publish")])
        assert heed(catalog) == []
        assert not watch(catalog, "d" * 64, AuditPlan()).alarm
        assert len(catalog.take_publications("p", 9, 60)) == 1


def test_bad_audits_bring_back_what_the_gate_let_through_and_leave_what_people_decided(
    url: str, tmp_path: Path
) -> None:
    with Catalog.open(url, Chance(share=1.0)) as catalog:
        published(catalog, tmp_path, 30, "d" * 64)
        audit(catalog, 8)
        catalog.add([made(tmp_path / "new", 40, route="publish"), made(tmp_path / "new", 41)])
        catalog.add([made(tmp_path / "new", 42, route="publish", pack="other 1", pack_digest="e" * 64)])
        audit(catalog, 0)
        (alarm,) = heed(catalog)
        assert (alarm.pack, alarm.recalled) == ("tiny 1", 1)
        assert "8 of 30" in alarm.sentence
        names = {item.name for item in catalog.take_publications("p", 9, 60)}
        assert names == {"photo-041", "photo-042"}
        assert [prediction_of(entry).name for entry in catalog.queue()] == ["photo-040"]


def test_publish_closes_the_champions_gate(tmp_path: Path, pack: Pack) -> None:
    url = str(tmp_path / "catalog.sqlite")
    with Catalog.open(url, Chance(share=1.0)) as catalog:
        crown(catalog, pack, "ann")
        published(catalog, tmp_path, 30, pack.content_digest)
        audit(catalog, 8)
        catalog.add([made(tmp_path / "new", 40, route="publish", pack_digest=pack.content_digest)])
    told = CliRunner().invoke(app, ["publish", "--catalog", url, "--to", str(tmp_path / "shop"), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["published"] == {}
    assert "8 of 30 audited photos were bad" in told.stderr
    certificate = certificate_for(Pack(pack.folder))
    assert certificate is not None
    assert "8 of 30" in str(certificate.closed)
    assert list((tmp_path / "shop").iterdir()) == []


def test_what_a_publisher_has_begun_is_not_recalled(url: str, tmp_path: Path) -> None:
    with Catalog.open(url) as catalog:
        catalog.add([made(tmp_path / "out", number, route="publish") for number in range(2)])
        (item,) = catalog.take_publications("p", 1, 60)
        assert catalog.intend("p", item, {"a.jpg": hashlib.sha256(b"a").hexdigest()})
        assert recall(catalog, "d" * 64) == 1
        assert catalog.mark_published("p", item, {})
        assert catalog.counters().states == {"published": 1, "review": 1}
