"""Both reports in a real browser: whole in themselves, right in both lights, and nothing on them can do harm."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from typer.testing import CliRunner

from packshot.cli import app
from packshot.evaluation.bar import Bar
from packshot.learning.judging.what_if import WhatIf
from packshot.learning.proof.comparison import Difference
from packshot.learning.proof.curves import CurvePoint
from packshot.learning.proof.own_or_one import COLOR, FRAME, OwnOrOne
from packshot.reports.pack_page import PackReport, write_pack_report
from packshot.style import load_style
from tests.reports.conftest import Studio

BETTER = Difference(40, 20, 0.8, 0.5, 1.1, 0.001, 0.003)
UNSURE = Difference(6, 3, 0.2, -0.5, 1.1, 1.0, 1.0)


@pytest.fixture(scope="module")
def pack_page(studio: Studio) -> Path:
    report = PackReport(
        studio.evaluation,
        learned_from={"reds": 12},
        problems=["p9 was left out: its after is <missing>"],
        curve=[CurvePoint(count, studio.evaluation) for count in (20, 50)],
        hands=[OwnOrOne("reds", FRAME, 4.21, 0.53, BETTER), OwnOrOne("blues", COLOR, 3.9, 3.7, UNSURE)],
        specific={"reds": BETTER, "blues": UNSURE},
        without={"perceptual loss": studio.evaluation},
        what_if=[
            WhatIf(Bar(), 0.84, 0.7, {0.05: 0.0, 0.1: 0.0}),
            WhatIf(Bar(delta_e=6.0, corner=None), 0.25, 0.767, {0.05: 0.0, 0.1: 0.41}),
        ],
    )
    return write_pack_report(studio.pack, report, studio.pairs, studio.options)


@pytest.fixture(scope="module")
def analysis_folder(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("analysis")
    command = ["analyze", str(studio.folder), "--out", str(out), "--fits", str(studio.fits), "--workers", "1", "--json"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    (out / "told.json").write_text(told.stdout)
    return out


def visit(browser: BrowserContext, path: Path) -> str:
    """Opens a page from disk; gives its text. Fails when it asks for anything, complains, or does not fit."""
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0 && image.alt)")
    assert page.evaluate("document.querySelectorAll('svg.plot').length") > 2
    text = str(page.evaluate("document.body.innerText"))
    page.close()
    return text


def test_the_packs_report_tells_everything(browser: BrowserContext, pack_page: Path) -> None:
    assert pack_page.name == "report.html"
    text = visit(browser, pack_page)
    assert "Which promise could be kept?" in text
    assert re.search(r"6.0\s+0.95\s+any\s+25 %\s+0.77\s+0 %\s+41 %", text)
    assert re.search(r"corners off, % of the long side\s+reds\s+40\s+20\s+4.21\s+0.53\s+0.80.+0.003\s+better", text)
    assert re.search(r"ΔE00 on the product\s+blues.+cannot tell", text)
    for told in ("tiny 1", "How near", "Learning curve", "Worst cases", "product.onnx", "p9 was left out", "fitted"):
        assert told in text
    assert "<script>alert('blues')</script> & more" in text  # as words
    assert "better" in text
    assert "not shown" in text
    assert "Too few products for a judge" in text


def test_a_report_needs_scores(studio: Studio) -> None:
    empty = PackReport(replace(studio.evaluation, scores=()))
    with pytest.raises(ValueError, match="nothing was scored"):
        write_pack_report(studio.pack, empty, studio.pairs, studio.options)


def test_the_analysis_is_a_page_and_a_style(browser: BrowserContext, analysis_folder: Path) -> None:
    text = visit(browser, analysis_folder / "report.html")
    for told in ("Rollout plan", "What explains the change", "House style", "Consistency", "human", "Set aside"):
        assert told in text
    house = load_style(analysis_folder / "style.toml").house("reds")
    assert (house.aspect, house.long_side, house.background) == (1.0, 384, (255, 255, 255))
    told = json.loads((analysis_folder / "told.json").read_text())
    assert set(told["plan"]) == {"reds", "<script>alert('blues')</script> & more"}
    assert told["pairs"] == 3


def test_plots_have_the_colours_of_the_page_in_light_and_dark(browser: BrowserContext, pack_page: Path) -> None:
    page = browser.new_page()
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(pack_page.as_uri())
        script = "getComputedStyle(document.querySelector('svg.plot text')).fill"
        found.append((page.evaluate(script), page.evaluate("getComputedStyle(document.body).backgroundColor")))
    page.close()
    (ink, paper), (night_ink, night_paper) = (
        [sum(map(int, re.findall(r"\d+", c)[:3])) for c in pair] for pair in found
    )
    assert ink < paper
    assert night_ink > night_paper


def brightness(color: str) -> int:
    """Of a colour as the browser tells it: rgb(r, g, b)."""
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


def test_the_same_evaluation_gives_the_same_page_but_for_times(studio: Studio, tmp_path: Path) -> None:
    pages = []
    for name in ("one.html", "two.html"):
        path = write_pack_report(
            studio.pack, PackReport(studio.evaluation), studio.pairs, studio.options, tmp_path / name
        )
        pages.append(re.sub(r"<td>[\d.]+</td></tr>", "", path.read_text("utf-8")))
    assert pages[0] == pages[1]
