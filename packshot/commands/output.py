"""What the commands share: how they answer, and how they end."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any, NoReturn

import typer


class ExitStatus(IntEnum):
    """What a command's end tells its caller."""

    DONE = 0
    SOME_FAILED = 1
    WRONG_USE = 2
    INTERRUPTED = 130
    TERMINATED = 143


def say(text: str) -> None:
    """Something for the person who watches; answers go to standard output, remarks beside it."""
    typer.echo(text, err=True)


def answer(text: str) -> None:
    """The answer for a person."""
    typer.echo(text)


def answer_json(value: Any) -> None:
    """The answer for a machine."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def counted(number: int, noun: str = "photo") -> str:
    """A number with its noun: "1 photo", "2 photos"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """A time as people say it: "4.2 s", "3 min 5 s", "1.5 h"."""
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{seconds:.1f} s" if minutes == 0 else f"{minutes} min {rest} s" if minutes < 60 else f"{seconds / 3600:.1f} h"
    )


def fail(text: str, status: ExitStatus = ExitStatus.WRONG_USE) -> NoReturn:
    """Ends the command with a sentence on what is wrong."""
    say(f"packshot: {text}")
    raise typer.Exit(status)
