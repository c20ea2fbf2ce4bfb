"""The blind test's results as a page."""

from __future__ import annotations

from pathlib import Path

from packshot.blindtest.results import Results
from packshot.blindtest.trials import BlindTestFile
from packshot.reports.page import write_page
from packshot.reports.plots import Interval, intervals


def write_page_of(test: BlindTestFile, found: Results, path: Path) -> None:
    """Writes an HTML file that needs nothing beside it. Raises ImportError without the extra for reports."""
    states = {"all": found.arms["ai"].so_far, "two humans": found.arms["human"].so_far, **found.categories}
    known = {name: state for name, state in states.items() if state.trials}
    title = "share of trials in which the studio's own was recognised"
    shares = {"recognised": [Interval(s.right / s.trials, s.low, s.high) for s in known.values()]}
    plot = intervals(list(known), shares, title, 0.5, (-0.02, 1.02)) if known else ""
    write_page(path, "blindtest.html", test=test, found=found, states=known, plot=plot)
