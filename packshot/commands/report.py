"""``packshot report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.catalogs import CatalogInstead, RunFolder, opened_either
from packshot.commands.output import answer, answer_json, fail

if TYPE_CHECKING:
    from packshot.catalog.figures import Report


def report(
    run: RunFolder = None,
    catalog: CatalogInstead = None,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    costs: Annotated[Path | None, typer.Option(help="The studio's own cost figures, a costs.toml.")] = None,
    risk: Annotated[
        float, typer.Option(min=0.0005, max=0.5, help="The promised error rate, that audits are held against.")
    ] = 0.02,
    name: Annotated[str, typer.Option(help="What the page is called.")] = "packshot",
    json: Annotated[bool, typer.Option("--json", help="Print as JSON; no page is written.")] = False,
) -> None:
    """Tell what was automated, how sure that is, how long it took, and what it saved."""
    from dataclasses import replace

    from packshot.catalog.costs import Costs, load_costs
    from packshot.catalog.figures import report as count
    from packshot.catalog.inputs import inputs
    from packshot.evaluation.audit import AuditPlan

    try:
        studio = Costs() if costs is None else load_costs(costs)
    except (ValueError, OSError) as error:
        fail(str(error))
    with opened_either(run, catalog) as found:
        counted = replace(count(found, studio, AuditPlan(risk=risk)), inputs=inputs(found))
    answer_json(counted.as_json()) if json else _page(counted, out, name)


def _page(counted: Report, out: Path, name: str) -> None:
    try:
        from packshot.reports.catalog_page import write_catalog_report

        write_catalog_report(out, counted, name)
    except ImportError as error:
        fail(f"the page needs more than is installed ({error}): pip install 'packshot[report]', or ask for --json")
    every = counted.all
    automated = "–" if every.share_automated is None else f"{every.share_automated:.0%}"
    answer(f"{every.photos} photos, {automated} published without a person. See {out}")
    for alarm in (counted.alarm, None if counted.inputs is None else counted.inputs.alarm):
        if alarm is not None:
            answer(alarm)
