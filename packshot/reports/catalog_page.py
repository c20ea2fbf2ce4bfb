"""The catalog's report as one page: what was automated, how sure that is, how long it took, what it saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from packshot.catalog.figures import Day, Report
from packshot.catalog.inputs import Inputs
from packshot.evaluation.drift import Shift
from packshot.evaluation.drift_words import KINDS, NUMBERS
from packshot.evaluation.exact import interval
from packshot.reports.page import number, share, write_page
from packshot.reports.plots import LINE, SERIES, Interval, draw_legend, intervals, new_figure, svg

_SUBJECTS = (*NUMBERS, *KINDS)


def write_catalog_report(path: Path, report: Report, name: str) -> None:
    """Writes the page. ``name``: of the catalog, as people call it."""
    write_page(
        path,
        "catalog.html",
        title=f"{name}: report",
        name=name,
        report=report,
        headline=_headline(report),
        tables={"category": [report.all, *report.categories], "pack version": [*report.packs]},
        plots=[plot for plot in (_automated(report), _errors(report)) if plot is not None],
        smaller=[
            plot for plot in (_over_time(report.days), _times(report), _watched(report.audits)) if plot is not None
        ],
        stages=_stages(report.corrected),
        duration=duration,
        subjects=_SUBJECTS,
        inputs=_inputs(report.inputs),
    )


def _inputs(inputs: Inputs | None) -> list[dict[str, Any]]:
    """A row for each day, and for each category that drifted otherwise than all of it; the last day first."""
    if inputs is None:
        return []
    whole = {one.day: {shift.name for shift in one.drifted} for one in inputs.days if one.category == "all"}
    told = [
        one
        for one in inputs.days
        if one.category == "all" or {shift.name for shift in one.drifted} - whole.get(one.day, set())
    ]
    told.sort(key=lambda one: (-one.day.toordinal(), one.category != "all", one.category))
    return [
        {
            "day": f"{one.day:%d %B}",
            "category": one.category,
            "photos": one.photos,
            "drifted": bool(one.drifted),
            "cells": [_largest([shift for shift in one.shifts if shift.subject == name]) for name in _SUBJECTS],
            "words": "; ".join(shift.sentence() for shift in one.drifted),
        }
        for one in told
    ]


def _largest(shifts: Sequence[Shift]) -> dict[str, Any]:
    """The largest shift of a subject; one that counts before one that does not."""
    if not shifts:
        return {"size": None, "drifted": False}
    most = max(shifts, key=lambda shift: (shift.drifted, shift.size))
    return {"size": most.size, "drifted": most.drifted}


def duration(hours: float | None) -> str:
    """A time in the unit a person would use."""
    if hours is None:
        return "–"
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _headline(report: Report) -> list[dict[str, str]]:
    every, currency = report.all, report.costs.currency
    ended = every.automated + every.by_people + every.rejected
    money = every.money_saved
    figures = [
        (
            "published without a person",
            share(every.share_automated),
            f"{every.automated} of {every.retouched} retouched",
        ),
        ("of these bad", share(every.error_rate), f"at most {share(every.error_bound)} (95 %), {every.audited} audits"),
        ("arrival to publication", duration(every.hours_median), f"95 % within {duration(every.hours_p95)}"),
        ("a person's minutes an item", number(every.minutes), f"{number(every.minutes_saved)} saved"),
        (f"saved, {currency}", "–" if money is None else f"{money * ended:,.0f}", f"{number(money)} an item"),
        ("waiting for a person", str(every.waiting), f"{every.failed} failed"),
    ]
    return [{"label": label, "value": value, "beside": beside} for label, value, beside in figures]


def _automated(report: Report) -> Markup | None:
    rows = [(one.name, one.automated, one.retouched) for one in report.categories]
    return _shares(rows, "", "share published without a person, percent")


def _errors(report: Report) -> Markup | None:
    rows = [(one.name, one.audited_bad, one.audited) for one in report.categories]
    return _shares(rows, " audits", "bad among the published that were audited, percent")


def _shares(rows: Sequence[tuple[str, int, int]], unit: str, title: str) -> Markup | None:
    """Each name's part of a whole with its interval; names with nothing to count are left out."""
    known = [row for row in rows if row[2]]
    if not known:
        return None
    labels = [f"{name} ({whole}{unit})" for name, _, whole in known]
    values = [_share_interval(part, whole) for _, part, whole in known]
    furthest = max(10.0, *(one.high or 0.0 for one in values))
    return intervals(labels, {"with 95 % interval": values}, title, span=(-0.01 * furthest, 1.02 * furthest))


def _share_interval(part: int, whole: int) -> Interval:
    low, high = interval(part, whole, 0.95)
    return Interval(100 * part / whole, 100 * low, 100 * high)


def _over_time(days: tuple[Day, ...]) -> Markup | None:
    if len(days) < 2:
        return None
    figure, axes = new_figure(4.6, 2.5)
    when = np.array([day.day.toordinal() for day in days], np.float64)
    first = when.min()
    series = {
        "arrived": [day.arrived for day in days],
        "published": [day.published for day in days],
        "without a person": [day.automated for day in days],
    }
    for index, (name, values) in enumerate(series.items()):
        axes.plot(
            when - first, values, "osD"[index] + "-", color=SERIES[index], label=name, markersize=4, linewidth=1.4
        )
    shown = np.unique(np.linspace(0, len(days) - 1, min(6, len(days))).round().astype(int))
    axes.set_xticks([when[index] - first for index in shown], [f"{days[index].day:%d %b}" for index in shown])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("photos a day")
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    draw_legend(axes, 3)
    return svg(figure, "Photos a day")


def _times(report: Report) -> Markup | None:
    known = {name: sorted(values) for name, values in report.hours.items() if values}
    if not known:
        return None
    figure, axes = new_figure(4.6, 2.5)
    for index, (name, values) in enumerate(known.items()):
        hours = np.maximum(np.array(values), 1 / 60)
        axes.step(hours, np.arange(1, len(values) + 1) / len(values), where="post", color=SERIES[index], label=name)
    axes.set_xscale("log")
    axes.set_xticks(*_readable_times(max(max(values) for values in known.values())))
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("time from arrival")
    axes.set_ylabel("published by then")
    axes.grid(color=LINE, linewidth=0.6)
    draw_legend(axes, 2)
    return svg(figure, "Time from arrival to publication")


def _readable_times(most: float) -> tuple[list[float], list[str]]:
    steps = {1 / 60: "1 min", 1 / 6: "10 min", 1.0: "1 h", 6.0: "6 h", 24.0: "1 day", 168.0: "1 week", 720.0: "30 days"}
    chosen = {hours: text for hours, text in steps.items() if hours <= max(1.0, most * 3)}
    return list(chosen), list(chosen.values())


def _watched(audits: tuple[bool, ...]) -> Markup | None:
    """The error rate as audits came in, with its interval: it narrows as more is known."""
    if len(audits) < 10:
        return None
    figure, axes = new_figure(4.6, 2.5)
    steps = np.unique(np.linspace(5, len(audits), 60).round().astype(int))
    bad = [int(sum(audits[:step])) for step in steps]
    bounds = np.array([interval(count, int(step), 0.95) for count, step in zip(bad, steps, strict=True)]) * 100
    axes.fill_between(steps, bounds[:, 0], bounds[:, 1], color=SERIES[0], alpha=0.15, linewidth=0)
    axes.plot(
        steps, [100 * count / step for count, step in zip(bad, steps, strict=True)], color=SERIES[0], linewidth=1.4
    )
    axes.set_ylim(0, max(5.0, float(np.quantile(bounds[:, 1], 0.8))))
    axes.set_xlabel("audits")
    axes.set_ylabel("bad, percent")
    axes.grid(color=LINE, linewidth=0.6)
    return svg(figure, "Error rate over audits, with its 95 % interval")


def _stages(corrected: dict[str, int]) -> Markup | None:
    if not corrected:
        return None
    figure, axes = new_figure(4.6, 0.6 + 0.32 * len(corrected))
    places = np.arange(len(corrected))[::-1]
    axes.barh(places, list(corrected.values()), height=0.6, color=SERIES[0])
    axes.set_yticks(places, list(corrected))
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("corrections that changed it")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    return svg(figure, "Corrections by stage")
