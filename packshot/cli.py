"""The command line. Each command is a module of ``packshot.commands``."""

from __future__ import annotations

import sys
from typing import Annotated, Any

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
from packshot.commands.output import ExitStatus, say
from packshot.commands.packs import packs
from packshot.commands.promote import promote, rollback, shadow
from packshot.commands.publish import publish
from packshot.commands.register import register
from packshot.commands.report import report
from packshot.commands.review import review
from packshot.commands.run import run
from packshot.extras import extra_with

app = typer.Typer(
    name="packshot",
    help="Retouches product photos the way a studio's retouchers do, and knows which need a human.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
GROUPS: dict[str, dict[str, Any]] = {
    "Retouch": {"run": run, "review": review, "publish": publish, "report": report},
    "Learn from before/after pairs": {"analyze": analyze, "fit": fit, "register": register, "learn": learn},
    "Prove and compare": {"evaluate": evaluate, "calibrate": calibrate, "blindtest": blindtest},
    "Keep learning": {"ask": ask, "feedback": feedback, "shadow": shadow, "promote": promote, "rollback": rollback},
    "Look after it": {"doctor": doctor, "packs": packs, "bench": bench, "accounts": accounts, "serve": review},
}
"""The commands as help lists them: what a studio does first comes first."""

EXAMPLES = {
    "run": [
        "packshot run photos/ --out finished",
        "packshot run photos/ --out finished --category shoes --style house.toml",
        "packshot run photos/ --out finished --dry-run",
    ],
    "review": [
        "packshot review finished",
        "packshot review --catalog postgresql://studio@db/packshot --listen 0.0.0.0",
    ],
    "publish": ["packshot publish finished --to shop/"],
    "report": ["packshot report finished --out report.html"],
    "learn": [
        "packshot learn pairs/ --out our-pack --minutes 45",
        "packshot run photos/ --out finished --pack our-pack",
    ],
    "calibrate": ["packshot calibrate our-pack pairs/ --risk 0.02"],
    "fit": ["packshot fit pairs/ --out fits"],
    "register": ["packshot register before.jpg after.jpg --json"],
    "analyze": ["packshot analyze pairs/ --out analysis"],
    "evaluate": ["packshot evaluate pairs/ --pack our-pack"],
}


def _epilog(name: str) -> str | None:
    return "Examples:\n\n" + "\n\n".join(EXAMPLES[name]) if name in EXAMPLES else None


for group, members in GROUPS.items():
    for name, command in members.items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=group)
        else:
            text = "The same as review." if name == "serve" else None
            app.command(name, help=text, epilog=_epilog(name), rich_help_panel=group)(command)


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
    """The ``packshot`` command. What is not installed is told in a sentence, with the line that installs it."""
    try:
        app()
    except ModuleNotFoundError as error:
        extra = extra_with(error.name or "")
        if extra is None:
            raise
        say(f"packshot: this needs {error.name}, which is not installed: {extra.installing}")
        sys.exit(ExitStatus.WRONG_USE)
