"""The report of a pack: how well it does, how it knows, where it fails, what it costs, what it holds for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from markupsafe import Markup

from packshot.evaluation.bar import WORDS
from packshot.learning.judging.what_if import WhatIf
from packshot.learning.pairs import Pair
from packshot.learning.proof.comparison import Difference, differences
from packshot.learning.proof.curves import CurvePoint
from packshot.learning.proof.evaluation import Evaluation, EvaluationOptions
from packshot.learning.proof.own_or_one import FIGURES, OwnOrOne
from packshot.learning.proof.own_or_one import WORDS as WORDS_OF_HANDS
from packshot.learning.proof.pair_score import ALL, CLASSICAL, FITTED, MEAN, METHODS, OURS, UNTOUCHED, PairScore
from packshot.learning.proof.reference import read_reference
from packshot.learning.registration.register import as_bytes
from packshot.learning.steps.categories import Told
from packshot.pack import Pack
from packshot.pipeline import predict, render
from packshot.reports.costs import model_costs
from packshot.reports.page import number, share, write_page
from packshot.reports.pictures import inline
from packshot.reports.plots import Interval, curve, intervals
from packshot.style import Style, load_style

WORST = 20
_UNTRIED = (
    "Nothing is known of how good this pack is: too few pairs could be set aside to score it on. "
    "Look at every shot, and learn again from pairs of five products or more."
)
_PLOTTED = {
    "delta_e": "ΔE00 on the product, median",
    "corner": "corner error, percent of the long side, median",
    "iou": "IoU of the mattes, median",
}
_WORDS = {"delta_e": "ΔE00 {:.1f}", "iou": "IoU {:.3f}", "corner": "corners {:.1f} %", "angle": "angle {:.1f}°"}


@dataclass(frozen=True)
class PackReport:
    """What the report tells beyond the pack itself.

    evaluation: on held-out pairs; None where there were none to score. learned_from: pairs by category. problems:
    sentences on what was left out. curve: of learning. hands: each category's own hand against one for all, on groups
    left out in turn. specific, moved: tests per category (own models against one for all; against the base pack).
    without: evaluations of trainings that lacked one part, by its name. told: by category how it is told from photos.
    what_if: what other bars of good and other promises would let through. tuned: sentences on networks taken further on
    these pairs. holds_for: a sentence on data and limits.
    """

    evaluation: Evaluation | None
    learned_from: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[str] = ()
    curve: Sequence[CurvePoint] = ()
    hands: Sequence[OwnOrOne] = ()
    specific: Mapping[str, Difference] = field(default_factory=dict)
    moved: Mapping[str, Difference] = field(default_factory=dict)
    without: Mapping[str, Evaluation] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    what_if: Sequence[WhatIf] = ()
    tuned: Sequence[str] = ()
    holds_for: str = ""


def write_pack_report(
    folder: Path, report: PackReport, pairs: Sequence[Pair], options: EvaluationOptions, path: Path | None = None
) -> Path:
    """Writes the report of the pack in ``folder``, as its ``report.html`` unless ``path`` is given; gives its path.

    ``pairs``: those that were scored. Without an evaluation it tells what was learned from, what was left out and why,
    and what the models cost.

    Raises ValueError when there is an evaluation in which nothing was scored.
    """
    pack = Pack(folder)
    path = path or folder / "report.html"
    write_page(
        path,
        "pack.html",
        title=f"{pack.label}: report",
        name=pack.label,
        methods=METHODS,
        **_scored(pack, report, pairs, options),
        hands=[(WORDS_OF_HANDS[figure], _of(report.hands, figure)) for figure in FIGURES if _of(report.hands, figure)],
        specific=report.specific,
        moved=report.moved,
        categories=report.told,
        what_if=report.what_if,
        models=model_costs(pack),
        learned=report.learned_from,
        tuned=report.tuned,
        problems=[*report.problems, *_unscored(report.evaluation)],
    )
    return path


def _scored(pack: Pack, report: PackReport, pairs: Sequence[Pair], options: EvaluationOptions) -> dict[str, Any]:
    """What the page says of the scores; nothing of it where there is no evaluation."""
    evaluation = report.evaluation
    if evaluation is None:
        nothing: dict[str, Any] = dict.fromkeys(
            ("tables", "headline", "plots", "bar", "curve", "variants", "worst"), ()
        )
        return {**nothing, "all": None, "told": None, "seconds": None, "holds_for": report.holds_for or _UNTRIED}
    if not evaluation.scores:
        raise ValueError("nothing was scored, so there is nothing to report: see why each pair was refused or failed")
    tables = evaluation.tables()
    return {
        "tables": tables,
        "all": tables[ALL],
        "headline": _headline(tables[ALL], evaluation),
        "plots": _plots(tables, evaluation),
        "bar": evaluation.bar.words(),
        "curve": _curves(report.curve, tables[ALL]),
        "variants": _variants(report.without, evaluation),
        "told": evaluation.told_apart(),
        "worst": _worst(pack, evaluation, pairs, options),
        "seconds": median(one.seconds for one in evaluation.scores),
        "holds_for": report.holds_for or _holds_for(pack, tables),
    }


def _unscored(evaluation: Evaluation | None) -> list[str]:
    problems = {} if evaluation is None else {**evaluation.refused, **evaluation.failed}
    return [f"{name}: {why}" for name, why in problems.items()]


def _headline(table: Mapping[str, Any], evaluation: Evaluation) -> list[dict[str, str]]:
    ours, before = table[OURS], table.get(UNTOUCHED, {})
    told = evaluation.told_apart()
    judge = "by a trained judge; chance is 50 %" if told else "too few products for a judge"

    def median_of(rows: Mapping[str, Any], name: str, digits: int) -> str:
        return number(rows[name]["median"], digits) if name in rows else "–"

    figures = [
        ("ΔE00 on the product", median_of(ours, "delta_e", 2), f"untouched {median_of(before, 'delta_e', 2)}"),
        ("matte IoU", median_of(ours, "iou", 3), "of the human's matte"),
        ("corner error", median_of(ours, "corner", 2) + " %", f"untouched {median_of(before, 'corner', 1)} %"),
        ("angle error", median_of(ours, "angle", 2) + "°", f"untouched {median_of(before, 'angle', 2)}°"),
        ("good by the bar", share(1 - table["bad"]), f"of {table['pairs']} pairs"),
        ("told from the human's", share(told.accuracy) if told else "–", judge),
    ]
    return [{"label": label, "value": value, "beside": beside} for label, value, beside in figures]


def _plots(tables: Mapping[str, Mapping[str, Any]], evaluation: Evaluation) -> list[Markup]:
    shown = [method for method in (OURS, MEAN, UNTOUCHED, CLASSICAL, FITTED) if method in tables[ALL]]
    limits = evaluation.bar.model_dump()
    plots = []
    for name, title in _PLOTTED.items():
        # Nothing was cut out of the untouched photo, and its frame is another: it would only squeeze the scale.
        methods = [method for method in shown if name == "delta_e" or method != UNTOUCHED]
        series = {
            method: [_interval(table.get(method, {}).get(name)) for table in tables.values()] for method in methods
        }
        rows = [f"{category} ({table['pairs']})" for category, table in tables.items()]
        plots.append(intervals(rows, series, title, limits[name]))
    return plots


def _interval(figure: Mapping[str, Any] | None) -> Interval | None:
    return None if figure is None else Interval(figure["median"], figure["low"], figure["high"])


def _curves(points: Sequence[CurvePoint], overall: Mapping[str, Any]) -> list[Markup]:
    if len(points) < 2:
        return []
    sizes = [point.pairs for point in points]
    plots = []
    for name, title in {
        "delta_e": "ΔE00 on the product",
        "corner": "corner error, %",
        "angle": "angle error, °",
    }.items():
        found = [_interval(point.evaluation.tables()[ALL][OURS].get(name)) for point in points]
        levels = {
            method: overall[method][name]["median"] for method in (MEAN, FITTED) if name in overall.get(method, {})
        }
        if all(one is not None for one in found):
            plots.append(curve(sizes, [one for one in found if one is not None], levels, title))
    return plots


def _variants(without: Mapping[str, Evaluation], whole: Evaluation) -> list[dict[str, Any]]:
    rows = []
    for name, evaluation in without.items():
        figures = evaluation.tables()[ALL][OURS]
        gain = _overall(evaluation, whole)
        medians = {
            key: figures[key]["median"] if key in figures else None for key in ("delta_e", "corner", "angle", "iou")
        }
        rows.append({"name": name, **medians, "gain": gain.gain, "low": gain.low, "high": gain.high})
    return rows


def _overall(first: Evaluation, second: Evaluation) -> Difference:
    """What ``second`` gains in ΔE00 over ``first``, all categories together."""
    before = {one.id: one.figures[OURS]["delta_e"] for one in first.scores}
    found = [
        (old - new, one.group)
        for one in second.scores
        if (old := before.get(one.id)) is not None and (new := one.figures[OURS]["delta_e"]) is not None
    ]
    return differences({ALL: (np.array([gain for gain, _ in found]), [group for _, group in found])})[ALL]


def _worst(
    pack: Pack, evaluation: Evaluation, pairs: Sequence[Pair], options: EvaluationOptions
) -> list[dict[str, Any]]:
    by_id = {pair.id: pair for pair in pairs}
    known = [one for one in evaluation.scores if one.id in by_id]
    ordered = sorted(known, key=lambda one: -evaluation.bar.severity(one.figures[OURS]))
    style = Style() if options.style is None else load_style(options.style)
    return [_case(pack, style, by_id[one.id], one, options) for one in ordered[:WORST]]


def _case(pack: Pack, style: Style, pair: Pair, scored: PairScore, options: EvaluationOptions) -> dict[str, Any]:
    reference = read_reference(pair, options.kept, options.fits)
    photo = reference.photo
    picture = render(photo, predict(photo, pack, style, pair.category))
    before = as_bytes(photo.pixels(min(1.0, 600 / max(photo.size))))
    pictures = {"before": before, "packshot": picture, "human": reference.after}
    figures = scored.figures[OURS]
    told = [text.format(figures[name]) for name, text in _WORDS.items() if figures.get(name) is not None]
    faults = scored.faults(options.bar)
    words = f"{', '.join(told)}. " + (
        f"Misses the bar by {', '.join(WORDS[fault] for fault in faults)}." if faults else "Within the bar."
    )
    return {
        "name": pair.id,
        "category": pair.category,
        "words": words,
        "pictures": {label: inline(one, f"{pair.id}, {label}") for label, one in pictures.items()},
    }


def _of(hands: Sequence[OwnOrOne], figure: str) -> list[OwnOrOne]:
    return [one for one in hands if one.figure == figure]


def _holds_for(pack: Pack, tables: Mapping[str, Mapping[str, Any]]) -> str:
    names = ", ".join(f"{name} ({table['pairs']})" for name, table in tables.items() if name != ALL)
    return (
        f"The figures hold for photos like those scored: {names}, from the same cameras, sets and light. "
        f"The pack knows the categories {', '.join(pack.categories)}. "
        "Other goods, other light and other house rules are untried."
    )
