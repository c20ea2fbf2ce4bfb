"""``packshot analyze``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.pair_sets import read_pair_set
from packshot.commands.steps import Steps
from packshot.engines import EngineError

if TYPE_CHECKING:
    from packshot.learning.fitting.pair_set import PairFit
    from packshot.learning.house.analysis import Analysis
    from packshot.learning.pairs import Pair


def analyze(
    pairs: Annotated[Path, typer.Argument(help="A folder with pairs.jsonl, or with before/ and after/.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and style.toml.")],
    fits: Annotated[
        Path | None, typer.Option(help="Folder of `packshot fit`; OUT/fits, made now, if not given.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Also measure what is good with this pack today.")] = None,
    delta_e: Annotated[float, typer.Option(min=0, help="Bar of good: mean ΔE00 on the product.")] = 4.0,
    workers: Annotated[int | None, typer.Option(min=1, help="Pairs at a time; one per core if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Learn what the retouchers do, per category: habits, consistency, difficulty, and where to begin."""
    from packshot.commands.packs import find_pack
    from packshot.evaluation.bar import Bar
    from packshot.learning.house.analysis import analyse
    from packshot.learning.house.style import write_style
    from packshot.reports.analysis_page import write_analysis_report

    folder = None if pack is None else find_pack(pack)
    found, bar = list(read_pair_set(pairs).pairs), Bar(delta_e=delta_e)
    where = fits or out / "fits"
    try:
        with Steps() as steps:
            fitted = _fitted(found, where, workers, steps)
            analysis = analyse(fitted, where, bar, workers, steps)
            today = None if folder is None else _today(found, folder, (where, out / "kept"), workers, steps)
        write_style(out / "style.toml", analysis.style, f"{len(analysis.facts)} finished shots")
        write_analysis_report(out / "report.html", analysis, where, today)
    except EngineError as error:
        fail(f"stopped: {error}", ExitStatus.SOME_FAILED)
    except (OSError, ValueError) as error:
        fail(str(error))
    answer_json(analysis.as_json()) if json else _tell(analysis, out)


def _fitted(pairs: list[Pair], folder: Path, workers: int | None, steps: Steps) -> list[PairFit]:
    """The fits of these pairs, made where the folder holds none."""
    from packshot.learning.fitting.pair_set import FITS, FitSettings, fit_pairs, read_fits

    if not (folder / FITS).is_file():
        fit_pairs(pairs, folder, FitSettings(workers=workers), steps)
    known = {one.id: one for one in read_fits(folder, recipes=False)}
    missing = [pair.id for pair in pairs if pair.id not in known]
    if missing:
        told = f"{len(missing)} pairs have no fit in {folder} and are left out: run `packshot fit` again"
        say(f"{told}. The first is {missing[0]}.")
    return [known[pair.id] for pair in pairs if pair.id in known]


def _today(
    pairs: list[Pair], pack: Path, folders: tuple[Path, Path], workers: int | None, steps: Steps
) -> dict[str, float]:
    from packshot.learning.proof.evaluation import EvaluationOptions, evaluate

    options = EvaluationOptions(fits=folders[0], kept=folders[1], workers=workers, baselines=False)
    return {name: 1 - table["bad"] for name, table in evaluate(pairs, pack, options, steps).tables().items()}


def _tell(analysis: Analysis, out: Path) -> None:
    answer("Begin with what brings most:")
    for number, one in enumerate(analysis.categories, 1):
        expected, low, high = one.expected
        answer(
            f"{number:3}. {one.name:<16} {one.pairs:5} pairs, {one.volume:4.0%} of all; "
            f"expected automation {expected:.0%} ({low:.0%} to {high:.0%}), looks hard {one.hard:.0%}"
        )
    answer(f"See {out / 'report.html'}; the house style is in {out / 'style.toml'}.")
