"""The command line. Each command is a module of ``packshot.commands``."""

from __future__ import annotations

from typing import Annotated

import typer

from packshot.commands.accounts import accounts
from packshot.commands.analyze import analyze
from packshot.commands.bench import bench
from packshot.commands.blindtest import blindtest
from packshot.commands.calibrate import calibrate
from packshot.commands.doctor import doctor
from packshot.commands.evaluate import evaluate
from packshot.commands.feedback import ask, feedback
from packshot.commands.fit import fit
from packshot.commands.learn import learn
from packshot.commands.packs import packs
from packshot.commands.promote import promote, rollback, shadow
from packshot.commands.publish import publish
from packshot.commands.register import register
from packshot.commands.report import report
from packshot.commands.review import review
from packshot.commands.run import run

app = typer.Typer(
    name="packshot",
    help="Retouches product photos the way a studio's retouchers do, and knows which need a human.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    run,
    publish,
    report,
    register,
    fit,
    learn,
    analyze,
    evaluate,
    calibrate,
    bench,
    packs,
    ask,
    feedback,
    shadow,
    promote,
    rollback,
    doctor,
):
    app.command()(command)
app.command()(review)
app.command(name="serve", help="The same as review.")(review)
app.add_typer(accounts, name="accounts")
app.add_typer(blindtest, name="blindtest")


def _version(wanted: bool) -> None:
    if wanted:
        from packshot import __version__
        from packshot.commands.version import base_pack_version

        typer.echo(f"packshot {__version__}, base pack {base_pack_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the versions and exit.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """The ``packshot`` command."""
    app()
