"""What the report counts, and the page that shows it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.catalog import Answer, Catalog, Chance, Entry
from packshot.catalog.costs import Costs, Minutes, load_costs
from packshot.catalog.figures import report
from packshot.cli import app
from packshot.evaluation.audit import AuditPlan
from packshot.evaluation.exact import upper_bound
from tests.catalog.desk import prediction_of
from tests.catalog.shots import made

COSTS = Costs(
    per_hour=30, per_photo=0.01, minutes=Minutes(by_hand=6, review=0.5), categories={"tops": Minutes(by_hand=10)}
)


@pytest.fixture
def catalog(url: str, tmp_path: Path) -> Iterator[Catalog]:
    """Eight photos through the gate, all to be audited; four to people; one that failed."""
    with Catalog.open(url, Chance(share=1.0)) as opened:
        shots = [made(tmp_path / "out", number, route="publish") for number in range(8)]
        shots += [made(tmp_path / "out", number, pack="tiny 2", pack_digest="e" * 64) for number in range(8, 12)]
        opened.add([*shots, made(tmp_path / "out", 12, route="failed")])
        yield opened


def publish(catalog: Catalog) -> None:
    for item in catalog.take_publications("p", 99, 60):
        catalog.intend("p", item, {})
        catalog.mark_published("p", item, {})


def decide(catalog: Catalog, entry: Entry, outcome: str, seconds: float | None = None) -> None:
    reason = "dust" if outcome == "reject" else None
    catalog.decide(entry.id, "ann", Answer(outcome, prediction_of(entry).id, reason, seconds=seconds))  # type: ignore[arg-type]


def test_nothing_is_known_of_an_empty_catalog(tmp_path: Path) -> None:
    with Catalog.open(str(tmp_path / "empty.sqlite")) as catalog:
        counted = report(catalog)
    every = counted.all
    assert (every.photos, every.share_automated, every.error_rate, every.error_bound) == (0, None, None, None)
    assert (every.minutes, every.money_saved, every.hours_median) == (None, None, None)
    assert json.dumps(counted.as_json())


def test_automation_errors_and_their_bound(catalog: Catalog) -> None:
    publish(catalog)
    audits = [entry for entry in catalog.queue(limit=99) if entry.purpose == "audit"]
    assert len(audits) == 8
    for number, entry in enumerate(audits):
        decide(catalog, entry, "reject" if number == 0 else "accept")
    counted = report(catalog)
    every = counted.all
    assert (every.photos, every.retouched, every.failed, every.waiting) == (13, 12, 1, 4)
    assert (every.automated, every.share_automated, every.published) == (8, pytest.approx(8 / 12), 8)
    assert (every.audited, every.audited_bad, every.error_rate) == (8, 1, 0.125)
    assert every.error_bound == pytest.approx(upper_bound(1, 8, 0.95))
    assert [(one.name, one.automated) for one in counted.categories] == [("shoes", 4), ("tops", 4)]
    assert [(one.name, one.retouched) for one in counted.packs] == [("tiny 1", 8), ("tiny 2", 4)]
    assert counted.alarm is None
    assert report(catalog, plan=AuditPlan(risk=0.001, doubt=0.5)).alarm is not None


def test_minutes_and_money_are_what_can_be_counted_by_hand(catalog: Catalog) -> None:
    shoe, top, other_shoe, _ = sorted(catalog.queue(limit=99), key=lambda entry: entry.source)
    decide(catalog, shoe, "accept", seconds=30)
    decide(catalog, top, "reject", seconds=60)
    decide(catalog, other_shoe, "accept")
    counted = report(catalog, COSTS)
    by_name = {one.name: one for one in counted.categories}
    # Six shoes ended: four without a person, one in half a minute, one as long as a review is said to take.
    assert by_name["shoes"].minutes == pytest.approx((0.5 + 0.5) / 6)
    assert by_name["shoes"].minutes_saved == pytest.approx(6 - 1 / 6)
    assert by_name["shoes"].money_saved == pytest.approx((6 - 1 / 6) / 60 * 30 - 0.01)
    # Of five tops one was looked at for a minute, and is retouched by hand.
    assert by_name["tops"].minutes == pytest.approx((1 + 10) / 5)


def test_what_was_taken_back_does_not_count(catalog: Catalog) -> None:
    (entry, *_) = catalog.queue(limit=1)
    before = report(catalog, COSTS).all
    decide(catalog, entry, "reject")
    assert report(catalog, COSTS).all != before
    catalog.undo("ann")
    assert report(catalog, COSTS).all == before


def test_costs_are_read_and_a_slip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "costs.toml"
    path.write_text(
        'currency = "CHF"\nper_hour = 50\n[minutes]\nby_hand = 7\nreview = 1\n[categories.tops]\nby_hand = 9\n'
    )
    costs = load_costs(path)
    assert (costs.by_hand("tops"), costs.by_hand("shoes"), costs.review("tops")) == (9, 7, 1)
    path.write_text("per_our = 50\n")
    with pytest.raises(ValueError, match="per_our"):
        load_costs(path)


def test_the_page_and_the_json_tell_the_same(url: str, catalog: Catalog, tmp_path: Path) -> None:
    publish(catalog)
    told = CliRunner().invoke(app, ["report", "--catalog", url, "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["all"]["automated"] == 8
    page = tmp_path / "report.html"
    assert CliRunner().invoke(app, ["report", "--catalog", url, "--out", str(page)]).exit_code == 0
    text = page.read_text()
    assert "8 of 12 retouched" in text
    assert text.count("<svg") >= 2
    assert not re.findall(r"(?:src|href)=\"http", text), "nothing is fetched from anywhere"


def test_the_light_core_imports_no_database() -> None:
    code = (
        "import sys, packshot, packshot.cli; print([n for n in sys.modules if n.startswith(('sqlalchemy', 'alembic'))])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
