"""``packshot fit``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail
from packshot.commands.pair_sets import read_pair_set
from packshot.commands.steps import Steps

if TYPE_CHECKING:
    from packshot.learning.fitting.pair_set import PairFit
    from packshot.learning.pairs import PairSet


def fit(
    pairs: Annotated[Path, typer.Argument(help="A folder with pairs.jsonl, or with before/ and after/.")],
    out: Annotated[Path, typer.Option("--out", help="Where recipes and fits.jsonl go.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per core unless said.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Read the recipe out of every before/after pair, and how much of the change each stage explains."""
    from packshot.engines import EngineError
    from packshot.learning.fitting.pair_set import FitSettings, fit_pairs

    found = read_pair_set(pairs)
    try:
        with Steps() as steps:
            fits = fit_pairs(found.pairs, out, FitSettings(workers=workers), steps)
    except (EngineError, OSError, ValueError) as error:
        fail(str(error), ExitStatus.SOME_FAILED)
    account = summary(found, fits)
    answer_json(account) if json else _tell(account, fits, out)
    if any(not one.accepted for one in fits) or account["left_out"]:
        raise typer.Exit(ExitStatus.SOME_FAILED)


def summary(found: PairSet, fits: list[PairFit]) -> dict[str, Any]:
    """What `--json` prints: how many pairs became of what, and by category how near the recipes come."""
    good = [one for one in fits if one.accepted]
    names = sorted({one.category for one in fits})
    return {
        "pairs": len(fits),
        "accepted": len(good),
        "left_out": sum(problem.left_out for problem in found.problems),
        "refused": dict(sorted(Counter(one.fault for one in fits if not one.accepted).items())),
        "categories": {name: _figures([one for one in good if one.category == name]) for name in names},
        "all": _figures(good),
    }


def _figures(fits: list[PairFit]) -> dict[str, Any]:
    if not fits:
        return {"accepted": 0}
    stages = list(fits[0].explained)
    return {
        "accepted": len(fits),
        "delta_e_before": round(median(one.delta_e_before for one in fits), 2),
        "delta_e": round(median(one.delta_e for one in fits), 2),
        "residual_px": round(median(one.residual_px for one in fits), 3),
        "explained": {name: round(median(one.explained[name] for one in fits), 3) for name in stages},
    }


def _tell(account: dict[str, Any], fits: list[PairFit], out: Path) -> None:
    answer(f"{account['accepted']} of {account['pairs']} pairs fitted, written to {out}.")
    for name, figures in [*account["categories"].items(), ("all", account["all"])]:
        if figures["accepted"]:
            shares = ", ".join(f"{stage} {share:.0%}" for stage, share in figures["explained"].items())
            told = f"CIEDE2000 {figures['delta_e_before']:.1f} before, {figures['delta_e']:.2f} left; {shares}"
            answer(f"  {name}: {figures['accepted']} pairs, {told}")
    for one in fits:
        if not one.accepted:
            answer(f"  set aside: {one.id}: {one.reason}")
