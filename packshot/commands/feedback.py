"""``packshot feedback`` and ``packshot ask``: what people decided as data, and whom to ask about what next."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.catalogs import CatalogUrl, opened
from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.steps import Steps

if TYPE_CHECKING:
    from packshot.catalog import Catalog

Category = Annotated[str | None, typer.Option(help="Of this category alone.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def feedback(
    catalog: CatalogUrl,
    out: Annotated[Path, typer.Option(help="Folder for the set of pairs.")],
    accepted: Annotated[bool, typer.Option("--accepted", help="What was accepted as it is too.")] = False,
    category: Category = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="Also write verdicts for packshot calibrate: of photos drawn by lot.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Whose verdicts; the champion's, or base's, if not given.")] = None,
    json: Json = False,
) -> None:
    """Write people's corrections as a set of pairs to learn from, each credited to the stage that was wrong."""
    from dataclasses import replace

    from packshot.catalog.feedback import CORRECTIONS, WITH_ACCEPTED, corrections_as_pairs

    choice = replace(WITH_ACCEPTED if accepted else CORRECTIONS, category=category)
    with opened(catalog) as found, Steps() as steps:
        written = corrections_as_pairs(found, out, choice, steps)
        count = None if verdicts is None else _write_verdicts(found, verdicts, pack)
    for sentence in written.problems.values():
        say(f"left out: {sentence}")
    told = {"pairs": len(written.pairs), "left_out": dict(written.problems), "stages": written.by_stage()}
    if json:
        answer_json(told if count is None else {**told, "verdicts": count})
    else:
        answer(f"{len(written.pairs)} pairs in {out}.")
        for stage, share in written.by_stage().items():
            answer(f"  {stage}: {share:.1f}")
        if count is not None:
            answer(f"{count} verdicts in {verdicts}.")
    raise typer.Exit(ExitStatus.SOME_FAILED if written.problems else ExitStatus.DONE)


def _write_verdicts(catalog: Catalog, path: Path, pack: str | None) -> int:
    from packshot.catalog.champions import champion
    from packshot.catalog.verdicts import cases
    from packshot.commands.packs import find_pack
    from packshot.pack import Pack
    from packshot.pack_file import PackError
    from packshot.photo import write_atomic

    try:
        if pack is not None:
            digest = Pack(find_pack(pack)).content_digest
        else:
            reign = champion(catalog)
            digest = Pack.base().content_digest if reign is None else reign.pack_digest
    except PackError as error:
        fail(str(error))
    found = cases(catalog, digest)
    lines = [
        {
            "quality": case.quality,
            "verdict": "bad" if case.bad else "good",
            "category": case.category,
            "group": case.group,
            "hard": case.hard,
        }
        for case in found
    ]
    write_atomic(path, "".join(json_format.dumps(line) + "\n" for line in lines).encode())
    return len(lines)


def ask(
    catalog: CatalogUrl,
    count: Annotated[int, typer.Option(min=1, help="How many photos to put first in the queue.")] = 100,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="The gate's quality, which decisions are to move.")
    ] = 0.5,
    category: Category = None,
    json: Json = False,
) -> None:
    """Choose the photos to ask people about first: near the threshold 60 %, unlike the others 20 %, by lot 20 %."""
    from packshot.catalog.asking import Question
    from packshot.catalog.asking import ask as choose

    with opened(catalog) as found:
        asked = choose(found, Question(count=count, threshold=threshold, category=category))
    if json:
        answer_json(vars(asked))
    else:
        answer(
            f"{len(asked.near)} near the threshold, {len(asked.diverse)} unlike the others, {len(asked.random)} by lot."
        )
