"""Plots as inline SVG that takes the page's own colours, so they are right on light and on dark ground."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins that no plot uses otherwise; each becomes a colour of the page's style sheet.
TEXT, LINE = "#010101", "#020202"
SERIES = ("#030301", "#030302", "#030303", "#030304", "#030305", "#030306", "#030307")
_VARIABLES = {TEXT: "var(--text)", LINE: "var(--line)"} | {
    color: f"var(--series-{number})" for number, color in enumerate(SERIES, 1)
}
MARKS = {
    "packshot": (SERIES[0], "o"),
    "mean": (SERIES[1], "s"),
    "untouched": (SERIES[2], "D"),
    "classical": (SERIES[3], "^"),
    "fitted": (SERIES[4], "v"),
}
_INCH = 100  # SVG user units at 72 points; widths below are in inches


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval."""

    value: float
    low: float | None = None
    high: float | None = None


def intervals(
    rows: Sequence[str],
    series: Mapping[str, Sequence[Interval | None]],
    title: str,
    limit: float | None = None,
    span: tuple[float, float] | None = None,
) -> Markup:
    """Values with their intervals: a line per row, a mark per series. ``limit`` is drawn as the bar of good.

    ``span``: the axis from where to where, if not about the values.
    """
    figure, axes = new_figure(7.2, 0.55 + 0.42 * len(rows))
    spread = np.linspace(0.26, -0.26, len(series)) if len(series) > 1 else [0.0]
    for index, ((name, values), shift) in enumerate(zip(series.items(), spread, strict=True)):
        color, mark = MARKS.get(name, (SERIES[index % len(SERIES)], "osD^vP"[index % 6]))
        for row, one in enumerate(values):
            if one is None:
                continue
            height = len(rows) - 1 - row + shift
            if one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [height, height], color=color, linewidth=1.4, solid_capstyle="butt")
            axes.plot([one.value], [height], mark, color=color, markersize=5)
        axes.plot([], [], mark, color=color, label=name, markersize=5)
    known = [one.value for values in series.values() for one in values if one is not None]
    axes.set_xlim(*(span or _limits(known, limit)))
    if limit is not None:
        axes.axvline(limit, color=TEXT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(rows)), list(reversed(rows)))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(title)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    draw_legend(axes, len(series))
    return svg(figure, title)


def _limits(values: Sequence[float], limit: float | None) -> tuple[float, float]:
    """From the least to the greatest value with some room: an interval that goes on may leave the picture."""
    ends = [*values, *([] if limit is None else [limit])]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.08 * (high - low or 1.0)
    return (-0.2 * room if 0 <= low <= 0.5 * high else low - room), high + 2 * room


def stacked(rows: Sequence[str], parts: Mapping[str, Sequence[float]], title: str) -> Markup:
    """Shares that add up, a bar per row; the last part is what nothing explains and drawn in outline."""
    figure, axes = new_figure(7.2, 0.6 + 0.36 * len(rows))
    places = np.arange(len(rows))[::-1]
    left = np.zeros(len(rows))
    for index, (name, values) in enumerate(parts.items()):
        last = index == len(parts) - 1
        look: dict[str, Any] = (
            {"color": "none", "edgecolor": TEXT, "linewidth": 0.7} if last else {"color": SERIES[index]}
        )
        axes.barh(places, values, left=left, height=0.62, label=name, **look)
        left += np.asarray(values)
    axes.set_yticks(places, rows)
    axes.set_xlim(0, max(1.0, float(left.max(initial=1.0))))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(title)
    draw_legend(axes, 6)
    return svg(figure, title)


def scatter_rows(rows: Sequence[str], values: Sequence[Sequence[float]], title: str) -> Markup:
    """Every single value as a point, a line per row, with median and quartiles."""
    figure, axes = new_figure(3.5, 0.55 + 0.3 * len(rows))
    draw = np.random.default_rng(0)
    for row, numbers in enumerate(values):
        height = len(rows) - 1 - row
        known = np.asarray(numbers, np.float64)
        if not len(known):
            continue
        chosen = known if len(known) <= 150 else draw.choice(known, 150, replace=False)
        axes.plot(
            chosen, height + draw.uniform(-0.24, 0.24, len(chosen)), ".", color=SERIES[3], markersize=3, alpha=0.55
        )
        low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
        axes.plot([low, high], [height, height], color=SERIES[0], linewidth=2.4, solid_capstyle="butt")
        axes.plot([middle], [height], "o", color=SERIES[0], markersize=5)
    axes.set_yticks(range(len(rows)), list(reversed(rows)))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(title)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    return svg(figure, title)


def curve(sizes: Sequence[int], points: Sequence[Interval], levels: Mapping[str, float], title: str) -> Markup:
    """A figure over the number of pairs learned from; ``levels`` are what it is held against, as level lines."""
    figure, axes = new_figure(4.6, 2.5)
    values = [point.value for point in points]
    bounds = [
        (point.value if point.low is None else point.low, point.value if point.high is None else point.high)
        for point in points
    ]
    axes.fill_between(
        sizes, [low for low, _ in bounds], [high for _, high in bounds], color=SERIES[0], alpha=0.15, linewidth=0
    )
    axes.plot(sizes, values, "o-", color=SERIES[0], label="packshot", markersize=4, linewidth=1.4)
    for name, level in levels.items():
        axes.axhline(level, color=MARKS[name][0], linewidth=1.2, linestyle=(0, (4, 3)), label=name)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("pairs learned from")
    axes.set_ylabel(title)
    axes.grid(color=LINE, linewidth=0.6)
    draw_legend(axes, 3)
    return svg(figure, f"{title} over the number of pairs")


def rollout(names: Sequence[str], volumes: Sequence[float], automated: Sequence[tuple[float, float, float]]) -> Markup:
    """The plan: a column per category, as wide as its volume and as high as its expected automation, with its range."""
    figure, axes = new_figure(7.2, 2.7)
    left = 0.0
    for name, volume, (low, expected, high) in zip(names, volumes, automated, strict=True):
        axes.bar(left, expected, width=volume, align="edge", color=SERIES[0], alpha=0.85, edgecolor="none")
        middle = left + volume / 2
        axes.plot([middle, middle], [low, high], color=SERIES[1], linewidth=1.6)
        slim = volume < 0.07
        axes.text(
            middle,
            1.03,
            name,
            ha="left" if slim else "center",
            va="bottom",
            rotation=65 if slim else 0,
            color=TEXT,
            fontsize=9,
        )
        left += volume
        axes.axvline(left, color=LINE, linewidth=0.6)
    axes.set_xlim(0, max(left, 1e-6))
    axes.set_ylim(0, 1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("share of all photos, in the order of the plan")
    axes.set_ylabel("expected automation")
    return svg(figure, "Rollout plan")


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that many inches with one plot, bare but for its lower line, in the page's colours."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "packshot", "font.family": "sans-serif"})
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_visible(False)
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TEXT, labelsize=9, length=0)
    axes.xaxis.label.set(color=TEXT, fontsize=9)
    axes.yaxis.label.set(color=TEXT, fontsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE)
    return figure, axes


def draw_legend(axes: Axes, columns: int) -> None:
    """Names the marks above the plot, in so many columns."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=TEXT,
        handletextpad=0.4,
        columnspacing=1.4,
        borderaxespad=0.2,
    )


def svg(figure: Figure, description: str) -> Markup:
    """A figure as an SVG element that scales with the page, its stand-in colours replaced by the page's."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    width, height = (float(value) for value in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0])
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<svg [^>]*>", "", text, count=1)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    # As attributes variables are not resolved; as style they are. Matplotlib writes both kinds.
    text = re.sub(r'(fill|stroke)="(var\([^"]*\))"', r'style="\1: \2"', text)
    head = Markup('<svg class="plot" role="img" viewBox="0 0 {} {}" style="max-width: {}px"><title>{}</title>')
    return head.format(width, height, round(width * _INCH / 72), description) + Markup(text)
