"""Scores a pack on the groups that the base pack never learned from, set by set. For developers.

python tools/measure_pack.py DATA/pairs/real DATA/pairs/studio DATA/pairs/rendered --out FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from packshot.commands.steps import Steps
from packshot.learning.fitting.pair_set import FITS, FitSettings, fit_pairs
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.proof.evaluation import Evaluation, EvaluationOptions, evaluate
from packshot.learning.proof.pair_score import ALL, METHODS
from packshot.learning.splits import held_out
from packshot.pack import BASE_PACK
from packshot.reports.pack_page import PackReport, write_pack_report

FIGURES = ("delta_e", "iou", "edge", "corner", "margin", "angle", "ssim", "perceptual")


def chosen(folder: Path, limit: int | None) -> list[Pair]:
    """The held-out pairs of a set."""
    return [pair for pair in read_pairs(folder).pairs if held_out(pair.group)][:limit]


def measured(folder: Path, out: Path, pack: Path, options: argparse.Namespace) -> Evaluation:
    """Fits what is not fitted, scores, and writes the report."""
    pairs = chosen(folder, options.limit)
    fits = out / "fits"
    with Steps() as steps:
        if not (fits / FITS).is_file():
            fit_pairs(pairs, fits, FitSettings(workers=options.workers), steps)
        how = EvaluationOptions(fits, out / "kept", workers=options.workers, appearance=True)
        evaluation = evaluate(pairs, pack, how, steps)
    write_pack_report(pack, PackReport(evaluation), pairs, how, out / "report.html")
    (out / "evaluation.json").write_text(json.dumps(evaluation.as_json(), indent=1))
    return evaluation


def told(figures: dict[str, Any], name: str) -> str:
    """A median with its interval, or nothing."""
    one = figures.get(name)
    if one is None:
        return "-"
    sure = "" if one["low"] is None else f" [{one['low']:.3f}, {one['high']:.3f}]"
    return f"{one['median']:.3f}{sure}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--pack", type=Path, default=BASE_PACK)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    for folder in options.folders:
        evaluation = measured(folder, options.out / folder.name, options.pack, options)
        table = evaluation.tables()[ALL]
        judge = evaluation.told_apart()
        print(f"\n{folder.name}: {table['pairs']} pairs of {table['groups']} groups, {len(evaluation.refused)} refused")
        print(f"  bad by the bar {table['bad']:.1%}; told apart {judge}")
        for method in METHODS:
            if method in table:
                print(f"  {method:<10} " + "  ".join(f"{name} {told(table[method], name)}" for name in FIGURES))
        ours = table["packshot"]
        print({name: ours.get(name) for name in ("canvas", "size", "healed", "false_spots")}, flush=True)


if __name__ == "__main__":
    main()
