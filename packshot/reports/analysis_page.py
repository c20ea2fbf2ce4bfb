"""The report of an analysis: habits, consistency, difficulty, examples, and the rollout plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from packshot.evaluation.bar import Bar
from packshot.learning.house.analysis import HARD_WORDS, Analysis, Category, usable
from packshot.learning.house.facts import HABITS, PairFacts
from packshot.learning.pairs import FEW_PAIRS
from packshot.learning.registration.register import as_bytes
from packshot.photo import Photo
from packshot.pipeline import render
from packshot.recipe import Recipe
from packshot.reports.page import share, write_page
from packshot.reports.pictures import inline
from packshot.reports.plots import rollout, scatter_rows, stacked

_PLOTTED = ("tilt", "warmth", "exposure", "evenness", "specks", "sharpening")
_LOOK = ("shadows", "highlights", "contrast", "saturation")
_MOST_CATEGORIES_WITH_EXAMPLES = 24
_SIDE = 520


def write_analysis_report(path: Path, analysis: Analysis, fits: Path, today: Mapping[str, float] | None = None) -> None:
    """Writes the page. ``fits``: the folder of fitted recipes. today: share that is good with a pack, by category."""
    categories = analysis.categories
    aside = {one.fit.id: one.problem or one.fit.reason for one in analysis.facts if not usable(one)}
    write_page(
        path,
        "analysis.html",
        title="What the retouchers do",
        pairs=len(analysis.facts),
        headline=_headline(analysis, aside),
        bar=Bar(delta_e=analysis.bar.delta_e, iou=None, corner=None).words(),
        plan=rollout(
            [one.name for one in categories],
            [one.volume for one in categories],
            [(one.expected[1], one.expected[0], one.expected[2]) for one in categories],
        ),
        steps=_steps(categories),
        today=today,
        few=[one.name for one in categories if one.pairs < FEW_PAIRS],
        ledger=_ledger(categories),
        habit_plots=_habit_plots(analysis),
        habit_labels=HABITS,
        look=_LOOK,
        categories=categories,
        hard_words=HARD_WORDS,
        examples=_examples(analysis, fits),
        aside=aside,
    )


def _headline(analysis: Analysis, aside: Mapping[str, str]) -> list[dict[str, str]]:
    gain = sum(one.volume * one.expected[0] for one in analysis.categories)
    good = [one for one in analysis.facts if usable(one)]
    left = sum(one.fit.explained["unexplained"] for one in good) / len(good)
    first = analysis.categories[0]
    figures = [
        ("pairs", str(len(analysis.facts)), f"in {len(analysis.categories)} categories"),
        ("set aside", str(len(aside)), "hand work, or no pair"),
        ("change explained", share(1 - left), "by the stages, mean"),
        ("expected automation", share(gain), "of all photos"),
        ("begin with", first.name, f"{share(first.volume * first.expected[0])} of all photos"),
    ]
    return [{"label": label, "value": value, "beside": beside} for label, value, beside in figures]


def _steps(categories: tuple[Category, ...]) -> list[dict[str, Any]]:
    steps, together = [], 0.0
    for one in categories:
        gain = one.volume * one.expected[0]
        together += gain
        steps.append({"one": one, "gain": gain, "together": together})
    return steps


def _ledger(categories: tuple[Category, ...]) -> Markup:
    known = [one for one in categories if one.ledger]
    stages = list(known[0].ledger)
    # A stage may make a pair a little worse; a bar cannot be shorter than nothing.
    parts = {stage: [max(0.0, one.ledger[stage]) for one in known] for stage in stages}
    return stacked([f"{one.name} ({one.pairs})" for one in known], parts, "share of the change")


def _habit_plots(analysis: Analysis) -> list[Markup]:
    names = [one.name for one in analysis.categories]
    good = [one for one in analysis.facts if usable(one)]
    return [
        scatter_rows(
            names,
            [
                [one.numbers[habit] for one in good if one.fit.category == name and habit in one.numbers]
                for name in names
            ],
            HABITS[habit],
        )
        for habit in _PLOTTED
    ]


def _examples(analysis: Analysis, fits: Path) -> dict[str, list[dict[str, Any]]]:
    by_id = {one.fit.id: one for one in analysis.facts}
    found: dict[str, list[dict[str, Any]]] = {}
    for category in analysis.categories[:_MOST_CATEGORIES_WITH_EXAMPLES]:
        chosen = {name: label for label, name in reversed(category.examples.items())}
        found[category.name] = [_case(label, by_id[name], fits) for name, label in reversed(chosen.items())]
    return found


def _case(label: str, facts: PairFacts, fits: Path) -> dict[str, Any]:
    fit = facts.fit
    before, after = Photo.open(Path(fit.before)), Photo.open(Path(fit.after))
    recipe = Recipe.load(fits / fit.recipe_file)
    pictures = {
        "before": as_bytes(before.pixels(min(1.0, _SIDE / max(before.size)))),
        "fitted recipe": render(before, recipe, min(_SIDE, max(recipe.geometry.size))),
        "human": as_bytes(after.pixels(min(1.0, _SIDE / max(after.size)))),
    }
    numbers = facts.numbers
    words = (
        f"ΔE00 {fit.delta_e_before:.1f} before, {fit.delta_e:.1f} left. Turned {numbers['tilt']:+.1f}°, "
        f"exposure {numbers['exposure']:+.2f} stops, {numbers['specks']:.0f} specks healed."
    )
    shown = {name: inline(picture, f"{fit.id}, {name}") for name, picture in pictures.items()}
    return {"label": label, "name": fit.id, "words": words, "pictures": shown}
