"""House styles by file or by name, as commands take them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from packshot.commands.output import fail

SHIPPED = Path(__file__).parents[1] / "styles"


def find_style(name: str) -> Path:
    """A style's file by its path, or by the name of one that ships. Ends the command when there is none."""
    path, shipped = Path(name), SHIPPED / f"{name}.toml"
    if path.exists() or path.suffix:
        return path  # a file that is not there is told where the style is read, with all else that is wrong
    if not shipped.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        fail(f"there is no house style {name!r}: give a style.toml, or the name of one that ships ({names})")
    return shipped


StyleFile = Annotated[
    Path | None,
    typer.Option("--style", parser=find_style, metavar="STYLE", help="House style: a style.toml, or `cutout`."),
]
