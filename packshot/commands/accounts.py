"""``packshot accounts``: who may sign in to the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from packshot.commands.catalogs import opened
from packshot.commands.output import answer, fail

if TYPE_CHECKING:
    from packshot.catalog import Catalog
    from packshot.review.access import Role
    from packshot.review.accounts import Accounts

Where = Annotated[str, typer.Option("--catalog", help="Catalog: an SQLite file, a run's folder, or postgresql://...")]
PasswordFile = Annotated[Path | None, typer.Option(help="Its first line is the password; else you are asked.")]
accounts = typer.Typer(help="Who may sign in to the pages.", no_args_is_help=True)


@accounts.command()
def add(
    name: str,
    catalog: Where,
    role: Annotated[str, typer.Option(help="editor, manager or admin.")] = "editor",
    password_file: PasswordFile = None,
) -> None:
    """Make an account."""
    with opened(catalog, new=True) as found:
        try:
            _kept(found).add(name, _password(password_file), cast("Role", role), "command line")
        except ValueError as error:
            fail(str(error))
    answer(f"{name} may sign in as {role}.")


@accounts.command()
def password(
    name: str,
    catalog: Where,
    password_file: PasswordFile = None,
) -> None:
    """Set a new password; the person is signed out everywhere."""
    with opened(catalog) as found:
        try:
            _kept(found).set_password(name, _password(password_file), "command line")
        except ValueError as error:
            fail(str(error))
    answer(f"{name} has a new password.")


@accounts.command("list")
def listed(catalog: Where) -> None:
    """Show the accounts."""
    with opened(catalog) as found:
        for account in _kept(found).all():
            answer(f"{account.name}\t{account.role}\t{'may sign in' if account.active else 'shut out'}")


def _kept(catalog: Catalog) -> Accounts:
    from packshot.review.accounts import Accounts

    return Accounts(catalog.database)


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror or error}")
