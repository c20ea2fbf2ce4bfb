"""``packshot learn``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.steps import Steps


class Device(StrEnum):
    """Where networks are trained."""

    CPU = "cpu"
    CUDA = "cuda"


def learn(
    out: Annotated[Path, typer.Option("--out", help="The new pack's folder; a run that was stopped goes on there.")],
    pairs: Annotated[Path | None, typer.Argument(help="A folder with pairs.jsonl, or with before/ and after/.")] = None,
    from_catalog: Annotated[
        str | None, typer.Option(help="Learn from people's decisions in this catalog, in place of pairs.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Pack to start from; the catalog's champion, or base, if not given.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Learn this category alone; all others stay as they are.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long it may take.")] = 45,
    device: Annotated[Device, typer.Option(help="Where networks are trained.")] = Device.CPU,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per core if not given.")] = None,
    spoilt: Annotated[
        Path | None, typer.Option(help="Rows of photos spoilt on purpose, made by training/spoil_photos.py.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Learn a studio's hand from its before/after pairs: a pack that retouches as its retouchers do, and a report."""
    from packshot.commands.learned import summary
    from packshot.commands.packs import find_pack
    from packshot.engines import EngineError
    from packshot.learning.learn import learn as learn_pack
    from packshot.learning.pairs import read_pairs
    from packshot.learning.steps.run import LearningError, LearnOptions

    if (pairs is None) == (from_catalog is None):
        fail("give either a folder of pairs or --from-catalog")
    if from_catalog is not None:
        pairs, champion = _decisions(from_catalog, out)
        base = base or champion
    assert pairs is not None
    options = LearnOptions(out, find_pack(base or "base"), category, minutes, device.value, seed, workers, spoilt)
    try:
        found = read_pairs(pairs)
        say(f"{pairs}: {found.summary()}.")
        known = [problem.message for problem in found.problems]
        for problem in known:
            say(f"- {problem}")
        say(
            f"This may take {minutes:g} minutes; what does not fit in is left out and named. "
            "If it is stopped, give the same command again: it goes on."
        )
        with Steps() as steps:
            run = learn_pack(found, options, steps)
    except (FileNotFoundError, LearningError) as error:
        fail(str(error))
    except (EngineError, OSError, ValueError) as error:
        fail(str(error), ExitStatus.SOME_FAILED)
    for note in run.notes[len(known) :]:
        say(f"- {note}")
    if json:
        answer_json({**run.account, "notes": run.notes})
        return
    for line in summary(run):
        answer(line)


def _decisions(url: str, out: Path) -> tuple[Path, str | None]:
    """People's decisions as a set of pairs, written beside the pack, and the champion's folder."""
    from packshot.catalog.champions import champion
    from packshot.catalog.feedback import WITH_ACCEPTED, corrections_as_pairs
    from packshot.commands.catalogs import opened

    folder = out / "work" / "decisions"
    with opened(url) as catalog, Steps() as steps:
        feedback = corrections_as_pairs(catalog, folder, WITH_ACCEPTED, steps)
        reign = champion(catalog)
    for sentence in feedback.problems.values():
        say(f"left out: {sentence}")
    return folder, None if reign is None else str(reign.folder)
