"""``packshot blindtest``: make, serve and report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.pair_sets import read_pair_set
from packshot.commands.steps import Steps
from packshot.commands.styles import StyleFile

if TYPE_CHECKING:
    from packshot.blindtest.making import Made

blindtest = typer.Typer(
    help="Can people tell packshot's shots from the studio's own? Make a test, let people take it, report.",
    no_args_is_help=True,
)
_SERVE = "install what the pages need with pip install 'packshot[serve]'"


@blindtest.command()
def make(
    pairs: Annotated[Path, typer.Argument(help="Pairs that the pack was not trained on.")],
    out: Annotated[Path, typer.Option(help="Folder for the test; new.")],
    pack: Annotated[str, typer.Option(help="Pack folder, or the name of one that ships.")] = "base",
    style: StyleFile = None,
    products: Annotated[int, typer.Option(min=1, help="Pictures of ours, spread over categories.")] = 200,
    margin: Annotated[float, typer.Option(min=0.01, max=0.4, help="Recognition this near to one half is equal.")] = 0.1,
    doubt: Annotated[float, typer.Option(min=0.001, max=0.4, help="Risk of each wrong conclusion.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Which pairs are drawn.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Make a blind test from pairs: ours against the studio's, humans against humans, and gross errors as checks."""
    from packshot.blindtest.making import Plan, make_test
    from packshot.blindtest.trials import BlindTestError
    from packshot.commands.packs import find_pack
    from packshot.evaluation.blindtest import BlindTest
    from packshot.pack import Pack
    from packshot.pack_file import PackError
    from packshot.style import Style, load_style

    found = read_pair_set(pairs, scoring=True)
    try:
        house = Style() if style is None else load_style(style)
        plan = Plan(BlindTest(margin, doubt), products, seed=seed)
        with Steps() as steps:
            made = make_test(found.pairs, Pack(find_pack(pack)), house, plan, out, steps)
    except (BlindTestError, PackError, OSError, ValueError) as error:
        fail(str(error))
    for failure in made.failures:
        say(f"left out: {failure}")
    _tell(made, out, json)
    raise typer.Exit(ExitStatus.SOME_FAILED if made.failures else ExitStatus.DONE)


def _tell(made: Made, out: Path, json: bool) -> None:
    kinds = [trial.kind for trial in made.test.trials]
    counts = {kind: kinds.count(kind) for kind in ("ai", "human", "check")}
    if json:
        answer_json({**counts, "trials_planned": made.test.trials_planned, "failed": list(made.failures)})
        return
    people = -(-made.test.trials_planned // max(1, counts["ai"]))
    answer(
        f"{counts['ai']} trials of ours against the studio's, {counts['human']} of two humans, "
        f"{counts['check']} with a gross error; {made.test.trials_planned} answers are planned, "
        f"so about {people} {'person' if people == 1 else 'people'}. "
        f"Let people take it: packshot blindtest serve {out}"
    )


@blindtest.command()
def serve(
    test: Annotated[Path, typer.Argument(help="Folder of `packshot blindtest make`.")],
    listen: Annotated[str, typer.Option(help="Address; one that others reach demands --catalog.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8766,
    catalog: Annotated[str | None, typer.Option(help="Catalog whose accounts may take the test.")] = None,
    host: Annotated[list[str] | None, typer.Option(help="Name under which browsers reach the page.")] = None,
) -> None:
    """Serve the test to raters. They may stop and go on; every answer is on disk before the next trial."""
    from packshot.blindtest.trials import BlindTestError, BlindTestFolder

    try:
        from packshot.review.serving import Listening, serve_blindtest
    except ImportError as error:
        fail(f"{error}: {_SERVE}")
    try:
        folder = BlindTestFolder(test)
        with folder.alone():
            serve_blindtest(folder, Listening(listen, port, tuple(host or ())), catalog, tell=answer)
    except (BlindTestError, ValueError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"the address {listen}:{port} cannot be used: {error.strerror or error}. Choose another with --port")


@blindtest.command()
def report(
    test: Annotated[Path, typer.Argument(help="Folder of `packshot blindtest make`.")],
    out: Annotated[Path | None, typer.Option(help="Also write a page for people, an HTML file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """What the answers show so far; may be asked at any time. Not told apart yet is never called equal."""
    from packshot.blindtest.results import results
    from packshot.blindtest.trials import BlindTestError, BlindTestFolder

    try:
        folder = BlindTestFolder(test)
    except BlindTestError as error:
        fail(str(error))
    found = results(folder.test, folder.answers)
    if out is not None:
        from packshot.blindtest.page import write_page_of

        write_page_of(folder.test, found, out)
    answer_json(found.as_json()) if json else answer(found.sentence)
