"""The card of a pack that was learned: what from, how good it is, where it fails, whose it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from packshot.learning.steps.run import Learning
from packshot.pack import Pack
from packshot.photo import write_atomic

CARD = "card.md"
_METHODS = {"packshot": "this pack", "untouched": "untouched photo", "mean": "mean edit", "fitted": "possible at best"}
_FIGURES = {"delta_e": "ΔE00 on the product", "iou": "IoU of the cut-out", "corner": "corners, %", "angle": "angle, °"}


def write_card(run: Learning) -> None:
    """Writes ``card.md`` into the pack of a run that is done, from what the run's account says."""
    account, out = run.account, run.options.out
    parts = [
        f"# {account['pack']}",
        f"Learned by `packshot learn` on {time.strftime('%Y-%m-%d')}, on top of {Pack(run.options.base).label}.",
        "## Data",
        *_data(account),
        "## Licence",
        "packshot does not know whose the photos are. Write here under which terms this pack may be passed on; "
        "those of the pack it was learned on top of hold too.",
        "## Figures",
        *_figures(account.get("scores", {}).get("all")),
        "## Known failures",
        *_failures(account, run.notes),
    ]
    write_atomic(out / CARD, ("\n\n".join(parts) + "\n").encode("utf-8"))


def _data(account: Mapping[str, Any]) -> list[str]:
    rows = [f"| {category} | {count} |" for category, count in account["learned_from"].items()]
    return [
        "\n".join(["| category | pairs learned from |", "|---|---|", *rows]),
        f"{account['held_out']} pairs were set aside to score the pack on; {account['left_out']} could not be used. "
        "The pack holds numbers read from the photos, and no photo.",
    ]


def _figures(table: Mapping[str, Any] | None) -> list[str]:
    if not table:
        return ["None: nothing could be set aside to score it on."]
    shown = {name: title for name, title in _METHODS.items() if name in table}
    lines = ["| | " + " | ".join(_FIGURES.values()) + " |", "|---" * (len(_FIGURES) + 1) + "|"]
    for name, title in shown.items():
        cells = [f"{table[name][key]['median']:.3g}" if key in table[name] else "–" for key in _FIGURES]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    words = f"Medians on {table['pairs']} pairs of {table['groups']} products or sellers that it never saw."
    return [words, "\n".join(lines), "`report.html` has them by category, with the worst cases."]


def _failures(account: Mapping[str, Any], notes: list[str]) -> list[str]:
    table = account.get("scores", {}).get("all")
    bad = [] if not table else [f"{table['bad']:.0%} of the shots scored miss the bar of good."]
    lines = [*bad, "Goods, light and backdrops unlike those of its pairs are untried.", *notes]
    return ["\n".join(f"- {line}" for line in lines)]
