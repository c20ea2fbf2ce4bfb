"""``packshot doctor``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json

_MARKS = {"ok": "ok     ", "absent": "absent ", "broken": "BROKEN "}


def doctor(json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Check this installation: libraries, pack, formats, extras, disk."""
    from packshot.doctor import examine

    checks = examine()
    if json:
        answer_json([asdict(check) for check in checks])
    else:
        width = max(len(check.subject) for check in checks)
        for check in checks:
            answer(f"{_MARKS[check.state]} {check.subject:<{width}}  {check.text}")
    broken = any(check.state == "broken" for check in checks)
    raise typer.Exit(ExitStatus.SOME_FAILED if broken else ExitStatus.DONE)
