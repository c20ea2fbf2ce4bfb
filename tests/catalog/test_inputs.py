"""Whether what arrives is still like what came before, from the catalog's own rows, and how the report tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Update, update
from typer.testing import CliRunner

from packshot.catalog import Catalog
from packshot.catalog.champions import crown
from packshot.catalog.database import Transaction
from packshot.catalog.inputs import Inputs, inputs
from packshot.catalog.schema import photos
from packshot.cli import app
from packshot.evaluation.certificate import certificate_for, write_certificate
from packshot.pack import Pack
from packshot.recipe import Recipe
from tests.catalog.shots import made
from tests.tiny import make_pack

FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)


def fill(catalog: Catalog, folder: Path, days: Sequence[tuple[float, str]], a_day: int = 21) -> None:
    """So many photos a day, with the day's mean luminance of the backdrop in stops, and its camera."""
    draw, number = np.random.default_rng(0), 0
    for place, (stops, camera) in enumerate(days):
        shots = []
        for _ in range(a_day):
            one = made(folder / "out", number, carried={"camera": camera})
            evidence = {"backdrop_stops": float(draw.normal(stops, 0.3)), "area": float(draw.uniform(0.2, 0.5))}
            recipe = Recipe.model_validate_json(one.recipe or "").model_copy(update={"evidence": evidence})
            shots.append(replace(one, recipe=recipe.model_dump_json()))
            number += 1
        catalog.add(shots)
        arrived = update(photos).where(photos.c.id > number - a_day).values(seen_at=FIRST + timedelta(days=place))
        catalog.database.write(partial(_execute, arrived))


def _execute(statement: Update, transaction: Transaction) -> None:
    transaction.execute(statement)


CALM = [(-1.0, "A")] * 5


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(str(tmp_path / "catalog.sqlite")) as opened:
        yield opened


def test_the_same_photos_raise_no_alarm(sqlite: Catalog, tmp_path: Path) -> None:
    fill(sqlite, tmp_path, [*CALM, *CALM])
    told = inputs(sqlite)
    assert (told.reference, told.until, told.proven) == (105, date(2026, 11, 6), False)
    assert [one.day.day for one in told.days if one.category == "all"] == [7, 8, 9, 10, 11]
    assert told.alarm is None
    assert not any(one.drifted for one in told.days)


def test_a_darker_backdrop_by_another_camera_is_told_in_a_sentence(catalog: Catalog, tmp_path: Path) -> None:
    fill(catalog, tmp_path, [*CALM[:2], (-2.0, "B"), (-2.0, "B")])
    told = inputs(catalog)
    assert told.alarm is not None
    assert told.alarm.startswith("Alarm: since 4 November photos are not like those until 3 November: ")
    assert "there are more photos from the camera B: 0% before, 100% now" in told.alarm
    assert "the backdrop is darker: -" in told.alarm
    last = next(one for one in told.days if (one.day.day, one.category) == (5, "all"))
    assert {shift.name for shift in last.drifted} == {"camera", "backdrop_stops"}


def test_what_has_passed_raises_no_alarm_any_more(sqlite: Catalog, tmp_path: Path) -> None:
    fill(sqlite, tmp_path, [*CALM, *CALM[:2], (-2.0, "B"), CALM[0]])
    told = inputs(sqlite)
    assert any(one.drifted for one in told.days)
    assert told.alarm is None


def test_the_certificates_day_is_what_is_compared_with(sqlite: Catalog, tmp_path: Path) -> None:
    fill(sqlite, tmp_path, [CALM[0], *[(-2.0, "B")] * 9])
    assert inputs(sqlite).alarm is None, "most of what came before was as dark"
    folder = make_pack(tmp_path / "pack", certified=True)
    certificate = certificate_for(Pack(folder))
    assert certificate is not None
    write_certificate(folder, certificate.model_copy(update={"date": "2026-11-02"}))
    crown(sqlite, Pack(folder), "ann")
    told = inputs(sqlite)
    assert (told.until, told.proven) == (date(2026, 11, 2), True)
    assert told.alarm is not None
    assert "not like those that the gate was proven on" in told.alarm


@pytest.mark.parametrize(("days", "a_day"), [(0, 0), (1, 40), (4, 6)])
def test_of_few_photos_nothing_is_said(sqlite: Catalog, tmp_path: Path, days: int, a_day: int) -> None:
    fill(sqlite, tmp_path, CALM[:1] * days, a_day)
    assert inputs(sqlite) in (Inputs(), Inputs(12, date(2026, 11, 3), False))


def test_the_page_and_the_json_tell_it(chromium: Browser, tmp_path: Path) -> None:
    url = str(tmp_path / "catalog.sqlite")
    with Catalog.open(url) as catalog:
        fill(catalog, tmp_path, [*CALM, CALM[0], (-2.0, "B")])
    told = CliRunner().invoke(app, ["report", "--catalog", url, "--json"])
    found = json.loads(told.stdout)["inputs"]
    assert found["alarm"].startswith("Alarm: on 8 November")
    assert {shift["subject"] for shift in found["days"][-3]["shifts"]} >= {"camera", "backdrop"}
    page = tmp_path / "report.html"
    said = CliRunner().invoke(app, ["report", "--catalog", url, "--out", str(page)])
    assert found["alarm"] in said.stdout
    shown = chromium.new_page()
    shown.goto(page.as_uri())
    assert found["alarm"] in shown.locator("[role=alert]").inner_text()
    rows = shown.locator("table:has-text('what is other') tbody tr")
    assert rows.first.locator("th").inner_text() == "08 November"
    assert "the backdrop is darker" in rows.first.inner_text()
    shown.close()
