"""What ``packshot learn`` says when it is done: how near the pack comes, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from packshot.commands.output import counted, duration
from packshot.learning.pair_folders import NO_CATEGORY
from packshot.learning.proof.own_or_one import FIGURES, WORDS
from packshot.learning.steps.run import Learning

_COLUMNS = {"packshot": "the pack", "untouched": "untouched", "mean": "mean edit", "fitted": "at best"}
_ROWS = {
    "delta_e": ("colour of the product, ΔE00", "{:.2f}"),
    "iou": ("cut-out, IoU with the retouchers'", "{:.3f}"),
    "corner": ("frame, corners off by % of the long side", "{:.2f}"),
    "angle": ("angle off by degrees", "{:.2f}"),
}


def summary(run: Learning) -> list[str]:
    """Lines for a person."""
    account, out = run.account, run.options.out
    took = duration(60 * float(account["minutes"]))
    lines = [
        f"Learned from {account['learned']} of {counted(account['pairs'], 'pair')} in {took}; "
        f"{account['held_out']} were set aside to score the pack on."
    ]
    lines += _scores(account.get("scores", {}).get("all"))
    lines += _categories(account.get("told", {}))
    lines += _hands(account.get("own_or_one", []))
    lines += [account["speck_network"]["words"]] if account.get("speck_network", {}).get("kept") else []
    lines += [
        "",
        f"Pack          {out}",
        *([f"Report        {out / 'report.html'}"] if (out / "report.html").is_file() else []),
        f"House style   {out / 'style.toml'} (edit it, and give it with --style)",
        f"Use it        packshot run PHOTOS --out OUT --pack {out}",
    ]
    return lines


def _scores(table: Mapping[str, Any] | None) -> list[str]:
    """Medians on the pairs set aside, beside what they are to be compared with."""
    if not table:
        return []
    shown = {name: title for name, title in _COLUMNS.items() if name in table}
    lines = ["", f"{'On those, in the median:':<42}" + "".join(f"{title:>11}" for title in shown.values())]
    for key, (words, form) in _ROWS.items():
        # Nothing is cut out of the untouched photo.
        known = {name for name in shown if key in table[name] and (key, name) != ("iou", "untouched")}
        cells = [form.format(table[name][key]["median"]) if name in known else "–" for name in shown]
        lines.append(f"  {words:<40}" + "".join(f"{cell:>11}" for cell in cells))
    return lines


def _categories(told: Mapping[str, Mapping[str, int | None]]) -> list[str]:
    photos, right, before = (sum(one[name] or 0 for one in told.values()) for name in ("photos", "right", "base_right"))
    if not photos or set(told) == {NO_CATEGORY}:
        return []
    known = all(one["base_right"] is not None for one in told.values())
    beside = f" (by the base pack {before})" if known else ""
    return [f"Categories told from the photo alone: {right} of {photos} rightly{beside}."]


def _hands(tests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where each category's own rules are shown to be better than one set for all, and where they are worse."""
    lines = []
    for verdict in ("better", "worse"):
        found = {one["figure"] for one in tests if one["verdict"] == verdict}
        for figure in (name for name in FIGURES if name in found):
            names = [one["category"] for one in tests if (one["verdict"], one["figure"]) == (verdict, figure)]
            lines.append(f"Own rules are {verdict} than one set for all, {WORDS[figure]}: {', '.join(names)}.")
    return lines
