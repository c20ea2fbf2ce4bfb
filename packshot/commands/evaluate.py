"""``packshot evaluate``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.pair_sets import read_pair_set
from packshot.commands.steps import Steps
from packshot.commands.styles import StyleFile
from packshot.engines import EngineError

if TYPE_CHECKING:
    from packshot.evaluation.bar import Bar
    from packshot.learning.pairs import Pair
    from packshot.learning.proof.evaluation import Evaluation, EvaluationOptions

_COLUMNS = {
    "delta_e": "ΔE00", "iou": "IoU", "edge": "edge %", "corner": "corner %", "angle": "angle °", "ssim": "SSIM",
    "perceptual": "MDSI",
}  # fmt: skip


def evaluate(
    pairs: Annotated[Path, typer.Argument(help="A folder with pairs.jsonl, or with before/ and after/.")],
    pack: Annotated[str, typer.Option(help="Pack folder, or the name of one that ships.")] = "base",
    fits: Annotated[
        Path | None, typer.Option(help="Folder of `packshot fit`; the pairs are fitted if not given.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without fits: no ceiling, no mean colour, no specks.")
    ] = False,
    style: StyleFile = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only the groups that `packshot learn` holds out.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Score so many pairs at most.")] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Also train a judge to tell ours from the human's.")] = False,
    kept: Annotated[Path | None, typer.Option(help="Folder to keep registrations in for the next time.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write a report for people, an HTML file.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Pairs at a time; one per core if not given.")] = None,
    delta_e: Annotated[
        float | None, typer.Option(min=0, help="Bar of good: mean ΔE00 on the product; 4 if not given.")
    ] = None,
    iou: Annotated[
        float | None, typer.Option(min=0, max=1, help="Bar of good: IoU of the mattes; 0.95 if not given.")
    ] = None,
    corner: Annotated[
        float | None, typer.Option(min=0, help="Bar of good: corners, percent of the long side; 2 if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Measure how near a pack comes to the retouchers, beside the untouched photo, simple methods and the ceiling."""
    from packshot.commands.packs import find_pack
    from packshot.learning.proof.evaluation import EvaluationOptions

    folder = find_pack(pack)
    chosen = _chosen(pairs, held_out)[:limit]
    _warn_of_seen(chosen, folder)
    bar = _bar(folder, style, {"delta_e": delta_e, "iou": iou, "corner": corner})
    with TemporaryDirectory() as temporary:
        if not quick:
            fits = fits or Path(temporary) / "fits"
            _fit(chosen, fits, workers)
        kept = kept or Path(temporary) / "kept"
        options = EvaluationOptions(fits, kept, style, bar, workers, appearance=judge or report is not None)
        evaluation = _measured(chosen, folder, options)
        if report is not None and evaluation.scores:
            from packshot.reports.pack_page import PackReport, write_pack_report

            write_pack_report(folder, PackReport(evaluation), chosen, options, report)
    answer_json(evaluation.as_json()) if json else _tell(evaluation)
    raise typer.Exit(ExitStatus.SOME_FAILED if evaluation.failed else ExitStatus.DONE)


def _bar(folder: Path, style: Path | None, asked: dict[str, float | None]) -> Bar:
    """What is asked, and the usual limits of what the style does."""
    from packshot.evaluation.bar import Bar
    from packshot.pack import Pack
    from packshot.style import Style, load_style

    try:
        pack, house = Pack(folder), Style() if style is None else load_style(style)
    except (OSError, ValueError) as error:
        fail(str(error))
    usual = Bar().of_what_is_done(house.houses(pack.categories, pack.habits))
    return usual.model_copy(update={name: limit for name, limit in asked.items() if limit is not None})


def _fit(pairs: list[Pair], folder: Path, workers: int | None) -> None:
    """Fits the pairs into a folder that holds none yet; to one that does, nothing is added."""
    from packshot.learning.fitting.pair_set import FITS, FitSettings, fit_pairs, read_fits

    if (folder / FITS).is_file():
        known = {one.id for one in read_fits(folder, recipes=False)}
        missing = sum(pair.id not in known for pair in pairs)
        if missing:
            say(f"{missing} of {len(pairs)} pairs have no fit in {folder}: they are scored without a ceiling")
        return
    try:
        with Steps() as steps:
            fit_pairs(pairs, folder, FitSettings(workers=workers), steps)
    except (EngineError, OSError) as error:
        fail(f"stopped: {error}", ExitStatus.SOME_FAILED)


def _measured(pairs: list[Pair], folder: Path, options: EvaluationOptions) -> Evaluation:
    from packshot.learning.proof.evaluation import evaluate as measure

    try:
        with Steps() as steps:
            return measure(pairs, folder, options, steps)
    except EngineError as error:
        fail(f"stopped: {error}", ExitStatus.SOME_FAILED)
    except (OSError, ValueError) as error:
        fail(str(error))


def _chosen(folder: Path, held_out: bool) -> list[Pair]:
    from packshot.learning.splits import split_pairs

    found = read_pair_set(folder, scoring=True)
    chosen = split_pairs(found.pairs)[1] if held_out else list(found.pairs)
    if not chosen:
        fail(f"no pairs to score in {folder}: {found.summary()}")
    return chosen


def _warn_of_seen(pairs: list[Pair], folder: Path) -> None:
    """Figures of pairs that a pack learned from flatter it."""
    from packshot.evaluation.judge_model import digest_of_group, groups_seen
    from packshot.pack import Pack

    seen = groups_seen(Pack(folder))
    known = sum(digest_of_group(pair.group) in seen for pair in pairs)
    if known:
        say(f"The pack learned from the products or sellers of {known} of these {len(pairs)} pairs; see --held-out.")


def _tell(evaluation: Evaluation) -> None:
    from packshot.learning.proof.pair_score import METHODS

    for name, table in evaluation.tables().items():
        answer(f"\n{name}: {table['pairs']} pairs of {table['groups']} groups; {_published(table)}")
        answer(f"  {'median':<12}" + "".join(f"{title:>10}" for title in _COLUMNS.values()))
        for method in METHODS:
            if method in table:
                answer(f"  {method:<12}" + "".join(f"{_median(table[method], key):>10}" for key in _COLUMNS))
    _tell_apart(evaluation)
    for kind, problems in (("refused", evaluation.refused), ("failed", evaluation.failed)):
        for pair, why in problems.items():
            answer(f"{kind}: {pair}: {why}")


def _tell_apart(evaluation: Evaluation) -> None:
    told = evaluation.told_apart()
    if told is not None:
        range_ = f"{told.low:.0%} to {told.high:.0%}; chance is 50%"
        given_away = f", by {', '.join(told.tells)}" if told.tells else ""
        answer(f"\nA trained judge knows ours from the human's in {told.accuracy:.0%} ({range_}){given_away}.")


def _published(table: dict[str, Any]) -> str:
    share, bad = table["share_would_publish"], table["share_bad_of_would_publish"]
    text = f"{table['bad']:.0%} bad by the bar; published {table['share_published']:.0%}"
    return text + f", by the rules alone {share:.0%}" + ("" if bad is None else f", of which bad {bad:.0%}")


def _median(figures: dict[str, Any], name: str) -> str:
    return f"{figures[name]['median']:.3f}" if name in figures else "-"
